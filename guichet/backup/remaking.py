"""An installation made from a backup: servers of its own, the log, the keys, the tables, the seals.

The log is written first and compared with what the backup swore to; everything that is not in the
backup is the log read again.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import msgspec
import psycopg
from nats.aio.client import Client
from psycopg import AsyncConnection
from rich.console import Console
from rich.progress import Progress

from adapters import comparing, snapshot
from adapters.erasure_list import Erased, erasures_file
from adapters.jetstream_api import call, connect, publish
from adapters.rewriting import Show, batches, rewrite
from adapters.seal_book import SealBook, seals_file
from adapters.steward import closed_config, create, log_config
from adapters.stream import stream_name
from domain.dossier_events import WordsErased
from domain.leaving import SendingStopped
from domain.log import LogDamaged, LogUnavailable
from domain.people import PersonErased, keys_destroyed_by
from guichet import catalogue_file, erasure
from guichet.backup import recovery
from guichet.backup.restore import Restorable
from guichet.catalogue import SENDING, CatalogueDamaged
from guichet.demo import accounts
from guichet.host import preparing
from guichet.host.folder import DataFolder
from guichet.host.installation import Installation, write_private
from guichet.host.supervisor import Supervisor
from guichet.house import House
from guichet.rebuilding import rebuild_models, town_of
from guichet.settings import Settings
from projections import archive
from projections.projector import MODELS, Projector

ARCHIVED_AT_ONCE = 5000
PORT = 8311


def remake(backup: Restorable, folder: DataFolder) -> int:
    """Make the installation in a folder that is claimed, its servers stopped when this returns; how
    many erasures had to be recorded again."""
    folder.inspect()
    give_files(backup, folder.path)
    installation = Installation(folder, "127.0.0.1", PORT)
    manifest = backup.manifest
    settings = installation.settings(manifest.town, manifest.zone)
    supervisor = Supervisor(installation, settings)
    try:
        supervisor.start_servers()
        return asyncio.run(Remaking(backup, settings).run())
    finally:
        supervisor.stop()


def give_files(backup: Restorable, data: Path) -> None:
    """What an installation keeps in files."""
    secrets, town = backup.secrets, backup.manifest.town
    write_private(data / "master.key", secrets.master.hex())
    write_private(data / "seal.key", secrets.seal.hex())
    (data / "seal.pub").write_bytes((backup.folder / snapshot.PUBLIC).read_bytes())
    recovery.keep(data, backup.public_half)
    if secrets.demo is not None:
        write_private(data / accounts.FILE, msgspec.json.encode(secrets.demo).decode())
    for path, lines in (
        (seals_file(data, town), backup.seals),
        (erasures_file(data, town), backup.erased),
    ):
        if lines:
            path.parent.mkdir(mode=0o755)
            path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


class Remaking:
    """Both servers of a new installation, filled from one backup."""

    def __init__(self, backup: Restorable, settings: Settings) -> None:
        self._backup = backup
        self._settings = settings
        self._town = settings.town
        self._upto = backup.manifest.position

    async def run(self) -> int:
        """Fill them, the order being that of trust: what is compared first comes first."""
        with Progress(console=Console(file=sys.stderr), transient=True) as progress:
            names = ("Journal", "Clés", "Archive")
            log, keys, archived = [
                progress.add_task(name, total=total)
                for name, total in zip(
                    names, (self._upto, len(self._backup.secrets.keys), self._upto), strict=True
                )
            ]
            await self._fill_log(lambda done: progress.update(log, completed=done))
            await preparing.prepare(self._settings)
            await self._fill_keys(lambda done: progress.update(keys, completed=done))
            await self._fill_archive(lambda done: progress.update(archived, completed=done))
        async with House.open(self._settings) as house:
            again = await self._erase_again(house)
            await stop_sendings(house)
        async with House.open(self._settings, user="projector", role="projector") as house:
            await SealBook(house.nc, self._town, self._settings.data).agreed()
            await self._archive_rest(house)
            await rebuild_models(house, [model.name for model in MODELS])
        self._fill_accounts()
        return again

    async def _fill_log(self, show: Show) -> None:
        """The log, closed until it is known to be the one that was saved, event for event."""
        nc = await self._connected("steward")
        try:
            await create(nc, closed_config(self._town))
            await rewrite(nc, self._town, snapshot.entries(self._backup.folder), show)
            if at := await asyncio.to_thread(self._differs):
                raise LogDamaged(f"L'événement {at} ne s'est pas laissé restaurer.")
            await call(nc, f"STREAM.UPDATE.{stream_name(self._town)}", log_config(self._town))
        finally:
            await nc.close()

    def _differs(self) -> int:
        settings, user = self._settings, "backup"
        word, name = settings.nats_passwords[user], stream_name(self._town)
        return comparing.differs(settings.nats_url, user, word, name, 0, self._backup.head.hashes)

    async def _fill_keys(self, show: Show) -> None:
        """The keys of the persons, but those of whom is erased: they are never written again."""
        gone = {key for one in self._backup.erased for key in one.keys}
        keys = [item for item in self._backup.secrets.keys.items() if item[0] not in gone]
        nc, done = await self._connected("keys"), 0
        try:
            for batch in batches(keys, 500):
                subjects = [(f"keys.{self._town}.{id}", wrapped) for id, wrapped in batch]
                await published(nc, subjects)
                done += len(batch)
                show(done)
        finally:
            await nc.close()

    async def _fill_archive(self, show: Show) -> None:
        """The archive, whose chain must end where the backup's does."""
        conninfo, chain = self._settings.postgres["projector"], archive.START
        async with await AsyncConnection.connect(conninfo, autocommit=True) as connection:
            await connection.execute("insert into archive.checkpoints values (%s, 0)", [self._town])
            for batch in batches(snapshot.entries(self._backup.folder), ARCHIVED_AT_ONCE):
                async with connection.transaction(), connection.cursor() as cursor:
                    await archive.write(cursor, self._town, batch)
                    last = batch[-1].position
                    await cursor.execute("update archive.checkpoints set position = %s", [last])
                    chain = await archive.link_at(cursor, self._town, last)
                show(last)
        if chain != self._backup.head.chain:
            raise LogDamaged("La chaîne de l'archive restaurée n'est pas celle de la sauvegarde.")

    async def _erase_again(self, house: House) -> int:
        """Record the erasures that the backup is too old to know."""
        count = 0
        for one in self._backup.erased:
            past = await house.desk.past(one.stream)
            known = {key for fact in past for key in keys_destroyed_by(fact.event)}
            kind = one.stream.partition(".")[0]
            if known.issuperset(one.keys) or (kind == "dossier" and not past):
                continue
            version = past[-1].version + 1 if past else 1
            await erasure.record(house, one.stream, version, erased_again(one, kind))
            count += 1
        return count

    async def _archive_rest(self, house: House) -> None:
        """What was recorded after the backup's end, archived as the projector does."""
        conninfo = self._settings.postgres["projector"]
        async with await AsyncConnection.connect(conninfo, autocommit=True) as connection:
            projector = Projector(connection, town_of(self._settings), house.cipher.read)
            position = await projector.begin()
            while entries := await house.log.page(position, 500):
                await projector.project(entries)
                position = entries[-1].position

    def _fill_accounts(self) -> None:
        """Who holds which token, and how far the reactor was."""
        with psycopg.connect(self._settings.postgres["owner"]) as connection:
            connection.cursor().executemany(
                "insert into accounts.tokens "
                "(id, town, hash, role, service, created_at, revoked_at) "
                "values (%s, %s, %s, %s, %s, %s, %s)",
                [
                    (t.id, self._town, t.hash, t.role, t.service, t.created_at, t.revoked_at)
                    for t in self._backup.tokens
                ],
            )
            reached = [self._town, self._backup.manifest.reactor]
            connection.execute("insert into reactor.checkpoints values (%s, %s)", reached)

    async def _connected(self, user: str) -> Client:
        return await connect(self._settings.nats_url, user, self._settings.nats_passwords[user])


