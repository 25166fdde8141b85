"""The name of a mistake, and what ties a function to one device. Under 1 s."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from grader import kit
from grader.diagnosis import diagnose
from grader.diagnosis.findings import on_one_device
from grader.diagnosis.prepared import Prepared
from grader.diagnosis.report import FailureReport
from grader.records import Answer, ExerciseOutcomes, Failure, Trace
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


def report(
    answers: Sequence[Answer],
    failed: set[str],
    *misconceptions: kit.Misconception,
    traces: dict[int, Trace] | None = None,
) -> FailureReport:
    one = given(*misconceptions)
    made = MADE if traces is None else traces
    return FailureReport(judged(one, answers, made), Prepared(one), frozenset(failed), made)


def explained(
    answers: Sequence[Answer],
    failed: set[str],
    *misconceptions: kit.Misconception,
    traces: dict[int, Trace] | None = None,
) -> list[Diagnosis]:
    told = diagnose.explain(report(answers, failed, *misconceptions, traces=traces))
    return [one.diagnosis for one in (told.first, *told.further) if one]


# --- which cases fail ---------------------------------------------------------------------------


def failing(answers: Sequence[Answer], failed: set[str]) -> set[int]:
    return set(report(answers, failed).failing)


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

    assert explained(WRONG, {"values"}, one, two) == [
        Diagnosis(
            misconceptions=("one", "two"),
            title="It is one",
            hint="Look at one.",
            explained=2,
            failing=2,
            titles=("It is one", "It is two"),
            evidence="proven",
        )
    ]


def test_the_teachers_sentence_and_the_line_to_quote_are_passed_on() -> None:
    one = msgspec.structs.replace(mistake("one", WRONG), teacher="Teach this again.", where="loop")

    named = diagnose.explain(report(WRONG, {"values"}, one)).first

    assert named is not None
    assert (named.diagnosis.teacher, named.where) == ("Teach this again.", "loop")


def test_of_many_that_cannot_be_told_apart_three_are_listed() -> None:
    (found,) = explained(WRONG, {"values"}, *(mistake(name, WRONG) for name in "abcd"))

    assert found.misconceptions == ("a", "b", "c")


def test_a_wrong_value_in_a_wrong_form_is_two_findings_the_value_first() -> None:
    lists = mistake(
        "list", [returned(0.5, type="list"), returned(0.25, type="list"), returned(1.0)], ["form"]
    )
    answers = [returned(0.75, type="list"), returned(0.375, type="list"), returned(1.0)]

    found = explained(answers, {"values", "form"}, lists, mistake("wrong", WRONG))

    assert [(one.misconceptions, one.explained, one.failing, one.partial) for one in found] == [
        (("wrong",), 2, 2, False),
        (("list",), 1, 1, False),
    ]


def test_steps_by_hand_beside_a_wrong_form_are_two_findings_the_form_first() -> None:
    by_hand = mistake("by-hand", [returned(0.5), returned(0.25), returned(1.0)], costs=["sgd"])
    right_in_double = [returned(0.5, dtype="float64"), returned(0.25), returned(1.0)]

    found = explained(right_in_double, {"sgd", "form"}, by_hand, traces={1: trace()})

    assert [(one.misconceptions, one.title) for one in found] == [
        (("dtype",), "The result is float64"),
        (("by-hand",), "It is by-hand"),
    ]


def test_what_stops_every_call_is_told_alone() -> None:
    """Nothing is said of the steps and the form of what never came back."""
    by_hand = mistake("by-hand", [returned(0.5), returned(0.25), returned(1.0)], costs=["sgd"])
    every = [raised("NameError", "name 'torch' is not defined")] * 3

    found = explained(every, {"values", "no-steps", "sgd", "form"}, by_hand, traces={1: trace()})

    assert [(one.title, one.explained, one.failing) for one in found] == [
        ("torch is used but not imported", 3, 3)
    ]


def test_an_unknown_mistake_stays_unknown() -> None:
    other = [returned(0.7), returned(0.375), returned(1.0)]

    assert explained(other, {"values"}, mistake("one", WRONG)) == []


def test_the_form_of_an_unknown_value_does_not_take_its_place() -> None:
    lists = mistake(
        "list", [returned(0.5, type="list"), returned(0.25, type="list"), returned(1.0)], ["form"]
    )
    by_hand = mistake("by-hand", [returned(0.5), returned(0.25), returned(1.0)], costs=["sgd"])
    answers = [returned(0.7, type="list"), returned(0.6, type="list"), returned(1.0)]

    told = diagnose.explain(report(answers, {"values", "form", "sgd"}, lists, by_hand, traces={1: trace()}))

    assert told.first is None
    assert [one.diagnosis.misconceptions for one in told.further] == [("list",)]


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
    report = FailureReport(on_cuda(answers), Prepared(given(*known)), frozenset(failed))
    told = on_one_device(report, "cpu").first
    return told.diagnosis if told else None


def generic(title: str, hint: str, failing: int) -> Diagnosis:
    return Diagnosis((), title, hint, failing, failing, evidence="error")


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
THROUGH = mistake("through-numpy", ON_CPU, EVERYTHING, needs="cuda", raises="numpy")
MEETS = mistake("meets", ON_CPU, EVERYTHING, needs="cuda", raises="same device")
CPU_TOO = mistake("cpu-too", ON_CPU, ["form"], raises="numpy")


@pytest.mark.parametrize(
    ("answers", "failed", "ids"),
    [
        (ON_CPU, ["form"], ("returns-on-cpu",)),
        ([NUMPY] * 3, EVERYTHING, ("through-numpy",)),
        ([NUMPY, NUMPY, ON_CPU[2]], ["values", "form", "sgd"], ()),
        ([MIXED] * 3, EVERYTHING, ("meets",)),
        ([NUMPY, MIXED, NUMPY], EVERYTHING, ()),
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

    assert found == Diagnosis(
        ("through-numpy",),
        "It is through-numpy",
        "Look at through-numpy.",
        3,
        3,
        titles=("It is through-numpy",),
        evidence="error",
    )


def test_a_right_function_on_cuda_is_right_there() -> None:
    here = [returned(0.5, device="cuda"), returned(0.25, device="cuda"), returned(1.0, device="cuda")]

    assert [one.form for one in on_cuda(here).outcomes] == [None, None, None]
    assert on_cuda(ON_CPU).outcomes[0].form is Failure.WRONG_DEVICE
