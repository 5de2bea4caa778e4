"""The options that several commands have."""

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
