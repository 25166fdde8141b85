"""What the freezer does for the diagnosers that an exercise asks for.

Each knows kinds of mistakes by rules of its own. From them come misconceptions, which the suite must catch,
and cases that tell their constants; and each puts what it needs into the kit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from grader import kit
from grader.descent.freezing import Descent
from grader.errors import GraderError
from grader.exercises import Exercise, Misconception


class Freezing(Protocol):
    """One diagnoser's part in the freezing of one exercise."""

    def misconceptions(self) -> tuple[Misconception, ...]: ...

    def telling(
        self, given: Sequence[kit.Case], candidates: Sequence[kit.Case], budget: float
    ) -> list[kit.Case]:
        """The candidates that its rules need to be told apart, within the budget."""

    def traced(self, cases: Sequence[kit.Case]) -> set[int]:
        """The cases whose steps it needs to see."""

    def frozen(self, cases: Sequence[kit.Case]) -> bytes:
        """What it needs to know when it is asked about a student."""


DIAGNOSERS: Final[Mapping[str, Callable[[Exercise, Sequence[kit.Case]], Freezing]]] = {"descent": Descent}


def freezing(exercise: Exercise, cases: Sequence[kit.Case]) -> dict[str, Freezing]:
    """By name. Raises GraderError where the exercise asks for one that is not there."""
    for name in exercise.diagnosers:
        if name not in DIAGNOSERS:
            raise GraderError(
                f"{exercise.name}: there is no diagnoser {name!r}.", f"There are: {', '.join(DIAGNOSERS)}."
            )
    return {name: DIAGNOSERS[name](exercise, cases) for name in exercise.diagnosers}
