"""Classroom 50's result.json, by the rules that its runner refuses documents by."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from grader.errors import GraderError
from grader.report import classroom50
from grader.results import SubmissionResult
from tests.report import samples, told
from tests.report.told import replace

ENVIRONMENT: Final = {
    "CLASSROOM": "deep-learning",
    "ASSIGNMENT": "homework-2",
    "USERNAME": "s07",
    "SUBMISSION_TAG": "submit/20261128T120000Z-abc1234",
    "COMMIT_URL": "https://git.example/c",
    "RELEASE_URL": "https://git.example/r",
}


def read(result: SubmissionResult = told.WRONG, **more: str) -> Any:
    place = classroom50.place(ENVIRONMENT | more)
    return json.loads(classroom50.document(told.checked(result), place))


def in_parts(part: float) -> SubmissionResult:
    """The sample with each point worth so much."""
    exercises = tuple(
        replace(
            exercise,
            criteria=tuple(
                replace(row, points=row.points * part, max_points=row.max_points * part)
                for row in exercise.criteria
            ),
        )
        for exercise in told.WRONG.exercises
    )
    assert told.WRONG.score is not None
    worth = {"score": told.WRONG.score * part, "max_score": told.WRONG.max_score * part}
    return replace(told.WRONG, exercises=exercises, **worth)


def assert_taken(document: Any) -> None:
    assert document["schema"] == "classroom50/result/v1"
    assert document["submission"].startswith("submit/")
    texts = ("classroom", "assignment", "assignment_type", "owner", "commit", "release", "review", "datetime")
    assert all(isinstance(document[name], str) and document[name] for name in texts)
    for one in (document, *document["tests"]):
        assert type(one["score"]) is type(one["max-score"]) is int
        assert 0 <= one["score"] <= one["max-score"]
    assert all(one["test-name"] and isinstance(one["passed"], bool) for one in document["tests"])
    assert sum(one["score"] for one in document["tests"]) == document["score"]


def test_a_wrong_submission_is_told_with_whole_points() -> None:
    document = read()
    tests = document.pop("tests")

    assert_taken({**document, "tests": tests})
    assert document == {
        "schema": "classroom50/result/v1",
        "classroom": "deep-learning",
        "assignment": "homework-2",
        "assignment_type": "individual",
        "owner": "s07",
        "submission": "submit/20261128T120000Z-abc1234",
        "commit": "https://git.example/c",
        "release": "https://git.example/r",
        "review": "https://git.example/c",
        "datetime": f"{samples.ENVIRONMENT.started[:19]}Z",
        "score": 16,
        "max-score": 20,
    }
    assert tests[0] == {
        "test-name": f"{told.WRONG.exercises[0].name}: {told.WRONG.exercises[0].criteria[0].title} (cpu)",
        "passed": True,
        "score": 2,
        "max-score": 2,
    }


def test_what_the_runner_may_tell_besides_is_taken() -> None:
    document = read(ASSIGNMENT_TYPE="group", OWNER="s01", REVIEW_URL="https://git.example/d")

    assert [document[name] for name in ("assignment_type", "owner", "review")] == [
        "group",
        "s01",
        "https://git.example/d",
    ]


@pytest.mark.parametrize(("part", "score"), [(0.5, 16), (0.1, 16), (1 / 3, 16), (1.5, 48)])
def test_points_with_parts_are_multiplied_until_they_are_whole(part: float, score: int) -> None:
    document = read(in_parts(part))

    assert_taken(document)
    assert (document["score"], document["max-score"]) == (score, score * 20 // 16)


def test_points_of_parts_that_no_number_makes_whole_are_refused() -> None:
    with pytest.raises(GraderError, match=r"^Classroom 50 takes whole points, and no small multiple"):
        read(in_parts(0.12345678))


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        (("CLASSROOM",), "CLASSROOM is not set in the environment."),
        (("USERNAME", "COMMIT_URL"), "USERNAME, COMMIT_URL are not set in the environment."),
    ],
)
def test_what_is_missing_in_the_environment_is_named(missing: tuple[str, ...], text: str) -> None:
    with pytest.raises(GraderError) as error:
        classroom50.place(ENVIRONMENT | dict.fromkeys(missing, ""))

    assert error.value.message == text
