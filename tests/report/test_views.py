"""What is decided before anything is laid out."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from grader.records import Cell, Failure, Note, Place
from grader.report import evidenceview, views
from grader.results import SubmissionResult
from tests.report import samples


@pytest.mark.parametrize(
    ("result", "state", "told"),
    [
        (samples.RIGHT, "passed", "All 12 checks passed."),
        (samples.WRONG, "partly", "10 of 12 checks passed."),
        (samples.LOAD_FAILED, "failed", "Nothing of this submission could run."),
        (samples.HALF, "partly", "All 6 checks passed; 1 exercise not started."),
        (samples.HARNESS, "harness", "The grader failed on this submission; this costs no points."),
        (
            samples.submission("s06", samples.missing(samples.ONE)),
            "failed",
            "None of the functions asked for was found.",
        ),
    ],
)
def test_the_one_sentence_after_the_score(result: SubmissionResult, state: str, told: str) -> None:
    assert (views.state(result), views.headline(result)) == (state, told)


def test_a_function_that_has_another_name_is_told_with_the_nearest() -> None:
    result = samples.submission(
        "s06", samples.missing(samples.ONE, "gradient_descent"), samples.missing(samples.TWO)
    )

    view = views.student(result, None, samples.HEAD)

    assert [exercise.words for exercise in view.exercises] == ["not started", "not started"]
    assert [exercise.notes for exercise in view.exercises] == [
        (f"no function named {samples.ONE}; the most similar name is gradient_descent",),
        (),
    ]


def test_exercises_of_a_file_that_cannot_load_are_not_called_not_started() -> None:
    view = views.student(samples.LOAD_FAILED, None, samples.HEAD)

    assert [exercise.words for exercise in view.exercises] == ["not run", "not run"]


def test_a_counterexample_without_an_answer_says_why() -> None:
    call = samples.COUNTEREXAMPLE.call
    found = msgspec.structs.replace(samples.COUNTEREXAMPLE, got=None, error_over_bound=None)
    case = msgspec.structs.replace(
        samples.case(2, "many-steps", Failure.TIMED_OUT, "no end after 2 s of CPU"), call=call, got=None
    )
    exercise = msgspec.structs.replace(samples.WRONG_EXERCISE, counterexample=found)
    evidence = msgspec.structs.replace(samples.EVIDENCE.exercises[1], cases=(case,))

    whole = msgspec.structs.replace(samples.EVIDENCE, exercises=(evidence,))
    for stored, told in ((whole, "no end after 2 s of CPU"), (None, "no value came back")):
        view = views.student(samples.submission("s06", exercise), stored, samples.HEAD)
        counter = view.exercises[0].counterexample
        assert counter
        assert (counter.raised, counter.outcome, counter.expected) == (True, told, "[0.64, 0.64]")


def test_a_counterexample_of_the_wrong_form_says_that_the_value_is_right() -> None:
    found = msgspec.structs.replace(
        samples.COUNTEREXAMPLE,
        got=samples.tensor(0.64, shape=()),
        error_over_bound=0.5,
        first_diverging_step=None,
    )
    case = msgspec.structs.replace(
        samples.case(2, "many-steps"), call=found.call, form_message="expected shape (2,), got shape ()"
    )
    evidence = msgspec.structs.replace(samples.EVIDENCE.exercises[1], cases=(case,))
    exercise = msgspec.structs.replace(samples.WRONG_EXERCISE, counterexample=found)
    whole = msgspec.structs.replace(samples.EVIDENCE, exercises=(evidence,))

    counter = (
        views.student(samples.submission("s06", exercise), whole, samples.HEAD).exercises[0].counterexample
    )

    assert counter
    assert counter.facts == (
        "The value is right, its form is not: expected shape (2,), got shape ().",
        "It came back as float32, shape ().",
    )


def test_failing_cases_are_those_of_the_criterions_kind() -> None:
    trace = msgspec.structs.replace(
        samples.EVIDENCE.exercises[1].traces[0], holds=False, message="taken by hand"
    )
    form = msgspec.structs.replace(
        samples.case(3, "no-steps"), form=Failure.WRONG_DTYPE, form_message="expected float32, got float64"
    )
    elsewhere = msgspec.structs.replace(samples.case(4, "one-step", Failure.RAISED, "raised"), device="cuda")
    wrong = samples.case(5, "one-step", Failure.WRONG_VALUE, "wrong")
    raised = msgspec.structs.replace(wrong, got=None, raised="ValueError: no")
    exercise = msgspec.structs.replace(
        samples.EVIDENCE.exercises[1], cases=(form, elsewhere, raised), traces=(trace,)
    )
    rows = tuple(samples.row(i, failed=1, failure=Failure.RAISED) for i in (0, 4, 5))
    graded = msgspec.structs.replace(samples.WRONG_EXERCISE, criteria=rows)
    evidence = msgspec.structs.replace(samples.EVIDENCE, exercises=(exercise,))

    view = views.student(samples.submission("s02", graded), evidence, samples.HEAD)

    shown = [
        [(row.arguments, row.got, row.message) for row in c.parts[0].rows] for c in view.exercises[0].criteria
    ]
    start = "(torch.tensor([1.0, 1.0]), 0.1, "
    assert shown == [
        [(f"{start}5)", "ValueError: no", "wrong")],
        [(f"{start}2)", "1 optimiser steps", "taken by hand")],
        [(f"{start}3)", "[0.25, 0.5] (float32, shape (2,))", "expected float32, got float64")],
    ]


def test_notes_are_told_once_and_with_their_place() -> None:
    long = (
        Note("ignored the magic %pip", Place("hw.ipynb", 2, 1)),
        Note("plots were not drawn"),
        Note("raised NameError", Place("hw.py", None, 7)),
    )

    told = views.notes(("hw.ipynb, cell 2, line 1: ignored the magic %pip",), long)

    assert told == (
        "hw.ipynb, cell 2, line 1: ignored the magic %pip",
        "plots were not drawn",
        "hw.py, line 7: raised NameError",
    )


def test_source_of_many_lines_is_cut_and_says_so() -> None:
    evidence = msgspec.structs.replace(samples.EVIDENCE, source=(Cell("hw.py", None, "x = 1\r\n" * 5000),))

    (source,) = views.student(samples.WRONG, evidence, samples.HEAD).sources

    assert (source.title, len(source.lines), set(source.lines)) == ("hw.py", 4000, {"x = 1"})
    assert source.more == "1,000 more lines are not shown."


def test_rendering_imports_no_torch_no_hypothesis_and_no_numpy() -> None:
    script = (
        "import sys\n"
        "import grader.report.html, grader.report.terminal, grader.report.github\n"
        "import grader.report.gradebook, grader.report.documents, grader.journal, grader.overrides\n"
        "grader.report.html.Renderer()\n"
        "print(sorted({'torch', 'hypothesis', 'numpy', 'IPython', 'nbformat'} & set(sys.modules)))\n"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("returned", "told"), [("float", "0.25 (float)"), ("Parameter", "0.25 (float32, shape ())")]
)
def test_a_case_of_the_wrong_form_says_what_came_back(returned: str, told: str) -> None:
    case = msgspec.structs.replace(
        samples.case(1, "one-step"),
        got=samples.tensor(0.25, shape=()),
        returned=returned,
        form=Failure.WRONG_TYPE,
    )
    exercise = msgspec.structs.replace(samples.EVIDENCE.exercises[1], cases=(case,))

    (row,), more = evidenceview.failing(samples.row(5, failed=1, failure=Failure.WRONG_TYPE), exercise)

    assert (row.got, more) == (told, "")
