"""Failing outcomes + kit -> the smallest call that shows what is wrong.

The one of a known mistake was shrunk when the assignment was frozen; for an unknown one it is
the simplest failing case of the suite and of the ladder. Only what a failed criterion looks at
is shown: nothing that cost nothing.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Collection
from typing import Final

from msgspec.structs import replace

from grader import kit as kits
from grader import records, tensors
from grader.judging import partviews
from grader.judging.behaviour import value_of
from grader.judging.compare import judge_case
from grader.judging.steps import step_table
from grader.results import Counterexample, Diagnosis, Difference, StepTable, TensorView, number

SEEDED: Final = "torch.manual_seed(0); "
"""In front of a call that draws random numbers: as it was made."""

IMPORTS: Final = {"torch": "import torch", "np": "import numpy as np", "math": "import math"}
"""What the source of a probe may name without saying so."""


class Shown(records.Record, frozen=True):
    """What is shown of a mistake, and the steps of that very call."""

    counterexample: Counterexample | None = None
    steps: StepTable | None = None
    difference: Difference | None = None  # where a part of it has many numbers
    raised: records.Place | None = None  # where the call raised, if it did


def counterexample(
    outcomes: records.ExerciseOutcomes, exercise: kits.Exercise, run: records.ExerciseRun,
    failed: Collection[str], diagnosis: Diagnosis | None = None, climbed: records.ExerciseRun | None = None,
) -> Shown:  # fmt: skip
    """The smallest call that shows why the criteria failed; none where no value and no form is to blame.

    `climbed`: what the function did on the first rungs of the ladder, where it was asked.
    Where steps alone are to blame, those of the simplest such call are shown.
    """
    sought, before = _Sought(exercise, failed), SEEDED if run.draws else ""
    known = diagnosis.misconceptions[0] if diagnosis and diagnosis.misconceptions else None
    shrunk = next((one.smallest for one in exercise.misconceptions if one.id == known), None)
    suite = outcomes.outcomes
    candidates = [_Candidate(exercise.cases[one.case], one, run.traces.get(one.case)) for one in suite]
    if shrunk is not None and sought.shows(candidates[shrunk]):
        return _show(candidates[shrunk], sought, outcomes.device, before)
    candidates += _rungs(climbed, exercise, outcomes.device) if climbed else []
    failing = [one for one in candidates if sought.shows(one)]
    if not failing:  # steps alone are to blame
        asked = {one.optimiser for one in sought.broken if one.kind == "optimiser"}
        broken = (candidates[one.case] for one in outcomes.chains if not one.holds and one.optimiser in asked)
        simplest = min(broken, key=lambda one: (one.case.effort, _length(one.case)), default=None)
        return Shown(steps=_steps(simplest, exercise, outcomes.device) if simplest else None)
    shown = min(failing, key=lambda one: (_simplicity(one), _length(one.case)))
    return _show(shown, sought, outcomes.device, before)


def rungs_to_climb(
    outcomes: records.ExerciseOutcomes, exercise: kits.Exercise, failed: Collection[str]
) -> int:
    """How many rungs of the ladder, from the first, could show more simply why the criteria failed.

    The ladder is in order of steps and length, so these are the rungs below the simplest failing case;
    none where no call alone shows it, as with steps taken by hand, and none for calls that have nothing to
    do: these never show it more simply.
    """
    sought = _Sought(exercise, failed)
    suite = [_Candidate(exercise.cases[one.case], one) for one in outcomes.outcomes]
    failing = [one for one in suite if sought.shows(one)]
    if not failing:
        return 0
    (*worse, steps), length = min((_simplicity(one), _length(one.case)) for one in failing)
    if any(worse):
        return len(exercise.ladder)
    if math.isinf(steps):
        return 0
    rungs = bisect_left(exercise.ladder, (steps, length), key=lambda rung: (rung.effort, _length(rung)))
    return rungs if any(rung.effort > 0 for rung in exercise.ladder[:rungs]) else 0


class _Candidate(records.Record, frozen=True):
    """A judged call, of the suite or of the ladder."""

    case: kits.Case
    outcome: records.Outcome
    trace: records.Trace | None = None


def _rungs(climbed: records.ExerciseRun, exercise: kits.Exercise, device: str) -> list[_Candidate]:
    """Those that came to something: a counterexample says what happened."""
    rows = [(i, exercise.ladder[i], answer) for i, answer in sorted(climbed.answers.items())]
    return [
        _Candidate(case, judge_case(i, case, answer, device), climbed.traces.get(i))
        for i, case, answer in rows
        if isinstance(answer, records.Raised) or returned_view(answer)
    ]


def _length(case: kits.Case) -> int:
    return len(tensors.call("", case.arguments))


class _Sought:
    """What the failed criteria look at: the values, or the form, of the cases of some values criteria."""

    def __init__(self, exercise: kits.Exercise, failed: Collection[str]) -> None:
        self.exercise = exercise
        broken = [one for one in exercise.rubric if one.id in failed]
        if exercise.either_shape and any(one.kind == "return" for one in broken):
            broken = list(exercise.rubric)  # where two shapes are one input, what is wrong for one of them
        self.broken = broken
        self._values = {one.id for one in broken if one.kind == "values"}
        self._forms = {
            exercise.cases[index].criterion for one in broken if one.kind == "return" for index in one.cases
        }

    def shows(self, candidate: _Candidate) -> bool:
        case, outcome = candidate.case, candidate.outcome
        if outcome.parts:
            return partviews.shown(self.broken, outcome) is not None
        value = outcome.failure is not None and case.criterion in self._values
        return value or (outcome.form is not None and case.criterion in self._forms)


def _simplicity(candidate: _Candidate) -> tuple[bool, bool, bool, float]:
    """Wrong values before wrong forms, an answer before none, few steps; among equals, few digits.

    A call that has nothing to do says least, so it comes last.
    """
    case, outcome = candidate.case, candidate.outcome
    not_run = outcome.failure is records.Failure.NOT_RUN
    steps = case.effort if case.effort > 0 else math.inf
    return outcome.failure is None, not_run, isinstance(outcome.answer, records.Stopped), steps


def shown_again(
    index: int, reply: records.ExerciseRun, position: int, exercise: kits.Exercise, failed: Collection[str],
    device: str, before: str,
) -> Shown | None:  # fmt: skip
    """A case that was called again, after the calls in `before`; None where it does not fail there."""
    case, answer = exercise.cases[index], reply.answers[position]
    candidate = _Candidate(case, judge_case(index, case, answer, device), reply.traces.get(position))
    sought = _Sought(exercise, failed)
    return _show(candidate, sought, device, before) if sought.shows(candidate) else None


def _show(candidate: _Candidate, sought: _Sought, device: str, before: str) -> Shown:
    """`before`: what has to be pasted in front of the call."""
    case, outcome, exercise = candidate.case, candidate.outcome, sought.exercise
    answer = outcome.answer
    part = partviews.shown(sought.broken, outcome)
    ratio = part.error_over_bound if part else outcome.error_over_bound
    steps = _steps(candidate, exercise, device, before)
    whole = partviews.Pair(None if case.leaves else tensors.view(case.expected), returned_view(answer))
    shown = partviews.pair(case, outcome, part) if part else whole
    support = _support(exercise)
    raised = answer if isinstance(answer, records.Raised) else None
    found = Counterexample(
        device, {name: tensors.argument_view(value) for name, value in case.arguments.items()},
        support + before + tensors.call(exercise.called, case.arguments, device), shown.expected, shown.got,
        part=partviews.name(part, case) if part else "",
        said=(part.message or part.form_message) if part else "", place=shown.place, support=support,
        raised=raised.line if raised else None, error_over_bound=None if ratio is None else number(ratio),
        bound=None if outcome.bound is None else number(outcome.bound),
        first_diverging_step=steps.diverges if steps else None,
    )  # fmt: skip
    difference = partviews.difference(case, outcome, part) if part else None
    return Shown(found, steps, difference, raised.place if raised else None)


def _support(exercise: kits.Exercise) -> str:
    """What is pasted above a call: the author's source with the imports that it is run with."""
    source = exercise.protocol.support
    if not source:
        return ""
    imports = [line for name, line in IMPORTS.items() if re.search(rf"\b{name}\.", source)]
    return "".join(f"{line}\n" for line in imports) + f"{source.strip()}\n\n"


def _steps(candidate: _Candidate, exercise: kits.Exercise, device: str, before: str = "") -> StepTable | None:
    answer = candidate.outcome.answer
    table = step_table(candidate.case, exercise, candidate.trace, answer, device)
    return table and replace(table, call=before + table.call)


def returned_view(answer: records.Answer) -> TensorView | None:
    """What came back, for reports."""
    value = value_of(answer)
    return tensors.view(value) if value else None
