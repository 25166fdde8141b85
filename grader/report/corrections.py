"""What `corrections.html` shows and works with: the corrections as they stand, and who made the same mistake.

The page writes no file. It edits the text of overrides.csv row by row, so that every other row, also one that
cannot count, keeps its bytes; what comes out is downloaded, or saved by `grader report --serve`.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from grader import overrides, sheets
from grader.errors import GraderError
from grader.kept import Made
from grader.overrides import COLUMNS, OVERRIDES_FILE, Override, Overrides
from grader.report import clusters, mistakes
from grader.report.classview import exercise_names
from grader.report.embedding import embedded, listed
from grader.report.figures import points
from grader.report.mistakes import link_to
from grader.report.views import NAME, View, sentence
from grader.results import Results, SubmissionResult
from grader.sheets import Sheet
from grader.store import file_name
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


class StudentData(View, frozen=True, array_like=True, omit_defaults=True):
    """A list without names, for a class has many: what the grader gave in each exercise, None for no mark."""

    id: str
    scores: tuple[float | None, ...]
    stem: str | None = None  # of the student's files, where it is not the id
    shown: str | None = None  # how it is written out, likewise


class MistakeData(View, frozen=True):
    """Who made the same mistake in one exercise; indices of the exercise and the students."""

    title: str
    named: bool  # else nobody was told a name: they fail alike
    exercise: int
    students: Sequence[int]


class Data(View, frozen=True):
    """What the page's script works with. `key` is what the server of `--serve` wants with a change."""

    file: FileView | None  # None where it is no table, and has to be mended first
    exercises: tuple[ExerciseData, ...]
    mistakes: tuple[MistakeData, ...]
    key: str
    students: Sequence[StudentData]


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
    return Data(
        file=_file(text),
        exercises=tuple(ExerciseData(name, one_line(name, NAME), most[name]) for name in names),
        mistakes=tuple(_mistakes(results, names)),
        key=key,
        students=Made(lambda one: _student(one, names), results.submissions),
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


def _student(result: SubmissionResult, names: tuple[str, ...]) -> StudentData:
    scores = {one.name: one.score for one in result.exercises}
    stem, shown = (
        text if text != result.student else None
        for text in (file_name(result.student), one_line(result.student, NAME))
    )
    return StudentData(result.student, tuple(scores.get(name) for name in names), stem, shown)


def _told(mistake: MistakeData, exercise: str) -> str:
    return f"in {exercise}" if mistake.named else f"the same answers in {exercise}, and no known mistake fits"


def _mistakes(results: Results, names: tuple[str, ...]) -> Iterator[MistakeData]:
    """The most common first, those that have a name before those that have none."""
    yield from _named(results, names)
    for cluster in clusters.alike(results):
        if len(cluster.students) > 1:
            exercise = clusters.example(cluster, results)
            place = names.index(exercise.name)
            yield MistakeData(
                clusters.named(exercise), named=False, exercise=place, students=cluster.students
            )


def _named(results: Results, names: tuple[str, ...]) -> Iterator[MistakeData]:
    groups: dict[tuple[str, str], tuple[str, array[int]]] = {}
    for one in mistakes.found_in(results):
        name = one.exercise, mistakes.name(one.diagnosis)
        _, students = groups.setdefault(name, (one.diagnosis.title, array("L")))
        if not students or students[-1] != one.student:
            students.append(one.student)
    for (exercise, _), (title, students) in sorted(groups.items(), key=lambda group: -len(group[1][1])):
        yield MistakeData(sentence(title), named=True, exercise=names.index(exercise), students=students)


def _rows(corrections: Overrides, data: Data) -> Iterator[CorrectionView]:
    names = [each.name for each in data.exercises]
    wanted = {one.student for one in corrections.rows.values()}
    students = data.students if wanted else ()
    graded = {each.id: dict(zip(names, each.scores, strict=True)) for each in students if each.id in wanted}
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


def encoded(data: Data) -> Iterator[str]:
    """As JSON that stands in a page, piece by piece."""
    mistakes = [replace(one, students=list(one.students)) for one in data.mistakes]
    around = embedded(replace(data, mistakes=tuple(mistakes), students=()))
    yield around.removesuffix("]}")
    yield from listed(data.students)
    yield "]}"
