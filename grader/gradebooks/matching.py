"""Which rows of a gradebook are whose.

A system says what its rows and a person are known by, the surest first. The first at which the two meet
decides. What could be two rows, or is claimed by two submissions, is nobody's: a mark in the wrong row is
worse than none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from grader.gradebooks.entries import Entry
from grader.records import Person
from grader.sheets import Row, Sheet

Keys = Sequence[frozenset[str]]
"""What somebody is known by, a set for each kind of key, in one order for rows and for people."""


@dataclass(frozen=True)
class Matched:
    """By the row's place in the sheet; `lost` says of each other student why."""

    rows: Mapping[int, Entry]
    lost: tuple[str, ...]


def match(
    sheet: Sheet,
    rows: Mapping[int, Keys],
    entries: Sequence[Entry],
    keys_of: Callable[[Entry, Person], Keys],
) -> Matched:
    """Each person's row; `rows` are those of students with what they are known by."""
    places: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for place, keys in rows.items():
        for kind, several in enumerate(keys):
            for key in several:
                places[kind, key].append(place)
    claims: defaultdict[int, list[Entry]] = defaultdict(list)
    lost = []
    for entry in entries:
        for person in entry.people:
            found = _places(keys_of(entry, person), places)
            if len(found) == 1:
                claims[found[0]].append(entry)
            else:
                lost.append(_lost(sheet, entry, person, found))
    for place, claimants in claims.items():
        if len(claimants) > 1:
            lost += [_disputed(sheet.rows[place], one, claimants) for one in claimants]
    return Matched({place: one[0] for place, one in claims.items() if len(one) == 1}, tuple(lost))


def _places(keys: Keys, places: Mapping[tuple[int, str], list[int]]) -> list[int]:
    for kind, several in enumerate(keys):
        found = sorted({place for key in several for place in places.get((kind, key), ())})
        if found:
            return found
    return []


def _lost(sheet: Sheet, entry: Entry, person: Person, found: Sequence[int]) -> str:
    name = called(entry, person)
    if not found:
        return f"{name}: no row."
    lines = " and ".join(str(sheet.rows[place].line) for place in found)
    return f"{name}: could be any of the lines {lines}; none of them was filled."


def _disputed(row: Row, entry: Entry, claimants: Sequence[Entry]) -> str:
    others = ", ".join(one.student for one in claimants if one is not entry) or entry.student
    return f"{entry.student}: line {row.line} could be {others}'s as well; it was not filled."


def called(entry: Entry, person: Person) -> str:
    """The student, and in a group who of it."""
    if len(entry.people) == 1:
        return entry.student
    return f"{person.name or person.id or person.email} of {entry.student}"
