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
from grader.descent.objective import Minimised
from grader.descent.program import RIGHT, Array, Deviation, Program, run
from grader.descent.rules import RULES
from grader.descent.suite import Suite, predicted, suites
from grader.judging.tolerances import CONVINCING, TELLING

SPARE: Final = 1  # more than needed: a case may lie on an edge


def telling(
    given: Sequence[kit.Case],
    candidates: Sequence[kit.Case],
    objective: Minimised,
    budget: float,
) -> list[kit.Case]:
    """The candidates to add to the given cases, within the budget, best first."""
    if not candidates:
        return []
    with np.errstate(all="ignore"):
        adds, wanted = _demands([*given, *candidates], objective)
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


def _demands(cases: Sequence[kit.Case], objective: Minimised) -> tuple[Array, Array]:
    """Case x demand, and how often each is wanted: for every rule and sample, that it is told."""
    told = np.zeros((len(cases), 0), dtype=bool)
    columns: list[Array] = []
    wanted: list[int] = []
    own = suites(cases, objective)
    for rule in RULES:
        for constants in rule.samples:
            column = np.zeros(len(cases), dtype=bool)
            for suite in own:
                column[suite.index] = _told(Program((Deviation(rule, constants),)), suite)
            columns.append(column)
            wanted.append(CONVINCING + len(constants) + SPARE)
    return np.array(columns).T if columns else told, np.array(wanted)


def _told(program: Program, suite: Suite) -> Array:
    """By case: whether the program ends so far from the right one that to agree with it is no accident."""
    value, tolerance = predicted(program, suite.part)
    right = np.asarray(run(RIGHT, suite.part.calls).value)
    if not isinstance(value, np.ndarray) or value.shape != right.shape:
        return np.ones(len(right), dtype=bool)
    return np.asarray((abs(value - right) > TELLING * tolerance).any(axis=1))
