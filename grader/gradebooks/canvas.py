"""Canvas's gradebook: the CSV of Grades > Export, with the marks of one assignment filled in.

Canvas finds an assignment by the number at the end of its header, and a student by ID, SIS User ID, SIS
Login ID, name. A row named "Points Possible" says what a full mark is, or that the column is read only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader import names
from grader.errors import GraderError
from grader.gradebooks.entries import Entry
from grader.gradebooks.filling import Column, Filled, decimal_of, factor, fill, number
from grader.gradebooks.matching import Keys, match
from grader.records import Person
from grader.sheets import Row, Sheet, column
from grader.text import one_line

LAYOUT: Final = "canvas"
_TITLE: Final = re.compile(r"(?P<title>.*)\s\((?P<id>\d+)\)", re.DOTALL)
_POSTING: Final = re.compile(r"(?:Muted|Manual Posting.*)?", re.IGNORECASE | re.DOTALL)
_NOBODY: Final = (frozenset[str](),) * 3
_TEST: Final = ("student, test", "test student")
AGAIN: Final = "Download it again: Grades, Export, with Canvas in English."


def filled(
    sheet: Sheet, assignment: str, entries: Sequence[Entry], *, most: float, scale: bool, replace: bool
) -> Filled:
    """Raises GraderError for what is no gradebook, and for another course's."""
    places = _places(sheet)
    target = _column(sheet, assignment, places)
    times = factor(sheet.name, target, most, scale=scale)
    students = {place: _keys(row, places) for place, row in enumerate(sheet.rows) if _is_student(place, row)}
    found = match(sheet, students, entries, _known_by)
    if not found.rows:
        raise GraderError(
            f"{sheet.name}: nobody in the report has a row in this gradebook: of another course?",
            "Students are found by Canvas's ID, SIS User ID, SIS Login ID or name; a --roster gives them.",
        )
    others = [sheet.rows[place] for place in students if place not in found.rows]
    named = [(row.line, one_line(_name(row, places))) for row in others]
    left = tuple(f"line {line}, {name}" for line, name in named if names.plain(name) not in _TEST)
    return fill(sheet, target, found.rows, found.lost, left, times=times, replace=replace)


@dataclass(frozen=True)
class _Places:
    """Which column is which; None where there is none."""

    number: int | None
    sis: int | None
    login: int | None
    family: int | None
    given: int | None
    section: int  # behind it stand the assignments


def _places(sheet: Sheet) -> _Places:
    """Raises GraderError for what is no gradebook of Canvas."""
    cells = [*sheet.columns, "", "", ""]
    whole = "Student" in cells[0] and "ID" in cells[1]
    parts = "LastName" in cells[0] and "FirstName" in cells[1] and "ID" in cells[2]
    found = [column(sheet, name) for name in ("ID", "SIS User ID", "SIS Login ID", "LastName", "FirstName")]
    section = column(sheet, "Section")
    if not (whole or parts) or section is None:
        raise GraderError(
            f"{sheet.name}, line 1: this is not a gradebook of Canvas, whose first columns are Student, ID "
            f"and at last Section; found {one_line(', '.join(sheet.columns), 200)}.",
            AGAIN,
        )
    number_, sis, login, family, given = found
    return _Places(number_, sis, login, family, given, section)


def _column(sheet: Sheet, assignment: str, places: _Places) -> Column:
    """Raises GraderError where the assignment is not there, there twice, or must not be filled."""
    titles = [(place, _TITLE.fullmatch(one)) for place, one in enumerate(sheet.columns)]
    found = [place for place, one in titles if one and assignment in (one["id"], one["title"], one[0])]
    if len(found) != 1:
        there = ", ".join(f"{one['title']} ({one['id']})" for _, one in titles if one) or "none"
        count = "no assignment" if not found else f"{len(found)} assignments"
        raise GraderError(
            f"{sheet.name}: the gradebook has {count} {assignment}; it has: {one_line(there, 400)}.",
            "Is it of another course? --assignment takes the number that ends its header.",
        )
    points = next((row.value(found[0]) for row in sheet.rows[1:] if _is_points(row)), "")
    if re.search(r"read\s+only", points):
        raise GraderError(
            f"{sheet.name}: Canvas takes no marks for {sheet.columns[found[0]]}: it is read only.",
            "Name another assignment.",
        )
    return Column(found[0], number(points), decimal_of(sheet, range(places.section + 1, len(sheet.columns))))


def _is_points(row: Row) -> bool:
    return "Points Possible" in row.cells[0].text


def _is_student(place: int, row: Row) -> bool:
    """Neither the header, nor the row of points, nor the one that says what is posted by hand."""
    if place == 0 or _is_points(row):
        return False
    return not all(_POSTING.fullmatch(cell.value) for cell in row.cells)


def _keys(row: Row, places: _Places) -> Keys:
    """What Canvas asks, in its order; then the same of a row without a number, which may be anybody's."""
    number_ = frozenset({row.value(places.number)} - {""})
    sis, login = _plain({row.value(places.sis)}), _plain({row.value(places.login)})
    others = (sis, login, names.listed(_name(row, places)))
    return (number_, *others, *(_NOBODY if number_ else others))


def _name(row: Row, places: _Places) -> str:
    if places.family is not None and places.given is not None:
        return f"{row.value(places.family)}, {row.value(places.given)}"
    return row.value(0)


def _known_by(entry: Entry, person: Person) -> Keys:
    """Whose number is known is nobody who has another one, whatever the name."""
    number_ = entry.id_from(LAYOUT)
    ids = _plain({person.id, person.email, *_alone(entry)} - {number_})
    others = (ids, ids, names.borne(person.name))
    return (frozenset({number_}), *_NOBODY, *others) if number_ else (frozenset(), *others, *_NOBODY)


def _alone(entry: Entry) -> set[str]:
    return {entry.student} if len(entry.people) == 1 else set()


def _plain(keys: set[str]) -> frozenset[str]:
    return frozenset(map(names.plain, keys)) - {""}
