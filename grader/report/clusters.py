"""Stored results -> the mistakes that nobody has written down: submissions that behave alike, put together.

Two submissions are in one cluster where they fail the same criteria of an exercise and gave the same
answers on the whole suite, but for rounding. So an instructor looks at one of each, and sees which
mistake is worth a misconception of its own. No numpy: a report must start at once.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from grader.kept import Made
from grader.report.attention import first_failure
from grader.report.counterview import CounterView, counter
from grader.report.figures import percent, plural
from grader.report.grounds import ground
from grader.report.mistakes import LinkView, link_to, links
from grader.report.views import NAME, View, quoted, sentence
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
    students: Sequence[LinkView]  # all of them, where they are more than the example


class _Behaviour(NamedTuple):
    """Of each case what came, which has to be equal, and the numbers, in units of the largest given."""

    came: tuple[str, ...]
    numbers: tuple[array[float], ...]


class _Unknown(NamedTuple):
    """What one student did in one exercise, the `place`-th on their page."""

    student: int  # in the order of the results
    place: int
    behaviour: _Behaviour


class Cluster(NamedTuple):
    """Those who make one mistake without a name."""

    first: _Unknown
    students: array[int]


def clusters(results: Results) -> Sequence[ClusterView]:
    """The largest first; a submission that behaves like no other is a cluster of its own."""
    several = sum(device.graded for device in results.devices) > 1
    found = alike(results)
    most = len(found[0].students) if found else 0
    return Made(lambda cluster: _view(cluster, most, results, several=several), found)


def alike(results: Results) -> list[Cluster]:
    """The largest first."""
    groups: dict[tuple[object, ...], list[Cluster]] = {}
    for exercise, one in _unknown(results):
        _place(one, groups.setdefault(_kind(exercise, one.behaviour), []))
    found = [cluster for own in groups.values() for cluster in own]
    return sorted(found, key=lambda cluster: -len(cluster.students))


def example(cluster: Cluster, results: Results) -> ExerciseResult:
    """What the first of them did."""
    return results.submissions[cluster.first.student].exercises[cluster.first.place - 1]


def named(exercise: ExerciseResult) -> str:
    """What stands for the name that its mistake lacks."""
    return sentence(f"Not passed: {', '.join(map(quoted, _failed(exercise)))}")


def _unknown(results: Results) -> Iterator[tuple[ExerciseResult, _Unknown]]:
    for number, result in enumerate(results.submissions):
        for place, exercise in enumerate(result.exercises, 1):
            behaviour = _read(exercise.behaviour)
            if behaviour:
                yield exercise, _Unknown(number, place, behaviour)


def _read(text: str) -> _Behaviour | None:
    """A stored behaviour; None where there is none, or none that this version can read."""
    cases = [case.split(" ") for case in text.split(";")]
    try:
        numbers = tuple(array("d", map(float, case[1:])) for case in cases)
    except ValueError:
        return None
    return _Behaviour(tuple(case[0] for case in cases), numbers) if text else None


# --- who is alike -------------------------------------------------------------------------


def _kind(exercise: ExerciseResult, behaviour: _Behaviour) -> tuple[object, ...]:
    """What has to be equal, found without comparing each with each."""
    failed = frozenset((row.id, row.device) for row in exercise.criteria if row.outcome == "failed")
    return exercise.name, failed, behaviour.came, tuple(map(len, behaviour.numbers))


def _place(one: _Unknown, clusters: list[Cluster]) -> None:
    """Into the first cluster whose first member behaves so, else into one of its own."""
    for cluster in clusters:
        if _alike(cluster.first.behaviour, one.behaviour):
            cluster.students.append(one.student)
            return
    clusters.append(Cluster(one, array("L", [one.student])))


def _alike(first: _Behaviour, second: _Behaviour) -> bool:
    return all(all(map(_near, a, b)) for a, b in zip(first.numbers, second.numbers, strict=True))


def _near(x: float, y: float) -> bool:
    if x == y or (math.isnan(x) and math.isnan(y)):
        return True
    return abs(x - y) <= TOLERANCE * max(1.0, abs(x), abs(y)) < math.inf


# --- what is shown ------------------------------------------------------------------------


def _view(cluster: Cluster, most: int, results: Results, *, several: bool) -> ClusterView:
    exercise = example(cluster, results)
    shown = exercise.counterexample
    return ClusterView(
        title=named(exercise),
        where=f"in {one_line(exercise.name, NAME)}",
        text=plural(len(cluster.students), "student"),
        width=percent(len(cluster.students), most),
        told=tuple(map(sentence, _told(exercise))),
        shown=counter(shown, None, several=several) if shown else None,
        example=link_to(results.submissions[cluster.first.student].student, cluster.first.place),
        students=links(results, cluster.students),
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
