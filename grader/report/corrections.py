"""What `corrections.html` shows and works with: the corrections as they stand, and who made the same mistake.

The page writes no file. It edits the text of overrides.csv row by row, so that every other row, also one that
cannot count, keeps its bytes; what comes out is downloaded, or saved by `grader report --serve`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

import msgspec

from grader import overrides, sheets
from grader.errors import GraderError
from grader.overrides import COLUMNS, OVERRIDES_FILE, Override, Overrides
from grader.report import clusters, mistakes
from grader.report.classview import exercise_names
from grader.report.figures import points
from grader.report.mistakes import link_to
from grader.report.views import NAME, View, sentence
from grader.results import Results
from grader.sheets import Sheet
from grader.text import clean, one_line

_COMMENT: Final = 2_000  # characters that are shown
_BOM: Final = "\ufeff"


class PieceView(View, frozen=True):
    """A row of the file as it stands there; without a student where it cannot count."""

    raw: str
    student: str = ""
    exercise: str = ""
    score: float = 0.0
    comment: str = ""


class FileView(View, frozen=True):
    """overrides.csv in its parts: what stands before the first row, the rows, and how a row is written."""

    before: str
    pieces: tuple[PieceView, ...]
    columns: tuple[str, ...]
    delimiter: str
    digest: str  # of the bytes that these are


class ExerciseData(View, frozen=True):
    name: str
    shown: str
    most: float


class StudentData(View, frozen=True):
    """What the grader gave in each exercise, in the order of the class; None where there is no mark."""

    id: str
    shown: str
    link: str
    scores: tuple[float | None, ...]


class MistakeData(View, frozen=True):
    """Who made the same mistake in one exercise; indices of the exercise and the students."""

    title: str
    named: bool  # else nobody was told a name: they fail alike
    exercise: int
    students: tuple[int, ...]


class Data(View, frozen=True):
    """What the page's script works with. `key` is what the server of `--serve` wants with a change."""

    file: FileView | None  # None where it is no table, and has to be mended first
    exercises: tuple[ExerciseData, ...]
    students: tuple[StudentData, ...]
    mistakes: tuple[MistakeData, ...]
    key: str


class CorrectionView(View, frozen=True):
    student: str
    link: str  # empty where nobody of that name handed in anything
    exercise: str
    graded: str
    score: str
    comment: str


class SharedView(View, frozen=True):
    """A mistake that several made, in one exercise."""

    number: int  # in Data
    title: str
    told: str
    count: int


class CorrectionsView(View, frozen=True):
    title: str
    warnings: tuple[str, ...]
    rows: tuple[CorrectionView, ...]
    shared: tuple[SharedView, ...]
    exercises: tuple[ExerciseData, ...]
    served: bool


def data_of(results: Results, text: bytes, key: str = "") -> Data:
    """For the script; `text` are the bytes of overrides.csv."""
    names = exercise_names(results)
    most = {one.name: one.max_score for result in results.submissions for one in result.exercises}
    students = [
        _student(result.student, {one.name: one.score for one in result.exercises}, names)
        for result in results.submissions
    ]
    return Data(
        file=_file(text),
        exercises=tuple(ExerciseData(name, one_line(name, NAME), most[name]) for name in names),
        students=tuple(students),
        mistakes=tuple(_mistakes(results, names)),
        key=key,
    )


def view(results: Results, corrections: Overrides, data: Data) -> CorrectionsView:
    """For people; `corrections` as they were read."""
    corrections = overrides.check(corrections, results)
    return CorrectionsView(
        title="Corrections",
        warnings=tuple(map(sentence, corrections.warnings)),
        rows=tuple(_rows(corrections, data)),
        shared=tuple(
            SharedView(number, one.title, _told(one, data.exercises[one.exercise].shown), len(one.students))
            for number, one in enumerate(data.mistakes)
            if len(one.students) > 1
        ),
        exercises=data.exercises,
        served=bool(data.key),
    )


