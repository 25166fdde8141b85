"""Which cases of a pool make the suite: the cheapest that catch every mistake and tell all apart.

Most inputs that one would draw tell nothing: theta, rate or steps are 0, or the descent has
converged. So each case is worth what it adds to the suite: a mistake caught once more in a
criterion that it must cost (and in a shape, where two shapes are two ways to write one input),
or two mistakes told apart, per unit of effort. Taking the best again and again is the greedy cover; it
is at most a logarithm away from the cheapest suite, and here within a few cases of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from grader import kit
from grader.exercises import Exercise
from grader.freezing.trials import Trials
from grader.judging.apart import apart
from grader.records import Tensor

MEMBERS: Final = 2  # cases of each criterion, also where no known mistake asks for them
CATCHES: Final = 3  # one lucky number must not save a mistake
PARTINGS: Final = 2


@dataclass(frozen=True)
class Gains:
    """What each case (row) adds to each demand (column), and how often each demand wants it."""

    adds: np.ndarray
    wanted: np.ndarray
    cost: np.ndarray


def cover(trials: Trials, given: list[kit.Case], candidates: list[kit.Case]) -> list[kit.Case]:
    """The candidates to add to the given cases, best first."""
    gains = _gains(trials, [*given, *candidates])
    open_demands = gains.wanted - gains.adds[: len(given)].sum(axis=0)
    left = set(range(len(given), len(gains.cost)))
    taken: list[int] = []
    while left:
        worth = {i: float((gains.adds[i] & (open_demands > 0)).sum() / gains.cost[i]) for i in sorted(left)}
        best = max(worth, key=lambda i: worth[i])
        if worth[best] == 0:
            break
        taken.append(best)
        left.remove(best)
        open_demands = open_demands - gains.adds[best]
    return [candidates[i - len(given)] for i in taken]


def _gains(trials: Trials, cases: list[kit.Case]) -> Gains:
    parts = (
        (_members(trials, cases), MEMBERS),
        (_catches(trials, cases), CATCHES),
        (_partings(trials, cases), PARTINGS),
    )
    wanted = np.concatenate([np.full(adds.shape[1], times) for adds, times in parts])
    adds = np.concatenate([adds for adds, _ in parts], axis=1)
    return Gains(adds, wanted, np.array([case.effort + 1 for case in cases]))


def _members(trials: Trials, cases: list[kit.Case]) -> np.ndarray:
    """Case x (criterion, shape): whether the criterion judges it. None may be left without cases."""
    judged = [
        {(one, group(case, trials.exercise)[1]) for one in trials.families(case.arguments)} for case in cases
    ]
    every = sorted(set().union(*judged))
    return np.array([[one in own for one in every] for own in judged], dtype=bool)


def _catches(trials: Trials, cases: list[kit.Case]) -> np.ndarray:
    """Case x (mistake, group): whether the mistake is caught there, where it must cost something."""
    exercise = trials.exercise
    groups = [group(case, exercise) for case in cases]
    columns: list[list[bool]] = []
    for mistake in trials.mistakes:
        fails = [trials.outcome(mistake, case).failure is not None for case in cases]
        columns += [
            [f and g == one for f, g in zip(fails, groups, strict=True)]
            for one in sorted(set(groups))
            if one[0] in mistake.costs
        ]
    return np.array(columns, dtype=bool).reshape(len(columns), len(cases)).T


def _partings(trials: Trials, cases: list[kit.Case]) -> np.ndarray:
    """Case x pair of mistakes: whether the two are told apart there."""
    behaviours = [[trials.behaviour(one, case) for case in cases] for one in trials.mistakes]
    columns = [
        [apart(a, b) for a, b in zip(first, second, strict=True)]
        for first, second in combinations(behaviours, 2)
    ]
    return np.array(columns, dtype=bool).reshape(len(columns), len(cases)).T


def group(case: kit.Case, exercise: Exercise) -> tuple[str, str]:
    """A criterion is judged for each of these apart: by shape where the better shape counts."""
    shapes = [value.shape for value in case.arguments.values() if isinstance(value, Tensor)]
    return case.criterion, str(shapes[0]) if exercise.either_shape and shapes else ""


def form_of(arguments: Mapping[str, object]) -> str:
    """Shapes and dtypes of an input's tensors: at least one repeat is traced of each."""
    return str([(value.shape, value.dtype) for value in arguments.values() if isinstance(value, Tensor)])
