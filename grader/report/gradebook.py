"""Results -> grades.csv, for spreadsheets.

It begins with a byte order mark: without one, Excel reads UTF-8 as the machine's own code page and
spoils every name that is not ASCII. Programs should read results.json. A cell that a spreadsheet would
take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from grader import store
from grader.overrides import NONE, ExerciseMark, Overrides, mark
from grader.report.classview import exercise_names
from grader.report.figures import DASH, points
from grader.report.material import Material
from grader.results import Results, SubmissionResult
from grader.sheets import harmless
from grader.text import one_line

GRADES_FILE: Final = "grades.csv"
_CELL: Final = 1000


def write(folder: Path, results: Results, overrides: Overrides = NONE) -> Path:
    """Write grades.csv. Raises GraderError where the folder cannot be written."""
    path = folder / GRADES_FILE
    lines = (line.encode() for line in _lines(results, overrides))
    store.write_pieces(path, chain((BOM_UTF8,), lines))
    return path


def document(material: Material) -> str:
    """The same table as `write` makes."""
    return table(material.results, material.overrides)


def table(results: Results, overrides: Overrides = NONE) -> str:
    """The whole file as text: a header, then one row a submission."""
    return "".join(_lines(results, overrides))


def _lines(results: Results, overrides: Overrides) -> Iterator[str]:
    names = exercise_names(results)
    yield _line(["student", "score", "max_score", "status", *map(cell, names), "corrected"])
    yield from (_line(_row(result, names, overrides)) for result in results.submissions)


def _line(cells: Sequence[str]) -> str:
    """A row as it stands in the file."""
    file = io.StringIO(newline="")
    csv.writer(file).writerow(cells)
    return file.getvalue()


def cell(text: str) -> str:
    """Text that no spreadsheet computes."""
    return harmless(one_line(text, _CELL))


def _row(result: SubmissionResult, names: tuple[str, ...], overrides: Overrides) -> list[str]:
    worth = mark(result, overrides)
    scores = {one.name: one.score for one in worth.exercises}
    return [
        cell(result.student),
        _points(worth.score),
        _points(worth.max_score),
        result.status,
        *(_points(scores.get(name)) for name in names),
        "; ".join(_corrected(one) for one in worth.exercises if one.override),
    ]


def _points(score: float | None) -> str:
    """Empty where there is no mark: never a zero for a fault of ours."""
    return "" if score is None else points(score)


def _corrected(one: ExerciseMark) -> str:
    graded = points(one.graded).replace(DASH, "no mark")
    return f"{cell(one.name)} (was {graded})"
