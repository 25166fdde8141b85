"""An instructor's corrections: overrides.csv with the columns student, exercise, score, comment.

The file belongs to the instructor: it is made once, with nothing but its header, and from then on
only read, so a correction survives every rerun. A row that cannot count is told with its line's
number, never dropped in silence. `mark` says what a submission is worth with them.
"""

from __future__ import annotations

import csv
import difflib
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from grader.errors import GraderError, unwritable_told
from grader.results import Results, SubmissionResult

OVERRIDES_FILE: Final = "overrides.csv"
COLUMNS: Final = ("student", "exercise", "score", "comment")


class Override(msgspec.Struct, frozen=True):
    """One correction and the line that it begins in."""

    student: str
    exercise: str
    score: float
    comment: str
    line: int


class Overrides(msgspec.Struct, frozen=True):
    """The corrections by (student, exercise), and what is wrong with the file, a sentence each."""

    rows: dict[tuple[str, str], Override] = {}
    warnings: tuple[str, ...] = ()


NONE: Final = Overrides()


class ExerciseMark(msgspec.Struct, frozen=True):
    """`graded` is what the grader gave, `score` what counts; None where there is no mark."""

    name: str
    score: float | None
    max_score: float
    graded: float | None
    override: Override | None


class Mark(msgspec.Struct, frozen=True):
    """What a submission is worth, corrections included."""

    score: float | None
    max_score: float
    graded: float | None
    exercises: tuple[ExerciseMark, ...]

    @property
    def corrected(self) -> bool:
        return any(exercise.override for exercise in self.exercises)


def create(path: Path) -> None:
    """Make the file with its header where there is none. Raises GraderError where it cannot be made."""
    if path.exists():
        return
    with unwritable_told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="") as file:  # never over a file made meanwhile
            file.write(",".join(COLUMNS) + "\r\n")


def read(path: Path) -> Overrides:
    """The corrections; none where there is no file. Raises GraderError where the file cannot be read."""
    data = _bytes(path)
    return NONE if data is None else parse(data, path.name)


def text_of(folder: Path) -> bytes:
    """A report's overrides.csv as it is; empty where there is none. Raises GraderError as `read`."""
    return _bytes(folder / OVERRIDES_FILE) or b""


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise GraderError(
            f"{path}: cannot read the corrections: {error.strerror}.",
            "Make it readable, or move it away to report without corrections.",
        ) from None


def parse(data: bytes, name: str = OVERRIDES_FILE) -> Overrides:
    """Read the bytes of an overrides.csv as spreadsheets write it: commas or semicolons, BOM or not."""
    text = _text(data)
    comma = _delimiter(text)
    lines = _rows(text, comma)
    _, header = next(lines, (1, []))
    if isinstance(header, str) or not text.strip():
        problem = header if isinstance(header, str) else "the file is empty"
        return Overrides(warnings=(f"{name}, line 1: {problem}, so nothing in it counts.",))
    columns = [cell.strip().lower() for cell in header]
    absent = [column for column in COLUMNS[:3] if column not in columns]
    if absent:
        wanted = ",".join(COLUMNS)
        problem = f"the header lacks {' and '.join(absent)}, so nothing in it counts; it must be {wanted}"
        return Overrides(warnings=(f"{name}, line 1: {problem}.",))
    return _collect(lines, columns, name, decimal_comma=comma == ";")


def every(data: bytes) -> Iterator[Override]:
    """Each row that can be read by itself, those that a later one replaces among them."""
    text = _text(data)
    comma = _delimiter(text)
    lines = _rows(text, comma)
    _, header = next(lines, (1, []))
    columns = [] if isinstance(header, str) else [cell.strip().lower() for cell in header]
    for line, cells in lines:
        if any(cells) and not isinstance(cells, str):
            row = _row(line, cells, columns, decimal_comma=comma == ";")
            if isinstance(row, Override):
                yield row


