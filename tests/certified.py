"""Certificates for the servers that tests talk to, by an authority that only the test trusts."""

import ssl
from pathlib import Path

from guichet.host import tls


def certified(folder: Path, host: str = "127.0.0.1") -> Path:
    """A certificate for `host` and its key in `folder`; the authority that vouches for it."""
    root, key = tls.the_root(folder, "ville")
    tls.renew(folder, root, key, [host])
    return folder / "root.pem"


def server_context(pair: Path) -> ssl.SSLContext:
    """TLS for a server, with `server.pem` and `server.key` of the folder `pair`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair / "server.pem", pair / "server.key")
    return context
