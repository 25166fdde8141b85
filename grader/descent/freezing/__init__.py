"""What the freezer does for a descent: its objective, its mistakes, the cases that tell them.

Of these three the freezer knows no more than that a diagnoser may have them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from grader import kit
from grader.descent.freezing import mistakes, telling
from grader.descent.freezing.objective import minimised
from grader.descent.objective import Minimised
from grader.exercises import Exercise, Misconception


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

    def frozen(self, cases: Sequence[kit.Case]) -> bytes:
        """What the diagnoser needs, proven on the suite; empty where there is nothing."""
        found = minimised(self.exercise, cases)
        return msgspec.msgpack.encode(found) if found else b""