def check(overrides: Overrides, results: Results) -> Overrides:
    """The same, with a warning for each correction of a student, an exercise or a score there is not."""
    if not overrides.rows:
        return overrides
    students = {submission.student for submission in results.submissions}
    exercises = {exercise.name: exercise.max_score for s in results.submissions for exercise in s.exercises}
    found = (_unknown(row, students, exercises) for row in overrides.rows.values())
    warnings = [f"{OVERRIDES_FILE}, line {line}: {text}" for line, text in filter(None, found)]
    return Overrides(rows=overrides.rows, warnings=tuple(dict.fromkeys([*overrides.warnings, *warnings])))


def mark(result: SubmissionResult, overrides: Overrides) -> Mark:
    """What this submission is worth. Without a correction it is exactly what the grader gave."""
    exercises = tuple(
        ExerciseMark(
            name=exercise.name,
            score=override.score if override else exercise.score,
            max_score=exercise.max_score,
            graded=exercise.score,
            override=override,
        )
        for exercise in result.exercises
        for override in [overrides.rows.get((result.student, exercise.name))]
    )
    score = result.score
    if any(exercise.override for exercise in exercises):
        scores = [exercise.score for exercise in exercises]
        known = [score for score in scores if score is not None]
        score = sum(known) if len(known) == len(scores) else None
    return Mark(score=score, max_score=result.max_score, graded=result.score, exercises=exercises)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")  # how spreadsheets on Windows save "CSV"


def _delimiter(text: str) -> str:
    """Spreadsheets of half of Europe write semicolons, since their decimals have commas."""
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each row with the line it begins in; a string instead says why there is none."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except csv.Error as error:
            yield line, f"not a row of a CSV file ({error}); what follows in the same quotes is not read"
        except StopIteration:
            return


def _collect(
    lines: Iterator[tuple[int, list[str] | str]], columns: Sequence[str], name: str, *, decimal_comma: bool
) -> Overrides:
    rows: dict[tuple[str, str], Override] = {}
    warnings: list[str] = []
    for line, cells in lines:
        if not any(cells):
            continue
        row = cells if isinstance(cells, str) else _row(line, cells, columns, decimal_comma=decimal_comma)
        if isinstance(row, str):
            warnings.append(f"{name}, line {line}: {row}, so this row does not count.")
            continue
        earlier = rows.get((row.student, row.exercise))
        if earlier:
            warnings.append(
                f"{name}, line {earlier.line}: line {line} corrects the same exercise and counts instead."
            )
        rows[row.student, row.exercise] = row
    return Overrides(rows=rows, warnings=tuple(warnings))


def _row(line: int, cells: Sequence[str], columns: Sequence[str], *, decimal_comma: bool) -> Override | str:
    found = {column: cell.strip() for column, cell in zip(columns, cells, strict=False)}
    student, exercise = _refused(found.get("student", "")), _refused(found.get("exercise", ""))
    if not student or not exercise:
        return f"the {'exercise' if student else 'student'} is empty"
    text = found.get("score", "")
    number = _score(text.replace(",", ".") if decimal_comma else text)
    if number is None:
        return f"the score {text[:40]!r} is not a number of 0 or more"
    return Override(
        student=student, exercise=exercise, score=number, comment=found.get("comment", ""), line=line
    )


def _refused(cell: str) -> str:
    """Take back the apostrophe that grades.csv puts before what a spreadsheet would compute."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def _score(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _unknown(row: Override, students: set[str], exercises: dict[str, float]) -> tuple[int, str] | None:
    if row.student not in students:
        return row.line, f"there is no submission of {row.student[:80]!r}{_nearest(row.student, students)}."
    if row.exercise not in exercises:
        return row.line, f"there is no exercise {row.exercise[:80]!r}{_nearest(row.exercise, exercises)}."
    if row.score > exercises[row.exercise]:
        most = exercises[row.exercise]
        return row.line, f"{row.score:g} is more than the {most:g} points there are; it counts as it stands."
    return None


def _nearest(name: str, names: set[str] | dict[str, float]) -> str:
    longer = [one for one in sorted(names) if name and one.startswith(f"{name} (")]  # one of two namesakes
    found = longer or difflib.get_close_matches(name[:200], sorted(names), n=1)
    return f"; the nearest is {found[0][:80]!r}" if found else ""
