"""The processes of an installation, one command each: `./run` and containers start them."""

from guichet.cli.options import Data
from guichet.logs import configure
from guichet.settings import Settings


def prepare(*, data: Data = None) -> None:
    """Créer dans les deux serveurs ce qui n'y est pas encore, dès qu'ils répondent."""
    from guichet.host.preparing import run

    run(Settings.find(data))


def web(*, data: Data = None) -> None:
    """Le processus qui répond aux écrans et aux logiciels."""
    from guichet.web.serve import main

    configure("web")
    main(Settings.find(data))


def projector(*, data: Data = None) -> None:
    """Le processus qui tient les tables de lecture."""
    from guichet.projecting import main

    configure("projector")
    main(Settings.find(data))


def reactor(*, data: Data = None) -> None:
    """Le processus qui fait ce que les faits appellent."""
    from guichet.reactor import main

    configure("reactor")
    main(Settings.find(data))


def reminders(*, data: Data = None) -> None:
    """Le processus qui voit passer le temps."""
    from guichet.reminders import main

    configure("reminders")
    main(Settings.find(data))


def outbox(*, data: Data = None) -> None:
    """Le processus qui envoie les messages."""
    from guichet.outbox.sending import main

    configure("outbox")
    main(Settings.find(data))
