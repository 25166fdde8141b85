"""Any other CSV: a column says whose a row is, another takes the marks. Blackboard's gradebook is one."""

from __future__ import annotations

from collections.abc import Sequence

from grader import names
from grader.errors import GraderError
from grader.gradebooks.entries import Entry
from grader.gradebooks.filling import Column, Filled, decimal_of, fill
from grader.gradebooks.matching import Keys, match
from grader.records import Person
from grader.sheets import Sheet, columns
from grader.text import one_line


def filled(sheet: Sheet, key: str, grade: str, entries: Sequence[Entry], *, replace: bool) -> Filled:
    """Raises GraderError where a column is not there, or nobody is."""
    whose, target = _place(sheet, key), _place(sheet, grade)
    if whose == target:
        raise GraderError(
            f"{sheet.name}: {key!r} says whose a row is and cannot hold marks.", "Name another."
        )
    rows = {
        place: (frozenset({names.plain(row.value(whose))} - {""}), names.listed(row.value(whose)))
        for place, row in enumerate(sheet.rows)
        if place
    }
    found = match(sheet, rows, entries, _known_by)
    if not found.rows:
        raise GraderError(
            f"{sheet.name}: nobody in the report stands in the column {key!r}: of another course?",
            "Name the column that holds ids, addresses or names: --key NAME; a --roster gives them.",
        )
    left = tuple(
        f"line {row.line}, {one_line(row.value(whose))}"
        for place, row in enumerate(sheet.rows)
        if place and place not in found.rows
    )
    where = Column(target, None, decimal_of(sheet, (target,)))
    return fill(sheet, where, found.rows, found.lost, left, replace=replace)


def _place(sheet: Sheet, name: str) -> int:
    found = columns(sheet, name)
    if len(found) != 1:
        there = one_line(", ".join(sheet.columns), 300)
        what = f"there are {len(found)} columns {name!r}" if found else f"there is no column {name!r}"
        help_ = "Rename all but one of them, and back again afterwards." if found else "Name one."
        raise GraderError(f"{sheet.name}, line 1: {what}; found {there}.", help_)
    return found[0]


def _known_by(entry: Entry, person: Person) -> Keys:
    alone = {entry.student} if len(entry.people) == 1 else set()
    ids = {names.plain(one) for one in (person.id, person.email, entry.origin.id, *alone)}
    return (frozenset(ids - {""}), names.borne(person.name))
