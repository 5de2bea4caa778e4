"""The commands of who keeps an installation: start it, give it certificates, examine it."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from guichet.cli.options import Data, TownName, TownZone, Ways, told_path
from guichet.logs import configure
from guichet.settings import Settings

Proxies = Annotated[
    list[str] | None,
    Parameter(env_var="GUICHET_TRUSTED_PROXY", help="Adresses des mandataires que l'on croit."),
]


def start(
    *,
    data: Data = None,
    host: str = "127.0.0.1",
    port: int = 8311,
    demo: bool = True,
    town: TownName = None,
    zone: TownZone = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    trusted_proxy: Proxies = None,
    least_free: int | None = None,
    backup: Path | None = None,
    backup_hours: Annotated[float | None, Parameter(validator=Number(gt=0))] = None,
    backup_keep: Annotated[int | None, Parameter(validator=Number(gte=1))] = None,
    ways: Annotated[Ways | None, Parameter(name="*")] = None,
) -> None:
    """Démarrer tout Guichet et le surveiller. Les options qui suivent valent aussi pour les
    démarrages d'après.

    Parameters
    ----------
    tls_cert: Le certificat (PEM, chaîne comprise) ; une valeur vide revient à HTTP.
    tls_key: Sa clé privée.
    least_free: Les Mo libres sur le disque sans lesquels rien n'est plus écrit (128).
    backup: Où sauvegarder régulièrement ; une valeur vide y met fin.
    backup_hours: Les heures d'une sauvegarde à la suivante (24).
    backup_keep: Combien de sauvegardes sont gardées (30).
    """
    from guichet.host.starting import run

    files = {"tls_cert": tls_cert, "tls_key": tls_key, "backup": backup}
    kept: dict[str, object] = {name: told_path(file) for name, file in files.items()}
    kept |= {"trusted_proxies": trusted_proxy, "least_free": least_free}
    kept |= {"backup_hours": backup_hours, "backup_keep": backup_keep}
    kept |= (ways or Ways()).kept
    run(data, (host, port), demo, town, zone, kept)


def self_signed(*, host: list[str] | None = None, data: Data = None) -> None:
    """Une racine et un certificat d'un an pour un essai ; relancez pour le renouveler.

    Parameters
    ----------
    host: Un nom ou une adresse sous lesquels les tablettes trouvent le serveur.
    """
    from guichet.host.tls import run

    run(Settings.find(data), host or [])


def doctor(*, json: bool = False, data: Data = None) -> None:
    """Tout examiner et dire quoi faire ; 1 si quelque chose ne va pas."""
    from guichet.host.doctor import run

    configure("doctor")
    sys.exit(run(data, json))


def env(*, town: TownName = None, zone: TownZone = None) -> None:
    """Écrire un nouveau fichier .env, avec de nouveaux secrets, sur la sortie standard, et la clé
    de secours, une seule fois, sur la sortie d'erreur."""
    from adapters import recovery
    from guichet.backup.recovery import presented
    from guichet.host.environment import fresh
    from guichet.host.town import TOWN, ZONE

    private, public = recovery.fresh()
    print(fresh(town or TOWN, zone or ZONE, public))
    print(presented(private), file=sys.stderr)
