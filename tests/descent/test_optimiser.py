"""Who took the steps, as traces of torch.optim show it. Under 1 s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from grader.descent import optimiser
from grader.diagnosis.prepared import Prepared
from grader.diagnosis.report import FailureReport
from grader.records import Answer, Step, Trace
from tests.judging.build import case, criterion, exercise, judged, returned, step, tensor, trace

PATH = [tensor(1.0), tensor(0.8), tensor(0.64)]
CASES = [
    case(0.8, bound=1e-6, start=[1.0], rate=0.1),
    case(1.5, bound=1e-6, start=[3.0], rate=0.25),
    case(0.64, bound=1e-6, start=[1.0], steps=2, trajectory=PATH),
    case(0.64, bound=1e-6, start=[1.0], steps=2, repeats=2, trajectory=PATH),
    case(4.0, bound=1e-6, start=[4.0], steps=0, criterion="no-steps"),
]
RIGHT: list[Answer] = [returned(x) for x in (0.8, 1.5, 0.64, 0.64, 4.0)]
WRONG: list[Answer] = [returned(x) for x in (0.7, 1.4, 0.6, 0.6, 4.0)]
RUBRIC = [criterion("values", [0, 1, 2, 3]), criterion("no-steps", [4]), criterion("sgd", [3], "optimiser")]


def told(
    answers: Sequence[Answer], traces: Mapping[int, Trace], *failed: str
) -> list[tuple[str, str, set[int]]]:
    given = exercise(CASES, RUBRIC)
    report = FailureReport(judged(given, answers, traces), Prepared(given), frozenset(failed), dict(traces))
    return [(one.id, one.title, set(one.explained)) for one in optimiser.candidates(report)]


def with_gradient(one: Step, *gradients: float) -> Step:
    given: Any = (tensor(*gradients),) if gradients else (None,)
    return msgspec.structs.replace(one, gradients=given)


def test_another_optimiser_is_named_with_its_rate() -> None:
    steps = {3: trace(step([1.0], [0.9], "Adam"), step([0.9], [0.6], "Adam"))}

    assert told(WRONG, steps, "values", "sgd")[0] == (
        "another-optimiser",
        "The steps are taken by Adam with lr 0.1, not by SGD",
        {0, 1, 2, 3},
    )


def test_no_step_at_all_is_by_hand_where_theta_moved() -> None:
    assert told(RIGHT, {3: trace()}, "sgd") == [
        ("by-hand", "Theta is updated by hand, not by the optimiser", {3})
    ]


def test_no_step_at_all_is_not_by_hand_where_nothing_moved() -> None:
    idle = [returned(x) for x in (1.0, 3.0, 1.0, 1.0, 4.0)]

    assert told(idle, {3: trace()}, "values", "sgd") == []


def test_steps_without_a_gradient_say_whether_there_is_none_or_it_is_zero() -> None:
    idle = [returned(x) for x in (1.0, 3.0, 1.0, 1.0, 4.0)]
    still = step([1.0], [1.0])
    id_ = "steps-without-gradient"

    assert told(idle, {3: trace(with_gradient(still))}, "values", "sgd") == [
        (id_, "The optimiser's steps change nothing: its tensor has no gradient", {0, 1, 2, 3})
    ]
    assert told(idle, {3: trace(with_gradient(still, 0.0))}, "values", "sgd") == [
        (id_, "The optimiser's steps change nothing: its gradient is zero", {0, 1, 2, 3})
    ]
    assert told(idle, {3: trace(with_gradient(still, 2.0))}, "values", "sgd") == []


def test_an_optimiser_that_moves_another_tensor_is_seen_beside_right_values() -> None:
    elsewhere = {3: trace(step([1.0], [0.8]), step([1.0], [0.8]))}

    assert told(RIGHT, elsewhere, "sgd") == [
        ("another-tensor", "The optimiser moves one tensor, and another one comes back", {3})
    ]


def test_a_right_program_shows_nothing() -> None:
    assert told(RIGHT, {3: trace(step([1.0], [0.8]), step([0.8], [0.64]))}) == []
