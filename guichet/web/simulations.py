"""A policy tried on the whole history, for those who measure and those who decide."""

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.response import Response

from domain.simulation import Policy
from guichet.simulating import simulate, unknown
from guichet.web.bodies import decode, parsed, read
from guichet.web.problems import AnyRequest, invalid, unavailable
from guichet.web.reception import Reception


@post("/simulations", status_code=200, summary="Rejouer l'historique sous d'autres délais")
async def simulate_policy(
    request: AnyRequest, reception: NamedDependency[Reception]
) -> Response[bytes]:
    """How many answers would have been late under the rules in the body, per service and month.
    Nothing is recorded, so no idempotency key is asked for."""
    await reception.doorkeeper.author(request, "figures")
    policy = decode(parsed(await read(request)), Policy)
    house = reception.house
    if names := unknown(policy, house.catalogue.procedures):
        raise invalid("/procedures", f"Procédures inconnues : {', '.join(names)[:300]}.")
    if reception.simulating.locked():  # each reads everything there is
        raise unavailable("Une simulation est déjà en cours.")
    async with reception.simulating, house.pool.connection() as connection:
        made = await simulate(house, connection, policy)
    return Response(msgspec.json.encode(made), status_code=200, media_type="application/json")
