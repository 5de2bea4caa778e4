"""The doors of Guichet, as a table of contents."""

from litestar import Litestar, Router
from litestar.datastructures import ResponseHeader
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import Message, Scope

from guichet.house import House
from guichet.proof.guarding import Guard
from guichet.tokens import Tokens
from guichet.web import (
    absences,
    catalogue,
    dossiers,
    handling,
    health,
    mailings,
    messages,
    openapi,
    papers,
    partner,
    problems,
    queues,
    register,
    sending,
    simulations,
    texts,
)
from guichet.web.intents import Doorkeeper
from guichet.web.reception import Reception
from projections.waiting import Waiter

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


HSTS = (b"strict-transport-security", b"max-age=31536000")


async def strict_transport(message: Message, scope: Scope) -> None:
    """Tell a browser that came by TLS to come back by TLS only. The scheme is that of the
    connection, or what a proxy we were told to trust says of it."""
    if message["type"] == "http.response.start" and scope["scheme"] == "https":
        message["headers"] = [*message["headers"], HSTS]


def create_app(house: House, waiter: Waiter) -> Litestar:
    """The application for one house; `waiter` hears how far its read models are."""
    settings = house.settings
    tokens = Tokens(house.pool, settings.town)
    doorkeeper = Doorkeeper(tokens, settings.town, settings.master_key)
    guard = Guard(house)
    house.log.ask_before_writing(guard.must_pass)
    reception = Reception(house, doorkeeper, waiter, guard)
    printing = papers.Papers(house)
    api = Router(
        openapi.PREFIX,
        route_handlers=[
            *dossiers.routes,
            *handling.routes,
            *queues.routes,
            catalogue.read_catalogue,
            simulations.simulate_policy,
            *sending.routes,
            texts.read_texts,
            *absences.routes,
            *messages.routes,
            *mailings.routes,
            *papers.routes,
            openapi.describe,
        ],
    )
    return Litestar(
        [api, *partner.routes(settings.master_key), *register.routes, *health.routes],
        dependencies={
            "reception": Provide(lambda: reception, sync_to_thread=False),
            "papers": Provide(lambda: printing, sync_to_thread=False),
        },
        exception_handlers={Exception: problems.answer},
        response_headers=[ResponseHeader(name=name, value=HEADERS[name]) for name in HEADERS],
        openapi_config=OpenAPIConfig(
            "Guichet",
            "1",
            path=f"{openapi.PREFIX}/schema",
            render_plugins=[JsonRenderPlugin()],  # the pages of the others load from elsewhere
        ),
        before_send=[strict_transport],
        logging_config=None,
    )
