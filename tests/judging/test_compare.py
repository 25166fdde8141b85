"""Each kind of answer, judged: the whole outcome is compared. About 4 s."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grader.judging.compare import judge, judge_case
from grader.records import Answer, ExerciseOutcomes, ExerciseRun, Failure, Outcome, Returned, Stopped
from tests.judging.build import (
    LATE,
    QUICK,
    case,
    exercise,
    judged,
    nothing,
    raised,
    returned,
)

HALF = case(0.5, bound=0.01)
TWO = case(0.5, -0.5, bound=(0.01, 0.02))


def wrong(
    answer: Answer,
    failure: Failure,
    message: str,
    form: Failure | None = None,
    form_message: str | None = None,
) -> Outcome:
    """An outcome without a value to compare: its form fails as its values do, unless told otherwise."""
    told = message if form_message is None else form_message
    return Outcome(0, answer, failure, form or failure, None, None, None, message, told)


# --- answers without a value --------------------------------------------------------------


def test_a_call_that_was_ended_fails_with_the_cause() -> None:
    assert judge_case(0, HALF, LATE) == wrong(LATE, Failure.TIMED_OUT, "no end within 2 s of CPU time")


def test_a_call_that_raised_fails_with_the_last_line_of_the_traceback() -> None:
    answer = raised("TypeError", "bad operand")

    assert judge_case(0, HALF, answer) == wrong(answer, Failure.RAISED, "raised TypeError: bad operand")


def test_an_exception_without_a_message_is_named_by_its_type() -> None:
    answer = raised("KeyboardInterrupt", "")

    assert judge_case(0, HALF, answer) == wrong(answer, Failure.RAISED, "raised KeyboardInterrupt")


@pytest.mark.parametrize("failure", [Failure.OUT_OF_MEMORY, Failure.EXITED, Failure.REFUSED])
def test_what_an_exception_means_is_kept(failure: Failure) -> None:
    answer = raised("E", "m", failure)

    assert judge_case(0, HALF, answer) == wrong(answer, failure, "raised E: m")


def test_nothing_returned_is_no_tensor() -> None:
    answer = nothing()

    assert judge_case(0, HALF, answer) == wrong(answer, Failure.WRONG_TYPE, "returned None, not a tensor")


def test_a_tensor_that_cannot_be_read_is_told_what_kind_was_expected() -> None:
    answer = nothing("a tensor of 1000000000000 elements", "Tensor")

    assert judge_case(0, TWO, answer) == wrong(
        answer,
        Failure.WRONG_TYPE,
        "returned a tensor of 1000000000000 elements, not a float32 tensor of shape (2,)",
    )


# --- the number of values -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "message", "form_message"),
    [
        (
            returned(0.5),
            "returned 1 number, expected 2 numbers",
            "a tensor of shape (1,), expected shape (2,)",
        ),
        (
            returned(0.5, shape=()),
            "returned 1 number, expected 2 numbers",
            "a tensor of shape (), expected shape (2,)",
        ),
        (returned(), "returned no number, expected 2 numbers", "a tensor of shape (0,), expected shape (2,)"),
        (
            returned(0.5, -0.5, 0.5, -0.5, shape=(2, 2)),
            "returned 4 numbers, expected 2 numbers",
            "a tensor of shape (2, 2), expected shape (2,)",
        ),
    ],
)
def test_nothing_broadcasts(answer: Returned, message: str, form_message: str) -> None:
    assert judge_case(0, TWO, answer) == wrong(
        answer, Failure.WRONG_SHAPE, message, Failure.WRONG_SHAPE, f"returned {form_message}"
    )


def test_a_list_of_too_many_numbers_is_wrong_in_number_and_in_type() -> None:
    answer = returned(0.5, 0.5, dtype="float64", type="list", device=None)

    assert judge_case(0, HALF, answer) == wrong(
        answer,
        Failure.WRONG_SHAPE,
        "returned 2 numbers, expected 1 number",
        Failure.WRONG_TYPE,
        "returned a list, not a tensor",
    )


def test_an_empty_tensor_equals_nothing_not_even_an_empty_one() -> None:
    answer = returned()

    assert judge_case(0, case(), answer) == wrong(
        answer, Failure.WRONG_SHAPE, "returned no number, expected no number"
    )


# --- values -------------------------------------------------------------------------------


def test_a_right_value_in_the_right_form_has_nothing_to_say() -> None:
    answer = returned(0.5)

    assert judge_case(3, HALF, answer) == Outcome(3, answer, None, None, 0.0, 0.01, 0.0)


def test_a_parameter_is_a_tensor() -> None:
    assert judge_case(0, HALF, returned(0.5, type="Parameter")).form is None


def test_a_wrong_value_is_told_with_what_was_expected() -> None:
    answer = returned(0.75)

    assert judge_case(0, case(0.5, bound=0.125), answer) == Outcome(
        0,
        answer,
        Failure.WRONG_VALUE,
        None,
        0.25,
        0.125,
        2.0,
        "expected [0.5], got [0.75] (2 times the rounding error allowed)",
    )


def test_far_off_the_digits_say_enough() -> None:
    assert judge_case(0, case(0.5, bound=1e-9), returned(-8.0)).message == "expected [0.5], got [-8.0]"


def test_values_that_look_alike_are_told_with_every_digit() -> None:
    answer = returned(0.7, dtype="float64", shape=(), type="float", device=None)

    outcome = judge_case(0, case(0.699999988079071, shape=()), answer)

    assert outcome.failure is Failure.WRONG_VALUE
    assert outcome.message == "expected 0.699999988079071, got 0.7"


def test_the_component_furthest_beyond_its_bound_counts() -> None:
    outcome = judge_case(0, TWO, returned(0.53125, -0.53125))

    assert (outcome.error, outcome.bound) == (0.03125, 0.01)
    assert outcome.error_over_bound == 3.125


def test_a_component_at_rest_does_not_excuse_another() -> None:
    assert judge_case(0, TWO, returned(0.5, 0.0)).failure is Failure.WRONG_VALUE


def test_each_shape_of_as_many_numbers_has_the_right_values() -> None:
    outcome = judge_case(0, TWO, returned(0.5, -0.5, shape=(1, 2)))

    assert (outcome.failure, outcome.form) == (None, Failure.WRONG_SHAPE)
    assert outcome.form_message == "returned a tensor of shape (1, 2), expected shape (2,)"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_told_apart(value: float) -> None:
    answer = returned(value)

    outcome = judge_case(0, HALF, answer)

    assert (outcome.failure, outcome.error_over_bound) == (Failure.NOT_FINITE, math.inf)
    assert outcome.message == f"expected [0.5], got [{value}]"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_expected_to_be_not_finite_passes(value: float) -> None:
    outcome = judge_case(0, case(value, bound=0.01), returned(value))

    assert (outcome.failure, outcome.error, outcome.error_over_bound) == (None, 0.0, 0.0)


def test_infinities_of_the_other_sign_and_numbers_for_nan_are_wrong() -> None:
    assert judge_case(0, case(math.inf, bound=1.0), returned(-math.inf)).failure is Failure.WRONG_VALUE
    assert judge_case(0, case(math.inf, bound=1.0), returned(1.0)).failure is Failure.WRONG_VALUE
    assert judge_case(0, case(math.nan, bound=1.0), returned(1.0)).failure is Failure.WRONG_VALUE


def test_the_two_zeros_are_equal() -> None:
    assert judge_case(0, case(0.0), returned(-0.0)).failure is None


def test_a_bound_of_zero_asks_for_the_very_value() -> None:
    assert judge_case(0, case(0.5), returned(0.5)).error_over_bound == 0.0
    outcome = judge_case(0, case(0.5), returned(0.50000006))
    assert (outcome.failure, outcome.bound, outcome.error_over_bound) == (Failure.WRONG_VALUE, 0.0, math.inf)


@pytest.mark.parametrize(
    ("error", "failure", "borderline"),
    [
        (0.25, None, False),
        (math.nextafter(0.25, 1), None, True),
        (1.0, None, True),
        (math.nextafter(1.0, 2), Failure.WRONG_VALUE, False),
    ],
)
def test_a_quarter_of_the_bound_and_the_bound_itself_are_within(
    error: float, failure: Failure | None, borderline: bool
) -> None:
    outcome = judge_case(0, case(0.0, bound=1.0, dtype="float64"), returned(error, dtype="float64"))

    assert (outcome.failure, outcome.borderline) == (failure, borderline)


def test_a_wrong_value_is_never_borderline() -> None:
    assert not judge_case(0, HALF, returned(9.0)).borderline


def test_an_error_that_only_rounds_to_the_bound_is_beyond_it() -> None:
    """1 - 2^-60 is no float64, so |got - expected| in floats is 1 = B although the true error is larger."""
    got, expected = 1.0, -(2.0**-60)

    outcome = judge_case(0, case(expected, bound=1.0, dtype="float64"), returned(got, dtype="float64"))

    assert abs(got - expected) == 1.0
    assert outcome.failure is Failure.WRONG_VALUE
    assert outcome.error_over_bound == math.nextafter(1.0, 2.0)


# --- dtypes -------------------------------------------------------------------------------

BOTH = case(0.1, bound={"float64": (1e-15,), "float32": (1e-7,)}, dtype="float64")


@pytest.mark.parametrize(
    ("answer", "bound", "failure", "form"),
    [
        (returned(0.1, dtype="float64"), 1e-15, None, None),
        (returned(0.1), 1e-7, None, Failure.WRONG_DTYPE),
        (returned(0.10000000149, dtype="float64"), 1e-15, Failure.WRONG_VALUE, None),
        (returned(0.10000000149, dtype="float64", type="float", device=None), 1e-7, None, Failure.WRONG_TYPE),
        (returned(0.10000000149, dtype="float64", type="list", device=None), 1e-7, None, Failure.WRONG_TYPE),
        (
            returned(0.10000000149, dtype="float64", type="ndarray", device=None),
            1e-15,
            Failure.WRONG_VALUE,
            Failure.WRONG_TYPE,
        ),
        (returned(0.1, type="ndarray", device=None), 1e-7, None, Failure.WRONG_TYPE),
        (returned(0.1, dtype="float16"), 1e-7, Failure.WRONG_VALUE, Failure.WRONG_DTYPE),
        (returned(0, dtype="int64"), 1e-7, Failure.WRONG_VALUE, Failure.WRONG_DTYPE),
    ],
)
def test_the_bound_is_that_of_the_coarser_dtype(
    answer: Returned, bound: float, failure: Failure | None, form: Failure | None
) -> None:
    outcome = judge_case(0, BOTH, answer)

    assert (outcome.bound, outcome.failure, outcome.form) == (bound, failure, form)


def test_a_float64_answer_to_a_float32_case_has_the_right_value() -> None:
    outcome = judge_case(0, HALF, returned(0.505, dtype="float64"))

    assert (outcome.failure, outcome.form) == (None, Failure.WRONG_DTYPE)
    assert outcome.form_message == "returned a float64 tensor, expected float32"


# --- form ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("int", "an int"),
        ("float", "a float"),
        ("bool", "a bool"),
        ("tuple", "a tuple"),
        ("ndarray", "a NumPy array"),
        ("float32", "a NumPy float32"),
    ],
)
def test_the_type_is_told_with_its_article(name: str, words: str) -> None:
    outcome = judge_case(0, HALF, returned(0.5, type=name, device=None))

    assert (outcome.failure, outcome.form) == (None, Failure.WRONG_TYPE)
    assert outcome.form_message == f"returned {words}, not a tensor"


def test_a_result_on_another_device_is_right_in_its_values_only() -> None:
    outcome = judge_case(0, HALF, returned(0.5), device="cuda")

    assert (outcome.failure, outcome.form) == (None, Failure.WRONG_DEVICE)
    assert outcome.form_message == "returned a tensor on the device cpu, expected cuda"


# --- laws ---------------------------------------------------------------------------------

NUMBERS = st.floats(width=64)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
BOUNDS = st.floats(min_value=0.0, allow_nan=False, allow_infinity=False)


@st.composite
def components(draw: st.DrawFn) -> tuple[float, float, float]:
    """Got, expected, bound: often just inside or outside."""
    expected, bound = draw(NUMBERS), draw(BOUNDS)
    near = st.sampled_from([-1.0, -0.25, 0.0, 0.5, 1.0]).map(lambda part: expected + part * bound)
    beside = near.map(lambda x: math.nextafter(x, math.inf)) | near.map(
        lambda x: math.nextafter(x, -math.inf)
    )
    return draw(near | beside | NUMBERS), expected, bound


ROWS = st.lists(components(), min_size=1, max_size=4)


def outcome_of(rows: list[tuple[float, float, float]]) -> Outcome:
    got, expected, bound = zip(*rows, strict=True)
    return judge_case(0, case(*expected, bound=bound, dtype="float64"), returned(*got, dtype="float64"))


def within(got: float, expected: float, bound: float) -> bool:
    """The rule in exact arithmetic."""
    if math.isfinite(got) and math.isfinite(expected):
        return abs(Fraction(got) - Fraction(expected)) <= Fraction(bound)
    return got == expected or (math.isnan(got) and math.isnan(expected))


@QUICK
@given(ROWS)
def test_a_value_is_accepted_just_where_every_component_is_within_its_bound(
    rows: list[tuple[float, float, float]],
) -> None:
    outcome = outcome_of(rows)

    assert (outcome.failure is None) == all(within(*row) for row in rows)
    assert outcome.error_over_bound is not None
    assert (outcome.error_over_bound > 1) == (outcome.failure is not None)


@QUICK
@given(ROWS, st.randoms())
def test_the_order_of_the_components_does_not_matter(
    rows: list[tuple[float, float, float]], random: Random
) -> None:
    shuffled = random.sample(rows, len(rows))

    first, second = outcome_of(rows), outcome_of(shuffled)

    assert (first.failure, first.error_over_bound) == (second.failure, second.error_over_bound)


@QUICK
@given(FINITE, FINITE, FINITE, BOUNDS)
def test_a_larger_error_never_turns_wrong_into_right(
    first: float, second: float, expected: float, bound: float
) -> None:
    near, far = sorted((first, second), key=lambda x: abs(Fraction(x) - Fraction(expected)))
    smaller, larger = outcome_of([(near, expected, bound)]), outcome_of([(far, expected, bound)])

    assert smaller.failure is None or larger.failure is not None
    assert smaller.error_over_bound is not None
    assert larger.error_over_bound is not None
    assert smaller.error_over_bound <= larger.error_over_bound


@QUICK
@given(FINITE, FINITE, BOUNDS, BOUNDS)
def test_a_larger_bound_never_turns_right_into_wrong(
    got: float, expected: float, first: float, second: float
) -> None:
    small, large = sorted((first, second))

    assume(outcome_of([(got, expected, small)]).failure is None)
    assert outcome_of([(got, expected, large)]).failure is None


# --- all cases of an exercise ------------------------------------------------------------


def test_a_case_without_an_answer_was_not_run() -> None:
    outcomes = judged(exercise([HALF, HALF]), {1: returned(0.5)}).outcomes

    assert outcomes[0].answer == Stopped(Failure.NOT_RUN, "not run")
    assert [one.failure for one in outcomes] == [Failure.NOT_RUN, None]


def test_an_exercise_that_is_not_there_has_no_outcomes() -> None:
    missing = ExerciseRun("descend", found=False, nearest="descent")

    assert judge(missing, exercise([HALF]), "cpu") == ExerciseOutcomes(
        "descend", "cpu", found=False, outcomes=(), chains=(), moved=False
    )


SAME = exercise([HALF, case(0.5, bound=0.01, repeats=0), case(0.5, bound=0.01, repeats=0)])


@pytest.mark.parametrize(
    ("answers", "changed"),
    [
        ([returned(0.5), returned(0.5), returned(0.5)], 0),
        ([returned(math.nan), returned(math.nan), returned(math.nan)], 0),
        ([returned(0.5), returned(0.5), returned(0.50000006)], 1),
        ([returned(0.5), raised(), nothing()], 2),
        ([raised("A"), raised("B"), raised("C")], 0),
        ([returned(0.5), LATE, LATE], 0),
    ],
)
def test_a_call_that_answers_otherwise_the_second_time_is_noted(answers: list[Answer], changed: int) -> None:
    note = (
        f"{changed} of 2 repeated calls gave another answer than the first time:"
        " the function keeps state between calls, or is random."
    )

    assert judged(SAME, answers).notes == ((note,) if changed else ())


# --- doing nothing ------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.6, -1.0, 1e-3])
def test_another_number_than_zero_and_the_input_shows_a_move(value: float) -> None:
    assert judged(exercise([case(0.5)]), [returned(value)]).moved


def test_without_a_step_nothing_shows_a_move() -> None:
    assert not judged(exercise([case(0.5, steps=0)]), [returned(0.6)]).moved


@pytest.mark.parametrize("answer", [raised(), nothing(), LATE, returned(math.nan), returned(math.inf)])
def test_what_is_no_number_shows_no_move(answer: Answer) -> None:
    assert not judged(exercise([case(0.5)]), [answer]).moved


@QUICK
@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=3),
    st.sampled_from(["float64", "float32"]),
    st.randoms(),
)
def test_the_input_cast_cut_repeated_turned_round_or_zeroed_is_no_move(
    start: list[float], dtype: str, random: Random
) -> None:
    back = random.choices([*start, 0.0], k=random.randint(0, 5))

    outcomes = judged(exercise([case(*start, start=start, dtype="float64")]), [returned(*back, dtype=dtype)])

    assert not outcomes.moved
