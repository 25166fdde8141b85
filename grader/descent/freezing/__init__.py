"""What the freezer does for a descent: its objective, its mistakes, the cases that tell them.

Of these three the freezer knows no more than that a diagnoser may have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from grader import kit
from grader.descent.freezing import mistakes, telling
from grader.descent.freezing.objective import minimised
from grader.descent.objective import Minimised
from grader.descent.program import RIGHT, run
from grader.descent.suite import suites
from grader.exercises import Exercise, Misconception

SHORT: Final = 6  # steps: a recorded one costs a third more
LONG: Final = 30  # steps, of one run that is recorded for what begins late
AT_REST: Final = 1e-9  # times the start
EACH: Final = 1  # at each end, of one step and of several


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
        return telling.telling(given, candidates, self.objective, budget) if self.objective else []

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
