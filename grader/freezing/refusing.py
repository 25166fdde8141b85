"""What is refused: parts that do not fit together, and a reference that is not right by its own rubric."""

from __future__ import annotations

import torch

from grader.errors import GraderError
from grader.exercises import Exercise
from grader.freezing.author import Unfit


def check(exercise: Exercise) -> None:
    """Refuse an exercise whose parts do not fit together."""
    criteria = [criterion.id for criterion in exercise.rubric]
    mistakes = [mistake.id for mistake in exercise.misconceptions]
    for what, names in (("criteria", criteria), ("misconceptions", mistakes)):
        twins = sorted({name for name in names if names.count(name) > 1})
        if twins:
            raise GraderError(f"{exercise.name}: two {what} have the id {twins[0]!r}.", "Give each its own.")
    for mistake in exercise.misconceptions:
        unknown = sorted((mistake.costs or frozenset()) - set(criteria))
        if unknown:
            raise Unfit(
                f"{exercise.name}: the misconception {mistake.id!r} costs {unknown[0]!r},"
                " which is no criterion.",
                f"The rubric has: {', '.join(criteria)}.",
                mistake,
            )
    for criterion in exercise.rubric:
        if criterion.kind == "optimiser" and not hasattr(torch.optim, criterion.optimiser):
            raise Unfit(
                f"{exercise.name}: the criterion {criterion.id!r} asks for torch.optim.{criterion.optimiser},"
                " which does not exist.",
                "Name a class of torch.optim.",
                criterion,
            )
