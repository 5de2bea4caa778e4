"""Who is erased is forgotten by the read models that have stopped, too."""

from guichet.erasure import erase
from guichet.house import House
from guichet.rebuilding import rebuild_models
from guichet.skipping import skip
from tests.faults.poison import (
    GROUND,
    NAMES,
    garbled,
    opened,
    opened_out_of_range,
    projecting_beside,
    reached,
    rows,
    told,
    watching,
)


async def test_what_has_stopped_forgets_who_is_erased(house: House) -> None:
    person = await opened(house, "Sigismonde Aubépin")
    other = await opened(house)
    past = await house.desk.past(f"dossier.{person}")
    poison = await garbled(house, f"dossier.{other}", 2, "DossierTaken:1")
    async with projecting_beside(house), watching(house) as waiter:
        await reached(house, waiter)
        assert set(waiter.stops) == set(NAMES)
        assert "Sigismonde" in repr(await rows(house))
        await erase(house, past[0].event.usager.id, "RGPD art. 17")
        await reached(house, waiter)
        assert "Sigismonde" not in repr(await rows(house))
        for name in NAMES:
            await skip(house, name, poison, GROUND)
        await told(waiter, lambda: not waiter.stops)
        healed = await rows(house)
        assert "Sigismonde" not in repr(healed)
        assert await rebuild_models(house, NAMES) == {}
        assert await rows(house) == healed


async def test_a_row_the_database_refuses_is_poison_and_hides_nobody_from_an_erasure(
    house: House,
) -> None:
    """While the read model that knows whose words lie where does not follow."""
    poison = await opened_out_of_range(house)
    async with projecting_beside(house), watching(house) as waiter:
        person = await opened(house, "Sigismonde Aubépin", "Sigismonde crie")
        await reached(house, waiter)
        assert {name: stop.error for name, stop in waiter.stops.items()} == {
            "dossiers": "NumericValueOutOfRange"
        }
        live = await rows(house)
        assert "Sigismonde" in repr(live["queues"])
        assert set(await rebuild_models(house, NAMES)) == {"dossiers"}
        assert await rows(house) == live
        past = await house.desk.past(f"dossier.{person}")
        await erase(house, past[0].event.usager.id, "RGPD art. 17")
        await reached(house, waiter)
        assert "Sigismonde" not in repr(await rows(house))
        await skip(house, "dossiers", poison, GROUND)
        await told(waiter, lambda: not waiter.stops)
        healed = await rows(house)
        assert "Sigismonde" not in repr(healed)
        assert len(healed["dossiers"]) == 2
        assert len(healed["queues"]) == 3
        assert await rebuild_models(house, NAMES) == {}
        assert await rows(house) == healed
