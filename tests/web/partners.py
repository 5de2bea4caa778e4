"""Somebody who was sent the link of a forwarded request, and what he finds there."""

from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import httpx

from domain.forwarding import DossierForwarded, PartnerAnswered
from guichet.house import House
from guichet.tracking import Tracking
from tests.web.conftest import Client

FORWARDING: dict[str, Any] = {
    "authority": "Conseil départemental",
    "reason": "La voie est départementale.",
    "told": "Votre demande est transmise.",
}
WHO = {
    "name": "Sigismonde Aubépin",
    "phone": "06 12 34 56 78",
    "email": "sigismonde@usagers.example",
    "address": "3 impasse du Lavoir",
}
SUMMARY = "Un trou <b>profond</b> & dangereux"
PERSONAL = (*WHO.values(), "profond", "rue du Foulon", "La voie est départementale.")


class Page(HTMLParser):
    """What a page is made of: elements with their attributes, and its words."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def key(self) -> str:
        [hidden] = [field for field in self.all("input") if field["name"] == "key"]
        return hidden["value"] or ""


class Partner:
    """Somebody who was sent a link."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self.path = f"/partenaire/{token}"

    async def reads(self) -> httpx.Response:
        return await self.http.get(self.path)

    async def page(self) -> Page:
        answer = await self.reads()
        assert answer.status_code == 200, answer.text
        return Page(answer)

    async def answers(self, text: str, key: str) -> httpx.Response:
        return await self.http.post(self.path, data={"text": text, "key": key})


async def forwarded(desk: Client, house: House, **changes: Any) -> tuple[UUID, str]:
    """A dossier that was forwarded, and the token of its link."""
    opened = await desk.opened(summary=SUMMARY, place="12 rue du Foulon", usager=WHO)
    id = UUID(opened.json()["id"])
    return id, await again(desk, house, id, **changes)


async def again(desk: Client, house: House, id: UUID, **changes: Any) -> str:
    """The token of one more forwarding."""
    done = await desk.post(f"/dossiers/{id}/forwarding", {**FORWARDING, **changes}, match="*")
    assert done.status_code == 201, done.text
    past = await house.desk.past(f"dossier.{id}", upto_date=True)
    entry = [fact.version for fact in past if isinstance(fact.event, DossierForwarded)][-1]
    return Tracking(house.settings.master_key).partner(id, entry)


async def answers_of(house: House, id: UUID) -> list[str]:
    past = await house.desk.past(f"dossier.{id}", upto_date=True)
    return [fact.event.text for fact in past if isinstance(fact.event, PartnerAnswered)]


def names_nobody(answer: httpx.Response) -> bool:
    return not any(word in answer.text for word in PERSONAL)
