"""What is found about one exercise on all its devices. Under 1 s."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from grader import kit
from grader.diagnosis.findings import find
from grader.diagnosis.prepared import Prepared
from grader.judging import compare
from grader.judging.evidence import JudgedRun
from grader.records import Answer, ExerciseRun, Failure, Trace
from tests.judging.build import (
    LATE,
    case,
    criterion,
    exercise,
    mistake,
    raised,
    returned,
    run,
    step,
    trace,
)

CASES = [case(0.5), case(0.25, steps=2)]
LADDER = [case(0.75, start=[1.5])]
RUBRIC = [criterion("values", [0, 1]), criterion("form", [0], "return"), criterion("sgd", [1], "optimiser")]
RIGHT = [returned(0.5), returned(0.25)]
RIGHT_ON_CUDA = [returned(0.5, device="cuda"), returned(0.25, device="cuda")]
WRONG = [returned(0.75), returned(0.375)]
KNOWN = mistake("known", WRONG, smallest=0)
GIVEN = exercise(CASES, RUBRIC, [KNOWN], LADDER)
MADE = {1: trace(step([1.0], [0.25]), step([0.25], [0.375]), step([1.0], [0.25]))}


class Climbs:
    """The student's function on the ladder: knows where it was asked, and answers one rung."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.devices: list[str] = []
        self._answer = answer

    def __call__(self, given: kit.Exercise, device: str, rungs: int) -> ExerciseRun:
        assert 0 < rungs <= len(given.ladder)
        self.devices.append(device)
        return run([] if self._answer is None else [self._answer])


def ran(answers: Sequence[Answer], device: str = "cpu", traces: dict[int, Trace] | None = None) -> JudgedRun:
    made = run(answers, MADE if traces is None else traces)
    return made, compare.judge(made, GIVEN, device)


def test_a_right_function_has_no_diagnosis_and_no_counterexample() -> None:
    climbs = Climbs()

    finding = find(Prepared(GIVEN), [ran(RIGHT)], climbs)

    assert [row.outcome for row in finding.criteria] == ["passed"] * 3
    assert (finding.diagnosis, finding.counterexample, finding.notes, climbs.devices) == (None, None, (), [])


def test_a_known_mistake_is_named_without_climbing_the_ladder() -> None:
    climbs = Climbs(returned(9.0))

    finding = find(Prepared(GIVEN), [ran(WRONG)], climbs)

    assert finding.diagnosis is not None
    assert finding.diagnosis.misconceptions == ("known",)
    assert finding.counterexample is not None
    assert finding.counterexample.call == "descend(torch.tensor([1.0]), 0.1, 1)"
    assert climbs.devices == []


def test_an_unknown_mistake_climbs_the_ladder_once() -> None:
    climbs = Climbs(returned(9.0))

    finding = find(Prepared(GIVEN), [ran([returned(0.5), returned(0.7)])], climbs)

    assert finding.diagnosis is None
    assert finding.counterexample is not None
    assert climbs.devices == ["cpu"]


def test_where_no_rung_is_simpler_than_a_failing_case_none_is_climbed() -> None:
    climbs = Climbs(returned(9.0))

    finding = find(Prepared(GIVEN), [ran([returned(0.7), returned(0.7)])], climbs)

    assert finding.counterexample is not None
    assert finding.counterexample.call == "descend(torch.tensor([1.0]), 0.1, 1)"
    assert climbs.devices == []


def test_a_rung_below_every_failing_case_is_shown() -> None:
    finding = find(Prepared(GIVEN), [ran([returned(0.5), returned(0.7)])], Climbs(returned(9.0)))

    assert finding.counterexample is not None
    assert finding.counterexample.call == "descend(torch.tensor([1.5]), 0.1, 1)"


@pytest.mark.parametrize(
    ("answers", "traces"),
    [
        ([LATE, returned(0.7)], MADE),  # the ladder would wait as long again
        (RIGHT, {}),  # steps by hand show in no call
    ],
)
def test_the_ladder_is_not_climbed_where_it_could_show_nothing(
    answers: list[Answer], traces: dict[int, Trace]
) -> None:
    climbs = Climbs()

    finding = find(Prepared(GIVEN), [ran(answers, traces=traces)], climbs)

    assert [row.outcome for row in finding.criteria] != ["passed"] * 3
    assert climbs.devices == []


def test_a_function_that_is_not_there_says_so_in_every_row() -> None:
    missing = ExerciseRun("descend", found=False, nearest="descent")
    finding = find(Prepared(GIVEN), [(missing, compare.judge(missing, GIVEN, "cpu"))], Climbs())

    assert [(row.failure, row.points, row.message) for row in finding.criteria] == [
        (Failure.MISSING, 0.0, "no function named descend; the most similar name is descent")
    ] * 3
    assert (finding.diagnosis, finding.counterexample) == (None, None)


def test_without_a_similar_name_none_is_told() -> None:
    missing = ExerciseRun("descend", found=False)
    finding = find(Prepared(GIVEN), [(missing, compare.judge(missing, GIVEN, "cpu"))], Climbs())

    assert finding.criteria[0].message == "no function named descend"


# --- several devices ------------------------------------------------------------------------


def test_the_points_are_shared_equally_among_the_devices() -> None:
    finding = find(Prepared(GIVEN), [ran(RIGHT), ran(RIGHT_ON_CUDA, "cuda")], Climbs())

    assert [(row.id, row.device, row.points, row.max_points) for row in finding.criteria] == [
        (name, device, 1.0, 1.0) for device in ("cpu", "cuda") for name in ("values", "form", "sgd")
    ]


def test_what_is_right_on_the_first_device_only_is_told_so() -> None:
    refused = raised("TypeError", "can't convert cuda:0 device type tensor to numpy")
    finding = find(Prepared(GIVEN), [ran(RIGHT), ran([refused, refused], "cuda")], Climbs())

    assert [row.points for row in finding.criteria] == [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    assert finding.criteria[3].message == (
        "right on the cpu, wrong on cuda: all 2 cases fail:"
        " raised TypeError: can't convert cuda:0 device type tensor to numpy"
    )
    assert finding.diagnosis is not None
    assert finding.diagnosis.title == (
        "Right on the cpu, but a tensor on cuda goes through NumPy, which refuses it"
    )
    assert finding.counterexample is not None
    assert finding.counterexample.device == "cuda"
    assert finding.counterexample.call == "descend(torch.tensor([1.0], device='cuda'), 0.1, 1)"


def test_a_mistake_on_the_first_device_is_explained_there() -> None:
    wrong_there = [returned(0.75, device="cuda"), returned(0.375, device="cuda")]
    finding = find(Prepared(GIVEN), [ran(WRONG), ran(wrong_there, "cuda")], Climbs())

    assert finding.diagnosis is not None
    assert finding.diagnosis.misconceptions == ("known",)
    assert finding.counterexample is not None
    assert finding.counterexample.device == "cpu"
    assert finding.criteria[3].message == finding.criteria[0].message


def test_a_note_of_both_devices_is_told_once() -> None:
    cases = [case(0.5), case(0.5, repeats=0)]
    given = exercise(cases)
    made = run([returned(0.5), returned(0.6)])
    both = [(made, compare.judge(made, given, device)) for device in ("cpu", "cuda")]

    note = (
        "1 of 1 repeated calls gave another answer than the first time:"
        " the function keeps state between calls, or is random."
    )
    assert find(Prepared(given), both, Climbs()).notes == (note,)
