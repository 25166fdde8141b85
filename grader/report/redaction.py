"""The records of one student -> the same without what only the instructor may see.

This happens before anything is laid out, so that no view, no template and no assignment's own template
can show it: it is not there.
"""

from __future__ import annotations

from typing import Final

import msgspec

from grader.records import Failure
from grader.report.figures import plural
from grader.results import (
    CaseEvidence,
    Counterexample,
    CriterionResult,
    Diagnosis,
    Evidence,
    ExerciseEvidence,
    ExerciseResult,
    StepTable,
    SubmissionResult,
    TensorView,
)

HIDDEN: Final = TensorView("", (0,), ())
"""Stands where an expected value was."""

_TELLING: Final = (Failure.WRONG_VALUE, Failure.NOT_FINITE)
"""Failures whose message names the expected value."""

_WRONG: Final = "another value was expected"


def for_student(
    result: SubmissionResult, evidence: Evidence | None, *, hide_expected: bool
) -> tuple[SubmissionResult, Evidence | None]:
    """What a student's own page may be made of."""
    result = _without_teacher(result)
    if not hide_expected:
        return result, evidence
    return _without_expected(result), _evidence(evidence) if evidence else None


def _without_teacher(result: SubmissionResult) -> SubmissionResult:
    replace = msgspec.structs.replace
    exercises = tuple(
        replace(
            one,
            diagnosis=_plain(one.diagnosis) if one.diagnosis else None,
            further=tuple(map(_plain, one.further)),
            behaviour="",
        )
        for one in result.exercises
    )
    return replace(result, exercises=exercises)


def _plain(found: Diagnosis) -> Diagnosis:
    return msgspec.structs.replace(found, teacher="")


def _without_expected(result: SubmissionResult) -> SubmissionResult:
    return msgspec.structs.replace(result, exercises=tuple(map(_exercise_result, result.exercises)))


def _exercise_result(exercise: ExerciseResult) -> ExerciseResult:
    return msgspec.structs.replace(
        exercise,
        criteria=tuple(map(_criterion, exercise.criteria)),
        counterexample=_counterexample(exercise.counterexample) if exercise.counterexample else None,
    )


def _criterion(row: CriterionResult) -> CriterionResult:
    if row.failure not in _TELLING or not row.failed_cases:
        return row
    told = f"{row.failed_cases} of {plural(row.cases, 'case')} fail: {_WRONG}"
    return msgspec.structs.replace(row, message=told)


def _counterexample(found: Counterexample) -> Counterexample:
    """The error goes too: with the value that came back it would say what was expected."""
    said = found.said.partition(", expected ")[0].partition(": expected ")[0]
    return msgspec.structs.replace(found, expected=HIDDEN, error_over_bound=None, bound=None, said=said)


def _evidence(evidence: Evidence) -> Evidence:
    return msgspec.structs.replace(evidence, exercises=tuple(map(_exercise_evidence, evidence.exercises)))


def _exercise_evidence(exercise: ExerciseEvidence) -> ExerciseEvidence:
    return msgspec.structs.replace(
        exercise,
        cases=tuple(map(_case, exercise.cases)),
        traces=tuple(msgspec.structs.replace(one, reference=()) for one in exercise.traces),
        steps=_steps(exercise.steps) if exercise.steps else None,
        difference=None,
    )


def _case(case: CaseEvidence) -> CaseEvidence:
    return msgspec.structs.replace(
        case,
        expected=HIDDEN,
        error=None,
        bound=None,
        error_over_bound=None,
        message=_WRONG if case.failure in _TELLING else case.message,
        form_message=_WRONG if case.form in _TELLING else case.form_message,
    )


def _steps(table: StepTable) -> StepTable:
    rows = tuple(
        msgspec.structs.replace(row, reference_value=None, reference_gradient=None, reference_change=None)
        for row in table.rows
        if row.value is not None
    )
    return msgspec.structs.replace(table, rows=rows)
