"""Stored results -> the map of a class: a strip for each criterion and device, a column for each student.

The columns go from the best mark to the least, and students with one mark who fail alike stand together, so
that a mistake of many is one block. Equal neighbours are one rectangle on a ground that means "passed":
a strip costs what changes in it, and a class of a thousand less than a photograph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, Literal

from grader.kept import Made
from grader.report.figures import plural
from grader.report.views import NAME, View, quoted
from grader.results import CriterionResult, ExerciseResult, Results, SubmissionResult
from grader.store import file_name
from grader.text import one_line

Cell = Literal["passed", "failed", "missing", "harness"]
Key = tuple[str, str, str]  # exercise, criterion, device
Titles = Mapping[Key, str]  # every strip there is and what it is called: by exercise, criterion, device
Column = tuple[bool, float, tuple[Cell, ...]]  # as they are sorted; its cells are in the order of the titles

HEIGHT: Final = 12
NAMED: Final = 30  # up to so many students have their names below their columns
RULED: Final = 120  # and up to so many a line between them
DRAWN: Final = 1_000  # columns: of more students one in so many is drawn, which is finer than a screen
_COLUMN: Final = 20  # pixels, where there is room
_WIDE: Final = 640  # pixels of a strip where there is not
_EACH: Final = "Each column is a submission"
_SOME: Final = "Each column is a submission, one in {step} of them"
_LETTERS: Final = 14  # of a name below a column
_LETTER: Final = 8  # pixels, about: the widest of most names

# Where a state's rectangle begins and how high it is: told apart without colour too.
_BOXES: Final[dict[Cell, tuple[int, int]]] = {
    "passed": (0, HEIGHT),
    "failed": (0, HEIGHT),
    "missing": (7, 5),
    "harness": (5, 2),
}
_WORDS: Final[dict[Cell, str]] = {
    "passed": "passed",
    "failed": "failed",
    "missing": "not started or not run",
    "harness": "not graded",
}


class StripView(View, frozen=True):
    """A criterion on a device. The paths hold a rectangle for each run of students in that state."""

    number: int  # from 1: what the students' table and the address call it
    title: str
    device: str
    text: str  # how many passed
    told: str  # the same for who does not see it
    failed: str
    missing: str
    harness: str


class StripGroup(View, frozen=True):
    exercise: str
    strips: tuple[StripView, ...]


class LabelView(View, frozen=True):
    """A name that stands below its column, turned by a quarter."""

    x: int
    text: str


class StandingView(View, frozen=True):
    """A column of the map in words, one text an exercise."""

    student: str
    link: str
    cells: tuple[str, ...]


class SampleView(View, frozen=True):
    """What a state looks like: its place in the legend."""

    state: Cell
    words: str
    path: str


class MapView(View, frozen=True):
    told: str
    legend: tuple[SampleView, ...]
    students: int  # the width of a strip's picture, in its own units
    pixels: int
    rules: str  # a path between the columns; empty where they are too narrow
    labels: tuple[LabelView, ...]
    labels_height: int
    several: bool  # graded on more than one device
    groups: tuple[StripGroup, ...]
    standing: Sequence[StandingView]


def map_of(
    results: Results, scores: Iterable[float | None], exercises: Sequence[str], titles: Titles
) -> MapView:
    """The map of a class; `scores` as they count, `exercises` in the order in which they are shown."""
    known: dict[Column, Column] = {}  # of many students few differ
    columns = [
        known.setdefault(key, key)
        for one, score in zip(results.submissions, scores, strict=True)
        for key in [_column(one, score, titles)]
    ]
    order = sorted(range(len(columns)), key=columns.__getitem__)  # sorting keeps the order of equals
    several = len({device for _, _, device in titles}) > 1
    count = len(columns)
    step = -(-count // DRAWN) or 1
    labels = _labels([results.submissions[one].student for one in order]) if count <= NAMED else ()

    def standing(index: int) -> StandingView:
        return _standing(results.submissions[index], exercises, several=several)

    return MapView(
        told=f"{_EACH if step == 1 else _SOME.format(step=step)}, the best mark on the left.",
        legend=tuple(SampleView(state, words, _path([state], state)) for state, words in _WORDS.items()),
        students=len(order[::step]),
        pixels=_COLUMN * count if count <= NAMED else _WIDE,
        rules="".join(f"M{x} 0v{HEIGHT}" for x in range(1, count)) if count <= RULED else "",
        labels=labels,
        labels_height=max((len(label.text) for label in labels), default=0) * _LETTER,
        several=several,
        groups=tuple(_groups(titles, [columns[one] for one in order], exercises, step)),
        standing=Made(standing, order),
    )


def titles_of(results: Results, exercises: Sequence[str]) -> Titles:
    found: dict[Key, str] = {}
    for result in results.submissions:
        for exercise in result.exercises:
            for row in exercise.criteria:
                found.setdefault(_key(exercise, row), row.title)
    names = list(exercises)
    criteria = list(dict.fromkeys(criterion for _, criterion, _ in found))
    return dict(sorted(found.items(), key=lambda item: (names.index(item[0][0]), criteria.index(item[0][1]))))


def _key(exercise: ExerciseResult, row: CriterionResult) -> Key:
    return exercise.name, row.id, row.device


def _states(result: SubmissionResult) -> dict[Key, Cell]:
    if result.status == "harness":
        return {}
    return {_key(one, row): _cell(one, row) for one in result.exercises for row in one.criteria}


def _cell(exercise: ExerciseResult, row: CriterionResult) -> Cell:
    return row.outcome if exercise.status == "graded" else exercise.status


def _cells(result: SubmissionResult, titles: Titles) -> tuple[Cell, ...]:
    """A strip that a submission lacks was not judged: that is ours to answer for."""
    states = _states(result)
    return tuple(states.get(key, "harness") for key in titles)


def _column(result: SubmissionResult, score: float | None, titles: Titles) -> Column:
    return score is None, -(score or 0.0), _cells(result, titles)


def _groups(
    titles: Titles, columns: Sequence[Column], exercises: Sequence[str], step: int
) -> Iterator[StripGroup]:
    numbers = {key: number for number, key in enumerate(titles)}
    for name in exercises:
        yield StripGroup(
            exercise=one_line(name, NAME),
            strips=tuple(
                _strip(
                    numbers[key] + 1, title, key[2], [cells[numbers[key]] for _, _, cells in columns], step
                )
                for key, title in titles.items()
                if key[0] == name
            ),
        )


def _strip(number: int, title: str, device: str, cells: Sequence[Cell], step: int) -> StripView:
    """A submission that lost an exercise through our fault does not count against its criteria."""
    judged = sum(cell != "harness" for cell in cells)
    passed, missing = cells.count("passed"), cells.count("missing")
    drawn = cells[::step]
    told = (f"{passed} pass", f"{cells.count('failed')} fail", f"{missing} have not started" * bool(missing))
    return StripView(
        number=number,
        title=one_line(title, NAME),
        device=one_line(device, NAME),
        text=f"{passed:,} of {judged:,}",
        told=f"{plural(len(cells), 'submission')}: {', '.join(filter(None, told))}",
        failed=_path(drawn, "failed"),
        missing=_path(drawn, "missing"),
        harness=_path(drawn, "harness"),
    )


def _path(cells: Sequence[Cell], wanted: Cell) -> str:
    y, height = _BOXES[wanted]
    x = 0
    drawn: list[str] = []
    for cell, run in groupby(cells):
        width = sum(1 for _ in run)
        if cell == wanted:
            drawn.append(f"M{x} {y}h{width}v{height}h-{width}z")
        x += width
    return "".join(drawn)


def _labels(students: Sequence[str]) -> tuple[LabelView, ...]:
    return tuple(
        LabelView(x=_COLUMN * index + _COLUMN // 2, text=_shortened(one_line(one, NAME)))
        for index, one in enumerate(students)
    )


def _shortened(name: str) -> str:
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"


def fails(result: SubmissionResult, titles: Titles) -> str:
    """The numbers of the strips that are not passed."""
    numbered = enumerate(_cells(result, titles), 1)
    return " ".join(str(number) for number, cell in numbered if cell in ("failed", "missing"))


def _standing(result: SubmissionResult, exercises: Sequence[str], *, several: bool) -> StandingView:
    found = {one.name: one for one in result.exercises}
    return StandingView(
        student=one_line(result.student, NAME),
        link=f"students/{file_name(result.student)}.html",
        cells=tuple(_words(result, found.get(name), several=several) for name in exercises),
    )


def _words(result: SubmissionResult, exercise: ExerciseResult | None, *, several: bool) -> str:
    if exercise is None or "harness" in (result.status, exercise.status):
        return "not graded"
    if exercise.status == "missing":
        return "not run" if result.status == "load_failed" else "not started"
    failed = [row for row in exercise.criteria if row.outcome == "failed"]
    told = (quoted(row.title) + f" ({one_line(row.device, NAME)})" * several for row in failed)
    return ", ".join(told) or "all passed"
