"""Points: all or nothing, the better shape, nothing for doing nothing. About 3 s."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import kit
from grader.judging import score
from grader.records import Answer, Failure, Returned, Tensor
from grader.results import CriterionResult
from grader.tensors import floats
from tests.judging.build import (
    LATE,
    QUICK,
    case,
    criterion,
    exercise,
    judged,
    raised,
    returned,
    step,
    tensor,
    trace,
)

THREE = exercise([case(0.75, steps=3), case(0.625, steps=1), case(0.5, steps=2)])


def rows(
    given_exercise: kit.Exercise, answers: list[Answer], share: float = 1.0
) -> tuple[CriterionResult, ...]:
    return score.criteria(judged(given_exercise, answers), given_exercise, share)


def row(**changed: object) -> CriterionResult:
    passed = CriterionResult("values", "About values", "values", "cpu", "passed", None, 2.0, 2.0, 3, 0, 0, "")
    return msgspec.structs.replace(passed, **changed)


def failed(failure: Failure, count: int, message: str, **changed: object) -> CriterionResult:
    return row(outcome="failed", failure=failure, points=0.0, failed_cases=count, message=message, **changed)


# --- one criterion ------------------------------------------------------------------------


def test_every_case_right_earns_the_points() -> None:
    assert rows(THREE, [returned(0.75), returned(0.625), returned(0.5)]) == (row(),)


def test_one_wrong_case_earns_nothing_and_is_told() -> None:
    assert rows(THREE, [returned(0.75), returned(0.625), returned(0.6)]) == (
        failed(Failure.WRONG_VALUE, 1, "1 of 3 cases fails: expected [0.5], got [0.6]"),
    )


def test_of_several_causes_the_simplest_case_speaks_with_its_call() -> None:
    assert rows(THREE, [returned(0.6), returned(0.625), raised("TypeError", "no")]) == (
        failed(
            Failure.RAISED,
            2,
            "2 of 3 cases fail, for instance (torch.tensor([1.0]), 0.1, 2): raised TypeError: no",
        ),
    )


def test_one_cause_of_all_is_told_once() -> None:
    assert rows(THREE, [raised("TypeError", "no")] * 3) == (
        failed(Failure.RAISED, 3, "all 3 cases fail: raised TypeError: no"),
    )


def test_the_only_case_is_told_as_that() -> None:
    assert rows(exercise([case(0.5)]), [returned(0.6)]) == (
        failed(Failure.WRONG_VALUE, 1, "the only case fails: expected [0.5], got [0.6]", cases=1),
    )


def test_a_case_that_was_not_run_is_told_with_the_cause_of_that() -> None:
    outcomes = judged(THREE, {2: LATE})

    assert score.criteria(outcomes, THREE) == (
        failed(Failure.TIMED_OUT, 3, "all 3 cases fail: no end within 2 s of CPU time"),
    )


def test_cases_that_were_never_run_say_so() -> None:
    assert score.criteria(judged(THREE, {}), THREE) == (
        failed(Failure.NOT_RUN, 3, "all 3 cases fail: not run"),
    )


def test_borderline_cases_count_and_are_counted() -> None:
    near = exercise([case(0.75, bound=0.1), case(0.625, bound=1e-6)])

    assert rows(near, [returned(0.8125), returned(0.625)]) == (row(cases=2, borderline=1),)


def test_nothing_of_an_exercise_ran() -> None:
    assert score.without_run(THREE, "cuda", Failure.MISSING, "no function", 0.5) == (
        failed(Failure.MISSING, 3, "no function", device="cuda", max_points=1.0),
    )


# --- form -----------------------------------------------------------------------------------


def test_the_form_is_judged_by_its_own_criterion_alone() -> None:
    formal = exercise([case(0.5)], [criterion("values", [0]), criterion("form", [0], "return")])

    values, form = rows(formal, [returned(0.5, dtype="float64")])

    assert values == row(cases=1)
    assert (form.outcome, form.failure) == ("failed", Failure.WRONG_DTYPE)
    assert form.message == "the only case fails: returned a float64 tensor, expected float32"


def test_a_form_is_never_borderline() -> None:
    formal = exercise([case(0.5, bound=1.0)], [criterion("form", [0], "return")])

    assert rows(formal, [returned(1.25)])[0].borderline == 0


# --- the optimiser ----------------------------------------------------------------------------

STEPS = exercise([case(0.75), case(0.75)], [criterion("sgd", [0, 1], "optimiser")])
MADE = trace(step([1.0], [0.75]))


def optimiser_row(
    answers: list[Answer], traces: dict[int, object], given_exercise: kit.Exercise = STEPS
) -> tuple[object, ...]:
    outcomes = judged(given_exercise, answers, traces)  # type: ignore[arg-type]
    made = score.criteria(outcomes, given_exercise)[0]
    return made.outcome, made.failure, made.failed_cases, made.message


def test_a_chain_that_holds_everywhere_earns_the_points_whatever_the_values() -> None:
    other = trace(step([1.0], [0.6]))

    assert optimiser_row([returned(0.6), returned(0.75)], {0: other, 1: MADE}) == ("passed", None, 0, "")


def test_a_broken_chain_is_by_hand() -> None:
    assert optimiser_row([returned(0.75), returned(0.75)], {1: MADE}) == (
        "failed",
        Failure.BY_HAND,
        1,
        "1 of 2 cases fails: torch.optim.SGD took no step",
    )


def test_a_traced_call_that_raised_failed_by_that() -> None:
    assert optimiser_row([raised("TypeError", "no"), returned(0.75)], {1: MADE}) == (
        "failed",
        Failure.RAISED,
        1,
        "1 of 2 cases fails: raised TypeError: no",
    )


def test_a_traced_call_that_was_not_run_follows_from_another() -> None:
    outcomes = judged(STEPS, {1: LATE})

    assert score.criteria(outcomes, STEPS)[0].failure is Failure.TIMED_OUT


def test_each_optimiser_criterion_looks_at_its_own_optimiser() -> None:
    both = exercise(
        [case(0.75)],
        [criterion("adam", [0], "optimiser", optimiser="Adam"), criterion("sgd", [0], "optimiser")],
    )

    made = score.criteria(judged(both, [returned(0.75)], {0: MADE}), both)

    assert [one.outcome for one in made] == ["failed", "passed"]


# --- two shapes for one input ---------------------------------------------------------------

SHAPES = exercise([case(0.75, shape=()), case(0.625, shape=()), case(0.75, shape=(1,))], either_shape=True)


def test_one_shape_that_is_right_is_enough() -> None:
    assert rows(SHAPES, [raised(), raised(), returned(0.75)]) == (
        row(
            cases=1,
            message="right for theta of shape (1,), which is enough here; with shape (), all 2 cases fail",
        ),
    )


def test_where_no_shape_is_right_all_cases_are_told() -> None:
    assert rows(SHAPES, [returned(0.75, shape=()), raised("E", "m"), raised("E", "m")]) == (
        failed(Failure.RAISED, 2, "2 of 3 cases fail: raised E: m"),
    )


def test_without_the_word_of_the_exercise_every_shape_counts() -> None:
    strict = msgspec.structs.replace(SHAPES, either_shape=False)

    assert rows(strict, [raised(), raised(), returned(0.75)])[0].points == 0


def test_the_steps_are_judged_for_the_better_shape_too_and_the_form_is_not() -> None:
    given_exercise = exercise(
        [case(0.75, shape=()), case(0.75, shape=(1,))],
        [criterion("sgd", [0, 1], "optimiser"), criterion("form", [0, 1], "return")],
        either_shape=True,
    )
    outcomes = judged(given_exercise, [raised(), returned(0.75)], {1: MADE})

    assert [one.outcome for one in score.criteria(outcomes, given_exercise)] == ["passed", "failed"]


FORMAL = exercise(
    [case(0.75, shape=()), case(0.625, shape=()), case(0.75, shape=(1,))],
    [criterion("values", [0, 1, 2]), criterion("form", [0, 1, 2], "return")],
    either_shape=True,
)


def test_what_is_right_for_one_shape_and_wrong_for_the_other_costs_the_form() -> None:
    answers: list[Answer] = [returned(0.6, shape=()), returned(0.625, shape=()), returned(0.75)]

    values, form = rows(FORMAL, answers)

    assert (values.points, form) == (
        2.0,
        failed(
            Failure.WRONG_VALUE,
            1,
            "right for theta of shape (1,), wrong for shape (): 1 of 2 cases fails: expected 0.75, got 0.6",
            id="form",
            title="About form",
            kind="return",
        ),
    )
    assert [one.id for one in score.blamed(judged(FORMAL, answers), FORMAL, {"form"})] == ["form", "values"]


def test_what_is_wrong_for_both_shapes_does_not_cost_the_form_as_well() -> None:
    answers: list[Answer] = [returned(0.6, shape=()), returned(0.625, shape=()), returned(0.7)]

    assert [one.points for one in rows(FORMAL, answers)] == [0.0, 2.0]


def test_a_form_that_is_wrong_itself_is_blamed_for_that_alone() -> None:
    answers: list[Answer] = [raised(), raised(), returned(0.75)]

    values, form = rows(FORMAL, answers)

    assert (values.points, form.points, form.message) == (2.0, 0.0, "2 of 3 cases fail: raised TypeError: no")
    assert [one.id for one in score.blamed(judged(FORMAL, answers), FORMAL, {"form"})] == ["form"]


def test_steps_by_hand_for_one_shape_cost_the_form() -> None:
    given_exercise = exercise(
        [case(0.75, shape=()), case(0.75, shape=(1,))],
        [criterion("sgd", [0, 1], "optimiser"), criterion("form", [0, 1], "return")],
        either_shape=True,
    )
    outcomes = judged(given_exercise, [returned(0.75, shape=()), returned(0.75)], {1: MADE})

    sgd, form = score.criteria(outcomes, given_exercise)

    assert (sgd.points, form.points, form.failure) == (2.0, 0.0, Failure.BY_HAND)
    assert form.message == (
        "right for theta of shape (1,), wrong for shape (): the only case fails: torch.optim.SGD took no step"
    )


# --- doing nothing ----------------------------------------------------------------------------


def test_what_comes_out_right_by_doing_nothing_is_not_earned() -> None:
    still = exercise([case(1.0, steps=0, criterion="no-steps"), case(0.5)])

    idle, _ = rows(still, [returned(1.0), returned(1.0)])

    assert idle == failed(
        Failure.WRONG_VALUE, 0, score.NOT_EARNED, id="no-steps", title="About no-steps", cases=1
    )


def test_what_comes_out_right_without_a_step_is_earned_by_a_wrong_step_elsewhere() -> None:
    still = exercise([case(1.0, steps=0, criterion="no-steps"), case(0.5)])

    assert [one.points for one in rows(still, [returned(1.0), returned(0.6)])] == [2.0, 0.0]


@st.composite
def suites(draw: st.DrawFn) -> kit.Exercise:
    """Any cases, in any families, with any kind of criterion over them."""
    small = st.sampled_from([0.0, 1.0, -1.0, 0.5, 0.1, 3.0])
    cases = []
    for _ in range(draw(st.integers(1, 5))):
        shape = draw(st.sampled_from([(), (1,)]))
        cases.append(
            case(
                draw(small),
                start=[draw(small)],
                shape=shape,
                dtype=draw(st.sampled_from(["float32", "float64"])),
                bound={"float32": (draw(small) ** 2,), "float64": (0.0,)},
                steps=draw(st.integers(0, 2)),
                criterion=draw(st.sampled_from("abc")),
            )
        )
    names = sorted({one.criterion for one in cases})
    own = [criterion(n, [i for i, c in enumerate(cases) if c.criterion == n]) for n in names]
    every = range(len(cases))
    rubric = [*own, criterion("form", every, "return"), criterion("sgd", every, "optimiser")]
    return exercise(cases, rubric, either_shape=draw(st.booleans()))


ECHOES = ("as it came", "in single precision", "as a number", "as a list", "zeros", "zero or the input")


def echo(one: kit.Case, how: str, index: int) -> Returned:
    start = one.arguments["theta"]
    assert isinstance(start, Tensor)
    values = [0.0] if how == "zeros" or (how == "zero or the input" and index % 2) else floats(start)
    if how == "as it came" or how.startswith("zero"):
        return Returned("Tensor", tensor(*values, dtype=start.dtype, shape=start.shape), "cpu")
    if how == "in single precision":
        return returned(*values, shape=start.shape)
    return returned(*values, dtype="float64", type="float" if how == "as a number" else "list", device=None)


@QUICK
@given(suites(), st.sampled_from(ECHOES), st.booleans())
def test_doing_nothing_earns_nothing_whatever_the_suite(
    given_exercise: kit.Exercise, how: str, stepping: bool
) -> None:
    answers: list[Answer] = [echo(one, how, index) for index, one in enumerate(given_exercise.cases)]
    idle = trace(step([1.0], [1.0]), step([0.0], [0.0]))
    traces = dict.fromkeys(range(len(answers)), idle) if stepping else {}

    outcomes = judged(given_exercise, answers, traces)

    assert sum(one.points for one in score.criteria(outcomes, given_exercise)) == 0


# --- laws -------------------------------------------------------------------------------------

ANSWERS: list[Answer] = [
    returned(0.5),
    returned(0.1, shape=()),
    returned(1.0),
    returned(3.0, dtype="float64"),
    raised(),
    LATE,
]


@st.composite
def answered(draw: st.DrawFn) -> tuple[kit.Exercise, list[Answer]]:
    given_exercise = draw(suites())
    return given_exercise, [draw(st.sampled_from(ANSWERS)) for _ in given_exercise.cases]


@QUICK
@given(answered(), st.integers(1, 7))
def test_points_lie_between_nothing_and_the_share_and_are_all_or_nothing(
    given_case: tuple[kit.Exercise, list[Answer]], devices: int
) -> None:
    given_exercise, answers = given_case

    for one in rows(given_exercise, answers, 1 / devices):
        assert one.points in (0.0, one.max_points)
        assert (one.points > 0) == (one.outcome == "passed") == (one.failure is None)
        assert 0 <= one.failed_cases <= one.cases <= len(answers)
        assert not one.failed_cases or one.message


@QUICK
@given(st.lists(st.sampled_from([1.0, 2.0, 0.7, 3.3]), min_size=1, max_size=6), st.integers(1, 12))
def test_the_shares_of_all_devices_sum_to_the_rubrics_total(points: list[float], devices: int) -> None:
    rubric = [criterion(f"c{i}", [0], points=one) for i, one in enumerate(points)]
    given_exercise = exercise([case(0.5)], rubric)

    every = [one for _ in range(devices) for one in rows(given_exercise, [returned(0.5)], 1 / devices)]

    assert score.total(every) == pytest.approx(float(sum(map(Fraction, points))), abs=1e-6)
    assert score.total(every) == round(given_exercise.max_score, 6)


@QUICK
@given(answered(), st.data())
def test_an_answer_that_gets_wrong_never_earns_more_once_something_moved(
    given_case: tuple[kit.Exercise, list[Answer]], data: st.DataObject
) -> None:
    given_exercise, answers = given_case
    index = data.draw(st.integers(0, len(answers) - 1))
    worse = [*answers[:index], raised(), *answers[index + 1 :]]

    before, after = rows(given_exercise, answers), rows(given_exercise, worse)

    assert all(new.points <= old.points for old, new in zip(before, after, strict=True))


@QUICK
@given(answered())
def test_a_criterion_that_counts_the_better_shape_never_earns_less_by_it(
    given_case: tuple[kit.Exercise, list[Answer]],
) -> None:
    given_exercise, answers = given_case
    either, strict = (msgspec.structs.replace(given_exercise, either_shape=one) for one in (True, False))

    pairs = list(zip(rows(either, answers), rows(strict, answers), strict=True))
    assert all(better.points >= plain.points for better, plain in pairs if better.kind != "return")
    assert sum(better.points - plain.points for better, plain in pairs) >= 0
