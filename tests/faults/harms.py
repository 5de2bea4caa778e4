"""What a reckoning must notice: a harvest changed as a fault would have left it."""

from dataclasses import replace

from msgspec import structs

from tests.faults.reckoning import Harvest


def without_an_event(left: Harvest) -> Harvest:
    lost = max(fact.position for fact in left.facts if fact.author.role == "receptionist")
    kept = [fact for fact in left.facts if fact.position != lost]
    return replace(left, facts=kept, entries=[e for e in left.entries if e.position != lost])


def with_an_event_twice(left: Harvest) -> Harvest:
    head = len(left.entries) + 1
    again = next(fact for fact in left.facts if fact.author.role == "receptionist")
    from_it = next(entry for entry in left.entries if entry.position == again.position)
    twice = structs.replace(again, position=head)
    entry = structs.replace(from_it, position=head)
    return replace(left, facts=[*left.facts, twice], entries=[*left.entries, entry])


def with_a_hole(left: Harvest) -> Harvest:
    return replace(left, entries=[entry for entry in left.entries if entry.position != 5])


def with_other_words(left: Harvest) -> Harvest:
    told = left.told[0]
    body = {**told.asked.body, "summary": "Autre chose"}
    return replace(left, told=[told._replace(asked=told.asked._replace(body=body)), *left.told[1:]])


def with_a_torn_lot(left: Harvest) -> Harvest:
    lot = next(lot for lot in left.lots if lot.positions)
    return replace(left, facts=[fact for fact in left.facts if fact.position != lot.positions[-1]])


def with_a_row_changed(left: Harvest) -> Harvest:
    [first, *others] = left.live["dossiers"]
    return replace(left, live={**left.live, "dossiers": [f"{first} ", *others]})


def without_an_echo(left: Harvest) -> Harvest:
    linked = [fact for fact in left.facts if type(fact.event).__name__ == "DossierLinked"]
    lost = next(fact for fact in linked if fact.author.role == "system")
    return replace(left, facts=[fact for fact in left.facts if fact is not lost])
