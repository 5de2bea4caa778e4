"""Text messages handed to a real gateway: what it is told, and what its refusals mean."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import monotonic

import pytest
import pytest_asyncio

from adapters.carriers import PROOF, Later, Undeliverable, Unsafe, e164, is_mobile
from adapters.embedded import free_port
from adapters.sms_http import HttpSms
from tests.certified import certified
from tests.sms_gateway import SmsGateway

TO, NUMBER = "06 12 34 56 78", "+33612345678"
TEXT = "Mairie : votre demande 2026-004217 est enregistrée. Suivi : K7QPM-3X9TZ-4W2A 🏛"
ID = "7f5a1c52-6f0e-4d43-9d80-8a6b6a1e9a01"


@pytest_asyncio.fixture
async def gateway() -> AsyncIterator[SmsGateway]:
    async with SmsGateway() as running:
        yield running


def carrier_of(gateway: SmsGateway, timeout: float = 30) -> HttpSms:
    return HttpSms(gateway.url, gateway.token, "Ste-Aurore", timeout=timeout)


async def refused(kind: type[Later] | type[Undeliverable], carrier: HttpSms, to: str = TO) -> str:
    """The reason of a refusal, which betrays nobody by any way."""
    with pytest.raises(kind) as caught:
        await carrier.deliver(to, TEXT, ID)
    assert caught.value.__context__ is None
    assert not {"612345678", "12 34", TEXT}.intersection([caught.value.reason])
    assert "345" not in caught.value.reason
    return caught.value.reason


async def test_a_gateway_is_told_whom_what_and_which(gateway: SmsGateway) -> None:
    proof = await carrier_of(gateway).deliver(TO, TEXT, ID)
    sent = {"to": NUMBER, "text": TEXT, "from": "Ste-Aurore", "id": ID}
    assert await gateway.next() == sent
    path, headers, body = gateway.requests[0]
    assert (path, body) == ("/messages", sent)
    assert headers["authorization"] == f"Bearer {gateway.token}"
    assert headers["idempotency-key"] == ID
    assert headers["content-type"] == "application/json"
    assert proof == "HTTP 201, sms-1"


@pytest.mark.parametrize(
    ("code", "body", "proof"),
    [
        (200, b'{"id": 42, "cost": 0.05}', "HTTP 200, 42"),
        (202, b"", "HTTP 202"),
        (204, b"", "HTTP 204"),
        (200, b"OK", "HTTP 200"),
        (200, b"\xff\xfe", "HTTP 200"),
        (200, b'["id"]', "HTTP 200"),
        (200, b'{"id": "for-33612345678"}', "HTTP 200"),
        (200, b'{"id": "a\\r\\nb"}', "HTTP 200, a b"),
    ],
)
async def test_any_2xx_is_a_proof(gateway: SmsGateway, code: int, body: bytes, proof: str) -> None:
    gateway.answer(code, body)
    assert await carrier_of(gateway).deliver(TO, TEXT, ID) == proof


async def test_a_proof_is_short(gateway: SmsGateway) -> None:
    gateway.answer(200, json.dumps({"id": "x" * 1000}).encode())
    assert len(await carrier_of(gateway).deliver(TO, TEXT, ID)) == PROOF


@pytest.mark.parametrize("code", [400, 404, 422])
async def test_a_refused_number_is_for_good(gateway: SmsGateway, code: int) -> None:
    gateway.refuse(NUMBER, code)
    reason = await refused(Undeliverable, carrier_of(gateway))
    assert reason == f"La passerelle de SMS refuse ce numéro (HTTP {code})."
    await carrier_of(gateway).deliver("07 66 34 56 78", TEXT, ID)
    assert [one["to"] for one in gateway.received] == ["+33766345678"]


async def test_a_refused_text_is_for_good(gateway: SmsGateway) -> None:
    gateway.answer(400, b'{"field": "text"}')
    assert "ce texte" in await refused(Undeliverable, carrier_of(gateway))


@pytest.mark.parametrize("body", [b"", b"<html>Not Found</html>", b'{"field": "from"}'])
@pytest.mark.parametrize("code", [302, 400, 404, 408, 409, 422, 429, 500, 502, 503])
async def test_what_does_not_name_the_number_is_for_later(
    gateway: SmsGateway, code: int, body: bytes
) -> None:
    gateway.answer(code, body)
    assert f"(HTTP {code})" in await refused(Later, carrier_of(gateway))


async def test_a_redirect_is_not_followed(gateway: SmsGateway) -> None:
    gateway.answer(307, Location=gateway.url + "/elsewhere")
    await refused(Later, carrier_of(gateway))
    assert [path for path, _, _ in gateway.requests] == ["/messages"]


async def test_a_wrong_token_is_for_later(gateway: SmsGateway) -> None:
    assert "compte" in await refused(Later, HttpSms(gateway.url, "autre", "Ville"))


@pytest.mark.parametrize("slow", [SmsGateway.hang, SmsGateway.drip])
async def test_a_gateway_that_takes_its_time_is_left(
    gateway: SmsGateway, slow: Callable[[SmsGateway], None]
) -> None:
    slow(gateway)
    before = monotonic()
    assert "à temps" in await refused(Later, carrier_of(gateway, timeout=0.5))
    assert 0.4 < monotonic() - before < 15
    gateway.calm()
    await carrier_of(gateway).deliver(TO, TEXT, ID)
    assert len(gateway.received) == 1


async def test_an_answer_that_never_came_is_for_later_and_the_message_leaves_once(
    gateway: SmsGateway,
) -> None:
    gateway.drop_after_data(1)
    assert "connexion" in await refused(Later, carrier_of(gateway))
    assert await carrier_of(gateway).deliver(TO, TEXT, ID) == "HTTP 201, sms-1"
    assert len(gateway.received) == 1
    assert len(gateway.requests) == 2


async def test_a_gateway_that_is_down_is_for_later() -> None:
    down = HttpSms(f"http://127.0.0.1:{free_port()}/", "jeton", "Ville")
    assert "connexion" in await refused(Later, down)


async def test_its_certificate_is_verified(tmp_path: Path) -> None:
    authority = certified(tmp_path)
    async with SmsGateway(tmp_path) as gateway:
        trusted = HttpSms(gateway.url, gateway.token, "Ville", authority=authority)
        assert await trusted.deliver(TO, TEXT, ID) == "HTTP 201, sms-1"
        await refused(Later, carrier_of(gateway))
        assert len(gateway.requests) == 1


@pytest.mark.parametrize("url", ["http://sms.example/", "ftp://127.0.0.1/", "", "https://[::1"])
def test_a_gateway_elsewhere_is_asked_by_https(url: str) -> None:
    with pytest.raises(Unsafe, match="passerelle"):
        HttpSms(url, "jeton", "Ville")


@pytest.mark.parametrize("to", ["01 42 76 40 40", "+33 9 70 00 00 00", "3615", "personne", ""])
async def test_nothing_is_sent_to_what_takes_no_text(gateway: SmsGateway, to: str) -> None:
    await refused(Undeliverable, carrier_of(gateway), to)
    assert not is_mobile(to)
    assert gateway.requests == []


@pytest.mark.parametrize(
    ("number", "region", "dialled"),
    [
        (TO, "FR", NUMBER),
        ("0033 6 12 34 56 78", "FR", NUMBER),
        ("+33 (0)6.12.34.56.78", "FR", NUMBER),
        ("0692 12 34 56", "RE", "+262692123456"),
        ("+32 470 12 34 56", "FR", "+32470123456"),
    ],
)
def test_a_mobile_is_dialled_from_anywhere(number: str, region: str, dialled: str) -> None:
    assert e164(number, region) == dialled
    assert is_mobile(number, region)


def test_a_landline_has_a_number_too() -> None:
    assert e164("01 42 76 40 40") == "+33142764040"
    with pytest.raises(Undeliverable, match="n'existe pas"):
        e164("06 12")
