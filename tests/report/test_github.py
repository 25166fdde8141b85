"""Annotations: no student writes a command into them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.records import Failure, Place
from grader.report import github
from grader.report.github import Annotation
from grader.report.material import of_check
from grader.results import Graded, Quote, SubmissionResult
from tests.report import samples, told
from tests.report.reading import filled

replace: Final = msgspec.structs.replace


def commands(
    result: SubmissionResult, place: Place | None = None, path: str = "hw.py", root: Path | None = None
) -> str:
    """Of a check of the file at `path`, whose functions are at `place`."""
    exercises = tuple(msgspec.structs.replace(one, place=place) for one in samples.EVIDENCE.exercises)
    evidence = msgspec.structs.replace(samples.EVIDENCE, exercises=exercises)
    result = msgspec.structs.replace(result, path=path)
    return github.commands(of_check(Graded(result, evidence), samples.HEAD, root))


def test_the_annotations_of_a_wrong_submission_point_at_the_definition() -> None:
    assert commands(samples.WRONG, Place("hw.py", None, 12), "src/hw.py") == (
        "::error file=src/hw.py,line=12,title=gradient_descent_norm_torch_optimiser%3A likely mistake::"
        "The gradients of all steps add up.%0A"
        "All 24 failing cases behave exactly as if this were the mistake.%0A"
        "backward() adds to .grad. Look at what each step of your loop should begin with.\n"
        "::error file=src/hw.py,line=12,title=gradient_descent_norm_torch_optimiser%3A many steps (cpu)::"
        "20 of 20 cases fail: wrong by up to 3e+07 bounds\n"
        "::error file=src/hw.py,line=12,title="
        "gradient_descent_norm_torch_optimiser%3A the rates 0%2C 0.5 and 1 (cpu)::"
        "4 of 10 cases fail: wrong by up to 2e+06 bounds\n"
    )


@pytest.mark.parametrize("place", [None, Place("hw.ipynb", 3, 12)], ids=["unknown", "in a cell"])
def test_a_line_of_a_cell_is_no_line_of_the_file(place: Place | None) -> None:
    lines = commands(samples.WRONG, place, "hw.ipynb").splitlines()

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
    assert isinstance(result, SubmissionResult)
    assert commands(result) == told


def test_at_most_ten_annotations_say_how_many_more_there_are() -> None:
    rows = tuple(samples.row(0, failure=Failure.RAISED, message="raised") for _ in range(30))
    exercise = msgspec.structs.replace(samples.WRONG_EXERCISE, criteria=rows, diagnosis=None)

    lines = commands(samples.submission("s06", exercise)).splitlines()

    assert len(lines) == 10
    assert lines[-1] == "::error file=hw.py,line=1,title=grader::and 21 more: see the summary of this job"


def test_ten_failures_are_all_told() -> None:
    rows = tuple(samples.row(0, failure=Failure.RAISED, message=f"raised {n}") for n in range(10))
    exercise = msgspec.structs.replace(samples.WRONG_EXERCISE, criteria=rows, diagnosis=None)

    lines = commands(samples.submission("s06", exercise)).splitlines()

    assert [line.rpartition(" ")[2] for line in lines] == [str(n) for n in range(10)]


def test_a_command_escapes_its_data_and_its_properties() -> None:
    one = Annotation("a,b:c%", "100 %\r\nsecond::line,", "dir,a:b/100%\n.py", 7)

    assert github.command(one) == (
        "::error file=dir%2Ca%3Ab/100%25 .py,line=7,title=a%2Cb%3Ac%25::100 %25%0Asecond::line,"
    )


@given(st.text())
def test_no_text_begins_a_second_command(text: str) -> None:
    command = github.command(Annotation(text, text, text))

    assert "\n" not in command
    assert "\r" not in command
    assert command.startswith("::error file=")


def test_a_quoted_line_is_where_the_annotation_stands() -> None:
    quote = Quote("hw.py", None, 6, "    loss.backward()")
    exercise = msgspec.structs.replace(samples.WRONG_EXERCISE, diagnosis=replace(told.DIAGNOSIS, quote=quote))

    lines = commands(samples.submission("s06", exercise), Place("hw.py", None, 2)).splitlines()

    assert {line.split(",")[1] for line in lines} == {"line=6"}


def test_of_a_notebook_the_message_says_the_cell() -> None:
    first = commands(told.WRONG, None, "hw.ipynb").splitlines()[0]

    assert first.startswith("::error file=hw.ipynb,line=1,")
    assert first.endswith("begin with.%0ASee cell 3, line 6.")


def test_the_file_of_a_folder_is_named_from_the_repositorys_root(tmp_path: Path) -> None:
    told_of = commands(samples.WRONG, Place("hw.py", None, 12), f"{tmp_path}/week1/mine", tmp_path)

    assert {line.split(",")[0] for line in told_of.splitlines()} == {"::error file=week1/mine/hw.py"}


def test_a_file_outside_of_the_repository_keeps_its_name(tmp_path: Path) -> None:
    assert commands(samples.WRONG, None, "/elsewhere/hw.py", tmp_path).startswith(
        "::error file=/elsewhere/hw.py,"
    )


def test_of_a_class_only_faults_of_the_grader_are_annotated() -> None:
    assert github.commands(told.graded()) == (
        "::error file=submissions/s05.ipynb,line=1,"
        "title=The grader failed on this submission; this costs no points.::"
        "the zygote ended while starting (signal 9)\n"
    )


@given(st.text())
def test_whatever_a_student_writes_every_line_is_one_of_our_commands(text: str) -> None:
    result = filled(told.WRONG, lambda line: text + line)

    lines = github.commands(told.checked(result)).split("\n")

    assert lines.pop() == ""
    assert len(lines) == 3
    assert all(line.startswith("::error file=") for line in lines)


def test_text_for_people_stands_where_no_command_is_read() -> None:
    first, second = github.unread("::error::x\n"), github.unread("::error::x\n")

    begin, middle, end, rest = first.split("\n")
    token = begin.removeprefix("::stop-commands::")
    assert (middle, end, rest) == ("::error::x", f"::{token}::", "")
    assert len(token) == 32
    assert first != second, "nobody can know the token before"


def test_a_line_for_people_holds_no_command_of_either_kind() -> None:
    assert github.harmless("note: ##[add-mask]x") == "note: # #[add-mask]x"
    assert github.harmless("a\n::error::x\n \t::y::z a::b") == "a\n: :error::x\n \t: :y::z a::b"
