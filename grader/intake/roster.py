"""roster.csv: the course's own ids, names and addresses of its students, for whoever handed in.

A student is found by an id, else by an address, else by a name; by a name only where nobody else bears it.
Canvas's files bear numbers of its own, which may be another's id in the course: where the name says so,
nobody is found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from grader import names, sheets
from grader.errors import GraderError
from grader.records import Origin, Person, Submission
from grader.text import one_line

COLUMNS: Final = ("id", "name", "email")


@dataclass(frozen=True)
class Roster:
    """Who is in the course, by each key; `notes` say who bears another's name."""

    path: str
    people: tuple[Person, ...]
    by_key: dict[tuple[str, str], list[Person]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """Submissions under the roster's ids, and what there is to say."""

    submissions: list[Submission]
    renamed: dict[str, str]  # what they were called -> what they are
    notes: list[str]


def read(path: Path) -> Roster:
    """Raises GraderError for what is no roster."""
    sheet = sheets.read(path)
    columns = [sheets.column(sheet, name) for name in COLUMNS]
    if columns[0] is None:
        raise GraderError(
            f"{path}, line 1: the roster has no column id; found {', '.join(sheet.columns)[:200]}.",
            "Its first line has to be id,name,email.",
        )
    people = []
    seen: dict[str, int] = {}
    for row in sheet.rows[1:]:
        number, name, email = (one_line(row.value(column)) for column in columns)
        if not number:
            raise GraderError(f"{path}, line {row.line}: the id is empty.", "Give every student an id.")
        if names.plain(number) in seen:
            twice = f"the id {number!r} stands in line {seen[names.plain(number)]} too"
            raise GraderError(f"{path}, line {row.line}: {twice}.", "Give every student an id of their own.")
        seen[names.plain(number)] = row.line
        people.append(Person(name, number, email))
    return _roster(str(path), tuple(people))


def _roster(path: str, people: tuple[Person, ...]) -> Roster:
    found = Roster(path, people, {}, tuple(_namesakes(path, people)))
    for one in people:
        keys = {("id", names.plain(one.id)), ("email", names.plain(one.email))}
        keys |= {("name", form) for form in names.listed(one.name)}
        for key in keys:
            if key[1]:
                found.by_key.setdefault(key, []).append(one)
    return found


def _namesakes(path: str, people: Sequence[Person]) -> list[str]:
    bearers = Counter(names.plain(one.name) for one in people if one.name)
    return [
        f"{path}: {count} students are named {name!r}: "
        f"{', '.join(one.id for one in people if names.plain(one.name) == name)}; "
        "none of them is found by that name."
        for name, count in bearers.items()
        if count > 1
    ]


def known(submissions: Sequence[Submission], roster: Roster) -> Known:
    """Each under its id, where the roster has one; two that would get one id keep their names."""
    found = [(one, _found(one, roster)) for one in submissions]
    ids = Counter(" & ".join(person.id for person in people) for _, people in found if people)
    result = Known([], {}, list(roster.notes))
    for one, people in found:
        number = " & ".join(person.id for person in people)
        if not people:
            result.notes.append(f"{one.path}: {roster.path} has {_why_not(one, roster)}.")
        elif ids[number] > 1:
            result.notes.append(
                f"{one.path}: another submission is of {number!r} too; both keep their names."
            )
        else:
            result.renamed[one.student] = number
            one = _renamed(one, number, people)  # noqa: PLW2901 -- the same, under another name
        result.submissions.append(one)
    result.notes.extend(_absent(found, roster))
    return result


def _renamed(one: Submission, number: str, people: tuple[Person, ...]) -> Submission:
    origin = one.origin or Origin("")
    return msgspec.structs.replace(one, student=number, origin=msgspec.structs.replace(origin, people=people))


def _why_not(one: Submission, roster: Roster) -> str:
    """Of whom nobody was found."""
    several = [found for person in _handed_in(one) if len(found := _candidates(person, one, roster)) > 1]
    if not several:
        return f"nobody like {one.student!r}"
    ids = ", ".join(person.id for person in several[0])
    return f"several like {one.student!r}, and none of them is found: {ids}"


def _found(one: Submission, roster: Roster) -> tuple[Person, ...]:
    """All who handed it in; nobody where one of them is not found."""
    found = [_candidates(person, one, roster) for person in _handed_in(one)]
    return tuple(people[0] for people in found) if all(len(people) == 1 for people in found) else ()


def _handed_in(one: Submission) -> tuple[Person, ...]:
    return one.origin.people if one.origin and one.origin.people else (Person(one.student, one.student),)


def _candidates(person: Person, one: Submission, roster: Roster) -> list[Person]:
    """Who it may be by the first that tells; by the number of a system also who else bears the name."""
    by_id = roster.by_key.get(("id", names.plain(person.id)), [])
    by_email = roster.by_key.get(("email", names.plain(person.email)), [])
    by_name = _unique(
        each for form in sorted(names.borne(person.name)) for each in roster.by_key.get(("name", form), [])
    )
    if by_id and one.origin is not None and one.origin.layout == "canvas":
        others = by_name if by_id[0] not in by_name else []
        return [*by_id, *others]
    known = [people for people in (by_id, by_email, by_name) if people]
    return next((people for people in known if len(people) == 1), known[-1] if known else [])


def _unique(people: Iterable[Person]) -> list[Person]:
    return list({each.id: each for each in people}.values())


def _absent(found: Sequence[tuple[Submission, tuple[Person, ...]]], roster: Roster) -> list[str]:
    there = {person.id for _, people in found for person in people}
    absent = [one.id for one in roster.people if one.id not in there]
    return [f"{roster.path}: nothing was handed in by {', '.join(absent)}."] if absent else []
