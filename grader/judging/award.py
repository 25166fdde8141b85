"""Criteria, diagnosis and counterexample of every exercise -> the grade of one submission."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Literal

from grader import kit as kits
from grader.judging import score
from grader.records import Execution, ExerciseRun, Failure, Note, Record, Submission
from grader.results import (
    Counterexample,
    CriterionResult,
    Diagnosis,
    Difference,
    ExerciseResult,
    StepTable,
    SubmissionResult,
)


class Finding(Record, frozen=True):
    """What was found about one exercise, on all its devices."""

    criteria: tuple[CriterionResult, ...]
    diagnosis: Diagnosis | None = None
    counterexample: Counterexample | None = None
    notes: tuple[str, ...] = ()
    steps: StepTable | None = None
    further: tuple[Diagnosis, ...] = ()
    behaviour: str = ""
    difference: Difference | None = None


def award(
    submission: Submission, executions: Sequence[Execution], findings: dict[str, Finding], kit: kits.Kit
) -> SubmissionResult:
    """The grade of a submission that was run on at least one device."""
    exercises = tuple(
        _exercise(exercise, findings[exercise.name], [one.exercises[i] for one in executions])
        for i, exercise in enumerate(kit.exercises)
    )
    total = round(sum(one.score or 0.0 for one in exercises), 6)
    return _result(submission, kit, executions, "graded", None, total, exercises)


def not_loaded(
    submission: Submission,
    kit: kits.Kit,
    devices: Sequence[str],
    message: str,
    executions: Sequence[Execution] = (),
) -> SubmissionResult:
    """The grade of a submission of which nothing could run: no points, and the reason once."""
    failure = next((one.failure for one in executions if one.failure), Failure.LOAD_FAILED)
    rows = [tuple(_without_run(one, devices, failure, message)) for one in kit.exercises]
    exercises = tuple(
        ExerciseResult(one.name, "missing", 0.0, one.max_score, (), own, None, None)
        for one, own in zip(kit.exercises, rows, strict=True)
    )
    return _result(submission, kit, executions, "load_failed", message, 0.0, exercises)


def _without_run(
    exercise: kits.Exercise, devices: Sequence[str], failure: Failure, message: str
) -> Iterator[CriterionResult]:
    own = kits.graded_on(exercise, devices)
    return chain(*(score.without_run(exercise, one, failure, message, 1 / len(own)) for one in own))


def harness(submission: Submission, kit: kits.Kit, message: str) -> SubmissionResult:
    """A fault of ours: no score at all, never zero."""
    exercises = tuple(
        ExerciseResult(one.name, "harness", None, one.max_score, (), (), None, None) for one in kit.exercises
    )
    return _result(submission, kit, (), "harness", message, None, exercises)


def _result(
    submission: Submission,
    kit: kits.Kit,
    executions: Sequence[Execution],
    status: Literal["graded", "load_failed", "harness"],
    message: str | None,
    points: float | None,
    exercises: tuple[ExerciseResult, ...],
) -> SubmissionResult:
    return SubmissionResult(
        student=submission.student,
        path=submission.path,
        sha256=executions[0].sha256 if executions else "",
        status=status,
        message=message,
        score=points,
        max_score=kit.max_score,
        seconds=round(sum(one.cpu_seconds for one in executions), 3),
        notes=_unique(submission.notes, *(map(sentence, one.notes) for one in executions)),
        exercises=exercises,
        origin=submission.origin,
    )


def sentence(note: Note) -> str:
    """A note with its place: `s01.ipynb, cell 3, line 2: ignored the magic %pip`."""
    if note.place is None:
        return note.text
    cell = "" if note.place.cell is None else f", cell {note.place.cell}"
    return f"{note.place.file}{cell}, line {note.place.line}: {note.text}"


def _exercise(exercise: kits.Exercise, finding: Finding, runs: Sequence[ExerciseRun]) -> ExerciseResult:
    found = any(run.found for run in runs)
    return ExerciseResult(
        name=exercise.name,
        status="graded" if found else "missing",
        score=score.total(finding.criteria),
        max_score=exercise.max_score,
        notes=_unique(finding.notes, *(map(sentence, run.notes) for run in runs)),
        criteria=finding.criteria,
        counterexample=finding.counterexample,
        diagnosis=finding.diagnosis,
        further=finding.further,
        behaviour=finding.behaviour,
    )


def _unique(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(groups)))
