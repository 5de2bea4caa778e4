"""What the page of a partner shows: the request it was transmitted, or why nothing any more."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.response import Response
from markupsafe import Markup

from domain.circumstances import Circumstances
from domain.deadlines import day_of, due
from domain.forwarding import DossierForwarded, HandOverAccepted, PartnerAnswered
from domain.grammar import ERASED, Author, Recorded
from domain.procedures import Delay
from guichet.letters.template_files import Templates
from guichet.tracking import reference
from guichet.web.dossiers import row_of
from guichet.web.reception import Reception
from projections.dossiers import DossierRow

PARTNER = Author(role="system", account="partner")
"""Who answers by the link of an authority: no role of the town hall is his."""
LASTS = Delay(months=12)
"""How long a link opens anything: the town's own rule."""

Standing = Literal["open", "answered", "recorded", "superseded", "handed_over", "expired"]
"""A link serves while it is `open`. `answered` by it, or the answer `recorded` by an agent."""

SHUT: dict[Standing, tuple[int, str, str]] = {
    "answered": (
        200,
        "Merci, votre réponse est enregistrée",
        "Le service qui suit la demande la lira. Vous pouvez fermer cette page : le lien ne sert "
        "plus.",
    ),
    "recorded": (
        200,
        "Une réponse est déjà enregistrée",
        "La ville a noté la réponse qui lui a été donnée. Ce lien ne sert plus.",
    ),
    "superseded": (
        410,
        "Ce lien n’est plus valable",
        "La demande a été transmise une nouvelle fois depuis : seul le dernier lien envoyé sert.",
    ),
    "handed_over": (
        410,
        "Aucune réponse n’est plus attendue par la ville",
        "L’usager a accepté que sa demande se poursuive sans elle. Ce lien ne sert plus.",
    ),
    "expired": (
        410,
        "Ce lien n’est plus valable",
        "Il date de plus de douze mois. Pour répondre, écrivez à la ville.",
    ),
}
UNKNOWN = ("Page introuvable", "Il n’y a rien à cette adresse.")
ASKED = "Une demande vous est transmise"

PAGES = Path(__file__).parent / "pages"
STYLE = (PAGES / "partner.css").read_text("utf-8")
TEMPLATE = Environment(
    loader=FileSystemLoader(PAGES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
).get_template("partner.html")
STYLED = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{STYLED}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
WORDS = Templates().words("fr")


def is_forwarding(past: Sequence[Recorded[Any]], entry: int) -> bool:
    """Whether the dossier was forwarded by that `entry`."""
    return 0 < entry <= len(past) and isinstance(past[entry - 1].event, DossierForwarded)


def standing(past: Sequence[Recorded[Any]], entry: int, at: Circumstances) -> Standing:
    """How the link of the forwarding `entry` stands."""
    for fact in past[entry:]:
        match fact.event:
            case DossierForwarded():
                return "superseded"
            case PartnerAnswered():
                return "answered" if fact.author == PARTNER else "recorded"
            case HandOverAccepted():
                return "handed_over"
            case _:
                pass
    return "expired" if at.today > until(past[entry - 1], at) else "open"


def until(forwarded: Recorded[Any], at: Circumstances) -> date:
    """The last day of the link of a forwarding."""
    return due(day_of(forwarded.times.recorded_at, at.zone), LASTS, at.days)


def shut(
    reception: Reception, past: Sequence[Recorded[Any]], entry: int, status: int | None = None
) -> Response[bytes] | None:
    """The page of a link that serves no longer, which names nobody; None for another."""
    at = reception.house.desk.circumstances(PARTNER)
    stands = standing(past, entry, at)
    if stands not in SHUT:
        return None
    code, title, said = SHUT[stands]
    return rendered(status or code, title, said, town=named(reception, at))


def opened(
    reception: Reception,
    past: list[Recorded[Any]],
    entry: int,
    token: str,
    key: str,
    *,
    text: str = "",
    error: str = "",
    status: int = 200,
) -> Response[bytes] | None:
    """The request and the form, whose rendering is called `key`, filled in again after an `error`;
    None unless the link is open."""
    at = reception.house.desk.circumstances(PARTNER)
    row = row_of(reception, past)
    if row is None or standing(past, entry, at) != "open":
        return None
    forwarded = past[entry - 1]
    town = named(reception, at)
    authority = forwarded.event.authority
    said = f"La ville a reçu cette demande et la transmet à\u00a0: {authority}."
    return rendered(
        status,
        ASKED,
        said,
        town=town,
        asked=asked(row, forwarded.event, at),
        asker=asker(row),
        token=token,
        key=key,
        text=text,
        error=error,
        until=WORDS.day(until(forwarded, at)),
    )


def asked(row: DossierRow, forwarded: DossierForwarded, at: Circumstances) -> list[tuple[str, str]]:
    """What is asked, when and where, and why it was forwarded."""
    procedure = at.procedures.version(row.procedure, row.procedure_version)
    site = at.organisation.site(row.place_site) if row.place_site else None
    place = [site.name if site else "", row.place_label or ""]
    return told(
        ("Référence", reference(row.dossier_id, row.received_at)),
        ("Reçue par la ville le", WORDS.day(day_of(row.received_at, at.zone))),
        ("Objet", procedure.name if procedure else row.procedure),
        ("Ce qui est demandé", row.summary),
        ("Lieu", ", ".join(part for part in place if part and part != ERASED)),
        ("Motif de la transmission", forwarded.reason),
    )


def asker(row: DossierRow) -> list[tuple[str, str]]:
    """Who asked, and how to reach him."""
    return told(
        ("Nom", row.usager_name),
        ("Pour", row.beneficiary_name),
        ("Téléphone", row.usager_phone),
        ("Courriel", row.usager_email),
        ("Adresse", row.usager_address),
    )


def told(*lines: tuple[str, str | None]) -> list[tuple[str, str]]:
    """The lines that say something: what was erased is not there."""
    return [(label, value) for label, value in lines if value and value != ERASED]


def named(reception: Reception, at: Circumstances) -> str:
    """The town's name."""
    town = at.organisation.town
    return town.name if town else reception.house.settings.town


def failure(
    status: int, title: str, said: str, headers: Mapping[str, str] | None = None
) -> Response[bytes]:
    """A page that says why nothing is shown."""
    return rendered(status, title, said, headers=headers)


def rendered(
    status: int, title: str, said: str, headers: Mapping[str, str] | None = None, **shown: Any
) -> Response[bytes]:
    """The page, with what is `shown` of a request."""
    nothing = {"town": "", "asked": (), "style": Markup(STYLE)}  # noqa: S704 our own file
    html = TEMPLATE.render(title=title, said=said, **{**nothing, **shown})
    return Response(
        html.encode(),
        status_code=status,
        headers={**HEADERS, **(headers or {})},
        media_type="text/html",
    )
