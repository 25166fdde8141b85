"""Findings -> the grade of one submission. Under 1 s."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from grader import kit as kits
from grader.judging import award
from grader.judging.award import Finding
from grader.judging.score import without_run
from grader.records import Execution, ExerciseRun, Failure, Note, Place, Submission
from grader.results import CriterionResult, ExerciseResult, SubmissionResult
from tests.judging.build import case, criterion, exercise, kit_of

FIRST = exercise([case(0.5)], [criterion("values", [0], points=4.0)])
SECOND = msgspec.structs.replace(FIRST, name="again", title="Again")
KIT = kit_of(FIRST, SECOND, devices=("cpu", "cuda"))
SUBMISSION = Submission("s01", "class/s01.py", (Path("s01.py"),), notes=("two files have this name",))


def row(points: float, device: str = "cpu") -> CriterionResult:
    return CriterionResult(
        "values", "About values", "values", device, "passed", None, points, points, 1, 0, 0, ""
    )


def execution(device: str = "cpu", **changed: object) -> Execution:
    plain = Execution(
        device=device,
        loaded=True,
        message=None,
        failure=None,
        cells=(),
        notes=(),
        output="",
        exercises=(ExerciseRun("descend", found=True), ExerciseRun("again", found=False)),
        cpu_seconds=0.1234,
        sha256="abc",
    )
    return msgspec.structs.replace(plain, **changed)


def test_the_grade_holds_everything_that_was_found() -> None:
    note = Note("ignored %pip", Place("s01.ipynb", 3, 2))
    ran = ExerciseRun("descend", found=True, notes=(note,))
    found = {
        "descend": Finding((row(4.0),), notes=("keeps state",)),
        "again": Finding(without_run(SECOND, "cpu", Failure.MISSING, "no function named again", 1.0)),
    }
    one = execution(exercises=(ran, ExerciseRun("again", found=False)), notes=(Note("a cell raised"), note))

    assert award.award(SUBMISSION, [one], found, KIT) == SubmissionResult(
        student="s01",
        path="class/s01.py",
        sha256="abc",
        status="graded",
        message=None,
        score=4.0,
        max_score=8.0,
        seconds=0.123,
        notes=("two files have this name", "a cell raised", "s01.ipynb, cell 3, line 2: ignored %pip"),
        exercises=(
            ExerciseResult(
                "descend",
                "graded",
                4.0,
                4.0,
                ("keeps state", "s01.ipynb, cell 3, line 2: ignored %pip"),
                found["descend"].criteria,
                None,
                None,
            ),
            ExerciseResult("again", "missing", 0.0, 4.0, (), found["again"].criteria, None, None),
        ),
    )


def test_devices_add_up_and_say_the_same_note_once() -> None:
    note = Note("took long")
    both = [execution(notes=(note,)), execution("cuda", notes=(note,))]
    thirds = tuple(row(4.0 / 3, device) for device in ("cpu", "cuda", "third"))

    result = award.award(SUBMISSION, both, {"descend": Finding(thirds), "again": Finding(())}, KIT)

    assert (result.score, result.seconds) == (4.0, 0.247)
    assert result.notes == ("two files have this name", "took long")


def test_a_function_that_is_there_on_one_device_is_graded() -> None:
    gone = execution("cuda", exercises=(ExerciseRun("descend", found=False),) * 2)

    result = award.award(SUBMISSION, [execution(), gone], {"descend": Finding(()), "again": Finding(())}, KIT)

    assert [one.status for one in result.exercises] == ["graded", "missing"]


@pytest.mark.parametrize("failure", [Failure.LOAD_FAILED, Failure.TIMED_OUT])
def test_nothing_that_could_run_earns_nothing_and_says_why_once(failure: Failure) -> None:
    one = execution(loaded=False, failure=failure, notes=(Note("a cell raised"),), exercises=())

    result = award.not_loaded(SUBMISSION, KIT, ("cpu", "cuda"), "no line of it could run", [one])

    assert (result.status, result.message, result.score) == ("load_failed", "no line of it could run", 0.0)
    assert (result.sha256, result.seconds) == ("abc", 0.123)
    assert result.notes == ("two files have this name", "a cell raised")
    assert [(one.status, one.score, len(one.criteria)) for one in result.exercises] == [
        ("missing", 0.0, 2),
        ("missing", 0.0, 2),
    ]
    assert [(c.device, c.failure, c.points, c.max_points) for c in result.exercises[0].criteria] == [
        ("cpu", failure, 0.0, 2.0),
        ("cuda", failure, 0.0, 2.0),
    ]


def test_what_could_not_run_loses_an_exercises_points_on_its_own_devices_alone() -> None:
    own = msgspec.structs.replace(FIRST, devices=("cpu",))

    result = award.not_loaded(SUBMISSION, kit_of(own, SECOND), ("cpu", "cuda"), "no line of it could run")

    assert [[(row.device, row.max_points) for row in one.criteria] for one in result.exercises] == [
        [("cpu", 4.0)],
        [("cpu", 2.0), ("cuda", 2.0)],
    ]


@pytest.mark.parametrize(
    ("own", "there", "graded"),
    [
        ((), ["cpu", "cuda"], ["cpu", "cuda"]),
        (("cpu",), ["cpu", "cuda"], ["cpu"]),
        (("cpu",), ["cuda"], ["cuda"]),
    ],
)
def test_an_exercise_is_graded_on_its_own_devices_and_where_none_is_there_on_all(
    own: tuple[str, ...], there: list[str], graded: list[str]
) -> None:
    assert kits.graded_on(msgspec.structs.replace(FIRST, devices=own), there) == graded


def test_a_submission_without_a_readable_file_was_never_run() -> None:
    result = award.not_loaded(SUBMISSION, KIT, ("cpu",), "it is a folder")

    assert (result.sha256, result.seconds, result.notes) == ("", 0.0, ("two files have this name",))
    assert result.exercises[0].criteria[0].failure is Failure.LOAD_FAILED


def test_a_fault_of_ours_has_no_score_at_all() -> None:
    result = award.harness(SUBMISSION, KIT, "the disk is full")

    assert (result.status, result.message, result.score, result.max_score) == (
        "harness",
        "the disk is full",
        None,
        8.0,
    )
    assert [(one.status, one.score, one.criteria) for one in result.exercises] == [("harness", None, ())] * 2


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (None, "ran"),
        (Place("s01.py", None, 7), "s01.py, line 7: ran"),
        (Place("s01.ipynb", 3, 7), "s01.ipynb, cell 3, line 7: ran"),
    ],
)
def test_a_note_begins_with_its_place(place: Place | None, text: str) -> None:
    assert award.sentence(Note("ran", place)) == text