async def stop_sendings(house: House) -> None:
    """Let nothing leave a town that was made again until somebody says so: it may be a copy, made
    to look at."""
    with suppress(CatalogueDamaged):  # then nothing leaves in any case
        if house.catalogue.leaving.allowed:
            await catalogue_file.record(house, SENDING, [SendingStopped(ground="restauration")])


async def published(nc: Client, messages: Sequence[tuple[str, bytes]]) -> None:
    """Publish everything in one atomic batch."""
    id, last = str(uuid4()), len(messages)
    for number, (subject, data) in enumerate(messages, 1):
        headers = {"Nats-Batch-Id": id, "Nats-Batch-Sequence": str(number)}
        headers |= {"Nats-Batch-Commit": "1"} if number == last else {}
        if number not in (1, last):
            await nc.publish(subject, data, headers=headers)
            continue
        code, _ = await publish(nc, subject, data, headers)
        if code:
            raise LogUnavailable(f"Le magasin de clés refuse d'écrire ({code}).")


def erased_again(one: Erased, kind: str) -> PersonErased | WordsErased:
    """The fact of an erasure that was made once before."""
    ground = f"Effacement du {one.time:%d/%m/%Y}, rétabli après la restauration d'une sauvegarde"
    if kind == "dossier":
        return WordsErased(keys=one.keys, ground=ground)
    return PersonErased(key=one.keys[0], ground=ground)
