"""*Enregistrement.* What a counter, a phone or a letter brings in, and what makes it a dossier."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from domain.circumstances import Circumstances
from domain.clocks import doubts
from domain.dossier import Dossier, DossierExists
from domain.dossier_events import DossierOpened, IncomingMail
from domain.grammar import Invalid, Person, Value
from domain.intention import Moment, Short, Text
from domain.procedures import Answer, Nature, ProcedurePublished, Question
from domain.terms import Channel, Place

EMAIL = re.compile(r"[^@\s<>\"',;]+@[^@\s<>\"',;.]+(\.[^@\s<>\"',;.]+)+")


CONTACTS = {"letter": "address", "email": "email", "sms": "phone"}
"""What must be known of a person to tell him by a means."""


class PersonEntry(Value, frozen=True):
    """A person as the counter enters him. `id` is one already known to the town; without it a new
    one is taken, whose key is ready."""

    id: UUID | None = None
    name: Short | None = None
    email: Short | None = None
    phone: Short | None = None
    address: Short | None = None

    def person(self, fresh: Iterator[UUID], pointer: str) -> Person:
        """The person under his identifier, or the next `fresh` one; `Invalid` at `pointer`."""
        if self.email is not None and not EMAIL.fullmatch(self.email):
            raise Invalid(f"{pointer}/email", "L'adresse électronique est mal formée.")
        if self.phone is not None and not is_phone(self.phone):
            raise Invalid(f"{pointer}/phone", "Le numéro de téléphone est mal formé.")
        return Person(
            id=self.id or next(fresh),
            name=self.name,
            email=self.email,
            phone=self.phone,
            address=self.address,
        )


class PlaceEntry(Value, frozen=True):
    """Where it is: a site of the catalogue, words, a point in degrees (WGS 84), or several."""

    site: str | None = None
    district: Short | None = None
    label: Short | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None

    def place(self) -> Place:
        """The place as the fact keeps it."""
        if (self.latitude is None) != (self.longitude is None):
            raise Invalid("/place", "Un point a une latitude et une longitude.")
        point = None if self.latitude is None else f"{self.latitude},{self.longitude}"
        return Place(site=self.site, district=self.district, label=self.label, point=point)


class MailEntry(Value, frozen=True):
    """A line of the mail register (*registre du courrier*), beside the postmark (`happened_at`) and
    the day of arrival stamped on the letter (`received_at`)."""

    registered_number: Short | None = None
    pieces: Annotated[int, Meta(ge=1, le=1000)] = 1
    first_service: str | None = None
    signatories: Annotated[tuple[PersonEntry, ...], Meta(max_length=20)] = ()

    def mail(self, fresh: Iterator[UUID], at: Circumstances) -> IncomingMail:
        """The line as the fact keeps it."""
        if self.first_service and at.organisation.service(self.first_service) is None:
            raise Invalid("/mail/first_service", "Ce service n'existe pas.")
        signatories = [
            person.person(fresh, f"/mail/signatories/{number}")
            for number, person in enumerate(self.signatories)
        ]
        return IncomingMail(
            registered_number=self.registered_number,
            pieces=self.pieces,
            first_service=self.first_service,
            signatories=tuple(signatories),
        )


class OpenDossier(Value, frozen=True):
    """Take in a request. `received_at` is its arrival at the administration first reached (the one
    the law counts from, CRPA L114-3), `received_by_competent_at` at the competent one;
    `acknowledge_by` is how the resident wants to be told, in his `language` (BCP 47)."""

    procedure: str
    channel: Channel
    summary: Text
    id: UUID | None = None
    nature: Nature | None = None
    place: PlaceEntry | str | None = None
    usager: PersonEntry | None = None
    on_behalf_of: PersonEntry | None = None
    fields: dict[str, Answer] = {}
    acknowledge_by: Literal["letter", "email", "sms", "counter"] | None = None
    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}$")] | None = None
    mail: MailEntry | None = None
    happened_at: Moment | None = None
    received_at: Moment | None = None
    received_by_competent_at: Moment | None = None
    entered_at: Moment | None = None

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierOpened]:
        """One fact: the dossier is open and lies in the queue of its procedure's service."""
        if dossier.state != "unknown":
            raise DossierExists
        procedure = at.procedures.in_force(self.procedure)
        if procedure is None:
            raise Invalid("/procedure", "Cette procédure n'existe pas.")
        place = self._place(at)
        open_fields, personal_fields = answers(procedure, self.fields)
        ids = iter(at.fresh)
        usager = self.usager.person(ids, "/usager") if self.usager else None
        other = self.on_behalf_of
        beneficiary = other.person(ids, "/on_behalf_of") if other else None
        mail = self._mail(ids, at)
        self._must_reach(usager)
        return [
            DossierOpened(
                procedure=procedure.id,
                procedure_version=procedure.version,
                service=procedure.service,
                nature=self.nature or procedure.nature,
                channel=self.channel,
                summary=self.summary.strip(),
                answer_within=procedure.answer_within,
                place=place,
                usager=usager,
                on_behalf_of=beneficiary,
                fields=open_fields,
                personal_fields=personal_fields,
                flags=self._doubts(at),
                acknowledge_by=self.acknowledge_by or UNSET,
                language=self.language or UNSET,
                mail=mail,
            )
        ]

    @property
    def persons(self) -> tuple[PersonEntry, ...]:
        """Everybody it names."""
        first = (person for person in (self.usager, self.on_behalf_of) if person)
        return (*first, *(self.mail.signatories if self.mail else ()))

    def _mail(self, fresh: Iterator[UUID], at: Circumstances) -> IncomingMail | UnsetType:
        if self.mail is None:
            return UNSET
        if self.channel != "letter":
            raise Invalid("/mail", "Le registre du courrier ne tient que des lettres.")
        return self.mail.mail(fresh, at)

    def _must_reach(self, usager: Person | None) -> None:
        wanted = self.acknowledge_by
        if wanted is None or wanted == "counter":
            return
        named = CONTACTS[wanted]
        if usager is None or not getattr(usager, named):
            raise Invalid(f"/usager/{named}", "Ce moyen de réponse demande cette coordonnée.")

    def _place(self, at: Circumstances) -> Place | None:
        if self.place is None:
            return None
        if isinstance(self.place, str):
            if not self.place.strip() or len(self.place) > 300:
                raise Invalid("/place", "Un lieu s'écrit en 1 à 300 caractères.")
            return Place(label=self.place)
        if self.place.site is not None and at.organisation.site(self.place.site) is None:
            raise Invalid("/place/site", "Ce site n'existe pas.")
        return self.place.place()

    def _doubts(self, at: Circumstances) -> tuple[str, ...]:
        times = {
            "happened_at": self.happened_at,
            "received_at": self.received_at,
            "received_by_competent_at": self.received_by_competent_at,
            "entered_at": self.entered_at,
        }
        return doubts(times, at.now, at.author, from_field=self.channel == "field")


