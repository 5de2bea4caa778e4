"""*Recherche.* How a dossier is found again: by words, person, place, telephone or number.

Each way of looking has an index of its own and brings back a bounded number of candidates; only
those are ranked. So a search costs the same whether a town has a thousand dossiers or a million.
"""

import re
from typing import Any

from msgspec import Struct

from projections.dossiers import COLUMNS, DossierRow
from projections.read_model import Cursor, fetch

WORDS = 4
"""How many words, the longest ones, are looked for with their typing errors."""

LONG_ENOUGH = re.compile(r"\w{3,}")
"""A word that is worth looking for with its typing errors."""


class Scope(Struct, frozen=True):
    """Whose dossiers are looked through: all of them, or those of a service and those an account
    has opened."""

    everything: bool = True
    service: str | None = None
    account: str | None = None


EVERYTHING = Scope()

SEARCH = f"""
    with found as (
        (select dossier_id, 1 as exact from dossiers
            where town = %(town)s and origin_number = %(words)s limit %(limit)s)
        union all
        (select dossier_id, 1 from dossiers
            where town = %(town)s and dossier_id between %(first)s and %(last)s limit %(limit)s)
        union all
        (select dossier_id, 0 from dossiers
            where %(digits)s <> '' and town = %(town)s and usager_digits like %(number)s
              and (%(everything)s or service = %(service)s or opened_by = %(account)s)
            limit %(limit)s)
        union all
        (select dossier_id, 0 from dossiers
            where town = %(town)s
              and search @@ websearch_to_tsquery('french', plain(%(words)s))
              and (%(everything)s or service = %(service)s or opened_by = %(account)s)
            order by position desc limit 200)
        union all
        (select dossier_id, 0 from dossiers
            where town = %(town)s
              and plain(%(word1)s) <%% plain_words
              and (%(word2)s = '' or plain(%(word2)s) <%% plain_words)
              and (%(word3)s = '' or plain(%(word3)s) <%% plain_words)
              and (%(word4)s = '' or plain(%(word4)s) <%% plain_words)
              and (%(everything)s or service = %(service)s or opened_by = %(account)s)
            limit 100)
    ), best as (select dossier_id, max(exact) as exact from found group by dossier_id)
    select {COLUMNS} from dossiers join best using (dossier_id)
    where town = %(town)s
      and (%(everything)s or service = %(service)s or opened_by = %(account)s)
    order by exact desc,
        ts_rank(search, websearch_to_tsquery('french', plain(%(words)s)))
            + word_similarity(plain(%(words)s), plain_words) desc,
        position desc
    limit %(limit)s
"""  # noqa: S608 our columns


async def search(
    cursor: Cursor, town: str, words: str, limit: int = 50, scope: Scope = EVERYTHING
) -> list[DossierRow]:
    """The dossiers within `scope` that look like `words`, the best first: a number of the origin,
    the beginning of an identifier (8 characters), 6 digits of a telephone, or words, their accents
    and a typing error forgiven."""
    words = words.strip()
    first, last = identifiers(words)
    digits = digits_of(words)
    each = sorted(LONG_ENOUGH.findall(words), key=len, reverse=True)[:WORDS]
    values: dict[str, Any] = {
        "town": town,
        "words": words,
        "first": first,
        "last": last,
        "digits": digits,
        "number": f"%{digits}",
        "everything": scope.everything,
        "service": scope.service,
        "account": scope.account,
        "limit": limit,
    }
    values |= {f"word{n + 1}": each[n] if n < len(each) else "" for n in range(WORDS)}
    return await fetch(cursor, DossierRow, SEARCH, values)


def identifiers(words: str) -> tuple[str | None, str | None]:
    """The first and the last identifier that begin with `words`; None when it begins none."""
    digits = words.replace("-", "").lower()
    if re.fullmatch(r"[0-9a-f]{8,32}", digits) is None:
        return None, None
    return digits.ljust(32, "0"), digits.ljust(32, "f")


def digits_of(words: str) -> str:
    """The digits of a telephone as every way of writing it ends, 6 at least; empty for words."""
    if re.fullmatch(r"[+\d\s().\-/]+", words) is None:
        return ""
    digits = re.sub(r"\D", "", words)
    digits = digits.removeprefix("0033").removeprefix("33" if "+" in words else "0").lstrip("0")
    return digits if len(digits) >= 6 else ""
