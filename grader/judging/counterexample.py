"""Failing outcomes + kit -> the smallest call that shows what is wrong.

The one of a known mistake was shrunk when the assignment was frozen; for an unknown one it is
the simplest failing case of the suite and of the ladder. Only what a failed criterion looks at
is shown: nothing that cost nothing.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import Final

from grader import kit as kits
from grader import tensors
from grader.records import (
    Answer,
    ExerciseOutcomes,
    ExerciseRun,
    Failure,
    Outcome,
    Raised,
    Returned,
    Stopped,
    Tensor,
    Trace,
)
from grader.results import Counterexample, Diagnosis, TensorView, number

DIVERGES: Final = 64 * 2.0**-24
"""Relative difference from which a traced value counts as another one: far above honest single-precision
rounding of a few steps. Only a pointer; marks never depend on it."""


def counterexample(
    outcomes: ExerciseOutcomes,
    exercise: kits.Exercise,
    run: ExerciseRun,
    failed: Collection[str],
    diagnosis: Diagnosis | None = None,
    rungs: Sequence[Outcome] = (),
) -> Counterexample | None:
    """The smallest call that shows why the criteria failed; None where no value and no form is to blame.

    `rungs` are the judged rungs of the ladder, where one was climbed.
    """
    sought = _Sought(exercise, failed)
    known = diagnosis.misconceptions[0] if diagnosis and diagnosis.misconceptions else None
    shrunk = next((one.smallest for one in exercise.misconceptions if one.id == known), None)
    candidates = [(exercise.cases[one.case], one) for one in outcomes.outcomes]
    if shrunk is not None and sought.shows(*candidates[shrunk]):
        return _show(*candidates[shrunk], outcomes, exercise, run)
    candidates += [(exercise.ladder[one.case], one) for one in rungs if _tells(one.answer)]
    failing = [pair for pair in candidates if sought.shows(*pair)]
    if not failing:
        return None
    simplest = min(_simplicity(*pair) for pair in failing)
    equals = [pair for pair in failing if _simplicity(*pair) == simplest]
    return _show(*min(equals, key=lambda pair: _length(pair[0])), outcomes, exercise, run)


def rungs_to_climb(outcomes: ExerciseOutcomes, exercise: kits.Exercise, failed: Collection[str]) -> int:
    """How many rungs of the ladder, from the first, could show more simply why the criteria failed.

    The ladder is in order of steps and length, so these are the rungs below the simplest failing case;
    none where no call alone shows it, as with steps taken by hand, and none for calls without a step:
    of a function that takes steps these never show it more simply.
    """
    sought = _Sought(exercise, failed)
    suite = [(exercise.cases[one.case], one) for one in outcomes.outcomes]
    failing = [pair for pair in suite if sought.shows(*pair)]
    if not failing:
        return 0
    *worse, steps = simplest = min(_simplicity(*pair) for pair in failing)
    if any(worse):
        return len(exercise.ladder)
    length = min(_length(case) for case, one in failing if _simplicity(case, one) == simplest)
    if math.isinf(steps):
        return 0
    rungs = bisect_left(exercise.ladder, (steps, length), key=lambda rung: (rung.effort, _length(rung)))
    return rungs if any(rung.effort > 0 for rung in exercise.ladder[:rungs]) else 0


def _length(case: kits.Case) -> int:
    return len(tensors.call("", case.arguments))


class _Sought:
    """What the failed criteria look at: the values, or the form, of the cases of some values criteria."""

    def __init__(self, exercise: kits.Exercise, failed: Collection[str]) -> None:
        broken = [criterion for criterion in exercise.rubric if criterion.id in failed]
        self._values = {one.id for one in broken if one.kind == "values"}
        self._forms = {
            exercise.cases[index].criterion for one in broken if one.kind == "return" for index in one.cases
        }

    def shows(self, case: kits.Case, outcome: Outcome) -> bool:
        value = outcome.failure is not None and case.criterion in self._values
        return value or (outcome.form is not None and case.criterion in self._forms)


def _tells(answer: Answer) -> bool:
    """Whether a counterexample can say what happened; of the suite's cases the evidence says more."""
    return isinstance(answer, Raised) or (isinstance(answer, Returned) and answer.value is not None)


def _simplicity(case: kits.Case, outcome: Outcome) -> tuple[bool, bool, bool, float]:
    """Wrong values before wrong forms, an answer before none, few steps; among equals, few digits.

    A call without a step says least about a function that takes steps, so it comes last.
    """
    not_run = outcome.failure is Failure.NOT_RUN
    steps = case.effort if case.effort > 0 else math.inf
    return outcome.failure is None, not_run, isinstance(outcome.answer, Stopped), steps


def _show(
    case: kits.Case, outcome: Outcome, outcomes: ExerciseOutcomes, exercise: kits.Exercise, run: ExerciseRun
) -> Counterexample:
    answer = outcome.answer
    ratio = outcome.error_over_bound
    return Counterexample(
        device=outcomes.device,
        arguments={name: tensors.argument_view(value) for name, value in case.arguments.items()},
        call=tensors.call(exercise.name, case.arguments, outcomes.device),
        expected=tensors.view(case.expected),
        got=returned_view(answer),
        raised=answer.line if isinstance(answer, Raised) else None,
        error_over_bound=None if ratio is None else number(ratio),
        first_diverging_step=_first_diverging_step(case, exercise, run),
    )


def returned_view(answer: Answer) -> TensorView | None:
    """What came back, for reports."""
    return tensors.view(answer.value) if isinstance(answer, Returned) and answer.value is not None else None


# --- the first step that goes wrong -------------------------------------------------------


def _first_diverging_step(case: kits.Case, exercise: kits.Exercise, run: ExerciseRun) -> int | None:
    """The first step, from 1, that leaves another value; None where no trace of the same call is there."""
    for index, other in enumerate(exercise.cases):
        if other.trajectory and other.arguments == case.arguments and index in run.traces:
            return diverging_step(run.traces[index], other.trajectory)
    return None


def diverging_step(trace: Trace, trajectory: Sequence[Tensor]) -> int | None:
    """The first step, counted from 1, after which the parameter differs from the reference's.

    A step too many or too few counts. None where they agree, and where the trace cannot be laid beside
    the reference's: no step was recorded, or each step moved only some of the components.
    """
    mine = [[x for tensor in step.after for x in tensors.floats(tensor)] for step in trace.steps]
    theirs = [tensors.floats(tensor) for tensor in trajectory]
    if not mine or any(len(one) != len(theirs[0]) for one in mine):
        return None
    for step, (got, wanted, before) in enumerate(zip(mine, theirs[1:], theirs, strict=False), start=1):
        if any(map(_apart, got, wanted, before)):
            return step
    return None if len(mine) == len(theirs) - 1 else min(len(mine), len(theirs) - 1) + 1


def _apart(got: float, wanted: float, before: float) -> bool:
    """Rounding of a step is relative to where it began: it may end at 0."""
    return not (got == wanted or abs(got - wanted) <= DIVERGES * max(abs(wanted), abs(before)))
