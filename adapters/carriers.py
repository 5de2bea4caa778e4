"""What takes a message out of the house, by mail or to a phone, and the two ways it may not.

```
Exception
├── Later          the carrier could not take it now; the same message may be given again
└── Undeliverable  it will never be taken for this addressee; trying again is of no use
ValueError
└── Unsafe         the carrier itself is set up so that secrets would travel in clear
```
Whoever gives a message again gives it under the same identifier: a carrier that was cut off before
it answered may have taken it the first time.
"""

import re
import ssl
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
"""What may take a text message; the second where a country numbers both alike."""

PROOF = 300
"""Characters of a proof at most."""

REMOVED = "[…]"
"""What stands where an addressee stood."""


class Later(Exception):
    """The carrier cannot take the message now: trying again makes sense. The network, a server
    that is busy or slow, or a fault of the town's own settings rather than of the address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """One French sentence, with the status when there was one; it names no addressee."""


class Undeliverable(Exception):
    """This message will never be taken for this addressee."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """One French sentence, with the status when there was one; it names no addressee and
        repeats no words of the server, which could."""


class Unsafe(ValueError):
    """Passwords or people's data would travel in clear; the sentence says what to set."""


class MailCarrier(Protocol):
    """Whatever takes an e-mail."""

    async def deliver(self, message: EmailMessage) -> str:
        """Hand over a message to its one addressee; the proof that it was taken, on one line of
        `PROOF` characters at most that does not name the addressee. `Later`, `Undeliverable`."""
        ...


class SmsCarrier(Protocol):
    """Whatever takes a text message."""

    async def deliver(self, to: str, text: str, id: str) -> str:
        """Hand over `text` to the number `to`, under the identifier `id` of the message, the same
        each time it is tried; the proof, as of a mail. `Later`, `Undeliverable`."""
        ...


def e164(number: str, region: str = "FR") -> str:
    """A phone number as the whole world dials it, `+33612345678`; one without a country is of
    `region`, two letters of ISO 3166. `Undeliverable` for what is no number."""
    return phonenumbers.format_number(parsed(number, region), PhoneNumberFormat.E164)


def is_mobile(number: str, region: str = "FR") -> bool:
    """Whether a text message can reach it; False for a landline and for what is no number."""
    try:
        return phonenumbers.number_type(parsed(number, region)) in MOBILE
    except Undeliverable:
        return False


def mobile(number: str, region: str = "FR") -> str:
    """The same as `e164`; `Undeliverable` for a landline too, before anything is sent."""
    if not is_mobile(number, region):
        e164(number, region)
        raise Undeliverable("Ce numéro n'est pas celui d'un mobile.")
    return e164(number, region)


def parsed(number: str, region: str) -> phonenumbers.PhoneNumber:
    """A number that exists; `Undeliverable` otherwise."""
    try:
        found = phonenumbers.parse(number, region)
    except NumberParseException:
        found = None
    if found is None or not phonenumbers.is_valid_number(found):
        raise Undeliverable("Ce numéro de téléphone n'existe pas.")
    return found


def cleaned(words: str, *names: str) -> str:
    """The words of a server as a proof: one line, printable, without any of `names` standing alone
    and without anything that looks like an e-mail address."""
    line = "".join(sign if sign.isprintable() else " " for sign in words)
    line = re.sub(r"[^\s<>]+@[^\s<>]+", REMOVED, line)
    for name in filter(None, names):
        line = re.sub(rf"(?<![\w.+-]){re.escape(name)}(?![\w-])", REMOVED, line, flags=re.I)
    return " ".join(line.split())[:PROOF]


def is_loopback(host: str) -> bool:
    """Whether a server is on this machine, where nobody listens on the way."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_near(host: str) -> bool:
    """Whether a server is on this machine, or beside it under a name without a dot, as containers
    of one network call each other."""
    return is_loopback(host) or ("." not in host and ":" not in host)


def trusting(authority: Path | None) -> ssl.SSLContext:
    """TLS that verifies the certificate and the name of the server, by the authorities of the
    system and by the town's own `authority`, a PEM file."""
    context = ssl.create_default_context()
    if authority is not None:
        context.load_verify_locations(cafile=authority)
    return context
