"""Annotations and the job summary: no student writes a command or markup into them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.records import Failure, Place
from grader.report import github
from grader.report.github import Annotation
from grader.results import Evidence
from tests.report import samples
from tests.report.reading import assert_gold, filled


def evidence_at(place: Place | None) -> Evidence:
    exercises = tuple(msgspec.structs.replace(one, place=place) for one in samples.EVIDENCE.exercises)
    return msgspec.structs.replace(samples.EVIDENCE, exercises=exercises)


def test_the_annotations_of_a_wrong_submission_point_at_the_definition() -> None:
    evidence = evidence_at(Place("hw.py", None, 12))

    assert github.annotations(samples.WRONG, evidence, "src/hw.py") == (
        "::error file=src/hw.py,line=12,title=gradient_descent_norm_torch_optimiser%3A likely mistake::"
        "The gradients of all steps add up.%0A"
        "backward() adds to .grad. Look at what each step of your loop should begin with.\n"
        "::error file=src/hw.py,line=12,title=gradient_descent_norm_torch_optimiser%3A many steps (cpu)::"
        "20 of 20 cases fail: wrong by up to 3e+07 bounds\n"
        "::error file=src/hw.py,line=12,title="
        "gradient_descent_norm_torch_optimiser%3A the rates 0%2C 0.5 and 1 (cpu)::"
        "4 of 10 cases fail: wrong by up to 2e+06 bounds\n"
    )


@pytest.mark.parametrize("place", [None, Place("hw.ipynb", 3, 12)], ids=["unknown", "in a cell"])
def test_a_line_of_a_cell_is_no_line_of_the_file(place: Place | None) -> None:
    lines = github.annotations(samples.WRONG, evidence_at(place), "hw.ipynb").splitlines()

    assert [line.split(",")[1] for line in lines] == ["line=1"] * 3


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (samples.RIGHT, ""),
        (
            samples.LOAD_FAILED,
            (
                "::error file=hw.py,line=1,title=Nothing of this submission could run.::"
                "s03.ipynb is no notebook: the JSON ends in line 12. Save it again and submit it whole.\n"
            ),
        ),
        (
            samples.HALF,
            (
                "::error file=hw.py,line=1,title=gradient_descent_norm_torch_optimiser::"
                "not started: no function named gradient_descent_norm_torch_optimiser\n"
            ),
        ),
        (
            samples.HARNESS,
            (
                "::error file=hw.py,line=1,"
                "title=The grader failed on this submission; this costs no points.::"
                "the zygote ended while starting (signal 9)\n"
            ),
        ),
    ],
    ids=["right", "load-failed", "missing", "harness"],
)
def test_the_annotations_of(result: object, told: str) -> None:
    assert isinstance(result, type(samples.RIGHT))
    assert github.annotations(result, None, "hw.py") == told


def test_at_most_ten_annotations_say_how_many_more_there_are() -> None:
    rows = tuple(samples.row(0, failure=Failure.RAISED, message="raised") for _ in range(30))
    exercise = msgspec.structs.replace(samples.WRONG_EXERCISE, criteria=rows, diagnosis=None)

    lines = github.annotations(samples.submission("s06", exercise), None, "hw.py").splitlines()

    assert len(lines) == 10
    assert lines[-1] == "::error file=hw.py,line=1,title=grader::and 21 more: see the summary of this job"


def test_ten_failures_are_all_told() -> None:
    rows = tuple(samples.row(0, failure=Failure.RAISED, message=f"raised {n}") for n in range(10))
    exercise = msgspec.structs.replace(samples.WRONG_EXERCISE, criteria=rows, diagnosis=None)

    lines = github.annotations(samples.submission("s06", exercise), None, "hw.py").splitlines()

    assert [line.rpartition(" ")[2] for line in lines] == [str(n) for n in range(10)]


def test_a_command_escapes_its_data_and_its_properties() -> None:
    one = Annotation("a,b:c%", "100 %\r\nsecond::line,", 7)

    assert github.command(one, "dir,a:b/100%\n.py") == (
        "::error file=dir%2Ca%3Ab/100%25%0A.py,line=7,title=a%2Cb%3Ac%25::100 %25%0Asecond::line,"
    )


@given(st.text())
def test_no_text_begins_a_second_command(text: str) -> None:
    command = github.command(Annotation(text, text), text)

    assert "\n" not in command
    assert "\r" not in command
    assert command.startswith("::error file=")


def test_the_whole_summary_of_a_wrong_submission(tmp_path: Path) -> None:
    text = github.summary(samples.WRONG, samples.EVIDENCE, samples.HEAD)

    assert_gold("summary.md", text, tmp_path)


def test_a_summary_shows_hostile_text_and_obeys_none_of_it() -> None:
    hostile = "<script>@org/team [x](https://e.example) **b** `c` | #1 ::stop-commands::t"
    result = filled(samples.WRONG, lambda text: hostile + text)

    text = github.summary(result, None, samples.HEAD)

    outside = "".join(text.split("```")[::2])
    assert "<" not in outside
    assert "@" not in outside
    assert "](" not in outside
    assert "https:" not in outside
    assert not any(line.startswith("::") for line in text.splitlines())


@given(st.text())
def test_no_text_leaves_its_block_of_code(text: str) -> None:
    first, *_, last = github.code(text).strip("\n").split("\n")

    assert last * 1 == first.removesuffix("text")
    assert last not in text


def test_a_long_summary_is_cut_and_says_so() -> None:
    notes = tuple(f"note {n} " + "é" * 500 for n in range(3000))
    result = msgspec.structs.replace(samples.WRONG, notes=notes)

    text = github.summary(result, samples.EVIDENCE, samples.HEAD)

    assert len(text.encode()) <= 900_000
    assert text.endswith("\nThe rest was cut: the summary is too long for GitHub.\n")


def test_the_summary_of_a_file_that_cannot_load_on_an_open_machine() -> None:
    isolation = msgspec.structs.replace(samples.ENVIRONMENT.isolation, level="none", missing=("seccomp",))
    head = msgspec.structs.replace(
        samples.HEAD, environment=msgspec.structs.replace(samples.ENVIRONMENT, isolation=isolation)
    )

    text = github.summary(samples.LOAD_FAILED, None, head)

    assert text.startswith(
        "## submissions\\/s03\\.ipynb: 0 \\/ 20 points\n\n"
        "Nothing of this submission could run\\.\n\n"
        "> **Submitted code ran with the rights of whoever graded it&#58; "
        "it was not isolated \\(seccomp\\)\\.**\n\n"
        "s03\\.ipynb is no notebook&#58; the JSON ends in line 12\\. Save it again and submit it whole\\.\n\n"
    )
