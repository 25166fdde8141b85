"""Criteria, diagnosis and counterexample of every exercise -> the grade of one submission."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Literal

import msgspec

from grader import kit as kits
from grader import results
from grader.judging import score
from grader.records import Execution, ExerciseOutcomes, ExerciseRun, Failure, Note, Record, Submission

if TYPE_CHECKING:
    from grader.judging.evidence import JudgedRun


class Finding(Record, frozen=True):
    """What was found about one exercise, on all its devices."""

    criteria: tuple[results.CriterionResult, ...]
    diagnosis: results.Diagnosis | None = None
    counterexample: results.Counterexample | None = None
    notes: tuple[str, ...] = ()
    steps: results.StepTable | None = None
    further: tuple[results.Diagnosis, ...] = ()
    behaviour: str = ""
    difference: results.Difference | None = None


def award(
    submission: Submission, executions: Sequence[Execution], findings: dict[str, Finding], kit: kits.Kit
) -> results.SubmissionResult:
    """The grade of a submission that was run on at least one device."""
    exercises = tuple(
        _exercise(exercise, findings[exercise.name], [one.exercises[i] for one in executions])
        for i, exercise in enumerate(kit.exercises)
    )
    total = round(sum(one.score or 0.0 for one in exercises), 6)
    return _result(submission, kit, executions, "graded", None, total, exercises)


def not_loaded(
    submission: Submission, kit: kits.Kit, devices: Sequence[str], message: str,
    executions: Sequence[Execution] = (),
) -> results.SubmissionResult:  # fmt: skip
    """The grade of a submission of which nothing could run: no points, and the reason once."""
    failure = next((one.failure for one in executions if one.failure), Failure.LOAD_FAILED)
    exercises = []
    for exercise in kit.exercises:
        own = kits.graded_on(exercise, devices)
        rows = (score.without_run(exercise, one, failure, message, 1 / len(own)) for one in own)
        exercises.append(_nothing(exercise, "missing", 0.0, tuple(chain.from_iterable(rows))))
    return _result(submission, kit, executions, "load_failed", message, 0.0, tuple(exercises))


def harness(submission: Submission, kit: kits.Kit, message: str) -> results.SubmissionResult:
    """A fault of ours: no score at all, never zero."""
    exercises = tuple(_nothing(one, "harness", None) for one in kit.exercises)
    return _result(submission, kit, (), "harness", message, None, exercises)


def _nothing(
    exercise: kits.Exercise, status: Literal["missing", "harness"], points: float | None,
    rows: tuple[results.CriterionResult, ...] = (),
) -> results.ExerciseResult:  # fmt: skip
    return results.ExerciseResult(exercise.name, status, points, exercise.max_score, (), rows, None, None)


def _result(
    submission: Submission, kit: kits.Kit, executions: Sequence[Execution],
    status: Literal["graded", "load_failed", "harness"], message: str | None, points: float | None,
    exercises: tuple[results.ExerciseResult, ...],
) -> results.SubmissionResult:  # fmt: skip
    return results.SubmissionResult(
        submission.student, submission.path, executions[0].sha256 if executions else "", status, message,
        score=points, max_score=kit.max_score, seconds=round(sum(one.cpu_seconds for one in executions), 3),
        notes=_unique(submission.notes, *(map(sentence, one.notes) for one in executions)),
        exercises=exercises,
        origin=submission.origin,
    )  # fmt: skip


def sentence(note: Note) -> str:
    """A note with its place: `s01.ipynb, cell 3, line 2: ignored the magic %pip`."""
    if note.place is None:
        return note.text
    cell = "" if note.place.cell is None else f", cell {note.place.cell}"
    return f"{note.place.file}{cell}, line {note.place.line}: {note.text}"


def _exercise(
    exercise: kits.Exercise, finding: Finding, runs: Sequence[ExerciseRun]
) -> results.ExerciseResult:
    found = any(run.found for run in runs)
    return results.ExerciseResult(
        exercise.name, "graded" if found else "missing", score.total(finding.criteria), exercise.max_score,
        _unique(finding.notes, *(map(sentence, run.notes) for run in runs)), finding.criteria,
        counterexample=finding.counterexample, diagnosis=finding.diagnosis, further=finding.further,
        behaviour=finding.behaviour,
    )  # fmt: skip


def _unique(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(groups)))


# --- the rubric -------------------------------------------------------------------------


def marks(exercise: kits.Exercise, ran: Sequence[JudgedRun]) -> Finding:
    """The rubric applied on each device, whose shares of the points are equal; nothing is explained."""
    rows = [_rows(exercise, run, outcomes, 1 / len(ran)) for run, outcomes in ran]
    return Finding(
        criteria=tuple(_told_by_device(row, rows[0]) for device in rows for row in device),
        notes=tuple(dict.fromkeys(note for _, outcomes in ran for note in outcomes.notes)),
    )


def _rows(
    exercise: kits.Exercise, run: ExerciseRun, outcomes: ExerciseOutcomes, share: float
) -> tuple[results.CriterionResult, ...]:
    if run.found:
        return score.criteria(outcomes, exercise, share)
    near = f"; the most similar name is {run.nearest}" if run.nearest else ""
    message = results.absent(exercise.name) + near
    return score.without_run(exercise, outcomes.device, Failure.MISSING, message, share)


def _told_by_device(
    row: results.CriterionResult, first: Sequence[results.CriterionResult]
) -> results.CriterionResult:
    """A criterion that passes on the first device and fails on this one says so."""
    there = next(one for one in first if one.id == row.id)
    if row.outcome == "passed" or there.outcome == "failed":
        return row
    message = f"right on the {there.device}, wrong on {row.device}: {row.message}"
    return msgspec.structs.replace(row, message=message)
