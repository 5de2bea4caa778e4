"""What a backup holds: the log up to a position, and everything else that cannot be made again.

The log is read message by message and compared with the archive on the way: an event that was
restored word for word is certain, a copy of the broker's own files is as damaged as they are. The
archive and the read models are not in it: they are the log, read again.
"""

import asyncio
from contextlib import AbstractContextManager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
from msgspec import Struct

from adapters import recovery, snapshot
from adapters.bulk import Bulk, hashed, parted
from adapters.cloudevents import entry_from
from adapters.erasure_list import erasures_file
from adapters.jetstream_api import call, connect
from adapters.keys import keys_stream
from adapters.rewriting import Show
from adapters.seal_book import in_file, seals_file
from adapters.signing import SealKey
from adapters.snapshot import Head, Manifest, Writing
from adapters.stream import stream_name
from domain.log import LogDamaged, LogUnavailable
from domain.message import hash_of
from guichet.backup.recovery import public_half
from guichet.demo import accounts
from guichet.settings import Settings
from projections import whole_archive

USER = "backup"
TRIES = 3
"""How often the keys are read when their number changes meanwhile."""


class Secrets(Struct, frozen=True):
    """What is locked with the recovery key: the two keys of the installation, the keys of the
    persons as they are wrapped, and the demonstration's tokens, if it was loaded."""

    master: bytes
    seal: bytes
    keys: dict[UUID, bytes]
    demo: dict[str, str] | None


class Token(Struct, frozen=True):
    """A token as the database keeps it: its hash alone."""

    id: str
    hash: bytes
    role: str
    service: str | None
    created_at: datetime
    revoked_at: datetime | None


class Backup:
    """One backup of one town, written into `folder`."""

    def __init__(self, settings: Settings, folder: Path, show: Show) -> None:
        self._settings = settings
        self._folder = folder
        self._show = show
        self._seals = in_file(seals_file(settings.data, settings.town))

    def write(self, begun: datetime, upto: int) -> Manifest:
        """Write every file, the keys after the log: those of its last events are among them."""
        settings, folder = self._settings, self._folder
        town, key = settings.town, SealKey.of(settings.data)
        public = public_half(settings)
        digest, head = self._write_log(upto)
        seals = [seal for seal in self._seals if seal.size <= upto]
        tokens, reactor = self._of_database()
        label = f"guichet backup {town} {upto}".encode()
        secrets = Secrets(settings.master_key, key.seed, self._keys(), accounts.read(settings.data))
        list_of_erased = erasures_file(settings.data, town)
        erased = list_of_erased.read_bytes() if list_of_erased.exists() else b""
        contents = {
            snapshot.SEALS: b"".join(msgspec.json.encode(seal) + b"\n" for seal in seals),
            snapshot.PUBLIC: key.public,
            snapshot.KEYS: recovery.lock(msgspec.msgpack.encode(secrets), public, label),
            snapshot.TOKENS: msgspec.json.encode(tokens),
            snapshot.ERASURES: erased[: erased.rfind(b"\n") + 1],
        }
        digests = {name: snapshot.put(folder / name, text) for name, text in contents.items()}
        manifest = Manifest(
            version=version("guichet"),
            town=town,
            zone=settings.zone,
            time=begun,
            position=upto,
            root=head.tree.root.hex(),
            chain=head.chain.hex(),
            sealed=seals[-1].size if seals else 0,
            reactor=min(reactor, upto),
            digests={snapshot.LOG: digest, **digests},
        )
        snapshot.sign(folder, manifest, key)
        return manifest

    def _write_log(self, upto: int) -> tuple[str, Head]:
        """The log up to a position, and its head. `LogDamaged` when it is not what the archive and
        the seals know, for then a backup would only hide that."""
        settings, town = self._settings, self._settings.town
        file, head = Writing(self._folder / snapshot.LOG), Head()
        due = {seal.size: seal for seal in self._seals}
        known = whole_archive.hashes(settings.postgres["web"], town, upto)
        with self._reading(stream_name(town)) as bulk:
            for position, subject, size, message in bulk.messages(0, upto):
                headers, data = parted(size, message)
                entry = entry_from(headers, data, position)
                hash = hash_of(town, entry)
                as_sent = hashed(message, size, subject, b"%d" % position)
                archived = next(known, (position, hash))
                seal = due.get(position)
                head.add(hash)
                if (position, hash, hash) != (head.tree.size, as_sent, archived[1]) or (
                    seal and head.contradicts(seal)
                ):
                    break
                file.write(msgspec.json.encode(entry) + b"\n")
                if position % 1000 == 0:
                    self._show(position)
            else:
                if head.tree.size == upto:
                    return file.close(), head
        file.close()
        raise LogDamaged(
            f"L'événement {head.tree.size} du journal n'est plus celui de l'archive : "
            "guichet repair, puis recommencez la sauvegarde."
        )

    def _keys(self) -> dict[UUID, bytes]:
        """Every key there is, wrapped. `LogUnavailable` when the store does not hold still."""
        name = keys_stream(self._settings.town)
        for _ in range(TRIES):
            state = asyncio.run(state_of(self._settings, name))
            keys: dict[UUID, bytes] = {}
            with self._reading(name) as bulk:
                for _, subject, size, message in bulk.messages(0, int(state["last_seq"])):
                    keys[UUID(subject.decode().rpartition(".")[2])] = parted(size, message)[1]
            if len(keys) == state["messages"]:
                return keys
        raise LogUnavailable("Le magasin de clés ne se laisse pas lire : recommencez.")

    def _reading(self, stream: str) -> AbstractContextManager[Bulk]:
        settings = self._settings
        return Bulk.open(settings.nats_url, USER, settings.nats_passwords[USER], stream)

    def _of_database(self) -> tuple[list[Token], int]:
        """The tokens, and how far the reactor is."""
        town = self._settings.town
        with psycopg.connect(self._settings.postgres["web"]) as connection:
            tokens = connection.execute(
                "select id, hash, role, service, created_at, revoked_at "
                "from accounts.tokens where town = %s order by id",
                [town],
            ).fetchall()
            reached = connection.execute(
                # What is held is not saved: the restored reactor comes by it again.
                "select least(position, (select min(h.position) - 1 from reactor.held h "
                "where h.town = c.town)) from reactor.checkpoints c where c.town = %s",
                [town],
            ).fetchone()
        return [Token(*row) for row in tokens], reached[0] if reached else 0


async def state_of(settings: Settings, stream: str) -> dict[str, int]:
    """What the broker says a stream holds."""
    nc = await connect(settings.nats_url, USER, settings.nats_passwords[USER])
    try:
        return (await call(nc, f"STREAM.INFO.{stream}"))["state"]
    finally:
        await nc.close()
