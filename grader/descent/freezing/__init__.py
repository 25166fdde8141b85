"""What the freezer does for a descent: its objective, its mistakes, the cases that tell them.

Of these three the freezer knows no more than that a diagnoser may have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from grader import kit
from grader.descent.freezing import mistakes
from grader.descent.freezing.objective import minimised
from grader.descent.program import RIGHT, Array, Deviation, Minimised, Program, run
from grader.descent.rules import RULES
from grader.descent.suite import Suite, predicted, suites
from grader.exercises import Exercise, Misconception
from grader.judging.tolerances import CONVINCING, TELLING

SHORT: Final = 6  # steps: a recorded one costs a third more
LONG: Final = 30  # steps, of one run that is recorded for what begins late
AT_REST: Final = 1e-9  # times the start
EACH: Final = 1  # at each end, of one step and of several
SPARE: Final = 1  # cases more than a constant needs: one may lie on an edge


class Descent:
    """One exercise. `objective` is None where its reference is no plain descent: nothing is fitted then."""

    def __init__(self, exercise: Exercise, cases: Sequence[kit.Case]) -> None:
        self.exercise = exercise
        self.objective: Minimised | None = minimised(exercise, cases)

    def misconceptions(self) -> tuple[Misconception, ...]:
        """The samples of the rules, as programs that PyTorch runs."""
        return mistakes.of_rules(self.exercise, self.objective) if self.objective else ()

    def telling(
        self, given: Sequence[kit.Case], candidates: Sequence[kit.Case], budget: float
    ) -> list[kit.Case]:
        """The candidates that the rules' constants need to be told, within the budget."""
        return _telling(given, candidates, self.objective, budget) if self.objective else []

    def traced(self, cases: Sequence[kit.Case]) -> set[int]:
        """The short runs with the smallest and the largest theta and rate, and a long one.

        Where all thetas are large a clipped gradient hides the loss, and where all are 1 one power of theta
        is as good as another. A schedule that begins late shows in a long run alone.
        """
        if self.objective is None:
            return set()
        found = set[int]()
        for suite in suites(cases, self.objective):
            steps, rate = suite.calls.steps[:, 0], suite.calls.rate[:, 0]
            theta = abs(suite.calls.theta)
            short = (steps >= 1) & (steps <= SHORT) & (rate > 0) & theta.all(axis=1) & ~suite.repeated
            for several in (short & (steps == 1), short & (steps > 1)):
                for size in (theta.max(axis=1), theta.min(axis=1), rate):
                    order = [i for i in np.argsort(size, kind="stable") if several[i]]
                    found.update(int(suite.index[i]) for i in (*order[:EACH], *order[-EACH:]))
            with np.errstate(all="ignore"):
                rests = abs(run(RIGHT, suite.calls).at.theta).max(axis=1) < AT_REST * theta.max(axis=1)
            slowly = np.lexsort((steps, rests))  # at rest, squares underflow and say nothing of the loss
            long = [i for i in slowly if steps[i] >= LONG and rate[i] > 0]
            found.update(int(suite.index[i]) for i in long[:EACH])
        return found

    def frozen(self, cases: Sequence[kit.Case]) -> bytes:
        """What the diagnoser needs, proven on the suite; empty where there is nothing."""
        found = minimised(self.exercise, cases)
        return msgspec.msgpack.encode(found) if found else b""


# --- cases that let the constants of a mistake be read off the outputs --------------------


def _telling(
    given: Sequence[kit.Case], candidates: Sequence[kit.Case], objective: Minimised, budget: float
) -> list[kit.Case]:
    """The candidates to add to the given cases, within the budget, best first.

    The cases chosen so far catch the mistakes that an instructor wrote down. A fitted one needs more: some to
    read its constants from, and enough others that agree so closely that it is no accident. So students who
    make each fitted mistake are simulated, with constants as different as students' are, and cases are taken
    as in `choose`, the most told per unit of effort first, until each is told or the budget is spent.
    A mistake that shows in no case of the pool (a clip that no gradient reaches) is a right program here.
    """
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
    samples = [Deviation(rule, constants) for rule in RULES for constants in rule.samples]
    told = np.zeros((len(cases), len(samples)), dtype=bool)
    for suite in suites(cases, objective):
        for demand, one in enumerate(samples):
            told[suite.index, demand] = _told(Program((one,)), suite)
    return told, np.array([CONVINCING + len(one.constants) + SPARE for one in samples])


def _told(program: Program, suite: Suite) -> Array:
    """By case: whether the program ends so far from the right one that to agree with it is no accident."""
    value, tolerance = predicted(program, suite.part)
    right = run(RIGHT, suite.part.calls).value
    if value.shape != right.shape:
        return np.ones(len(right), dtype=bool)
    return np.asarray((abs(value - right) > TELLING * tolerance).any(axis=1))
