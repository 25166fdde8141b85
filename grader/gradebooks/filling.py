"""Marks into the cells of a column, and what is to be said of each.

A cell that holds a mark, or anything else, is never emptied, and changed only where `replace` says so.
What was not filled is told, with the reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from grader.errors import GraderError
from grader.gradebooks.entries import Entry
from grader.sheets import Row, Sheet

NO_MARK: Final = ("", "-")  # how Canvas and Moodle write it
_NUMBER: Final = re.compile(r"-?\d+(?:[.,]\d+)?")
_CENT: Final = 0.005  # marks are written, and compared by whoever reads them, with two decimals


@dataclass(frozen=True)
class Column:
    """Where marks go. `most` is what the file says a full mark is, None where it does not say."""

    place: int
    most: float | None
    decimal: str  # "." or ","


@dataclass(frozen=True)
class Change:
    """`row` is its place in the sheet."""

    row: int
    column: int
    student: str
    before: str
    after: str


@dataclass(frozen=True)
class Comments:
    """What becomes of a column of comments: of those whose mark stands beside them in the end."""

    changes: tuple[Change, ...]
    same: int
    kept: tuple[int, ...]  # lines whose cells hold another text


@dataclass(frozen=True)
class Filled:
    """What becomes of a file. `kept` are cells that hold something else than the mark."""

    sheet: Sheet
    changes: tuple[Change, ...]
    same: tuple[int, ...]  # rows that hold the mark already, by their places
    kept: tuple[str, ...]
    lost: tuple[str, ...]  # students without a row, or without a mark
    rows: tuple[str, ...]  # rows without a student
    unread: tuple[str, ...] = ()  # students who get nothing since nothing of theirs could run
    comments: Comments | None = None
    hint: str = ""  # what else could be filled

    @property
    def every(self) -> tuple[Change, ...]:
        return (*self.changes, *(self.comments.changes if self.comments else ()))

    @property
    def data(self) -> bytes:
        return self.sheet.filled({(one.row, one.column): one.after for one in self.every})

    def diff(self) -> Iterator[str]:
        """Each changed row before and after."""
        for place, changes in groupby(sorted(self.every, key=_place), _place):
            texts = {one.column: one for one in changes}
            row = self.sheet.rows[place]
            yield f"@@ line {row.line}, {next(iter(texts.values())).student} @@"
            after = {column: one.after for column, one in texts.items()}
            yield f"-{_in_one_line(self.sheet.shown(row))}"
            yield f"+{_in_one_line(self.sheet.shown(row, after))}"


def _in_one_line(row: str) -> str:
    """A row, also where a cell has several lines."""
    return row.replace("\r", "\\r").replace("\n", "\\n")


def _place(change: Change) -> int:
    return change.row


def number(text: str) -> float | None:
    """A mark as a gradebook writes it, with a point or a comma."""
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def decimal_of(sheet: Sheet, places: range | tuple[int, ...]) -> str:
    """What stands before the decimals in these columns; else what goes with the delimiter."""
    for row in sheet.rows[1:]:
        for place in places:
            found = re.fullmatch(r"-?\d+([.,])\d+", row.value(place))
            if found:
                return found[1]
    return "," if sheet.delimiter == ";" else "."


def factor(name: str, column: Column, ours: float, *, scale: bool) -> float:
    """What marks are multiplied by. Raises GraderError where two scales would be taken for one."""
    if column.most is None or math.isclose(column.most, ours):
        return 1.0
    if not scale or ours <= 0 or column.most <= 0:
        raise GraderError(
            f"{name}: the assignment has {column.most:g} points there, and {ours:g} in the report.",
            "Set it to as many, or have marks converted: --scale.",
        )
    return column.most / ours


def fill(
    sheet: Sheet,
    column: Column,
    matched: Mapping[int, Entry],
    lost: tuple[str, ...],
    unmatched: tuple[str, ...],
    *,
    times: float = 1.0,
    replace: bool = False,
) -> Filled:
    """Decide about each cell; nothing is written."""
    changes, kept, without, same = [], [], [], []
    for place, entry in sorted(matched.items()):
        row = sheet.rows[place]
        if entry.mark.score is None:
            without.append(f"{entry.student}: has no mark, by a fault of the grader.")
            continue
        mark, before = entry.mark.score * times, row.value(column.place)
        if _is_same(before, mark):
            same.append(place)
        elif before in NO_MARK or replace:
            changes.append(Change(place, column.place, entry.student, before, written(mark, column.decimal)))
        else:
            kept.append(_kept(row, entry, before, written(mark, column.decimal)))
    unread = tuple(one.student for _, one in sorted(matched.items()) if one.mark.score == 0 and _unread(one))
    lost = (*lost, *without)
    return Filled(sheet, tuple(changes), tuple(same), tuple(kept), lost, unmatched, unread)


def _unread(entry: Entry) -> bool:
    return entry.result.status == "load_failed"


def written(mark: float, decimal: str) -> str:
    return f"{mark:.2f}".replace(".", decimal)


def _is_same(before: str, mark: float) -> bool:
    held = number(before)
    return held is not None and abs(held - mark) < _CENT


def _kept(row: Row, entry: Entry, before: str, mark: str) -> str:
    return f"line {row.line}, {entry.student}: holds {before!r}; the report says {mark}."
