"""`grader export parquet`: one table of everything that was judged."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from grader import store
from tests.cli.running import grader
from tests.report import samples

pytest.importorskip("pyarrow")


@pytest.fixture
def report(tmp_path: Path) -> Path:
    store.write_results(tmp_path / "report", samples.RESULTS)
    return tmp_path / "report"


def test_each_criterion_is_a_row_and_who_has_none_has_one(report: Path, tmp_path: Path) -> None:
    from pyarrow import parquet

    output = tmp_path / "marks.parquet"
    run = grader("export", "parquet", report, "-o", output)

    judged = [
        (one.student, exercise.name, row.id, row.outcome, row.points)
        for one in samples.RESULTS.submissions
        for exercise in one.exercises
        for row in exercise.criteria
    ]
    rows = parquet.read_table(output).to_pylist()
    found = [
        tuple(row[name] for name in ("student", "exercise", "criterion", "outcome", "points")) for row in rows
    ]
    assert (run.code, run.err) == (0, "")
    assert run.out == f"{output}: {len(rows)} rows of {len(samples.RESULTS.submissions)} submissions\n"
    assert [one for one in found if one[2] is not None] == judged
    assert {one[0] for one in found} == {one.student for one in samples.RESULTS.submissions}
    assert {row["student"]: row["score"] for row in rows} == {
        one.student: one.score for one in samples.RESULTS.submissions
    }


def test_a_correction_counts_and_what_was_given_stands_beside_it(report: Path, tmp_path: Path) -> None:
    from pyarrow import parquet

    wrong = samples.WRONG
    exercise = wrong.exercises[0]
    (report / "overrides.csv").write_text(f"student,exercise,score\n{wrong.student},{exercise.name},1.5\n")
    grader("export", "parquet", report, "-o", tmp_path / "marks.parquet")

    rows = parquet.read_table(tmp_path / "marks.parquet").to_pylist()
    own = [one for one in rows if (one["student"], one["exercise"]) == (wrong.student, exercise.name)]
    assert own
    assert {(one["exercise_score"], one["exercise_graded_score"]) for one in own} == {(1.5, exercise.score)}


def test_no_results_are_a_sentence(tmp_path: Path) -> None:
    run = grader("export", "parquet", tmp_path, "-o", tmp_path / "marks.parquet")

    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"error: {tmp_path}/results.json: there are no results here.\n"
        "  help: Name the folder that grader grade wrote: its -o DIR.\n"
    )


def test_results_are_written_in_pieces_as_msgspec_writes_the_whole(report: Path) -> None:
    whole = msgspec.json.format(store.encode(samples.RESULTS), indent=1) + b"\n"

    assert (report / "results.json").read_bytes() == whole

    nobody = msgspec.structs.replace(samples.RESULTS, submissions=())
    store.write_results(report, nobody)
    assert (report / "results.json").read_bytes() == msgspec.json.format(
        store.encode(nobody), indent=1
    ) + b"\n"
