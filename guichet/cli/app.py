"""The command line: `guichet COMMAND`, each one call to the module that does the work."""

import errno
import sys
from pathlib import Path
from uuid import UUID

import psycopg
from cyclopts import App

from adapters.embedded_child import CannotStart
from domain.log import LogDamaged, LogUnavailable
from guichet.cli import host, processes
from guichet.cli.backup import backup, restore
from guichet.cli.clocks import calendar, simulate
from guichet.cli.options import Data
from guichet.cli.sending import sending
from guichet.sentences import Sentence
from guichet.settings import NoInstallation, Settings

app = App(name="guichet", help="Le guichet unique de la ville.")
catalogue = App(name="catalogue", help="Organisation et fiches de procédure.")
token = App(name="token", help="Jetons de l'API.")
person = App(name="person", help="Les personnes et leurs droits.")
dossier = App(name="dossier", help="Les dossiers et leurs textes.")
projection = App(name="projection", help="Les tables de lecture et ce qui les arrête.")
installation = App(name="installation", help="L'installation elle-même.")
tls = App(name="tls", help="Les certificats du serveur.")
for process in (
    processes.prepare,
    processes.web,
    processes.projector,
    processes.reactor,
    processes.outbox,
    processes.reminders,
):
    app.command(process)
app.command(host.start)
app.command(host.doctor)
app.command(backup)
app.command(restore)
app.command(simulate)
tls.command(host.self_signed)
installation.command(host.env)
for group in (catalogue, calendar, sending, token, person, dossier, projection, installation, tls):
    app.command(group)


@app.command
def silences(*, data: Data = None) -> None:
    """Combien de dossiers ouverts le silence de la ville a touchés, par service."""
    from guichet.reminders import show_silences

    show_silences(Settings.find(data))


@app.command
def rebuild(name: str | None = None, *, data: Data = None) -> None:
    """Reconstruire une table de lecture, ou toutes."""
    from guichet.rebuilding import run

    run(Settings.find(data), name)


@app.command(name="import")
def import_file(
    file: Path,
    *,
    mapping: Path,
    dry_run: bool = False,
    rejects: Path | None = None,
    data: Data = None,
) -> None:
    """Reprendre l'historique d'un autre logiciel."""
    from guichet.importing.load import run

    run(Settings.find(data), file, mapping, rejects, dry_run)


@app.command
def verify(
    *,
    seals: Path | None = None,
    key: Path | None = None,
    replicas: bool = False,
    data: Data = None,
) -> None:
    """Tout recalculer : archive, chaîne, sceaux, journal ; 1 si quelque chose diffère.

    Parameters
    ----------
    seals: Une copie des sceaux gardée ailleurs.
    key: Une copie de la clé publique (seal.pub) gardée ailleurs.
    replicas: Seulement l'exemplaire de chaque courtier d'un cluster, un par un.
    """
    from guichet.proof.replicas import run as compare
    from guichet.proof.verifying import run

    settings = Settings.find(data)
    if replicas:
        compare(settings)
    else:
        run(settings, seals, key)


@app.command
def prove(dossier: UUID, *, to: Path | None = None, data: Data = None) -> None:
    """Écrire la preuve de chaque événement d'un dossier, que l'on vérifie sans Guichet."""
    from guichet.proof.proving import run

    run(Settings.find(data), dossier, to)


@app.command
def repair(*, abandon: bool = False, data: Data = None) -> None:
    """Refaire un journal abîmé depuis l'archive ; on recommence s'il est interrompu.

    Parameters
    ----------
    abandon: Mettre de côté ce que l'archive n'a jamais eu, au lieu de refuser.
    """
    from guichet.proof.repair import run

    run(Settings.find(data), abandon)


@app.command
def bench(
    *,
    quick: bool = False,
    json: Path | None = None,
    readme: bool = False,
    events: int | None = None,
) -> None:
    """Mesurer Guichet à côté d'un plancher, dans un dossier temporaire."""
    try:
        from bench.command import run, sizes_for
    except ModuleNotFoundError as error:
        if error.name not in ("bench", "bench.command"):
            raise
        raise Sentence(
            "Les mesures ne sont pas installées avec Guichet : lancez-les depuis ses sources."
        ) from None
    run(sizes_for(quick, events), json, readme)


@catalogue.command
def load(file: Path, *, data: Data = None) -> None:
    """Charger ou mettre à jour le catalogue ; seules les différences sont enregistrées."""
    from guichet.catalogue_file import run

    run(Settings.find(data), file)


@token.command
def create(*, role: str, service: str | None = None, data: Data = None) -> None:
    """Créer un jeton ; il est montré une seule fois, sur la dernière ligne."""
    from guichet.tokens import create as run

    run(Settings.find(data), role, service)


@person.command
def erase(id: UUID, *, ground: str, data: Data = None) -> None:
    """Effacer une personne : sa clé est détruite, et plus rien ne la montre."""
    from guichet.erasure import erase as person_erased
    from guichet.erasure import run

    run(Settings.find(data), person_erased, id, ground)


@dossier.command(name="erase")
def erase_dossier(id: UUID, *, ground: str, data: Data = None) -> None:
    """Effacer les textes d'un dossier qui ne sont sous la clé d'aucune personne."""
    from guichet.erasure import erase_words, run

    run(Settings.find(data), erase_words, id, ground)


@projection.command
def skip(model: str, position: int, *, ground: str, data: Data = None) -> None:
    """Laisser une table de lecture, ou « reactor », continuer sans l'événement qui l'arrête.

    Parameters
    ----------
    ground: Pourquoi ; inscrit au journal pour toujours, sans le nom de personne.
    """
    from guichet.skipping import run

    run(Settings.find(data), model, position, ground)


def main() -> None:
    """Run the command; what cannot be done is one sentence, and 3 when nothing runs here."""
    try:
        app()
    except (NoInstallation, LogUnavailable, LogDamaged) as error:
        sys.exit(told(error, 3))
    except psycopg.OperationalError:
        sys.exit(told(NoInstallation("La base de données de l'installation ne répond pas."), 3))
    except (CannotStart, Sentence) as error:
        sys.exit(told(error, 2))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sys.exit(told(CannotStart("Le disque est plein : rien n'a pu y être écrit."), 2))


def told(error: Exception, code: int) -> int:
    """Say it and return the code to exit with."""
    print(error, file=sys.stderr)
    return code
