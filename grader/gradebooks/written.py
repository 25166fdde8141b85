"""Tables that are made, not filled: all that the grader knows, and the form of `nbgrader export`.

What a spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

from grader.gradebooks.entries import Entry
from grader.report.gradebook import cell

NBGRADER: Final = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)
COLUMNS: Final = ("student", "name", "id", "email", "score", "max_score", "status", "late", "corrected")


def everything(entries: Sequence[Entry]) -> str:
    """One row a person: a group's mark stands beside each of its members."""
    return _table(COLUMNS, [row for entry in entries for row in _rows(entry)])


def nbgrader(entries: Sequence[Entry]) -> tuple[str, tuple[str, ...]]:
    """The table, and who is not in it. nbgrader's own penalties are for nbgrader to know."""
    own = [entry for entry in entries if entry.id_from("nbgrader")]
    rows = [
        [
            *(cell(entry.origin.prefix), "", "", cell(entry.origin.id), "", "", ""),
            *(_points(entry.mark.score), "0", _points(entry.mark.score), _points(entry.mark.max_score)),
        ]
        for entry in own
    ]
    lost = tuple(
        f"{one.student}: was not handed in through nbgrader."
        for one in entries
        if not one.id_from("nbgrader")
    )
    return _table(NBGRADER, rows), lost


def _rows(entry: Entry) -> list[list[str]]:
    points = (_points(entry.mark.score), _points(entry.mark.max_score))
    known = entry.origin.people or ()
    people = [(cell(one.name), cell(one.id), cell(one.email)) for one in known] or [("", "", "")]
    late, corrected = ("yes" if flag else "" for flag in (entry.origin.late, entry.mark.corrected))
    return [
        [cell(entry.student), *person, *points, entry.result.status, late, corrected] for person in people
    ]


def _points(score: float | None) -> str:
    """Empty where there is no mark: never a zero for a fault of ours."""
    return "" if score is None else f"{score:.2f}".rstrip("0").rstrip(".")


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows(rows)
    return file.getvalue()
