"""What an examination can find out without any server: files, disk, dates, addresses."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from time import sleep, time

from msgspec import Struct

from guichet.backup.last_backup import last_backup
from guichet.host import disk, tls
from guichet.settings import Settings

DAY = 86_400
RENEW_BEFORE = 30 * DAY
BACKUP_EVERY = 26 * 3600
"""Seconds after which a nightly backup is late."""

LISTENING = "0A"
SECRETS = ("master.key", "seal.key", "installation.json", "demo.json", "tls/root.key")
FOLDERS = ("", "nats", "postgres", "tls", "seals")


class Finding(Struct, frozen=True):
    """One line of an examination: `todo` is empty when all is well."""

    check: str
    found: str
    todo: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is nothing to do."""
        return not self.todo


def room(settings: Settings) -> Finding:
    """Whether there is room to write, and some to spare."""
    there = disk.free(settings.data) // disk.MEBIBYTE
    low = there < 4 * (settings.least_free or disk.ENOUGH)
    todo = "faites de la place : bientôt plus rien ne sera écrit" if low else ""
    return Finding("disque", f"{there} Mo libres", todo)


def secrets(settings: Settings) -> Finding:
    """Whether what must stay secret is for this account alone, and no folder is open to all."""
    paths = [settings.data / name for name in SECRETS]
    paths += [Path(settings.tls_key)] if settings.tls_key else []
    shown = [path for path in paths if path.exists() and path.stat().st_mode & 0o077]
    if shown:
        todo = f"chmod 600 {' '.join(map(str, shown))}"
        return Finding("secrets", f"lisibles par d'autres : {names(shown)}", todo)
    folders = [settings.data / name for name in FOLDERS]
    wide = [path for path in folders if path.is_dir() and path.stat().st_mode & stat.S_IWOTH]
    if wide:
        todo = f"chmod o-w {' '.join(map(str, wide))}"
        return Finding("secrets", f"dossiers ouverts à tous : {names(wide)}", todo)
    return Finding("secrets", "pour ce compte seul")


def names(paths: list[Path]) -> str:
    """The last parts of `paths`."""
    return ", ".join(path.name or str(path) for path in paths)


def certificate(settings: Settings) -> Finding:
    """Whether people are served by TLS, and for how long still."""
    if not settings.tls_cert:
        if loopback(settings.host) or settings.trusted_proxies:
            return Finding("certificat", "aucun ici : un mandataire doit le tenir")
        todo = "guichet tls self-signed, ou un certificat avec --tls-cert et --tls-key"
        return Finding("certificat", f"aucun, et {settings.host} est servi en clair", todo)
    try:
        tls.check(settings.tls_cert, settings.tls_key)
        left = tls.seconds_left(settings.tls_cert)
    except tls.Unusable as error:
        return Finding("certificat", str(error), "remplacez-le et relancez Guichet")
    todo = "renouvelez-le" if left < RENEW_BEFORE else ""
    return Finding("certificat", f"encore {left / DAY:.0f} jours", todo)


def backup(settings: Settings) -> Finding:
    """How old the last backup is."""
    last = last_backup(settings.data)
    todo = "sauvegardez chaque nuit : guichet backup (docs/deployment.md)"
    if last is None:
        return Finding("sauvegarde", "jamais", todo)
    when = last.time.astimezone(UTC)
    found = f"{when:%d/%m/%Y %H:%M} UTC, il y a {last.age / 3600:.0f} h, dans {last.place}"
    return Finding("sauvegarde", found, todo if last.age > BACKUP_EVERY else "")


def steady(settings: Settings) -> Finding:
    """Whether this machine's clock goes on as its seconds do."""
    from time import monotonic

    del settings
    wall, even = time(), monotonic()
    sleep(0.2)
    jumped = abs((time() - wall) - (monotonic() - even))
    todo = "réglez l'horloge pas à pas (chrony, systemd-timesyncd)" if jumped > 0.1 else ""
    return Finding("horloge", f"{datetime.now(UTC):%d/%m/%Y %H:%M:%S} UTC", todo)


def addresses(settings: Settings) -> Finding:
    """Whether the servers listen on the loopback only, and the web where it was asked to."""
    both = f"{settings.nats_url},{settings.nats_monitor}"
    ports = {port_of(url) for url in both.split(",")}
    wide = sorted(
        f"{address}:{port}"
        for address, port in listening()
        if port in ports and not loopback(address)
    )
    if wide:
        todo = "fermez ces ports au réseau : seul le web doit être joignable"
        return Finding("adresses", f"le courtier écoute sur {', '.join(wide)}", todo)
    return Finding("adresses", f"web sur {settings.host}:{settings.port}, le reste en local")


def port_of(url: str) -> int:
    """The port of an address; 0 without one."""
    text = url.rpartition(":")[2]
    return int(text) if text.isdecimal() else 0


def loopback(host: str) -> bool:
    """Whether nobody outside of this machine reaches `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listening() -> Iterator[tuple[str, int]]:
    """The addresses and ports on which this machine takes connections."""
    for name in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", name).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            local, _, state = line.split()[1:4]
            if state != LISTENING:
                continue
            text, port = local.split(":")
            words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8)]
            yield str(ip_address(b"".join(words))), int(port, 16)
