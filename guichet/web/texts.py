"""The ready words of the town, for whoever writes an answer."""

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Response

from domain.terms import Outcome
from guichet.web.catalogue import plain
from guichet.web.dossiers import answered
from guichet.web.problems import AnyRequest
from guichet.web.reception import Reception


@get("/texts", summary="Les modèles de réponse qui conviennent")
async def read_texts(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    procedure: FromQuery[str | None] = None,
    outcome: FromQuery[Outcome | None] = None,
) -> Response[bytes]:
    """Whole answers, news and modules that fit a procedure and an outcome, the most precise first;
    without them, those that fit all."""
    await reception.doorkeeper.author(request, "read")
    catalogue = reception.house.catalogue
    offered = catalogue.texts.offered(procedure, outcome)
    body: dict[str, Any] = {"items": [plain(text) for text in offered]}
    return answered({**body, "position": catalogue.position}, {})
