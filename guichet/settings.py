"""What a process must know to find its installation: where, as whom, with which key.

Beside ./run that is in the file `installation.json`; in containers, in environment variables.
"""

import os
from base64 import b64decode
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from guichet.host.disk import ENOUGH
from guichet.host.environment import Given, described
from guichet.host.town import TOWN, ZONE

FILE = "installation.json"


class NoInstallation(Exception):
    """Nothing runs where we looked; the sentence says where that was."""


class Settings(Struct, frozen=True, kw_only=True):
    """One installation. `nats_url` and `nats_monitor` of one broker, or of several with commas
    between, of which `nats_replicas` (1 or 3; None: as many as now, one for what is new) keep each
    stream; `nats_passwords` by broker user, `postgres` connection strings by database role,
    `master_key` 32 bytes, `zone` the town's IANA time zone, `tls_cert` and `tls_key`
    the files of a pair or both empty, `trusted_proxies` the addresses and networks whose word on
    where a request comes from is believed, `least_free` the mebibytes that must be free on the disk
    of `data` before anything is written (0: nobody looks). `backup` is the folder that gets one
    every `backup_hours`, the last `backup_keep` of which stay (empty: none by itself),
    `recovery_public` the half of the recovery key that locks them, in hexadecimal, where no file
    of `data` has it. `smtp` is the town's mail server, `host:port`, empty where there is none;
    `smtp_security` is STARTTLS where it is not said and the server is elsewhere, `smtp_user` and
    `smtp_password` the town's account there. `sms_gateway` is the address of its SMS gateway, empty
    where there is none, `sms_token` its account there, `sms_sender` who it is shown as. `letters`
    is the folder of the town's own templates. While `training`, messages end in a folder of
    `data`."""

    data: Path
    town: str = TOWN
    zone: str = ZONE
    nats_url: str
    nats_monitor: str
    nats_replicas: Literal[1, 3] | None = None
    nats_passwords: dict[str, str]
    postgres: dict[str, str]
    master_key: bytes
    host: str = "127.0.0.1"
    port: int = 8311
    tls_cert: str = ""
    tls_key: str = ""
    trusted_proxies: tuple[str, ...] = ()
    least_free: int = ENOUGH
    backup: str = ""
    backup_hours: float = 24
    backup_keep: int = 30
    recovery_public: str = ""
    smtp: str = ""
    smtp_security: Literal["", "none", "starttls", "tls"] = ""
    smtp_user: str = ""
    smtp_password: str = ""
    sms_gateway: str = ""
    sms_token: str = ""
    sms_sender: str = ""
    letters: Path | None = None
    training: bool = False

    @classmethod
    def find(cls, data: Path | None = None) -> "Settings":
        """The installation in `data`, or in the folder named by GUICHET_DATA, or in ./data; where
        there is none, the one that the environment describes. `NoInstallation` otherwise."""
        folder = data or Path(os.environ.get("GUICHET_DATA") or "data")
        path = folder / FILE
        try:
            content = msgspec.json.decode(path.read_bytes()) if path.exists() else None
        except PermissionError:
            raise NoInstallation(f"Le fichier {path} n'est pas lisible par ce compte.") from None
        described_here = data is None and content is None
        if described_here:
            content = described(os.environ)
        if content is None:
            raise NoInstallation(
                f"Aucune installation de Guichet dans {folder.absolute()} : lancez ./run, ou "
                "indiquez la bonne avec --data ou GUICHET_DATA."
            )
        settings = msgspec.convert(
            {
                **content,
                "letters": content.get("letters") or None,
                "data": str(folder.absolute()),
                "master_key": master_key(folder),
            },
            cls,
            strict=False,  # an environment holds text only
            dec_hook=lambda kind, value: kind(value),
        )
        if not described_here:
            return settings
        return msgspec.structs.replace(
            settings,
            nats_passwords=Given("NATS", settings.nats_passwords),
            postgres=Given("POSTGRES", settings.postgres),
        )


def master_key(folder: Path) -> bytes:
    """The key that wraps all others: GUICHET_MASTER_KEY (32 bytes in base64 or hexadecimal), else
    the file `master.key` of the installation."""
    given = os.environ.get("GUICHET_MASTER_KEY")
    try:
        text = given if given is not None else (folder / "master.key").read_text()
    except OSError:
        raise NoInstallation(
            f"La clé maîtresse manque : remettez {folder.absolute() / 'master.key'} en place, ou "
            "donnez-la dans GUICHET_MASTER_KEY."
        ) from None
    text = text.strip()
    try:
        key = bytes.fromhex(text) if len(text) == 64 else b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise NoInstallation("La clé maîtresse doit faire 32 octets, en base64 ou hexadécimal.")
    return key
