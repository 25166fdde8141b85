"""`grader export parquet DIR`: everything that was judged as one table, for an instructor's own analysis.

A row for each criterion and device, in the order of the class, with what is known of its exercise and of its
submission beside it; a submission without any has one row. Scores are those that count, with corrections, and
what the grader gave stands beside them. Rows are written in groups: no class is too large for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from grader import overrides, store
from grader.commands.common import results_in, tell
from grader.errors import GraderError
from grader.overrides import Mark, Overrides
from grader.report.figures import plural
from grader.results import CriterionResult, ExerciseResult, Results, SubmissionResult

GROUP: Final = 20_000  # rows that are in memory at a time
COLUMNS: Final = {
    "student": "string",
    "status": "string",
    "score": "double",  # of the submission; null where there is no mark
    "max_score": "double",
    "graded_score": "double",  # before corrections
    "cpu_seconds": "double",
    "sha256": "string",
    "exercise": "string",
    "exercise_status": "string",
    "exercise_score": "double",
    "exercise_max_score": "double",
    "exercise_graded_score": "double",
    "mistake": "string",  # the id of the likely one, and its title
    "mistake_title": "string",
    "mistake_evidence": "string",
    "criterion": "string",
    "criterion_title": "string",
    "kind": "string",
    "device": "string",
    "outcome": "string",
    "failure": "string",
    "points": "double",
    "max_points": "double",
    "cases": "int64",
    "failed_cases": "int64",
    "borderline": "int64",
}


def run(folder: Path, output: Path) -> int:
    """Write the file, and say how much is in it. Raises GraderError."""
    results = results_in(folder)
    corrections = overrides.read(folder / overrides.OVERRIDES_FILE)
    with store.writing(output) as file:
        count = write(file, results, corrections)
    submissions = plural(len(results.submissions), "submission")
    tell(f"{output}: {plural(count, 'row')} of {submissions}", beside=False)
    return 0


def write(file: IO[bytes], results: Results, corrections: Overrides) -> int:
    """Write the table; returns how many rows it has. Raises GraderError where pyarrow is not here."""
    try:
        import pyarrow as pa  # noqa: PLC0415 -- an extra, and large
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise GraderError(
            f"export parquet: {error.name} is not installed.",
            "Install it: pip install 'torch-grader[parquet]'",
        ) from None
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in COLUMNS.items()])
    count = 0
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        rows = _rows(results, corrections)
        while group := list(islice(rows, GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            count += len(group)
    return count


def _rows(results: Results, corrections: Overrides) -> Iterator[dict[str, Any]]:
    for result in results.submissions:
        mark = overrides.mark(result, corrections)
        whole = _submission(result, mark)
        if not result.exercises:
            yield whole
        for exercise, own in zip(result.exercises, mark.exercises, strict=True):
            part = whole | _exercise(exercise) | {"exercise_score": own.score}
            if not exercise.criteria:
                yield part
            yield from (part | _criterion(row) for row in exercise.criteria)


def _submission(result: SubmissionResult, mark: Mark) -> dict[str, Any]:
    return {
        "student": result.student,
        "status": result.status,
        "score": mark.score,
        "max_score": mark.max_score,
        "graded_score": mark.graded,
        "cpu_seconds": result.seconds,
        "sha256": result.sha256,
    }


def _exercise(exercise: ExerciseResult) -> dict[str, Any]:
    found = exercise.diagnosis
    return {
        "exercise": exercise.name,
        "exercise_status": exercise.status,
        "exercise_max_score": exercise.max_score,
        "exercise_graded_score": exercise.score,
        "mistake": next(iter(found.misconceptions), None) if found else None,
        "mistake_title": found.title if found else None,
        "mistake_evidence": found.evidence if found else None,
    }


def _criterion(row: CriterionResult) -> dict[str, Any]:
    return {
        "criterion": row.id,
        "criterion_title": row.title,
        "kind": row.kind,
        "device": row.device,
        "outcome": row.outcome,
        "failure": row.failure,
        "points": row.points,
        "max_points": row.max_points,
        "cases": row.cases,
        "failed_cases": row.failed_cases,
        "borderline": row.borderline,
    }
