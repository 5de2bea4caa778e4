"""The commands about time: the calendar of the town, and what another policy would have meant."""

from datetime import date
from pathlib import Path

from cyclopts import App

from domain.calendars import AnnounceClosure, CancelClosure
from guichet.cli.options import Data
from guichet.settings import Settings

calendar = App(name="calendar", help="Les jours fériés et les fermetures de la ville.")


@calendar.command
def publish(*, region: str | None = None, data: Data = None) -> None:
    """Publier les jours fériés de dix ans ; à refaire quand guichet doctor le demande.

    Parameters
    ----------
    region: metropole, alsace, moselle, guadeloupe… ; celle du calendrier en vigueur sinon.
    """
    from guichet.town_calendar import run

    run(Settings.find(data), None, region)


@calendar.command
def close(first: date, last: date | None = None, *, reason: str, data: Data = None) -> None:
    """Annoncer que les services sont fermés un jour, ou d'un jour à un autre."""
    from guichet.town_calendar import run

    run(Settings.find(data), AnnounceClosure(first=first, last=last or first, reason=reason))


@calendar.command(name="open")
def open_again(first: date, last: date | None = None, *, data: Data = None) -> None:
    """Annuler ce qui reste d'une fermeture annoncée."""
    from guichet.town_calendar import run

    run(Settings.find(data), CancelClosure(first=first, last=last or first))


def simulate(*, policy: Path, json: bool = False, data: Data = None) -> None:
    """Rejouer ce qui s'est passé sous d'autres délais ; rien n'est enregistré.

    Parameters
    ----------
    policy: Un fichier TOML (docs/clocks.md).
    """
    from guichet.simulating import run

    run(Settings.find(data), policy, json)
