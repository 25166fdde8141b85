"""The name of a mistake, and what ties a function to one device. Under 1 s."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from grader import kit
from grader.judging import diagnose
from grader.records import Answer, ExerciseOutcomes, Failure
from grader.results import Diagnosis
from tests.judging.build import (
    LATE,
    case,
    criterion,
    exercise,
    judged,
    mistake,
    raised,
    returned,
    step,
    trace,
)

CASES = [case(0.5), case(0.25, steps=2), case(1.0, steps=0, criterion="no-steps")]
RUBRIC = [
    criterion("values", [0, 1]),
    criterion("no-steps", [2]),
    criterion("form", [0], "return"),
    criterion("sgd", [1], "optimiser"),
]
WRONG = [returned(0.75), returned(0.375), returned(1.0)]
MADE = {1: trace(step([1.0], [0.375]))}
EVERYTHING = ["values", "no-steps", "form", "sgd"]


def given(*misconceptions: kit.Misconception) -> kit.Exercise:
    return exercise(CASES, RUBRIC, misconceptions)


# --- which cases fail ---------------------------------------------------------------------------


def failing(answers: Sequence[Answer], failed: set[str]) -> set[int]:
    return set(diagnose.failing_cases(judged(given(), answers, MADE), given(), failed))


def test_a_case_fails_in_what_a_failed_criterion_looks_at() -> None:
    lists = [returned(0.5, type="list"), returned(0.25, type="list"), returned(2.0)]

    assert failing(WRONG, {"values"}) == {0, 1}
    assert failing(lists, {"form"}) == {0}
    assert failing(lists, {"no-steps"}) == {2}
    assert failing(lists, {"form", "no-steps"}) == {0, 2}
    assert failing(lists, {"sgd"}) == {1}
    assert failing(lists, set()) == set()


# --- a known mistake ----------------------------------------------------------------------------


def test_a_known_mistake_is_named_with_its_hint_and_the_cases_it_explains() -> None:
    one, two = mistake("one", WRONG), mistake("two", WRONG)

    assert diagnose.explain(judged(given(one, two), WRONG, MADE), given(one, two), {"values"}) == Diagnosis(
        misconceptions=("one", "two"), title="It is one", hint="Look at one.", explained=2, failing=2
    )


def test_a_case_that_another_mistake_spoils_is_not_explained() -> None:
    by_hand = mistake("by-hand", [returned(0.5), returned(0.25), returned(1.0)], costs=["sgd"])
    right_in_double = [returned(0.5, dtype="float64"), returned(0.25), returned(1.0)]

    found = diagnose.explain(judged(given(by_hand), right_in_double), given(by_hand), {"sgd", "form"})

    assert found is not None
    assert (found.misconceptions, found.explained, found.failing) == (("by-hand",), 1, 2)


def test_an_unknown_mistake_stays_unknown() -> None:
    other = [returned(0.7), returned(0.375), returned(1.0)]

    assert diagnose.explain(judged(given(mistake("one", WRONG)), other, MADE), given(), {"values"}) is None


# --- tied to a device ---------------------------------------------------------------------------

NUMPY = raised("TypeError", "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.")
MIXED = raised(
    "RuntimeError", "Expected all tensors to be on the same device, but found two, cuda:0 and cpu!"
)
ON_CPU = [returned(0.5), returned(0.25), returned(1.0)]
GENERAL = "Which lines name a device, or make a tensor without saying where?"


def on_cuda(answers: Sequence[Answer]) -> ExerciseOutcomes:
    return judged(given(), answers, {1: trace(step([1.0], [0.25]))}, device="cuda")


def tied(answers: Sequence[Answer], failed: Sequence[str], *known: kit.Misconception) -> Diagnosis | None:
    return diagnose.tied_to_device(on_cuda(answers), given(*known), failed, "cpu")


def generic(title: str, hint: str, failing: int) -> Diagnosis:
    return Diagnosis((), title, hint, failing, failing)


def test_a_result_that_comes_back_on_the_cpu() -> None:
    assert tied(ON_CPU, ["form"]) == generic(
        "Right on the cpu, but on cuda the result comes back on another device",
        "Compare the .device of the result with the one of theta.",
        1,
    )


def test_a_result_that_goes_through_numpy() -> None:
    assert tied([NUMPY] * 3, EVERYTHING) == generic(
        "Right on the cpu, but a tensor on cuda goes through NumPy, which refuses it",
        "Is the conversion needed? PyTorch computes on the tensor itself.",
        3,
    )


def test_tensors_of_two_devices_that_meet() -> None:
    assert tied([MIXED, MIXED, ON_CPU[2]], ["values", "sgd", "form"]) == generic(
        "Right on the cpu, but on cuda tensors of two devices meet",
        "Which tensors does the function make itself? They need device=theta.device.",
        2,
    )


@pytest.mark.parametrize(
    "answers",
    [
        [raised("RuntimeError", "CUDA error"), MIXED, MIXED],
        [NUMPY, MIXED, NUMPY],
        [returned(0.75, device="cuda")] * 3,
        [NUMPY, returned(0.75, device="cuda"), NUMPY],
    ],
)
def test_a_failure_that_says_nothing_about_devices_is_told_as_that(answers: list[Answer]) -> None:
    found = tied(answers, EVERYTHING)

    assert found is not None
    assert (found.title, found.hint) == ("Right on the cpu, wrong on cuda", GENERAL)


def test_a_call_that_had_to_be_ended_says_nothing_about_devices() -> None:
    assert tied([LATE, LATE, LATE], EVERYTHING) is None


def test_without_a_failing_case_nothing_is_tied() -> None:
    assert tied([returned(0.5, device="cuda")] * 3, []) is None


RETURNS = mistake("returns-on-cpu", ON_CPU, ["form"], needs="cuda")
THROUGH = mistake("through-numpy", ON_CPU, EVERYTHING, needs="cuda", title="It goes through NumPy")
MEETS = mistake("meets", ON_CPU, EVERYTHING, needs="cuda", title="Tensors of two devices")
CPU_TOO = mistake("cpu-too", ON_CPU, ["form"], title="It goes through NumPy")


@pytest.mark.parametrize(
    ("answers", "failed", "ids"),
    [
        (ON_CPU, ["form"], ("returns-on-cpu",)),
        ([NUMPY] * 3, EVERYTHING, ("through-numpy",)),
        ([NUMPY, NUMPY, ON_CPU[2]], ["values", "form", "sgd"], ()),
        ([MIXED] * 3, EVERYTHING, ()),
    ],
)
def test_a_mistake_of_the_device_is_named_where_what_it_costs_and_how_it_fails_are_the_same(
    answers: list[Answer], failed: list[str], ids: tuple[str, ...]
) -> None:
    found = tied(answers, failed, CPU_TOO, MEETS, THROUGH, RETURNS)

    assert found is not None
    assert found.misconceptions == ids


def test_a_named_mistake_of_the_device_brings_its_own_hint() -> None:
    found = tied([NUMPY] * 3, EVERYTHING, THROUGH)

    assert found == Diagnosis(("through-numpy",), "It goes through NumPy", "Look at through-numpy.", 3, 3)


def test_a_right_function_on_cuda_is_right_there() -> None:
    here = [returned(0.5, device="cuda"), returned(0.25, device="cuda"), returned(1.0, device="cuda")]

    assert [one.form for one in on_cuda(here).outcomes] == [None, None, None]
    assert on_cuda(ON_CPU).outcomes[0].form is Failure.WRONG_DEVICE
