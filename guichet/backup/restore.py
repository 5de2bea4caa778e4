"""`guichet restore DIR --data NEW`: a whole installation made again from one backup.

Everything is checked before anything is written, and the new folder gets its name when it is whole:
an interrupted restore leaves nothing that could be taken for an installation.
"""

import os
import sys
from contextlib import suppress
from getpass import getpass
from pathlib import Path

import msgspec
from msgspec import Struct

from adapters import erasure_list, recovery, snapshot
from adapters.erasure_list import Erased
from adapters.recovery import CannotOpen, KeyMistyped
from adapters.seal_book import in_file, last_in_file
from adapters.signing import is_signed
from adapters.snapshot import BackupDamaged, Head, Manifest
from domain.log import LogDamaged
from domain.seals import Seal
from guichet.backup.contents import Secrets, Token
from guichet.host.folder import DataFolder
from guichet.host.starting import stop_on_signals
from guichet.host.supervisor import say
from guichet.sentences import Sentence


class CannotRestore(Sentence):
    """The backup, or what was given with it, will not do."""


class Asked(Struct, frozen=True, kw_only=True):
    """What came with the backup: where the recovery key is (`-`: typed), and copies that were kept
    elsewhere. `newer_than` is a position that is known to have existed."""

    recovery_key: str
    erasures: Path | None = None
    without_erasures: bool = False
    newer_than: int = 0
    seals: Path | None = None
    key: Path | None = None


class Restorable(Struct, frozen=True, kw_only=True):
    """A backup that was checked from one end to the other and opened. `erased` is everybody who
    must stay erased."""

    folder: Path
    manifest: Manifest
    seals: list[Seal]
    head: Head
    secrets: Secrets
    public_half: bytes
    tokens: list[Token]
    erased: list[Erased]


def checked(folder: Path, asked: Asked) -> Restorable:
    """The backup, checked and opened; `CannotRestore` with what is wrong otherwise."""
    try:
        public = asked.key.read_bytes() if asked.key else None
        manifest = snapshot.checked(folder, public)
        seals = in_file(folder / snapshot.SEALS)
        town_key = public or (folder / snapshot.PUBLIC).read_bytes()
        if not all(is_signed(seal, town_key) for seal in seals):
            raise CannotRestore("Un sceau sauvegardé ne porte pas la signature de la ville.")
        elsewhere = in_file(asked.seals) if asked.seals else []
        covered = [seal for seal in elsewhere if seal.size <= manifest.position]
        head = snapshot.head_of(folder, manifest, [*seals, *covered])
        private = recovery.read(typed(asked.recovery_key))
        label = f"guichet backup {manifest.town} {manifest.position}".encode()
        opened = recovery.unlock((folder / snapshot.KEYS).read_bytes(), private, label)
        return Restorable(
            folder=folder,
            manifest=manifest,
            seals=seals,
            head=head,
            secrets=msgspec.msgpack.decode(opened, type=Secrets),
            public_half=recovery.public_half(private),
            tokens=msgspec.json.decode((folder / snapshot.TOKENS).read_bytes(), type=list[Token]),
            erased=erased_by(folder, asked),
        )
    except KeyMistyped:
        raise CannotRestore("Cette clé de secours est mal recopiée.") from None
    except CannotOpen:
        raise CannotRestore("Cette clé de secours n'est pas celle de cette sauvegarde.") from None
    except (BackupDamaged, LogDamaged) as error:
        raise CannotRestore(str(error)) from None
    except OSError as error:
        raise CannotRestore(f"{error.filename} ne se lit pas ({error.strerror}).") from None
    except msgspec.MsgspecError:
        raise CannotRestore("Un fichier de la sauvegarde ne se lit pas.") from None


def erased_by(folder: Path, asked: Asked) -> list[Erased]:
    """The list of erasures to apply: the one that was given, which must not be older than the
    backup's own."""
    own = erasure_list.parsed((folder / snapshot.ERASURES).read_bytes())
    if asked.erasures is None:
        return own
    given = erasure_list.parsed(asked.erasures.read_bytes())
    if any(one not in given for one in own):
        raise CannotRestore(
            f"La liste {asked.erasures} n'a pas tous les effacements que connaît la sauvegarde : "
            "donnez la plus récente."
        )
    return given


def typed(where: str) -> str:
    """The recovery key, from its file or from whoever types it."""
    if where != "-":
        try:
            return Path(where).read_text()
        except UnicodeDecodeError:
            raise KeyMistyped from None
    return getpass("Clé de secours : ") if sys.stdin.isatty() else sys.stdin.readline()


def told(manifest: Manifest, asked: Asked, data: Path) -> None:
    """Say what the backup is, and how many events it is known to lack."""
    say(
        f"Sauvegarde de « {manifest.town} » du {manifest.time:%d/%m/%Y à %H:%M:%S} UTC : "
        f"{manifest.position} événements, le {manifest.sealed}e sous sceau."
    )
    known = max(
        asked.newer_than,
        last_in_file(asked.seals) if asked.seals else 0,
        last_in_file(data / "seals" / f"{manifest.town}.jsonl"),
    )
    if known > manifest.position:
        say(
            f"Elle est ancienne : il y manque {known - manifest.position} événements "
            f"(le journal a atteint {known})."
        )


def must_fit(folder: Path, data: Path, asked: Asked) -> None:
    """`CannotRestore` unless the place is free and everything needed was given."""
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        with suppress(BackupDamaged, LogDamaged):
            told(snapshot.checked(folder), asked, data)
        raise CannotRestore(f"{data} n'est pas vide, rien n'y est touché : donnez un autre.")
    if asked.erasures is None and not asked.without_erasures:
        raise CannotRestore(
            "Donnez la dernière liste des effacements (--erasures DATA/erasures/VILLE.jsonl), "
            "ou --without-erasures : qui fut effacé depuis la sauvegarde reviendrait."
        )
    for variable in ("GUICHET_MASTER_KEY", "GUICHET_SEAL_KEY"):
        if variable in os.environ:
            raise CannotRestore(f"La sauvegarde a ses propres clés : retirez {variable} d'abord.")


def run(folder: Path, data: Path, asked: Asked) -> None:
    """`guichet restore`: an installation that `./run --data NEW` serves, or nothing."""
    from guichet.backup.remaking import (
        remake,  # it needs what is defined here, and is slow to import
    )

    stop_on_signals()
    data = data.absolute()
    making = DataFolder(data.with_name(f".{data.name}.restoring"))
    try:
        must_fit(folder, data, asked)
        backup = checked(folder, asked)
        told(backup.manifest, asked, data)
        making.claim_anew()
        again = remake(backup, making)
        making.path.rename(data)
        making.keep()
        snapshot.sync(data.parent)
    except KeyboardInterrupt:
        raise CannotRestore("Restauration interrompue : il n'en reste rien.") from None
    finally:
        making.give_up()
    after = f", dont {again} effacements rétablis" if again else ""
    print(f"{backup.manifest.position + again} événements restaurés{after} : ./run --data {data}")
