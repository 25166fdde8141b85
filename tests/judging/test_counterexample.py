"""The smallest call that shows what is wrong, and the first step that goes wrong. Under 1 s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import pytest

from grader import kit
from grader.judging.counterexample import counterexample, rungs_to_climb
from grader.records import Answer, Failure, Place, Stopped
from grader.results import Counterexample, Diagnosis, TensorView
from tests.judging.build import (
    case,
    criterion,
    exercise,
    judged,
    mistake,
    nothing,
    raised,
    returned,
    run,
    step,
    tensor,
    trace,
)

CASES = [
    case(0.5, steps=5, start=[0.125]),
    case(0.25, steps=2, start=[0.125]),
    case(0.25, steps=2, start=[1.0]),
    case(1.0, steps=0, criterion="no-steps"),
]
LADDER = [case(0.5, steps=0, criterion="no-steps"), case(0.5, steps=1), case(0.5, steps=1, start=[1.5])]
RUBRIC = [criterion("values", [0, 1, 2]), criterion("no-steps", [3]), criterion("form", [0, 1, 2], "return")]
RIGHT = [returned(0.5), returned(0.25), returned(0.25), returned(1.0)]
WRONG = [returned(9.0), returned(9.0), returned(9.0), returned(1.0)]


def given(*misconceptions: kit.Misconception) -> kit.Exercise:
    return exercise(CASES, RUBRIC, misconceptions, LADDER)


def smallest(
    answers: Sequence[Answer],
    failed: set[str],
    diagnosis: Diagnosis | None = None,
    known: Sequence[kit.Misconception] = (),
    rungs: Mapping[int, Answer] | None = None,
) -> str:
    """The call that is shown, without the name."""
    shown = counterexample(
        judged(given(*known), answers), given(*known), run(answers), failed, diagnosis, run(rungs or {})
    )
    return shown.counterexample.call.removeprefix("descend") if shown.counterexample else ""


def test_everything_about_the_call_is_told() -> None:
    found = counterexample(judged(given(), WRONG), given(), run(WRONG), {"values"}).counterexample

    assert found == Counterexample(
        device="cpu",
        arguments={"theta": TensorView("float32", (1,), (1.0,)), "rate": 0.1, "steps": 2},
        call="descend(torch.tensor([1.0]), 0.1, 2)",
        expected=TensorView("float64", (1,), (0.25,)),
        got=TensorView("float32", (1,), (9.0,)),
        raised=None,
        error_over_bound="inf",
        first_diverging_step=None,
        bound=0.0,
    )


def test_what_was_raised_is_told() -> None:
    answers = [raised("TypeError", "no")] * 4

    found = counterexample(judged(given(), answers), given(), run(answers), {"values"}).counterexample

    assert found is not None
    assert (found.got, found.raised, found.error_over_bound) == (None, "TypeError: no", None)


def test_the_call_names_the_device() -> None:
    found = counterexample(
        judged(given(), WRONG, device="cuda"), given(), run(WRONG), {"values"}
    ).counterexample

    assert found is not None
    assert (found.device, found.call) == ("cuda", "descend(torch.tensor([1.0], device='cuda'), 0.1, 2)")


def test_few_steps_come_first_then_few_digits() -> None:
    assert smallest(WRONG, {"values"}) == "(torch.tensor([1.0]), 0.1, 2)"
    assert smallest([*WRONG[:2], *RIGHT[2:]], {"values"}) == "(torch.tensor([0.125]), 0.1, 2)"


def test_where_everything_is_right_there_is_none() -> None:
    assert smallest(RIGHT, {"sgd"}) == ""


def test_what_cost_nothing_is_not_shown() -> None:
    formless = [*RIGHT[:3], returned(1.0, type="list")]

    assert smallest(formless, {"sgd"}) == ""
    assert smallest([*formless[:2], returned(9.0), formless[3]], {"no-steps"}) == ""


def test_a_wrong_form_is_shown_where_the_failed_criterion_looks() -> None:
    lists = [returned(0.5, type="list"), *RIGHT[1:3], returned(1.0, type="list")]

    assert smallest(lists, {"form"}) == "(torch.tensor([0.125]), 0.1, 5)"


def test_a_form_lost_by_the_values_of_one_shape_is_shown_by_such_a_call() -> None:
    cases = [case(0.75, shape=(1,)), case(0.75, shape=())]
    rubric = [criterion("values", [0, 1]), criterion("form", [0, 1], "return")]
    shapes = exercise(cases, rubric, either_shape=True)
    answers = [returned(0.75), returned(0.6, shape=())]

    found = counterexample(judged(shapes, answers), shapes, run(answers), {"form"}).counterexample

    assert found is not None
    assert found.call == "descend(torch.tensor(1.0), 0.1, 1)"


def test_a_wrong_value_comes_before_a_wrong_form() -> None:
    answers = [returned(9.0), returned(0.25, type="list"), *RIGHT[2:]]

    assert smallest(answers, {"values", "form"}) == "(torch.tensor([0.125]), 0.1, 5)"


def test_an_answer_comes_before_none_and_a_cause_before_what_follows_from_it() -> None:
    late = Stopped(Failure.TIMED_OUT, "no end")
    not_run = Stopped(Failure.NOT_RUN, "not run")

    assert smallest([returned(9.0), late, not_run, not_run], {"values"}) == "(torch.tensor([0.125]), 0.1, 5)"
    assert smallest([late, not_run, not_run, not_run], {"values"}) == "(torch.tensor([0.125]), 0.1, 5)"
    assert smallest([not_run] * 4, {"values"}) == "(torch.tensor([1.0]), 0.1, 2)"


# --- of a known mistake ---------------------------------------------------------------------------

KNOWN = Diagnosis(("m",), "", "", 3, 3)


def test_the_one_that_was_shrunk_for_the_mistake_is_shown() -> None:
    assert (
        smallest(WRONG, {"values"}, KNOWN, [mistake("m", WRONG, smallest=1)])
        == "(torch.tensor([0.125]), 0.1, 2)"
    )


def test_one_that_does_not_show_here_gives_way_to_the_simplest() -> None:
    answers = [*WRONG[:1], RIGHT[1], *WRONG[2:]]

    assert (
        smallest(answers, {"values"}, KNOWN, [mistake("m", WRONG, smallest=1)])
        == "(torch.tensor([1.0]), 0.1, 2)"
    )
    assert smallest(WRONG, {"values"}, KNOWN, [mistake("m", WRONG)]) == "(torch.tensor([1.0]), 0.1, 2)"
    assert smallest(WRONG, {"values"}, Diagnosis((), "", "", 3, 3)) == "(torch.tensor([1.0]), 0.1, 2)"


# --- on the ladder --------------------------------------------------------------------------------


def test_a_simpler_rung_is_shown() -> None:
    rungs: dict[int, Answer] = {1: returned(0.5), 2: returned(9.0)}

    assert smallest(WRONG, {"values"}, rungs=rungs) == "(torch.tensor([1.5]), 0.1, 1)"


def test_a_rung_of_a_criterion_that_passed_is_not_shown() -> None:
    assert smallest(WRONG, {"values"}, rungs={0: returned(9.0)}) == "(torch.tensor([1.0]), 0.1, 2)"
    assert smallest(WRONG, {"form"}, rungs={0: returned(0.5, type="list")}) == ""


def test_a_rung_may_show_a_form_where_the_criterion_looks_at_such_cases() -> None:
    answers = [returned(0.5, type="list"), *RIGHT[1:]]

    rungs: dict[int, Answer] = {1: returned(0.5, type="list")}
    assert smallest(answers, {"form"}, rungs=rungs) == "(torch.tensor([1.0]), 0.1, 1)"


@pytest.mark.parametrize("answer", [nothing(), Stopped(Failure.TIMED_OUT, "no end")])
def test_a_rung_of_which_nothing_can_be_told_is_not_shown(answer: Answer) -> None:
    assert smallest(WRONG, {"values"}, rungs={1: answer}) == "(torch.tensor([1.0]), 0.1, 2)"


# --- which rungs are worth climbing ------------------------------------------------------------------


def test_only_rungs_below_the_simplest_failing_case_are_climbed() -> None:
    one_step = exercise([case(0.5, steps=1)], [criterion("values", [0])], (), LADDER)

    assert rungs_to_climb(judged(given(), WRONG), given(), {"values"}) == 3
    assert rungs_to_climb(judged(one_step, [returned(9.0)]), one_step, {"values"}) == 0


def test_a_call_without_a_step_is_no_reason_to_climb() -> None:
    still = [*RIGHT[:3], returned(9.0)]

    assert rungs_to_climb(judged(given(), still), given(), {"no-steps"}) == 0


def test_the_whole_ladder_is_climbed_where_only_a_form_is_wrong() -> None:
    lists = [returned(0.5, type="list"), *RIGHT[1:]]

    assert rungs_to_climb(judged(given(), lists), given(), {"form"}) == 3


def test_steps_by_hand_show_in_no_call() -> None:
    assert rungs_to_climb(judged(given(), WRONG), given(), {"sgd"}) == 0
    assert rungs_to_climb(judged(given(), RIGHT), given(), {"values"}) == 0


# --- the steps of the call --------------------------------------------------------------------------

REFERENCE = [tensor(1.0), tensor(0.8), tensor(0.64)]
SAME = trace(step([1.0], [0.8]), step([0.8], [0.64]))
OTHER = trace(step([1.0], [0.8]), step([0.8], [0.44]))


def test_the_first_step_that_goes_wrong_is_that_of_the_table() -> None:
    one = exercise([case(0.64, trajectory=REFERENCE)])
    answers, made = [returned(0.44)], {0: OTHER}

    shown = counterexample(judged(one, answers, made), one, run(answers, made), {"values"})

    assert shown.counterexample is not None
    assert shown.steps is not None
    assert shown.steps.call == shown.counterexample.call
    assert shown.counterexample.first_diverging_step == shown.steps.diverges == 2


def test_the_steps_are_those_of_the_very_call_not_of_one_like_it() -> None:
    one = exercise([case(0.64, trajectory=REFERENCE), case(0.64, repeats=0, trajectory=REFERENCE)])
    answers, made = [returned(0.44), returned(0.44)], {0: SAME, 1: OTHER}

    shown = counterexample(judged(one, answers, made), one, run(answers, made), {"values"})

    assert shown.steps is not None
    assert shown.steps.diverges is None


def test_the_steps_of_a_rung_are_shown_with_it() -> None:
    rungs = [LADDER[0], case(0.5, trajectory=[tensor(1.0), tensor(0.5)])]
    one = exercise(CASES, RUBRIC, (), rungs)
    climbed = run({1: returned(9.0)}, {1: trace(step([1.0], [9.0]))})

    shown = counterexample(judged(one, WRONG), one, run(WRONG), {"values"}, climbed=climbed)

    assert shown.counterexample is not None
    assert shown.counterexample.call == "descend(torch.tensor([1.0]), 0.1, 1)"
    assert shown.counterexample.first_diverging_step == 1


def test_a_call_that_was_not_traced_has_no_steps() -> None:
    shown = counterexample(judged(given(), WRONG), given(), run(WRONG), {"values"})

    assert shown.counterexample is not None
    assert (shown.steps, shown.counterexample.first_diverging_step) == (None, None)


def test_where_steps_alone_are_to_blame_those_of_the_simplest_such_call_are_shown() -> None:
    cases = [case(0.64, steps=2, trajectory=REFERENCE), case(0.8, trajectory=REFERENCE[:2])]
    one = exercise(cases, [criterion("values", [0, 1]), criterion("sgd", [0, 1], "optimiser")])
    answers, made = [returned(0.64), returned(0.8)], {0: trace(), 1: trace()}

    shown = counterexample(judged(one, answers, made), one, run(answers, made), {"sgd"})

    assert shown.counterexample is None
    assert shown.steps is not None
    assert shown.steps.call == "descend(torch.tensor([1.0]), 0.1, 1)"


def test_the_line_where_the_shown_call_raised_is_handed_on() -> None:
    place = Place("s01.py", None, 7)
    answers: list[Answer] = [msgspec.structs.replace(raised(), place=place)] * 4

    assert counterexample(judged(given(), answers), given(), run(answers), {"values"}).raised == place
