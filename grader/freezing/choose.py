"""Which cases of a pool make the suite: the cheapest that catch every mistake and tell all apart.

Most inputs that one would draw tell nothing: an argument is 0, or a long run has converged. So each
case is worth what it adds to the suite: a mistake caught once more in a criterion that it must cost
(and in a shape, where two shapes are two ways to write one input), or two mistakes told apart, per unit
of effort. Taking the best again and again is the greedy cover; it
is at most a logarithm away from the cheapest suite, and here within a few cases of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import combinations, islice
from typing import Final

import numpy as np

from grader import kit
from grader.exercises import Criterion, Exercise, Misconception
from grader.freezing.trials import Trials, key
from grader.judging.behaviour import same
from grader.records import Tensor

MEMBERS: Final = 2  # cases of each criterion, also where no known mistake asks for them
CATCHES: Final = 3  # one lucky number must not save a mistake
PARTINGS: Final = 2


Columns = list[tuple[Callable[[kit.Case], bool], int]]
"""What is wanted of the suite: whether a case adds to it, and how often it is wanted."""


def cover(
    trials: Trials, given: list[kit.Case], candidates: list[kit.Case], *, once: bool = False
) -> list[kit.Case]:
    """The candidates to add to the given cases, best first.

    Most demands are met by the given cases. Only for those that are not are the candidates run. `once`: for
    those mistakes alone that no given case catches where they must cost something.
    """
    catches = _catches(trials, [*given, *candidates])
    demands = [*_members(trials, [*given, *candidates]), *catches, *_partings(trials)]
    if once:
        demands = [(adds, 1) for adds, _ in catches]
    unmet = [(adds, times - _met(adds, given, times)) for adds, times in demands]
    unmet = [(adds, times) for adds, times in unmet if times > 0]
    if not unmet or not candidates:
        return []
    gains = np.array([[adds(case) for adds, _ in unmet] for case in candidates], dtype=bool)
    wanted = np.array([times for _, times in unmet])
    cost = np.array([case.effort + 1 for case in candidates])
    taken: list[int] = []
    while len(taken) < len(candidates):
        worth = gains[:, wanted > 0].sum(axis=1) / cost
        worth[taken] = 0
        best = int(worth.argmax())
        if worth[best] == 0:
            break
        taken.append(best)
        wanted = wanted - gains[best]
    return [candidates[i] for i in taken]


def _met(adds: Callable[[kit.Case], bool], cases: list[kit.Case], times: int) -> int:
    """How often the cases add to a demand, not counted further than is wanted."""
    return sum(islice((1 for case in cases if adds(case)), times))


def _members(trials: Trials, cases: list[kit.Case]) -> Columns:
    """That each (criterion, shape) judges some: none may be left without cases."""
    judged = {
        key(case.arguments): {
            (one, group(case, trials.exercise)[1]) for one in trials.families(case.arguments)
        }
        for case in cases
    }
    every = sorted(set().union(*judged.values()))
    return [(lambda case, one=one: one in judged[key(case.arguments)], MEMBERS) for one in every]  # type: ignore[misc]


def _catches(trials: Trials, cases: list[kit.Case]) -> Columns:
    """That each mistake is caught in every (criterion, shape) where it must cost something."""
    exercise = trials.exercise
    if trials.protocol.leaves:
        return _parts_caught(trials)
    groups = sorted({group(case, exercise) for case in cases})

    def caught(mistake: Misconception, one: tuple[str, str], case: kit.Case) -> bool:
        return group(case, exercise) == one and trials.outcome(mistake, case).failure is not None

    return [
        (partial(caught, mistake, one), CATCHES)
        for mistake in trials.mistakes
        for one in groups
        if one[0] in (mistake.costs or ())
    ]


def _parts_caught(trials: Trials) -> Columns:
    """Where a result has parts: in every criterion that it must cost, each of which looks at its own."""

    def caught(mistake: Misconception, criterion: Criterion, case: kit.Case) -> bool:
        own = criterion.id in trials.families(case.arguments)
        return own and trials.fails(mistake, criterion, case)

    return [
        (partial(caught, mistake, one), CATCHES)
        for mistake in trials.mistakes
        for one in trials.exercise.rubric
        if one.id in (mistake.costs or ()) and one.kind not in ("optimiser", "calls")
    ]


def _partings(trials: Trials) -> Columns:
    """That every two mistakes are told apart."""

    def told(first: Misconception, second: Misconception, case: kit.Case) -> bool:
        return not same(trials.behaviour(first, case), trials.behaviour(second, case))

    return [(partial(told, *pair), PARTINGS) for pair in combinations(trials.mistakes, 2)]


def group(case: kit.Case, exercise: Exercise) -> tuple[str, str]:
    """A criterion is judged for each of these apart: by shape where the better shape counts."""
    return case.criterion, shape_of(case.arguments, exercise)


def shape_of(arguments: Mapping[str, object], exercise: Exercise) -> str:
    """The shape that an input is judged in, where the better one counts; else empty."""
    shapes = [value.shape for value in arguments.values() if isinstance(value, Tensor)]
    return str(shapes[0]) if exercise.either_shape and shapes else ""


def form_of(arguments: Mapping[str, object]) -> str:
    """Shapes and dtypes of an input's tensors: at least one repeat is traced of each."""
    return str([(value.shape, value.dtype) for value in arguments.values() if isinstance(value, Tensor)])
