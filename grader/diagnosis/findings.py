"""Outcomes of one exercise on every device -> its finding: rubric, diagnosis, counterexample.

The first device that shows a failure is the one that is explained: a mistake that is on the
CPU too is no matter of devices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from grader import kit as kits
from grader.diagnosis import diagnose
from grader.diagnosis.devices import on_one_device
from grader.diagnosis.diagnose import Named, Told
from grader.diagnosis.prepared import Prepared
from grader.diagnosis.report import FailureReport
from grader.judging import score
from grader.judging.award import Finding
from grader.judging.counterexample import counterexample, rungs_to_climb
from grader.judging.evidence import JudgedRun
from grader.judging.where import quote
from grader.records import Cell, ExerciseOutcomes, ExerciseRun, Failure, Place
from grader.results import CriterionResult, Diagnosis

Climb = Callable[[kits.Exercise, str, int], ExerciseRun | None]
"""Runs the student's function on the first rungs of an exercise's ladder on a device."""


def find(prepared: Prepared, ran: Sequence[JudgedRun], climb: Climb, cells: Sequence[Cell] = ()) -> Finding:
    """Apply the rubric on each device and explain what failed.

    `cells` are the student's source, which a line may be quoted from.
    """
    exercise = prepared.exercise
    finding = marks(exercise, ran)
    lost = [(row.device, row.id) for row in finding.criteria if row.outcome == "failed"]
    devices = {device for device, _ in lost}
    first = next((i for i, (_, outcomes) in enumerate(ran) if outcomes.device in devices), None)
    if first is None or not ran[first][0].found:
        return finding
    run, outcomes = ran[first]
    failed = frozenset(name for device, name in lost if device == outcomes.device)
    report = FailureReport(outcomes, prepared, failed, run.traces, draws=run.draws)
    told = _told(report, ran[0][1].device if first else None)
    known = told.first.diagnosis if told.first else None
    unknown = (known is None or known.partial) and not report.stopped  # which would only be waited for again
    most = rungs_to_climb(outcomes, exercise, failed) if unknown else 0
    climbed = climb(exercise, outcomes.device, most) if most else None
    shown = counterexample(outcomes, exercise, run, failed, known, climbed)
    return msgspec.structs.replace(
        finding, counterexample=shown.counterexample, steps=shown.steps, difference=shown.difference,
        diagnosis=_quoting(told.first, run, cells, shown.raised) if told.first else None,
        further=tuple(_quoting(one, run, cells, None) for one in told.further),
    )  # fmt: skip


def marks(exercise: kits.Exercise, ran: Sequence[JudgedRun]) -> Finding:
    """The rubric applied on each device, whose shares of the points are equal; nothing is explained."""
    rows = [_rows(exercise, run, outcomes, 1 / len(ran)) for run, outcomes in ran]
    return Finding(
        criteria=tuple(_told_by_device(row, rows[0]) for device in rows for row in device),
        notes=tuple(dict.fromkeys(note for _, outcomes in ran for note in outcomes.notes)),
    )


def _quoting(named: Named, run: ExerciseRun, cells: Sequence[Cell], raised: Place | None) -> Diagnosis:
    """With the student's own line that the mistake points at."""
    return msgspec.structs.replace(named.diagnosis, quote=quote(named.where, run, cells, raised))


def _rows(
    exercise: kits.Exercise, run: ExerciseRun, outcomes: ExerciseOutcomes, share: float
) -> tuple[CriterionResult, ...]:
    if run.found:
        return score.criteria(outcomes, exercise, share)
    near = f"; the most similar name is {run.nearest}" if run.nearest else ""
    message = f"no function named {exercise.name}{near}"
    return score.without_run(exercise, outcomes.device, Failure.MISSING, message, share)


def _told_by_device(row: CriterionResult, first: Sequence[CriterionResult]) -> CriterionResult:
    """A criterion that passes on the first device and fails on this one says so."""
    there = next(one for one in first if one.id == row.id)
    if row.outcome == "passed" or there.outcome == "failed":
        return row
    message = f"right on the {there.device}, wrong on {row.device}: {row.message}"
    return msgspec.structs.replace(row, message=message)


def _told(report: FailureReport, right: str | None) -> Told:
    """The mistakes, the most fundamental first. `right`: the device on which all of it was right, if any."""
    if right is None:
        return diagnose.explain(report)
    found = on_one_device(report, right)
    return Told() if found is None else Told(Named(found))
