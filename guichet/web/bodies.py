"""What a client sends: read whole, decoded strictly, refused with the place of the fault.

The body is the command itself. Depth, size, encoding and characters are checked here, since no
later part should ever meet them.
"""

import re
from typing import Any, TypeVar

import msgspec

from guichet.web.problems import AnyRequest, Problem, invalid

LARGEST = 256 * 1024
"""Bytes."""

DEEPEST = 50
"""Levels of nesting; no command has more than four."""

C = TypeVar("C", bound=msgspec.Struct)


def too_large() -> Problem:
    return Problem(413, "too-large", "Le contenu dépasse 256 Kio.")


async def read(request: AnyRequest) -> bytes:
    """The body, at most `LARGEST` bytes of it, whatever its declared length."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > LARGEST:
        raise too_large()
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise too_large()
    return body


def parsed(body: bytes) -> Any:
    """The JSON in `body`, or the problem with it."""
    check_depth(body)
    try:
        body.decode()
        content: Any = msgspec.json.decode(body)
    except UnicodeDecodeError:
        raise invalid("", "Le contenu n'est pas en UTF-8.") from None
    except (msgspec.DecodeError, RecursionError):
        raise invalid("", "Le contenu n'est pas du JSON.") from None
    check_texts(content, "")
    return content


def decode(content: Any, command: type[C]) -> C:
    """The command in what was parsed, or the problem with the place of the first fault."""
    try:
        return msgspec.convert(content, command)
    except msgspec.ValidationError as error:
        detail, _, place = str(error).partition(" - at `")
        raise invalid(pointer_of(place.rstrip("`"), detail), in_french(detail)) from None


def normal(content: Any) -> bytes:
    """The same content in one spelling, for comparing bodies."""
    return msgspec.json.encode(content, order="sorted")


def check_depth(body: bytes) -> None:
    """Refuse what is nested so deep that only a mistake or malice can have made it."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return
    outside = re.sub(rb'"(?:[^"\\]|\\.)*"', b"", body)
    depth = 0
    for bracket in re.findall(rb"[\[\]{}]", outside):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            raise invalid("", f"Le contenu est imbriqué sur plus de {DEEPEST} niveaux.")


def check_texts(value: Any, pointer: str) -> None:
    """Refuse NUL and lone surrogates, which no database can keep."""
    match value:
        case str():
            if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
                raise invalid(pointer, "Le texte contient un caractère interdit (NUL).")
        case dict():
            for name, item in value.items():  # pyright: ignore[reportUnknownVariableType] any JSON
                check_texts(name, pointer)
                check_texts(item, f"{pointer}/{escaped(str(name))}")  # pyright: ignore[reportUnknownArgumentType] any JSON
        case list():
            for number, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] any JSON
                check_texts(item, f"{pointer}/{number}")
        case _:
            return


def escaped(name: str) -> str:
    """A step of a pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def pointer_of(place: str, detail: str) -> str:
    """`$.usager.email` → `/usager/email`; the name of an unknown or missing field is added."""
    steps = re.findall(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]", place.removeprefix("$"))
    pointer = "".join(f"/{escaped(name or number)}" for name, number in steps)
    field = re.search(r"(?:unknown field|required field) `(.*)`", detail)
    return f"{pointer}/{escaped(field.group(1))}" if field else pointer


def in_french(detail: str) -> str:
    """What is wrong, for the person; the kinds msgspec tells apart."""
    for sign, words in (
        ("unknown field", "Ce champ n'existe pas."),
        ("required field", "Ce champ est obligatoire."),
        ("length >=", "Ce champ ne peut pas être vide."),
        ("length <=", "Ce champ est trop long."),
        ("matching regex", "Ce champ n'a pas la forme attendue."),
        ("Invalid enum value", "Cette valeur n'est pas proposée."),
        ("timezone", "Une date et une heure avec leur décalage sont attendues."),
        ("RFC3339", "Cette date n'existe pas ou est mal écrite."),
        ("ISO8601", "Cette date n'existe pas ou est mal écrite."),
        ("UUID", "Cet identifiant est mal formé."),
    ):
        if sign in detail:
            return words
    return f"La valeur n'est pas du type attendu ({detail})."
