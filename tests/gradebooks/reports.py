"""Report folders as `grader grade` leaves them, of students whom a learning system knows."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from grader import store
from grader.records import Cell, Origin, Person
from grader.results import EVIDENCE_SCHEMA, Evidence, Results, SubmissionResult
from tests.report.samples import HARNESS, ONE, RESULTS, TWO, WRONG_EXERCISE, missing, passed, submission


def handed_in(student: str, origin: Origin | None, points: int = 20) -> SubmissionResult:
    """20, 16, 10 or 0 points; -1 for a fault of ours."""
    if points < 0:
        return msgspec.structs.replace(HARNESS, student=student, origin=origin)
    second = {20: passed(TWO), 16: WRONG_EXERCISE}.get(points, missing(TWO))
    first = passed(ONE) if points else missing(ONE)
    status: Literal["graded", "load_failed"] = "graded" if points else "load_failed"
    return msgspec.structs.replace(submission(student, first, second, status=status), origin=origin)


def canvas(
    student: str, number: str, points: int = 20, attachment: int | str = "5", late: bool = False
) -> SubmissionResult:
    prefix = f"{student}{'_LATE' if late else ''}_{number}" + (f"_{attachment}" if attachment else "")
    return handed_in(student, Origin("canvas", number, prefix, (Person(student, number),), late), points)


def moodle(name: str, number: str, points: int = 20) -> SubmissionResult:
    prefix = f"{name}{f'_{number}' if number else ''}_assignsubmission_file"
    return handed_in(name, Origin("moodle", number, prefix, (Person(name),)), points)


def report(folder: Path, *submissions: SubmissionResult, corrections: str = "") -> Path:
    """The folder, with evidence of a notebook and a module for each."""
    results: Results = msgspec.structs.replace(RESULTS, submissions=submissions, unmatched=())
    store.write_results(folder, results)
    for one in submissions:
        cells = (Cell("problem1.ipynb", 1, "x = 1"), Cell("helper.py", None, "x = 1"))
        evidence = Evidence(EVIDENCE_SCHEMA, one.student, cells, (), "", ())
        store.write_evidence(folder, one.student, evidence)
    if corrections:
        header = "student,exercise,score,comment\n"
        (folder / "overrides.csv").write_text(header + corrections, encoding="utf-8")
    return folder
