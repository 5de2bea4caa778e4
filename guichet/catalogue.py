"""The town's catalogue as a process sees it: read from the log at start, followed ever after."""

from typing import Any

from adapters.codec import Codec
from adapters.stream import Log
from domain.calendars import Calendars
from domain.grammar import Recorded
from domain.log import Entry
from domain.organisation import Organisation
from domain.procedures import Procedures

ORGANISATION = "catalogue.organisation"
PROCEDURES = "catalogue.procedures"
CALENDAR = "catalogue.calendar"


class Catalogue:
    """Organisation, guide of procedures and calendar in force, with the versions of their
    streams."""

    def __init__(self) -> None:
        self.organisation = Organisation()
        self.procedures = Procedures()
        self.calendars = Calendars()
        self.versions = {ORGANISATION: 0, PROCEDURES: 0, CALENDAR: 0}
        self.position = 0

    async def load(self, log: Log, codec: Codec) -> None:
        """Take in what the log holds now."""
        for stream in self.versions:
            for entry in await log.read(stream):
                self.take(entry, codec)

    async def follow(self, log: Log, codec: Codec) -> None:
        """Take in what is recorded from now on, for as long as the process lives."""
        async for entries in log.follow(self.position, kind="catalogue"):
            for entry in entries:
                self.take(entry, codec)

    def take(self, entry: Entry, codec: Codec) -> None:
        """Take in one entry, unless it is known."""
        if entry.version <= self.versions.get(entry.stream, 0):
            return
        fact: Recorded[Any] = codec.decode(entry, {})
        match entry.stream:
            case "catalogue.organisation":
                self.organisation = self.organisation.evolve(fact.event)
            case "catalogue.procedures":
                self.procedures = self.procedures.evolve(fact.event)
            case "catalogue.calendar":
                self.calendars = self.calendars.evolve(fact.event)
            case _:
                return
        self.versions[entry.stream] = entry.version
        self.position = max(self.position, entry.position)
