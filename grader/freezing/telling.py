"""Cases that let the constants of a mistake be read off the outputs.

The cases chosen so far catch the mistakes that an instructor wrote down. A fitted one needs more: some to
read its constants from, and enough others that agree so closely that it is no accident. So students who
make each fitted mistake are simulated, with constants as different as students' are, and cases are taken
as in `choose`, the most told per unit of effort first, until each is told or the budget is spent.
A mistake that shows in no case of the pool (a clip that no gradient reaches) is a right program here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from grader import kit
from grader.judging.descent import Array, predict, sheet
from grader.judging.families import CONVINCING, FAMILIES
from grader.judging.readings import TELLING

SPARE: Final = 1  # more than needed: a case may lie on an edge
READ_FROM: Final = 2  # cases of one step, or of two, that a constant is read from


def telling(
    given: Sequence[kit.Case],
    candidates: Sequence[kit.Case],
    landscape: kit.Landscape,
    moves: str,
    budget: float,
) -> list[kit.Case]:
    """The candidates to add to the given cases, within the budget, best first."""
    if not candidates:
        return []
    with np.errstate(all="ignore"):
        adds, wanted = _demands([*given, *candidates], landscape, moves)
    cost = np.array([case.effort + 1 for case in candidates])
    wanted = np.minimum(wanted, adds.sum(axis=0)) - adds[: len(given)].sum(axis=0)
    adds = adds[len(given) :]
    taken: list[int] = []
    left = budget
    while True:
        worth = (adds[:, wanted > 0].sum(axis=1) / cost) * (cost - 1 <= left)
        worth[taken] = 0
        best = int(worth.argmax())
        if not worth[best]:
            return [candidates[i] for i in taken]
        taken.append(best)
        left -= candidates[best].effort
        wanted = wanted - adds[best]


def _demands(cases: Sequence[kit.Case], landscape: kit.Landscape, moves: str) -> tuple[Array, Array]:
    """Case x demand, and how often each is wanted: for every family and constant, that it is told."""
    numbers = sheet(cases, landscape, moves)
    single = numbers.rows(numbers.single[:, 0]).in_single()
    right = np.zeros_like(numbers.theta)
    for index, case in enumerate(cases):
        values = np.frombuffer(case.expected.data, "<f8")
        right[index, : len(values)] = values
    columns: list[Array] = []
    wanted: list[int] = []
    for family in FAMILIES:
        for constants in family.samples:
            predicted = predict(family.descent(*constants), numbers, single)
            told = np.any(abs(predicted.value - right) > TELLING * predicted.tolerance, axis=1)
            columns.append(told)
            wanted.append(CONVINCING + len(constants) + SPARE)
            if family.when != "any":
                columns.append(told & (numbers.steps[:, 0] == (1 if family.when == "first" else 2)))
                wanted.append(READ_FROM)
    return np.array(columns).T, np.array(wanted)
