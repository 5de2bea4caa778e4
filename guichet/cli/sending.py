"""`guichet sending`: the switch of what leaves the house."""

from cyclopts import App

from guichet.cli.options import Data
from guichet.settings import Settings

sending = App(name="sending", help="Ce qui part vers les usagers, ou attend.")


@sending.command
def allow(*, ground: str, data: Data = None) -> None:
    """Laisser partir les messages ; le motif reste dans le journal."""
    from guichet.switch import run

    run(Settings.find(data), True, ground)


@sending.command
def stop(*, ground: str, data: Data = None) -> None:
    """Retenir les messages ; ceux qui attendent partiront quand ce sera permis."""
    from guichet.switch import run

    run(Settings.find(data), False, ground)


@sending.command
def status(*, data: Data = None) -> None:
    """Dire si quelque chose part."""
    from guichet.switch import run

    run(Settings.find(data), None)
