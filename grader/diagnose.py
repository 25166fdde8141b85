"""Failing outcomes + kit -> the name of the mistake and the smallest input that shows it.

Truth comes first: a mistake is named only where every case behaves as it does, and unknown
stays unknown. The counterexample of a known mistake was shrunk when the assignment was frozen;
for an unknown one it is the simplest failing case of the suite and of the ladder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grader import kit as kits
from grader import tensors
from grader.compare import error_line
from grader.matching import matches
from grader.records import ExerciseOutcomes, ExerciseRun, Outcome, Raised, Returned, Tensor, Trace
from grader.results import Counterexample, CriterionResult, Diagnosis, TensorView, number

DIVERGES: Final = 64 * 2.0**-24
"""Relative difference from which a traced value counts as another one: far above honest single-precision
rounding of a few steps. Only a pointer; marks never depend on it."""


def explain(
    outcomes: ExerciseOutcomes, exercise: kits.Exercise, criteria: Sequence[CriterionResult]
) -> Diagnosis | None:
    """Name the mistake behind the failed criteria of one device; None where nothing failed or none fits."""
    failed = {row.id for row in criteria if row.outcome == "failed"}
    if not failed or not outcomes.found:
        return None
    known = matches(outcomes, exercise, failed)
    if not known:
        return None
    failing = len(failing_cases(outcomes))
    return Diagnosis(
        misconceptions=tuple(one.id for one in known),
        title=known[0].title,
        hint=known[0].hint,
        explained=failing,
        failing=failing,
    )


def tied_to_cpu(device: str, first: ExerciseOutcomes, here: ExerciseOutcomes) -> Diagnosis | None:
    """For a function that is right on the first device and wrong on another."""
    failing = failing_cases(here)
    if failing_cases(first) or not failing:
        return None
    return Diagnosis(
        misconceptions=(),
        title=f"Right on the {first.device}, wrong on {device}.",
        hint=(
            "Something in the function stays on the CPU: look for device='cpu', .cpu(), .numpy(), and for "
            "tensors that are made without device=initial_theta.device."
        ),
        explained=len(failing),
        failing=len(failing),
    )


def failing_cases(outcomes: ExerciseOutcomes) -> set[int]:
    """The cases where something is wrong: the value, its form, or the optimiser's chain."""
    wrong = {outcome.case for outcome in outcomes.outcomes if outcome.failure or outcome.form}
    return wrong | {chain.case for chain in outcomes.chains if not chain.holds}


def has_wrong_case(outcomes: ExerciseOutcomes) -> bool:
    """Whether some call alone shows a mistake (steps taken by hand do not)."""
    return any(_is_wrong(outcome) for outcome in outcomes.outcomes)


def counterexample(
    outcomes: ExerciseOutcomes,
    exercise: kits.Exercise,
    run: ExerciseRun,
    diagnosis: Diagnosis | None,
    rungs: Sequence[Outcome] = (),
) -> Counterexample | None:
    """The smallest call that shows what is wrong; None where every value and form is right.

    `rungs` are the judged rungs of the ladder, where one was climbed.
    """
    known = diagnosis.misconceptions[0] if diagnosis and diagnosis.misconceptions else None
    shrunk = next((one.smallest for one in exercise.misconceptions if one.id == known), None)
    if shrunk is not None and _is_wrong(outcomes.outcomes[shrunk]):
        return _show(exercise.cases[shrunk], outcomes.outcomes[shrunk], outcomes, exercise, run)
    candidates = [(exercise.cases[o.case], o) for o in outcomes.outcomes if _is_wrong(o)]
    candidates += [(exercise.ladder[o.case], o) for o in rungs if _is_wrong(o)]
    if not candidates:
        return None
    case, outcome = min(candidates, key=lambda pair: _simplicity(*pair))
    return _show(case, outcome, outcomes, exercise, run)


def _is_wrong(outcome: Outcome) -> bool:
    return outcome.failure is not None or outcome.form is not None


def _simplicity(case: kits.Case, outcome: Outcome) -> tuple[object, ...]:
    """Wrong values before wrong forms, an answer before none, few steps, few digits."""
    no_answer = not isinstance(outcome.answer, (Returned, Raised))
    return outcome.failure is None, no_answer, case.effort, len(tensors.call("", case.arguments))


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
        raised=error_line(answer) if isinstance(answer, Raised) else None,
        error_over_bound=None if ratio is None else number(ratio),
        first_diverging_step=_first_diverging_step(case, exercise, run),
    )


def returned_view(answer: object) -> TensorView | None:
    """What came back, for reports."""
    return tensors.view(answer.value) if isinstance(answer, Returned) and answer.value is not None else None


def _first_diverging_step(case: kits.Case, exercise: kits.Exercise, run: ExerciseRun) -> int | None:
    """The first step, from 1, that leaves another value; None where no trace of the same call is there."""
    for index, other in enumerate(exercise.cases):
        if other.trajectory and other.arguments == case.arguments and index in run.traces:
            return diverging_step(run.traces[index], other.trajectory)
    return None


def diverging_step(trace: Trace, trajectory: Sequence[Tensor]) -> int | None:
    """The first step, counted from 1, after which the parameter differs from the reference's."""
    mine = [[x for tensor in step.after for x in tensors.numbers(tensor).tolist()] for step in trace.steps]
    theirs = [tensors.numbers(tensor).tolist() for tensor in trajectory[1:]]
    for number_, (got, wanted) in enumerate(zip(mine, theirs, strict=False), start=1):
        if len(got) != len(wanted) or any(_apart(g, w) for g, w in zip(got, wanted, strict=True)):
            return number_
    return None if len(mine) == len(theirs) else min(len(mine), len(theirs)) + 1


def _apart(got: float, wanted: float) -> bool:
    return not (got == wanted or abs(got - wanted) <= DIVERGES * max(abs(got), abs(wanted)))