def _student(student: str, scores: dict[str, float | None], names: tuple[str, ...]) -> StudentData:
    link = link_to(student)
    return StudentData(student, link.text, link.link, tuple(scores.get(name) for name in names))


def _told(mistake: MistakeData, exercise: str) -> str:
    return f"in {exercise}" if mistake.named else f"the same answers in {exercise}, and no known mistake fits"


def _mistakes(results: Results, names: tuple[str, ...]) -> Iterator[MistakeData]:
    """The most common first, those that have a name before those that have none."""
    at = {result.student: index for index, result in enumerate(results.submissions)}
    yield from _named(results, names, at)
    for cluster in clusters.alike(results):
        if len(cluster) > 1:
            students = tuple(at[one.student] for one in cluster)
            exercise = names.index(cluster[0].exercise.name)
            yield MistakeData(clusters.named(cluster), named=False, exercise=exercise, students=students)


def _named(results: Results, names: tuple[str, ...], at: Mapping[str, int]) -> Iterator[MistakeData]:
    groups: dict[tuple[str, str], dict[int, str]] = {}
    for one in mistakes.made(results):
        groups.setdefault((one.exercise, mistakes.name(one.diagnosis)), {})[at[one.student]] = (
            one.diagnosis.title
        )
    for (exercise, _), students in sorted(groups.items(), key=lambda group: -len(group[1])):
        title = sentence(next(iter(students.values())))
        yield MistakeData(title, named=True, exercise=names.index(exercise), students=tuple(students))


def _rows(corrections: Overrides, data: Data) -> Iterator[CorrectionView]:
    names = [each.name for each in data.exercises]
    graded = {each.id: dict(zip(names, each.scores, strict=True)) for each in data.students}
    for one in corrections.rows.values():
        yield CorrectionView(
            student=one_line(one.student, NAME),
            link=link_to(one.student).link if one.student in graded else "",
            exercise=one_line(one.exercise, NAME),
            graded=points(graded.get(one.student, {}).get(one.exercise)),
            score=points(one.score),
            comment=clean(one.comment, _COMMENT),
        )


def _file(data: bytes) -> FileView | None:
    """In its parts, so that together they are the file again, in UTF-8."""
    digest = hashlib.sha256(data).hexdigest()
    if not data:
        return FileView(",".join(COLUMNS) + "\r\n", (), COLUMNS, ",", digest)
    try:
        sheet = sheets.parse(data, OVERRIDES_FILE)
    except GraderError:
        return None
    columns = tuple(name.lower() for name in sheet.columns)
    if not set(COLUMNS[:3]) <= set(columns) or sheet.encoding.startswith("utf-16"):
        return None
    rows = {one.line: one for one in overrides.every(data)}
    starts = [row.cells[0].start for row in sheet.rows[1:]]
    pieces = tuple(
        _piece(sheet.text[start:end], rows.get(row.line))
        for row, (start, end) in zip(sheet.rows[1:], pairwise([*starts, len(sheet.text)]), strict=True)
    )
    return FileView(_before(sheet, starts), pieces, columns, sheet.delimiter, digest)


def _before(sheet: Sheet, starts: list[int]) -> str:
    """With a mark that says UTF-8 where the file was saved as something else."""
    before = sheet.text[: starts[0]] if starts else sheet.text
    before += "" if before.endswith(("\n", "\r")) else "\r\n"
    return before if sheet.encoding == "utf-8" or before.startswith(_BOM) else _BOM + before


def _piece(raw: str, row: Override | None) -> PieceView:
    if row is None:
        return PieceView(raw)
    return PieceView(raw, row.student, row.exercise, row.score, row.comment)


def encoded(data: Data) -> str:
    """As JSON that stands in a page: nothing in it ends the element that it stands in, or hides."""
    text = json.dumps(msgspec.to_builtins(data), separators=(",", ":"))  # in ASCII, as msgspec does not
    for sign in "<>&\x7f":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
