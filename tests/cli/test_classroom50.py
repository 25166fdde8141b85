"""`grader classroom50` as Classroom 50's runner starts it: in the student's checkout. About 10 s."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.cli.running import ROOT, Run, grader
from tests.report.test_classroom50 import ENVIRONMENT, assert_taken

OUTSIDE: Final = """\
error: CLASSROOM, ASSIGNMENT, USERNAME, SUBMISSION_TAG, COMMIT_URL, RELEASE_URL are not set in the \
environment.
  help: Classroom 50's runner sets them: run this from its autograder.py, or use grader check, which \
needs none.
"""
IN_THE_WAY: Final = """\
error: result.json: cannot be replaced: Is a directory.
  help: Work in the student's checkout.
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "submissions" / "s07.ipynb", tmp_path / "solution.ipynb")
    (tmp_path / "result.json").write_text('{"score": 20}', encoding="utf-8")  # the student's own idea
    return tmp_path


def run(checkout: Path, kit: Path, **environment: str) -> Run:
    return grader("classroom50", "solution.ipynb", "--kit", kit, cwd=checkout, **environment)


def test_a_failing_submission_ran_and_its_result_replaces_one_that_was_handed_in(
    checkout: Path, kit_file: Path
) -> None:
    done = run(checkout, kit_file, **ENVIRONMENT)

    document = json.loads((checkout / "result.json").read_bytes())
    assert (done.code, done.err) == (0, "note: result.json was there already and is removed.\n")
    assert done.out.startswith("solution.ipynb ")
    assert_taken(document)
    assert (document["owner"], document["score"], document["max-score"]) == ("s07", 12, 20)
    body = (checkout / "release-body.md").read_text(encoding="utf-8")
    assert body.startswith("## solution\\.ipynb: 12 \\/ 20 points\n")


def test_outside_of_the_runner_what_is_missing_is_told(checkout: Path, kit_file: Path) -> None:
    done = run(checkout, kit_file)

    assert (done.code, done.out, done.err) == (2, "", OUTSIDE)


def test_a_fault_leaves_no_result_not_even_the_students(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"hello")

    done = run(checkout, tmp_path / "broken", **ENVIRONMENT)

    assert (done.code, done.out) == (2, "")
    assert not (checkout / "result.json").exists()


def test_what_stands_in_the_way_of_the_result_is_told(checkout: Path, kit_file: Path) -> None:
    (checkout / "result.json").unlink()
    (checkout / "result.json").mkdir()

    done = run(checkout, kit_file, **ENVIRONMENT)

    assert (done.code, done.err) == (2, IN_THE_WAY)
