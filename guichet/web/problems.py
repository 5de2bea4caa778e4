"""Why the answer is no, as RFC 9457 problems in French, each with a type that never changes."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import psycopg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from psycopg_pool import PoolClosed, PoolTimeout

from domain.dossier import DossierUnknown
from domain.grammar import Invalid, Recorded, Refused
from domain.log import Conflict, LogDamaged, LogUnavailable
from domain.mailing import MailingUnknown
from guichet.catalogue import CatalogueDamaged
from guichet.desk import KeyReused, VersionMoved
from projections.timelines import LABELS

logger = structlog.get_logger()
AnyRequest = Request[Any, Any, Any]
JSON = "application/problem+json"
ASKED = {"standing": "state"}
"""Parameters whose name the framework keeps for itself, so that handlers call them otherwise."""


class Problem(Exception):
    """An answer that is no: `type` is stable, `detail` is for the person, `pointer` names the
    field (RFC 6901), `more` are members of the problem's own."""

    def __init__(
        self,
        status: int,
        type: str,
        title: str,
        detail: str = "",
        *,
        pointer: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.headers = dict(headers or {})
        self.body = {"type": f"/problems/{type}", "title": title, "status": status}
        self.body |= {"detail": detail} if detail else {}
        self.body |= {"pointer": pointer} if pointer is not None else {}
        self.body |= more


def invalid(pointer: str, detail: str) -> Problem:
    """An entry that cannot be taken, at `pointer`."""
    return Problem(400, "invalid-entry", "La saisie est incorrecte.", detail, pointer=pointer)


def unavailable(detail: str) -> Problem:
    """A part of the house is away for a moment."""
    return Problem(
        503,
        "unavailable",
        "Guichet est momentanément indisponible.",
        detail,
        headers={"Retry-After": "2"},
    )


def moved(error: VersionMoved) -> Problem:
    """What has changed since the version the author had seen; nobody's words are told."""
    return Problem(
        412,
        "version-moved",
        "Le dossier a changé depuis que vous l'avez lu.",
        f"Il en est à la version {error.current}.",
        version=error.current,
        changes=changes(error.since),
    )


def changes(since: Sequence[Recorded[Any]]) -> list[dict[str, Any]]:
    """The facts others added, by name."""
    return [
        {
            "version": fact.version,
            "type": type(fact.event).__name__,
            "label": LABELS.get(type(fact.event).__name__, ""),
            "recorded_at": fact.times.recorded_at.isoformat(),
            "role": fact.author.role,
        }
        for fact in since
    ]


def kebab(name: str) -> str:
    """`DossierIsClosed` → `dossier-is-closed`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def problem_of(error: Exception) -> Problem:
    """The problem that tells of `error`."""
    match error:
        case Problem():
            return error
        case Invalid():
            return invalid(error.pointer, error.detail)
        case DossierUnknown():
            return Problem(404, "dossier-unknown", error.title)
        case MailingUnknown():
            return Problem(404, "mailing-unknown", error.title)
        case Refused():
            detail = "" if error.detail == error.title else error.detail
            return Problem(409, kebab(type(error).__name__), error.title, detail)
        case VersionMoved():
            return moved(error)
        case KeyReused():
            title = "Cette clé d'idempotence a déjà servi pour un autre contenu."
            return Problem(422, "idempotency-key-reused", title)
        case Conflict():
            return Problem(409, "conflict", "Trop d'écritures à la fois sur ce dossier.")
        case LogUnavailable():
            return unavailable("Rien n'a été perdu : renvoyez la même demande avec la même clé.")
        case CatalogueDamaged():
            return unavailable(str(error))
        case LogDamaged():
            logger.error("log.damaged", detail=str(error))
            return unavailable("Le journal est abîmé ; rien n'y est plus écrit.")
        case psycopg.OperationalError() | PoolTimeout() | PoolClosed():
            return unavailable("La base de lecture ne répond pas.")
        case ValidationException(extra=[{"key": str(field)}, *_]):
            return invalid(f"/{ASKED.get(field, field)}", "Ce paramètre n'a pas la forme attendue.")
        case HTTPException():
            return http(error)
        case _:
            logger.error("web.unexpected", error=type(error).__name__, exc_info=error)
            return Problem(500, "unexpected", "Une erreur inattendue s'est produite.")


def http(error: HTTPException) -> Problem:
    """The framework's own refusals, in our words."""
    titles = {
        401: ("unauthenticated", "Un jeton valable est nécessaire."),
        404: ("not-found", "Il n'y a rien à cette adresse."),
        405: ("method-not-allowed", "Cette adresse ne se prête pas à cette méthode."),
        413: ("too-large", "Le contenu dépasse 256 Kio."),
    }
    type, title = titles.get(error.status_code, ("bad-request", "La demande est mal formée."))
    return Problem(error.status_code, type, title, headers=dict(error.headers or {}))


def answer(request: AnyRequest, error: Exception) -> Response[bytes]:
    """The handler of every exception."""
    del request
    problem = problem_of(error)
    return Response(
        msgspec.json.encode(problem.body),
        status_code=problem.status,
        headers=problem.headers,
        media_type=JSON,
    )
