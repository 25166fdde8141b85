"""Gradescope's results.json: the fields and values that it takes, and never a zero for a fault of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from grader.report import gradescope
from grader.results import SubmissionResult
from grader.text import FORBIDDEN
from tests.report import samples, told
from tests.report.reading import assert_gold, filled

TOP: Final = {
    *("score", "execution_time", "output", "output_format", "test_output_format", "test_name_format"),
    *("visibility", "stdout_visibility", "extra_data", "tests", "leaderboard"),
}
TEST: Final = {
    *("score", "max_score", "status", "name", "name_format", "number", "output", "output_format"),
    *("tags", "visibility", "extra_data"),
}
VISIBILITY: Final = {"hidden", "after_due_date", "after_published", "visible"}


def read(result: SubmissionResult = told.WRONG) -> Any:
    return json.loads(gradescope.document(told.checked(result)))


def assert_taken(document: Any) -> None:
    """By the rules of Gradescope's specification."""
    assert set(document) <= TOP
    assert {document["visibility"], document["stdout_visibility"]} <= VISIBILITY
    assert (
        document["output_format"] == document["test_output_format"] == document["test_name_format"] == "text"
    )
    assert isinstance(document["output"], str)
    for test in document.get("tests", []):
        assert set(test) <= TEST
        assert test["status"] in ("passed", "failed")
        assert 0 <= test["score"] <= test["max_score"]
        assert test["visibility"] == "visible", "one hidden test hides the total"
        assert "\n" not in test["name"]


def test_the_whole_document_of_a_wrong_submission(tmp_path: Path) -> None:
    text = gradescope.document(told.checked())

    assert_gold("gradescope.json", text, tmp_path)
    assert_taken(json.loads(text))


def test_the_score_is_the_sum_of_the_tests() -> None:
    document = read()

    assert document["score"] == 16.0
    assert sum(test["score"] for test in document["tests"]) == 16.0
    assert sum(test["max_score"] for test in document["tests"]) == 20.0


def test_what_was_not_begun_is_there_with_nothing() -> None:
    document = read(samples.HALF)

    assert document["score"] == 10.0
    assert [test["number"] for test in document["tests"]][6:] == ["2.1", "2.2", "2.3", "2.4", "2.5", "2.6"]
    assert {test["score"] for test in document["tests"][6:]} == {0.0}


def test_a_fault_of_the_grader_has_no_score_so_nobody_gets_a_zero() -> None:
    document = read(samples.HARNESS)

    assert "score" not in document
    assert "tests" not in document
    assert document["output"].startswith("The grader failed on this submission; this costs no points.\n")
    assert_taken(document)


@given(st.text())
def test_any_text_is_a_document_that_gradescope_takes(text: str) -> None:
    document = read(filled(told.WRONG, lambda line: f"{text}{line}"))

    assert_taken(document)
    assert len(document["tests"]) == 12
    assert not any(FORBIDDEN.search(test["name"] + test["output"]) for test in document["tests"])
    assert "Ask what .grad holds." not in json.dumps(document)
