"""A proof is checked by the very code of docs/proof.md, by somebody who has no Guichet."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from adapters.signing import SealKey
from domain.handling import AddNote
from domain.intake import OpenDossier, PersonEntry
from guichet.erasure import erase, forget
from guichet.house import House
from guichet.proof.proving import NothingToProve, prove
from guichet.proof.sealing import Sealer
from guichet.proof.verifying import verify
from projections.waiting import Waiter
from tests.projections.test_read_models import hand

PAGE = Path(__file__).parent.parent / "docs" / "proof.md"
Checked = subprocess.CompletedProcess[str]


@pytest_asyncio.fixture
async def sealer(house: House) -> AsyncIterator[Sealer]:
    async with House.open(house.settings, user="projector", role="projector") as projecting:
        sealer = Sealer(projecting, SealKey.of(house.settings.data))
        await sealer.find_place()
        yield sealer


async def opened(house: House, projector: "asyncio.Task[None]") -> tuple[UUID, UUID, int]:
    """A dossier of two events among others: itself, its usager, the last position."""
    id, command = uuid4(), OpenDossier(procedure="lampadaire", channel="counter", summary="Nuit")
    for other in (uuid4(), uuid4()):
        await house.desk.open(other, command, hand())
    named = OpenDossier(
        procedure="lampadaire",
        channel="counter",
        summary="Il fait noir",
        usager=PersonEntry(name="Sigismonde Aubépin"),
    )
    usager = (await house.desk.open(id, named, hand())).usager_id
    done = await house.desk.handle(id, AddNote(text="Vu"), hand(), expected=None)
    await archived(house, done.position)
    assert usager is not None
    assert not projector.done()
    return id, usager, done.position


async def archived(house: House, position: int) -> None:
    async with Waiter.open(house.settings.postgres["web"], house.settings.town) as waiter:
        assert await waiter.until(position, within=20) >= position


def checked(proof: dict[str, Any], folder: Path) -> Checked:
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (folder / "check.py").write_text(code)
    (folder / "preuve.json").write_text(json.dumps(proof))
    command = [sys.executable, "-I", "check.py", "preuve.json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def signature_checked(folder: Path, key: bytes) -> bool:
    (folder / "seal.pub").write_bytes(key)
    [command] = re.findall(r"^openssl .*$", PAGE.read_text(), re.MULTILINE)
    return subprocess.run(command.split(), cwd=folder, check=False).returncode == 0


def test_the_page_fits_on_a_page() -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(code.splitlines()) <= 50


async def test_anyone_can_check_a_proof_before_and_after_an_erasure(
    house: House, projector: "asyncio.Task[None]", sealer: Sealer, tmp_path: Path
) -> None:
    id, usager, last = await opened(house, projector)
    await sealer.seal(last)
    proof = await prove(house.settings, id)
    done = checked(proof, tmp_path)
    assert (done.returncode, done.stdout.count("\n")) == (0, 2), done.stderr
    assert signature_checked(tmp_path, SealKey.of(house.settings.data).public)
    assert not signature_checked(tmp_path, SealKey(bytes(32)).public)
    position = await erase(house, usager, "RGPD art. 17")
    await forget(house, position)
    await sealer.seal(position)
    assert checked(proof, tmp_path).returncode == 0
    assert checked(await prove(house.settings, id), tmp_path).returncode == 0
    assert "Sigismonde" not in json.dumps(proof)
    assert await asyncio.to_thread(verify, house.settings) is None


@pytest.mark.parametrize(
    "part", ["subject", "position", "ce-time", "ce-type", "Guichet-Version", "data", "path", "root"]
)
async def test_a_proof_that_was_tampered_with_is_refused(
    house: House, projector: "asyncio.Task[None]", sealer: Sealer, tmp_path: Path, part: str
) -> None:
    id, _, last = await opened(house, projector)
    await sealer.seal(last)
    proof = await prove(house.settings, id)
    event = proof["events"][0]
    match part:
        case "subject":
            event["subject"] += "0"
        case "position":
            event["position"] -= 1
        case "data":
            event["data"] = "AAAA" + event["data"][4:]
        case "path":
            event["path"][0][1] = "00" * 32
        case "root":
            proof["seal"]["root"] = "00" * 32
        case header:
            event["headers"][header] = event["headers"][header].replace("1", "2").replace("0", "3")
    assert checked(proof, tmp_path).returncode == 1


async def test_nothing_is_proven_without_a_seal(
    house: House, projector: "asyncio.Task[None]", sealer: Sealer
) -> None:
    id, _, last = await opened(house, projector)
    with pytest.raises(NothingToProve, match="Aucun sceau"):
        await prove(house.settings, id)
    await sealer.seal(last)
    with pytest.raises(NothingToProve, match="Aucun dossier"):
        await prove(house.settings, uuid4())
