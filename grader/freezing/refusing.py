"""What is refused: parts that do not fit together, and a reference that is not right by its own rubric."""

from __future__ import annotations

import torch

from grader import kit, tensors
from grader.errors import GraderError
from grader.exercises import Exercise
from grader.freezing.trials import bare
from grader.judging import compare, score
from grader.records import Answer, ExerciseRun, Trace
from grader.sandbox import calling


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
            raise GraderError(
                f"{exercise.name}: the misconception {mistake.id!r} costs {unknown[0]!r},"
                " which is no criterion.",
                f"The rubric has: {', '.join(criteria)}.",
            )
    for criterion in exercise.rubric:
        if criterion.kind == "optimiser" and not hasattr(torch.optim, criterion.optimiser):
            raise GraderError(
                f"{exercise.name}: the criterion {criterion.id!r} asks for torch.optim.{criterion.optimiser},"
                " which does not exist.",
                "Name a class of torch.optim.",
            )


def refuse_failing_reference(exercise: Exercise, frozen: kit.Exercise) -> None:
    """The reference must get full marks by the judging that students get."""
    answers: dict[int, Answer] = {}
    traces: dict[int, Trace] = {}
    for index, case in enumerate(frozen.cases):
        if case.repeats is None:
            answers[index] = bare(calling.call(exercise.reference, case.arguments, protocol=frozen.protocol))
        else:
            answers[index], traces[index] = calling.traced_call(
                exercise.reference, case.arguments, protocol=frozen.protocol
            )
    outcomes = compare.judge(
        ExerciseRun(exercise.name, found=True, answers=answers, traces=traces), frozen, "cpu"
    )
    for row, criterion in zip(score.criteria(outcomes, frozen), frozen.rubric, strict=True):
        if row.outcome == "failed":
            wrong = [i for i in criterion.cases if outcomes.outcomes[i].failure or outcomes.outcomes[i].form]
            case = frozen.cases[(wrong or criterion.cases)[0]]
            raise GraderError(
                f"{tensors.call(frozen.called, case.arguments)}: the reference itself fails {row.id!r}:"
                f" {row.message}.",
                "Correct the reference, its bound, or the criterion.",
            )
