"""Stored results -> the mistakes that nobody has written down: submissions that behave alike, put together.

Two submissions are in one cluster where they fail the same criteria of an exercise and gave the same
answers on the whole suite, but for rounding. So an instructor looks at one of each, and sees which
mistake is worth a misconception of its own. No numpy: a report must start at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from grader.report.attention import first_failure
from grader.report.counterview import CounterView, counter
from grader.report.figures import percent, plural
from grader.report.grounds import ground
from grader.report.mistakes import LinkView, link_to
from grader.report.views import NAME, View, sentence
from grader.results import ExerciseResult, Results
from grader.text import one_line

TOLERANCE: Final = 1e-4
"""Of the largest number given: far above what float32 loses in some steps, far below what a mistake does."""


class ClusterView(View, frozen=True):
    """`title` names the criteria that fail; `told` are sentences about the example."""

    title: str
    where: str  # in which exercise
    text: str  # how many students
    width: int  # percent of the most frequent
    told: tuple[str, ...]
    shown: CounterView | None
    example: LinkView
    students: tuple[LinkView, ...]  # all of them, where they are more than the example


class _Behaviour(NamedTuple):
    """Of each case what came, which has to be equal, and the numbers, in units of the largest given."""

    came: tuple[str, ...]
    numbers: tuple[tuple[float, ...], ...]


class Unknown(NamedTuple):
    """What one student did in one exercise, the `place`-th on their page."""

    student: str
    place: int
    exercise: ExerciseResult
    behaviour: _Behaviour


def clusters(results: Results) -> tuple[ClusterView, ...]:
    """The largest first; a submission that behaves like no other is a cluster of its own."""
    several = sum(device.graded for device in results.devices) > 1
    found = alike(results)
    most = len(found[0]) if found else 0
    return tuple(_view(cluster, most, several=several) for cluster in found)


def alike(results: Results) -> list[list[Unknown]]:
    """Those who make one mistake without a name, by mistake, the most common first."""
    groups: dict[tuple[object, ...], list[list[Unknown]]] = {}
    for one in _unknown(results):
        _place(one, groups.setdefault(_kind(one), []))
    return sorted((cluster for own in groups.values() for cluster in own), key=lambda own: -len(own))


def named(cluster: Sequence[Unknown]) -> str:
    """What stands for the name that it lacks: which criteria fail."""
    return sentence(f"Not passed: {'; '.join(_failed(cluster[0].exercise))}")


def _unknown(results: Results) -> Iterator[Unknown]:
    for result in results.submissions:
        for place, exercise in enumerate(result.exercises, 1):
            behaviour = _read(exercise.behaviour)
            if behaviour:
                yield Unknown(result.student, place, exercise, behaviour)


def _read(text: str) -> _Behaviour | None:
    """A stored behaviour; None where there is none, or none that this version can read."""
    cases = [case.split(" ") for case in text.split(";")]
    try:
        numbers = tuple(tuple(map(float, case[1:])) for case in cases)
    except ValueError:
        return None
    return _Behaviour(tuple(case[0] for case in cases), numbers) if text else None


# --- who is alike -------------------------------------------------------------------------


def _kind(one: Unknown) -> tuple[object, ...]:
    """What has to be equal, found without comparing each with each."""
    failed = frozenset((row.id, row.device) for row in one.exercise.criteria if row.outcome == "failed")
    lengths = tuple(map(len, one.behaviour.numbers))
    return one.exercise.name, failed, one.behaviour.came, lengths


def _place(one: Unknown, clusters: list[list[Unknown]]) -> None:
    """Into the first cluster whose first member behaves so, else into one of its own."""
    for cluster in clusters:
        if _alike(cluster[0].behaviour, one.behaviour):
            cluster.append(one)
            return
    clusters.append([one])


def _alike(first: _Behaviour, second: _Behaviour) -> bool:
    return all(all(map(_near, a, b)) for a, b in zip(first.numbers, second.numbers, strict=True))


def _near(x: float, y: float) -> bool:
    if x == y or (math.isnan(x) and math.isnan(y)):
        return True
    return abs(x - y) <= TOLERANCE * max(1.0, abs(x), abs(y)) < math.inf


# --- what is shown ------------------------------------------------------------------------


def _view(cluster: Sequence[Unknown], most: int, *, several: bool) -> ClusterView:
    first = cluster[0]
    shown = first.exercise.counterexample
    page = link_to(first.student)
    return ClusterView(
        title=named(cluster),
        where=f"in {one_line(first.exercise.name, NAME)}",
        text=plural(len(cluster), "student"),
        width=percent(len(cluster), most),
        told=tuple(map(sentence, _told(first.exercise))),
        shown=counter(shown, None, several=several) if shown else None,
        example=LinkView(page.text, f"{page.link}#exercise-{first.place}"),
        students=tuple(link_to(one.student) for one in cluster) if len(cluster) > 1 else (),
    )


def _failed(exercise: ExerciseResult) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.title for row in exercise.criteria if row.outcome == "failed"))


def _told(exercise: ExerciseResult) -> Iterator[str]:
    """What is known of it; where no call shows it, what the first failed criterion says."""
    found = exercise.diagnosis
    if found is not None:
        yield f"“{found.title}”: {ground(found)}"
    if exercise.counterexample is None:
        yield from first_failure(exercise)
