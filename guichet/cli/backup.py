"""`guichet backup` and `guichet restore`, as the command line takes them."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from guichet.cli.options import Data
from guichet.logs import configure
from guichet.settings import Settings


def backup(
    folder: Path,
    *,
    keep: Annotated[int | None, Parameter(validator=Number(gte=1))] = None,
    every: Annotated[float | None, Parameter(validator=Number(gt=0))] = None,
    data: Data = None,
) -> None:
    """Sauvegarder tout ce qui ne se refait pas, pendant que Guichet tourne.

    Parameters
    ----------
    folder: Où ranger les sauvegardes ; chacune y reçoit son propre dossier.
    keep: Ne garder que les N dernières de cette ville.
    every: Rester, et recommencer toutes les tant d'heures.
    """
    settings = Settings.find(data)
    if every is None:
        from guichet.backup.taking import run

        return run(settings, folder, keep)
    from guichet.backup.schedule import keep_saving

    configure("backup")
    return keep_saving(settings, folder, keep, every)


def restore(
    folder: Path,
    *,
    data: Path,
    recovery_key: str,
    erasures: Path | None = None,
    without_erasures: bool = False,
    newer_than: int | None = None,
    seals: Path | None = None,
    key: Path | None = None,
) -> None:
    """Refaire une installation entière d'une sauvegarde, sur une machine vide.

    Parameters
    ----------
    folder: Le dossier d'une sauvegarde (guichet-ville-date).
    data: Le dossier de la nouvelle installation, absent ou vide.
    recovery_key: Le fichier de la clé de secours, ou - pour la saisir.
    erasures: La liste des effacements la plus récente que l'on ait.
    without_erasures: Se passer de cette liste ; des personnes effacées depuis reviendront.
    newer_than: Une position du journal que l'on sait avoir existé.
    seals: Une copie des sceaux gardée ailleurs.
    key: Une copie de la clé publique (seal.pub) gardée ailleurs.
    """
    from guichet.backup.restore import Asked, run

    known = Asked(
        recovery_key=recovery_key,
        erasures=erasures,
        without_erasures=without_erasures,
        newer_than=newer_than or 0,
        seals=seals,
        key=key,
    )
    run(folder, data, known)