def is_phone(text: str) -> bool:
    """Whether `text` can be dialled: digits, spaces and the usual marks, 4 to 15 digits (E.164;
    short numbers of the town included)."""
    digits = re.sub(r"[\s().\-/]", "", text)
    return re.fullmatch(r"\+?\d{4,15}", digits) is not None


def answers(
    procedure: ProcedurePublished, given: dict[str, Answer]
) -> tuple[dict[str, Answer], dict[str, str]]:
    """The answers to the questions of `procedure`, those that can name a person apart."""
    questions = {question.id: question for question in procedure.questions}
    for id in given:
        if id not in questions:
            raise Invalid(f"/fields/{id}", "Cette procédure ne pose pas cette question.")
    plain: dict[str, Answer] = {}
    personal: dict[str, str] = {}
    for id, question in questions.items():
        if id not in given:
            if question.required:
                raise Invalid(f"/fields/{id}", f"« {question.label} » est à renseigner.")
            continue
        answer = fitting(question, given[id])
        if question.personal:
            personal[id] = str(answer)
        else:
            plain[id] = answer
    return plain, personal


def fitting(question: Question, answer: Answer) -> Answer:
    """`answer` when it fits the type of `question`, else `Invalid`."""
    pointer = f"/fields/{question.id}"
    match question.type, answer:
        case "number", bool():
            raise Invalid(pointer, "Un nombre est attendu.")
        case "number", int() | float():
            return answer
        case "date", str():
            try:
                date.fromisoformat(answer)
            except ValueError:
                raise Invalid(pointer, "Une date (AAAA-MM-JJ) est attendue.") from None
            return answer
        case "choice", str():
            if answer not in question.choices:
                raise Invalid(pointer, "Ce choix n'est pas proposé.")
            return answer
        case (("text" | "place"), str()):
            if not answer.strip() or len(answer) > 10_000:
                raise Invalid(pointer, "Un texte de 1 à 10 000 caractères est attendu.")
            return answer
        case _:
            raise Invalid(pointer, "La réponse n'est pas du type attendu.")
