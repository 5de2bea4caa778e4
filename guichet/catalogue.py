"""The town's catalogue as a process sees it: read from the log at start, followed ever after.

A catalogue that cannot be read closes the desk, not the house: whoever asks for it is refused with
a sentence, and it is read again until it can be.
"""

import asyncio
from contextlib import suppress
from typing import Any

from adapters.codec import Codec
from adapters.stream import Log
from domain.calendars import Calendars
from domain.grammar import Recorded
from domain.leaving import Leaving
from domain.log import Entry, LogDamaged, LogUnavailable
from domain.organisation import Organisation
from domain.procedures import Procedures
from domain.texts import Texts
from guichet.ciphering import UNDECODABLE

ORGANISATION = "catalogue.organisation"
PROCEDURES = "catalogue.procedures"
CALENDAR = "catalogue.calendar"
TEXTS = "catalogue.texts"
SENDING = "catalogue.sending"

AGAIN = 2.0
"""Seconds after which a catalogue that could not be read is read again."""


class CatalogueDamaged(LogDamaged):
    """The log holds a catalogue that cannot be read; the sentence says where."""


class Catalogue:
    """Organisation, guide of procedures, calendar and texts in force, and whether messages may
    leave, with the versions of their streams."""

    def __init__(self) -> None:
        self._organisation = Organisation()
        self._procedures = Procedures()
        self._calendars = Calendars()
        self._texts = Texts()
        self._leaving = Leaving()
        self.versions = {ORGANISATION: 0, PROCEDURES: 0, CALENDAR: 0, TEXTS: 0, SENDING: 0}
        self.position = 0
        self.damage = ""
        """Why it cannot be read, in a sentence; empty when all is well."""

    @property
    def organisation(self) -> Organisation:
        """The organisation in force; `CatalogueDamaged` when nobody can tell."""
        self._must_be_whole()
        return self._organisation

    @organisation.setter
    def organisation(self, organisation: Organisation) -> None:
        self._organisation = organisation

    @property
    def procedures(self) -> Procedures:
        """The guide in force; `CatalogueDamaged` when nobody can tell."""
        self._must_be_whole()
        return self._procedures

    @procedures.setter
    def procedures(self, procedures: Procedures) -> None:
        self._procedures = procedures

    @property
    def calendars(self) -> Calendars:
        """The calendar in force; `CatalogueDamaged` when nobody can tell."""
        self._must_be_whole()
        return self._calendars

    @calendars.setter
    def calendars(self, calendars: Calendars) -> None:
        self._calendars = calendars

    @property
    def texts(self) -> Texts:
        """The texts in force; `CatalogueDamaged` when nobody can tell."""
        self._must_be_whole()
        return self._texts

    @property
    def leaving(self) -> Leaving:
        """Whether messages may leave; `CatalogueDamaged` when nobody can tell."""
        self._must_be_whole()
        return self._leaving

    async def load(self, log: Log, codec: Codec) -> None:
        """Take in what the log holds now, as far as it can be read."""
        for stream in self.versions:
            try:
                entries = await log.read(stream)
            except (LogDamaged, *UNDECODABLE) as error:
                self.damage = f"Le catalogue ne se lit pas ({stream}) : {told(error)}"
                return
            for entry in entries:
                self.take(entry, codec)

    async def follow(self, log: Log, codec: Codec) -> None:
        """Take in what is recorded from now on, for as long as the process lives; from the start
        again while it cannot be read."""
        while True:
            while self.damage:
                await asyncio.sleep(AGAIN)
                again = Catalogue()
                with suppress(LogUnavailable):
                    await again.load(log, codec)
                    vars(self).update(vars(again))
            try:
                async for entries in log.follow(self.position, kind="catalogue"):
                    for entry in entries:
                        self.take(entry, codec)
                    if self.damage:
                        break
            except UNDECODABLE as error:
                self.damage = f"Le catalogue ne se lit pas : {told(error)}"

    def take(self, entry: Entry, codec: Codec) -> None:
        """Take in one entry, unless it is known, or something before it could not be read."""
        if self.damage or entry.version <= self.versions.get(entry.stream, 0):
            return
        try:
            fact: Recorded[Any] = codec.decode(entry, {})
            match entry.stream:
                case "catalogue.organisation":
                    self._organisation = self._organisation.evolve(fact.event)
                case "catalogue.procedures":
                    self._procedures = self._procedures.evolve(fact.event)
                case "catalogue.calendar":
                    self._calendars = self._calendars.evolve(fact.event)
                case "catalogue.texts":
                    self._texts = self._texts.evolve(fact.event)
                case "catalogue.sending":
                    self._leaving = self._leaving.evolve(fact.event)
                case _:
                    return
        except (LogDamaged, *UNDECODABLE) as error:
            where = f"événement {entry.position}, {entry.topic}"
            self.damage = f"Le catalogue ne se lit pas ({where}) : {told(error)}"
            return
        self.versions[entry.stream] = entry.version
        self.position = max(self.position, entry.position)

    def _must_be_whole(self) -> None:
        if self.damage:
            raise CatalogueDamaged(self.damage)


def told(error: Exception) -> str:
    """Our own sentence about `error`, or its class: the words of others may be anybody's."""
    return str(error) if isinstance(error, LogDamaged) else f"{type(error).__name__}."
