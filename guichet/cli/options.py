"""The options that several commands have."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Data = Annotated[Path | None, Parameter(help="Dossier de l'installation (ou GUICHET_DATA).")]

TownName = Annotated[
    str | None, Parameter(env_var="GUICHET_TOWN", help="Le nom de la ville, une fois pour toutes.")
]
TownZone = Annotated[
    str | None, Parameter(env_var="GUICHET_ZONE", help="Son fuseau, une fois pour toutes.")
]


def known_as(variable: str, help: str) -> Parameter:
    """An option that an environment variable may say as well."""
    return Parameter(env_var=f"GUICHET_{variable}", help=help)


@dataclass(frozen=True, kw_only=True)
class Ways:
    """Par quoi les messages partent ; une valeur vide l'oublie. Les deux secrets se donnent par
    l'environnement, où personne ne les lit dans la liste des processus : GUICHET_SMTP_PASSWORD et
    GUICHET_SMS_TOKEN."""

    smtp: Annotated[str | None, known_as("SMTP", "Le serveur de courriel, hôte:port.")] = None
    smtp_security: Annotated[
        str | None, known_as("SMTP_SECURITY", "none, starttls (ailleurs qu'ici) ou tls.")
    ] = None
    smtp_user: Annotated[str | None, known_as("SMTP_USER", "Le compte de la ville.")] = None
    sms_gateway: Annotated[
        str | None, known_as("SMS_GATEWAY", "L'adresse de la passerelle de SMS.")
    ] = None
    sms_sender: Annotated[
        str | None, known_as("SMS_SENDER", "Le nom ou le numéro qui s'affiche.")
    ] = None
    letters: Annotated[Path | None, known_as("LETTERS", "Le dossier des modèles.")] = None
    training: Annotated[
        bool | None, known_as("TRAINING", "S'exercer : tout finit dans un dossier, chez personne.")
    ] = None

    @property
    def kept(self) -> dict[str, object]:
        """What was said, as settings."""
        return {
            **asdict(self),
            "letters": told_path(self.letters),
            "smtp_password": os.environ.get("GUICHET_SMTP_PASSWORD"),
            "sms_token": os.environ.get("GUICHET_SMS_TOKEN"),
        }


def told_path(file: Path | None) -> str | None:
    """A file as it is kept for later starts, from whatever folder; empty when it is taken back."""
    if file is None:
        return None
    return str(file.absolute()) if file.name else ""
