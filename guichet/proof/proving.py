"""`guichet prove`: for each event of a dossier, the way from its words up to a signed seal.

Whoever holds the file and the town's public key can check it without Guichet: `docs/proof.md`.
Erasing a person breaks no proof, since what is proven is the ciphertext.
"""

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from adapters.seal_book import in_file, seals_file
from domain.log import Entry
from domain.merkle import Tree
from domain.message import headers_of, subject_of
from guichet.sentences import Sentence
from guichet.settings import Settings
from projections import archive


class NothingToProve(Sentence):
    """There is no such dossier, or no seal covers any of its events yet."""


async def prove(settings: Settings, dossier: UUID) -> dict[str, Any]:
    """The proof of a dossier against the latest seal. `NothingToProve` when there is none."""
    town = settings.town
    seals = in_file(seals_file(settings.data, town))
    if not seals:
        raise NothingToProve("Aucun sceau n'est encore posé : le premier vient sous dix minutes.")
    seal = seals[-1]
    async with (
        await AsyncConnection.connect(settings.postgres["web"]) as connection,
        connection.cursor() as cursor,
    ):
        entries = await archive.of_dossiers(cursor, town, [dossier])
        if not entries:
            raise NothingToProve(f"Aucun dossier ne porte l'identifiant {dossier}.")
        sealed = [entry for entry in entries if entry.position <= seal.size]
        if not sealed:
            raise NothingToProve("Ce dossier est plus récent que le dernier sceau : réessayez.")
        tree = Tree(await archive.hashes(cursor, town, 0, seal.size))
    if tree.root.hex() != seal.root:
        raise NothingToProve(f"L'archive n'est plus celle du sceau {seal.size} : guichet verify.")
    return {
        "seal": msgspec.to_builtins(seal),
        "events": [told(town, entry, tree) for entry in sealed],
        "not_sealed_yet": [entry.position for entry in entries if entry.position > seal.size],
    }


def told(town: str, entry: Entry, tree: Tree) -> dict[str, Any]:
    """One event, word for word, and its path."""
    return {
        "subject": subject_of(town, entry.stream),
        "position": entry.position,
        "headers": headers_of(town, entry),
        "data": b64encode(entry.data).decode(),
        "path": [[side, beside.hex()] for side, beside in tree.path(entry.position - 1)],
    }


def run(settings: Settings, dossier: UUID, to: Path | None) -> None:
    """`guichet prove DOSSIER`: write the file and name it."""
    proof = asyncio.run(prove(settings, dossier))
    path = to or Path(f"preuve-{dossier}.json")
    path.write_bytes(msgspec.json.format(msgspec.json.encode(proof)))
    size = proof["seal"]["size"]
    print(f"{len(proof['events'])} événements prouvés sous le sceau {size} : {path}")
