"""The catalogue of the town, as intake screens and other software need it."""

from typing import Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response

from guichet.web.dossiers import answered
from guichet.web.problems import AnyRequest
from guichet.web.reception import Reception


@get("/catalogue", summary="Procédures, services, pôles et sites en vigueur")
async def read_catalogue(
    request: AnyRequest, reception: NamedDependency[Reception]
) -> Response[bytes]:
    """What is in force now, each with its identifier."""
    await reception.doorkeeper.author(request, "catalogue")
    catalogue = reception.house.catalogue
    organisation, procedures = catalogue.organisation, catalogue.procedures
    in_force = [procedures.in_force(id) for id in procedures.versions]
    body: dict[str, Any] = {
        "procedures": [plain(procedure) for procedure in in_force if procedure],
        "services": [plain(versions[-1]) for versions in organisation.services.values()],
        "poles": [plain(versions[-1]) for versions in organisation.poles.values()],
        "sites": [plain(versions[-1]) for versions in organisation.sites.values()],
        "position": catalogue.position,
    }
    return answered(body, {})


def plain(definition: msgspec.Struct) -> dict[str, Any]:
    """A definition without the name of the fact it came by."""
    content: dict[str, Any] = msgspec.to_builtins(definition)
    content.pop("type", None)
    return content
