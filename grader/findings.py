"""Outcomes of one exercise on every device -> its finding: rubric, diagnosis, counterexample.

The first device that shows a failure is the one that is explained: a mistake that is on the
CPU too is no matter of devices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from grader import diagnose, score
from grader import kit as kits
from grader.award import Finding
from grader.evidence import Ran
from grader.records import ExerciseOutcomes, ExerciseRun, Failure, Outcome, Stopped
from grader.results import CriterionResult, Diagnosis

Climb = Callable[[kits.Exercise, str], Sequence[Outcome]]
"""Runs the student's function on the ladder of an exercise on a device, and judges the rungs."""


def find(exercise: kits.Exercise, ran: Sequence[Ran], climb: Climb) -> Finding:
    """Apply the rubric on each device, whose shares of the points are equal, and explain what failed."""
    rows = [_rows(exercise, run, outcomes, 1 / len(ran)) for run, outcomes in ran]
    failing = next((i for i, row in enumerate(rows) if any(one.outcome == "failed" for one in row)), None)
    finding = Finding(
        criteria=tuple(_told_by_device(row, i, rows) for i in range(len(rows)) for row in rows[i]),
        notes=tuple(dict.fromkeys(note for _, outcomes in ran for note in outcomes.notes)),
    )
    if failing is None or not ran[failing][0].found:
        return finding
    diagnosis = _diagnose(exercise, ran, failing, rows[failing])
    run, outcomes = ran[failing]
    unknown = diagnosis is None and not _was_stopped(outcomes) and diagnose.has_wrong_case(outcomes)
    rungs = climb(exercise, outcomes.device) if unknown else ()
    shown = diagnose.counterexample(outcomes, exercise, run, diagnosis, rungs)
    return Finding(finding.criteria, diagnosis, shown, finding.notes)


def _rows(
    exercise: kits.Exercise, run: ExerciseRun, outcomes: ExerciseOutcomes, share: float
) -> tuple[CriterionResult, ...]:
    if run.found:
        return score.criteria(outcomes, exercise, share)
    near = f"; the most similar name is {run.nearest}" if run.nearest else ""
    message = f"no function named {exercise.name}{near}"
    return score.without_run(exercise, outcomes.device, Failure.MISSING, message, share)


def _told_by_device(
    row: CriterionResult, index: int, rows: Sequence[tuple[CriterionResult, ...]]
) -> CriterionResult:
    """A criterion that passes on the first device and fails here says so."""
    first = next(one for one in rows[0] if one.id == row.id)
    if index == 0 or row.outcome == "passed" or first.outcome == "failed":
        return row
    message = f"right on the {first.device}, wrong on {row.device}: {row.message}"
    return msgspec.structs.replace(row, message=message)


def _diagnose(
    exercise: kits.Exercise, ran: Sequence[Ran], failing: int, rows: Sequence[CriterionResult]
) -> Diagnosis | None:
    outcomes = ran[failing][1]
    known = diagnose.explain(outcomes, exercise, rows)
    if known is not None or failing == 0:
        return known
    return diagnose.tied_to_cpu(outcomes.device, ran[0][1], outcomes)


def _was_stopped(outcomes: ExerciseOutcomes) -> bool:
    """Whether a call had to be ended: the ladder would only cost the same wait again."""
    return any(isinstance(outcome.answer, Stopped) for outcome in outcomes.outcomes)
