"""The process that answers: `guichet web`."""

import uvicorn
import uvloop

from guichet.house import House
from guichet.settings import Settings
from guichet.web.app import create_app
from projections.waiting import Waiter


async def serve(settings: Settings) -> None:
    """Answer on the installation's host and port until told to stop."""
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
            proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
        await uvicorn.Server(config).serve()


def main(settings: Settings) -> None:
    """`guichet web`."""
    uvloop.run(serve(settings))
