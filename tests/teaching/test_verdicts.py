"""How the class's diagnoses are counted, on a class of four that is written down here."""

from __future__ import annotations

import pytest

from grader.results import (
    Assignment,
    CriterionResult,
    Diagnosis,
    Environment,
    ExerciseResult,
    Isolation,
    Results,
    SubmissionResult,
)
from tests.teaching.verdicts import FIRST, SECOND, Label, rows, score, table

KNOWN = {
    "capped": Label("rates above 0.1 are cut", "both", ("rate-at-most 0.1",)),
    "hard_coded": Label("every step uses the rate 0.3", "first", ("rate-fixed 0.3",)),
    "noisy": Label("noise is added to the gradient", "second", ("random",)),
    "unread": Label("a parenthesis is not closed", "first", tells="was never closed"),
}
CAPPED = Diagnosis(
    ("rate-fixed", "rate-at-most"),
    "The rate is 0.1",
    "",
    5,
    5,
    titles=("The rate is 0.1", "Rates above 0.1 are cut to 0.1"),
)
OTHER_RATE = Diagnosis(("rate-fixed",), "Every step uses the rate 0.35", "", 4, 5, partial=True)


def exercise(name: str, diagnosis: Diagnosis | None, message: str = "") -> ExerciseResult:
    row = CriterionResult("one-step", "One step", "values", "cpu", "failed", None, 0.0, 2.0, 8, 8, 0, message)
    return ExerciseResult(name, "graded", 0.0, 10.0, (), (row,), None, diagnosis)


def submission(student: str, *exercises: ExerciseResult) -> SubmissionResult:
    return SubmissionResult(student, student, "", "graded", None, 0.0, 20.0, 0.1, (), exercises)


def results(*submissions: SubmissionResult) -> Results:
    environment = Environment("", "", "", "", "", {}, Isolation("strict", (), ()))
    return Results("", Assignment("", "", ()), environment, (), (), submissions)


CLASS = results(
    submission("capped", exercise(FIRST, CAPPED), exercise(SECOND, CAPPED)),
    submission("hard_coded", exercise(FIRST, OTHER_RATE)),
    submission("noisy", exercise(FIRST, OTHER_RATE), exercise(SECOND, None)),
    submission("right", exercise(FIRST, None)),
    submission("unread", exercise(FIRST, None, "line 4: SyntaxError: '(' was never closed")),
)


def test_the_table_says_what_was_said_of_each_mistake_the_worst_first() -> None:
    assert table(rows(CLASS, KNOWN)) == TABLE


TABLE = """\
4 wrong submissions: 2 named rightly, 1 not named (?), 1 named wrongly (✗); score 25.0%

  Submission                           Its mistake                   What the grader says
----------------------------------------------------------------------------------------------------
✗ hard_coded                           every step uses the rate 0.3  partly (4 of 5 cases): Every
                                                                     step uses the rate 0.35
? noisy                                noise is added to the         no known mistake fits
                                       gradient
  capped                               rates above 0.1 are cut       The rate is 0.1 / Rates above
                                                                     0.1 are cut to 0.1
  unread                               a parenthesis is not closed   line 4: SyntaxError: '(' was
                                                                     never closed"""


@pytest.mark.parametrize(
    ("diagnoses", "expected"),
    [
        ((CAPPED, CAPPED), 1.0),
        ((CAPPED, None), 0.0),
        ((CAPPED, OTHER_RATE), -1.0),
        ((None, OTHER_RATE), -1.0),
    ],
)
def test_a_submission_is_as_badly_named_as_its_worst_exercise(
    diagnoses: tuple[Diagnosis | None, Diagnosis | None], expected: float
) -> None:
    first, second = diagnoses
    one = submission("capped", exercise(FIRST, first), exercise(SECOND, second))
    assert score(rows(results(one), KNOWN)) == expected


@pytest.mark.parametrize(
    ("accepts", "named"),
    [
        ("loss-norm absolute sum", True),
        ("loss-norm largest", False),
        ("loss-scaled absolute", False),
        ("loss-norm: The square of the sum of the absolute values", True),
        ("loss-norm: The sum of the absolute values", False),
        ("loss-scaled: The square of the sum of the absolute values", False),
    ],
)
def test_a_title_holds_the_words_that_a_label_names_or_is_the_whole_one(accepts: str, named: bool) -> None:
    label = Label("the square of the L1 norm", "second", (accepts,))

    assert label.accepted("loss-norm", "The square of the sum of the absolute values") == named
