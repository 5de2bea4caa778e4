"""`guichet start`, which ./run ends in: from a folder to a town that answers, until Ctrl-C.

What is slow to import is imported late, while the servers start or only for a first start: most of
a start is Python reading its libraries, on few cores.
"""

import asyncio
import json
import signal
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

from adapters.embedded_child import CannotStart
from guichet.host import tls
from guichet.host.folder import DataFolder
from guichet.host.installation import Installation
from guichet.host.supervisor import Supervisor, say
from guichet.settings import Settings

Asked = Callable[[], bool]
"""Whether somebody asked us to stop."""


class Stopped(KeyboardInterrupt):
    """Somebody asked us to stop. Of a kind that no event loop keeps to itself."""


def run(
    data: Path | None,
    address: tuple[str, int],
    demo: bool,
    town: str | None,
    zone: str | None,
    kept_options: Mapping[str, Any],
) -> None:
    """`guichet start`: everything up, until Ctrl-C. `kept_options`: see `Installation.settings`."""
    asked = stop_on_signals()
    try:
        folder = DataFolder.choose(data)
        installation = Installation(folder, *address)
        installation.claim()
        try:
            settings = installation.settings(town, zone, kept_options)
            tls.check(settings.tls_cert, settings.tls_key)
            supervisor = Supervisor(installation, settings)
            if folder.link is not None:
                say(f"Données : {folder.path} (PostgreSQL n'entre pas dans {folder.link.parent}).")
        except BaseException:
            folder.give_up()
            raise
        live(folder, supervisor, settings, demo, asked)
    except KeyboardInterrupt:
        return


def live(
    folder: DataFolder, supervisor: Supervisor, settings: Settings, demo: bool, asked: Asked
) -> None:
    """Start, present, watch, and stop whatever happens. A first start that fails before anything
    could be recorded leaves no folder behind."""
    try:
        say("Démarrage de NATS et de PostgreSQL…")
        supervisor.start_servers()
        from guichet.backup import recovery

        prepare(settings)
        folder.keep()
        recovery.shown_once(settings.data)
        loading = settings.data / "loading"
        loading.touch()
        supervisor.start_processes()
        accounts = demonstration(settings) if demo else []
        await_projected(supervisor, settings, asked)
        loading.unlink(missing_ok=True)
        scheme = "https" if settings.tls_cert else "http"
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        address = f"Guichet répond sur {scheme}://{host}:{settings.port} (Ctrl-C pour arrêter)"
        with suppress(OSError):  # nobody may be reading any more
            print("\n".join([*accounts, address]), flush=True)
        supervisor.watch(asked)
        raise Stopped
    except KeyboardInterrupt:
        say("Arrêt…")
    finally:
        supervisor.stop()
        folder.give_up()


def prepare(settings: Settings) -> None:
    """Streams and tables."""
    from guichet.host import preparing

    asyncio.run(preparing.prepare(settings))


def demonstration(settings: Settings) -> list[str]:
    """The demonstration loaded, at the first start; the lines that present its accounts."""
    from guichet.demo import accounts

    known = accounts.read(settings.data)
    if known is None:
        from guichet.demo.load import load_demo

        known = asyncio.run(load_demo(settings, say))
    return accounts.presented(known)


def stop_on_signals() -> Asked:
    """Ctrl-C, a polite kill and the end of the terminal all stop us, once: by `Stopped`, and for
    those who go on long by what is returned, since what is raised while Python itself is at work
    (a finalizer, a callback of an import) is printed at most. `nohup` is obeyed."""
    heard = Event()

    def stop(*_: object) -> None:
        heard.set()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # once is enough
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, stop)
    return heard.is_set


def await_projected(supervisor: Supervisor, settings: Settings, asked: Asked) -> None:
    """Until what was loaded can be read; a few minutes at most."""
    deadline = monotonic() + 300
    while monotonic() < deadline:
        if asked():
            raise Stopped
        state = health(settings)
        if state and 0 < state["log_position"] <= state["position"]:
            return
        if state and state["log_position"] == 0 and not state["reasons"][1:]:
            return  # an empty town, and no reason but that we are still loading
        supervisor.look()
        sleep(0.1)
    raise CannotStart(f"Guichet n'est pas prêt : voyez les journaux dans {settings.data}.")


def health(settings: Settings) -> dict[str, Any]:
    """What the web process says of itself; empty while it does not answer."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 compared, not listened on
    host = everywhere.get(settings.host, settings.host)
    line = HTTPConnection(host, settings.port, timeout=5)
    if settings.tls_cert:
        line = HTTPSConnection(host, settings.port, timeout=5, context=ourselves())
    try:
        line.request("GET", "/health/ready")
        return json.loads(line.getresponse().read())
    except (OSError, HTTPException, ValueError):
        return {}
    finally:
        line.close()


def ourselves() -> ssl.SSLContext:
    """TLS towards our own process on this machine: its certificate names the town's address and
    perhaps not this one, and nothing secret is said."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
