"""The process that answers: `guichet web`."""

import asyncio
import ssl
from contextlib import suppress
from pathlib import Path

import structlog
import uvicorn
import uvloop

from guichet.host import tls
from guichet.house import House
from guichet.settings import Settings
from guichet.web.app import create_app
from projections.waiting import Waiter

RENEWED = 5.0
"""Seconds between two looks at the certificate: a renewed one is served without a restart."""

logger = structlog.get_logger()


async def serve(settings: Settings) -> None:
    """Answer on the installation's host and port until told to stop, by TLS when it has a
    certificate. `Unusable` when that one cannot be served with."""
    tls.check(settings.tls_cert, settings.tls_key)
    async with (
        House.open(settings) as house,
        Waiter.open(settings.postgres["web"], settings.town) as waiter,
    ):
        config = uvicorn.Config(
            create_app(house, waiter),
            host=settings.host,
            port=settings.port,
            http="httptools",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            ssl_certfile=settings.tls_cert or None,
            ssl_keyfile=settings.tls_key or None,
            timeout_graceful_shutdown=3,
        )
        config.load()
        renewing = asyncio.create_task(renew(config.ssl, settings))
        try:
            await uvicorn.Server(config).serve()
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing


async def renew(context: ssl.SSLContext | None, settings: Settings) -> None:
    """Serve new connections with whatever pair lies in the files; one that cannot be served with
    is told and left alone. Nothing to do without TLS."""
    if context is None:
        return
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    cert, key = settings.tls_cert, settings.tls_key
    served = changed(cert, key)
    while True:
        await asyncio.sleep(RENEWED)
        found = changed(cert, key)
        if found == served:
            continue
        served = found
        try:
            tls.check(cert, key)
            context.load_cert_chain(cert, key)
        except (tls.Unusable, OSError) as error:
            logger.error("tls.not_renewed", detail=str(error))
        else:
            logger.info("tls.renewed")


def changed(*paths: str) -> tuple[float, ...]:
    """When each file was last written; 0 for one that is away."""
    return tuple(Path(path).stat().st_mtime if Path(path).exists() else 0.0 for path in paths)


def main(settings: Settings) -> None:
    """`guichet web`."""
    uvloop.run(serve(settings))
