"""Whether the value returned came from steps of the optimiser asked for. About 4 s."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import Parameter
from torch.optim import SGD, Adam

from grader.judging import chains
from grader.records import Answer, Chain, Failure, Step, Trace, Value
from grader.sandbox.calling import traced_call
from grader.sandbox.values import record
from grader.tensors import floats, single
from tests.judging.build import (
    LATE,
    MOVES,
    QUICK,
    case,
    criterion,
    exercise,
    judged,
    nothing,
    raised,
    returned,
    step,
    tensor,
    trace,
)

Program = Callable[[torch.Tensor, float, int], Any]


def chain(
    start: Sequence[float],
    made: Trace | None,
    answer: Answer,
    *,
    dtype: str = "float32",
    optimiser: str = "SGD",
) -> Chain:
    given_case = case(*start, start=start, dtype=dtype)
    return chains.chain(0, given_case, made, answer, MOVES, optimiser)


def broken(message: str, steps: int) -> Chain:
    return Chain(0, holds=False, steps=steps, message=message, optimiser="SGD")


# --- what holds ---------------------------------------------------------------------------


def test_a_value_left_by_the_last_step_holds() -> None:
    made = trace(step([1.0], [0.8]), step([0.8], [0.64]))

    assert chain([1.0], made, returned(0.64)) == Chain(0, holds=True, steps=2, optimiser="SGD")


def test_how_many_steps_were_taken_is_no_part_of_it() -> None:
    assert chain([1.0], trace(step([1.0], [0.8])), returned(0.8)).holds


def test_a_loop_that_begins_again_at_the_input_holds() -> None:
    made = trace(step([1.0], [0.8]), step([1.0], [0.8]), step([1.0], [0.8]))

    assert chain([1.0], made, returned(0.8)).holds


def test_a_component_that_ends_where_another_passes_is_told_apart_by_counting() -> None:
    """4 -> 2 -> 1, then 1 -> 0.5 -> 0.25: the first 1 was left last, although a step begins at 1."""
    made = trace(step([4.0], [2.0]), step([2.0], [1.0]), step([1.0], [0.5]), step([0.5], [0.25]))

    assert chain([4.0, 1.0], made, returned(1.0, 0.25)).holds


def test_nan_goes_on_from_nan() -> None:
    made = trace(step([1.0], [math.nan]), step([math.nan], [math.nan]))

    assert chain([1.0], made, returned(math.nan)).holds


def test_float64_inside_is_compared_in_the_precision_of_what_came_back() -> None:
    made = trace(step([1.0], [0.8], dtype="float64"), step([0.8], [0.64], dtype="float64"))

    assert chain([1.0], made, returned(0.64)).holds


def test_values_beyond_single_precision_are_infinite_there() -> None:
    made = trace(step([1.0], [1e300], dtype="float64"))

    assert chain([1.0], made, returned(math.inf)).holds


def test_the_value_before_the_last_step_was_left_by_one_too() -> None:
    """One step more than asked for is undone by returning what the one before had left."""
    made = trace(step([1.0], [0.8]), step([0.8], [0.64]))

    assert chain([1.0], made, returned(0.8)).holds


def test_a_parameter_may_hold_more_numbers_than_theta_has() -> None:
    made = trace(step([1.0, 0.0], [0.8, 0.0]), step([0.8, 0.0], [0.64, 0.0]))

    assert chain([1.0], made, returned(0.64)).holds


# --- what does not ------------------------------------------------------------------------


def test_no_step_is_no_chain() -> None:
    assert chain([1.0], trace(), returned(0.8)) == broken("torch.optim.SGD took no step", 0)
    assert chain([1.0], None, returned(0.8)) == broken("torch.optim.SGD took no step", 0)


def test_another_optimiser_is_named() -> None:
    made = trace(step([1.0], [0.9], "Adam"), step([0.9], [0.8], "LBFGS"))

    assert chain([1.0], made, returned(0.8)) == broken(
        "torch.optim.SGD took no step; steps were taken by Adam, LBFGS", 0
    )


def test_an_optimiser_of_the_students_own_has_no_name_in_torch() -> None:
    made = trace(Step((), {}, (tensor(1.0),), (tensor(0.8),)))

    assert chain([1.0], made, returned(0.8)) == broken(
        "torch.optim.SGD took no step; steps were taken by another optimiser", 0
    )


def test_a_class_below_the_one_asked_for_counts() -> None:
    assert chain([1.0], trace(step([1.0], [0.8], "Own", "SGD")), returned(0.8)).holds


def test_steps_by_hand_beside_an_idle_optimiser_break_the_chain() -> None:
    made = trace(step([1.0], [1.0]), step([1.0], [1.0]))

    assert chain([1.0], made, returned(0.64)) == broken(
        "what came back, 0.64, was not left by a step of torch.optim.SGD", 2
    )


def test_a_step_by_hand_before_the_first_of_the_optimiser_breaks_the_chain() -> None:
    assert chain([1.0], trace(step([0.8], [0.64])), returned(0.64)) == broken(
        "before the first step the parameter was 0.8, not a value of theta", 1
    )


def test_a_step_by_hand_between_two_breaks_the_chain() -> None:
    made = trace(step([1.0], [0.8]), step([0.64], [0.512]))

    assert chain([1.0], made, returned(0.512)) == broken(
        "before step 2 the parameter was 0.64, where no earlier step had left it", 2
    )


def test_a_tensor_left_behind_by_an_optimiser_that_goes_on_alone_breaks_the_chain() -> None:
    made = trace(step([1.0], [0.8]), step([0.8], [0.6]), step([0.6], [0.4]))

    assert chain([1.0], made, returned(0.8)) == broken(
        "what came back, 0.8, was not left by one of the last two steps of torch.optim.SGD", 3
    )


def test_the_input_itself_was_left_by_no_step() -> None:
    assert not chain([1.0], trace(step([1.0], [0.8])), returned(1.0)).holds


def test_what_a_further_number_of_the_parameter_became_is_no_theta() -> None:
    made = trace(step([1.0, 3.0], [0.8, 2.4]), step([0.8, 2.4], [0.64, 1.92]))

    assert chain([1.0], made, returned(1.92)) == broken(
        "before the first step the parameter was 3.0, not a value of theta", 2
    )


def test_numbers_of_all_steps_are_not_what_the_steps_made_of_theta() -> None:
    made = trace(step([1.0], [0.8]), step([0.8], [0.64]))

    assert chain([1.0], made, returned(0.8, 0.64)) == broken("returned 2 numbers, expected 1", 2)


def test_one_component_by_hand_breaks_the_chain() -> None:
    made = trace(step([1.0, 2.0], [0.8, 1.6]))

    assert not chain([1.0, 2.0], made, returned(0.8, 1.5)).holds


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (LATE, "no end within 2 s of CPU time"),
        (raised("TypeError", "no"), "raised TypeError: no"),
        (nothing(), "returned None, no numbers"),
    ],
)
def test_without_a_value_there_is_no_chain_but_the_steps_are_counted(answer: Answer, message: str) -> None:
    assert chain([1.0], trace(step([1.0], [0.8])), answer) == broken(message, 1)


def test_of_too_many_steps_what_was_recorded_holds_if_anything_moved() -> None:
    moving, idle = [step([1.0], [0.8])], [step([1.0], [1.0])]

    assert chain([1.0], trace(*moving, dropped=5), returned(0.1)).holds
    assert chain([1.0], trace(*idle, dropped=5), returned(0.1)) == broken(
        "no step of torch.optim.SGD changed anything", 1
    )
    assert not chain([1.0], trace(step([2.0], [0.8]), dropped=5), returned(0.1)).holds


def test_of_too_many_steps_each_that_was_recorded_is_held_to_its_gradient() -> None:
    moved = msgspec.structs.replace(step([1.0], [0.8]), gradients=(None,))

    assert chain([1.0], trace(moved, dropped=5), returned(0.1)) == broken(
        "step 1 moved a parameter that had no gradient", 1
    )


WAY = [1.0, 0.8, 0.64]


@pytest.mark.parametrize(
    ("steps", "left_out"),
    [
        ([(1.0, 0.8), (0.8, 0.64)], None),
        ([(1.0, 0.9), (0.9, 0.8), (0.8, 0.64)], None),  # two optimisers, each with a part of the loss
        ([(1.0, 0.8), (1.0, 0.8), (0.8, 0.64), (0.64, 0.512)], None),  # begun again, and one step undone
        ([(1.0, 0.9), (0.9, 0.64)], 1),
        ([(1.0, 0.8), (1.0, 0.64)], 2),
        ([(1.0, 0.64), (0.64, 0.8), (1.0, 0.64)], 2),
    ],
)
def test_where_the_end_is_right_steps_lead_from_each_theta_to_the_next(
    steps: list[tuple[float, float]], left_out: int | None
) -> None:
    given_case = case(0.64, start=[1.0], steps=2, trajectory=[tensor(x) for x in WAY])
    made = trace(*(step([before], [after]) for before, after in steps))

    found = chains.chain(0, given_case, made, returned(0.64), MOVES, "SGD")

    told = f"it ends where the reference ends, but no step went to where its step {left_out} leads"
    assert found.message == ("" if left_out is None else told)


@pytest.mark.parametrize(("own", "holds"), [(0.0, False), (0.9, True)])
def test_momentum_adds_nothing_where_the_end_is_that_of_a_reference_without(own: float, holds: bool) -> None:
    """1 -> 0.8, then by the gradient 1.6 and 0.9 times the step before: 0.46."""
    given_case = case(0.46, start=[1.0], steps=2, trajectory=[tensor(x) for x in (1.0, 0.8, 0.46)])
    assert given_case.trace is not None
    reference = [
        msgspec.structs.replace(one, options=one.options | {"momentum": own})
        for one in given_case.trace.steps
    ]
    given_case = msgspec.structs.replace(given_case, trace=trace(*reference))
    steps = [
        Step(("SGD",), {"lr": 0.1, "momentum": 0.9}, (tensor(before),), (tensor(after),), (tensor(slope),))
        for before, after, slope in ((1.0, 0.8, 2.0), (0.8, 0.46, 1.6))
    ]

    assert chains.chain(0, given_case, trace(*steps), returned(0.46), MOVES, "SGD").holds is holds


def test_two_criteria_may_ask_for_two_optimisers_on_one_case() -> None:
    rubric = [criterion("sgd", [0], "optimiser"), criterion("adam", [0], "optimiser", optimiser="Adam")]
    outcomes = judged(exercise([case(0.8)], rubric), [returned(0.8)], {0: trace(step([1.0], [0.8], "Adam"))})

    assert [(one.optimiser, one.holds) for one in outcomes.chains] == [("SGD", False), ("Adam", True)]


def test_a_criterion_asks_for_the_chains_of_its_own_cases() -> None:
    rubric = [criterion("values", [0, 1]), criterion("sgd", [1], "optimiser")]
    outcomes = judged(exercise([case(0.8), case(0.8)], rubric), [returned(0.8), raised()])

    assert [(one.case, one.message) for one in outcomes.chains] == [(1, "raised TypeError: no")]
    assert outcomes.outcomes[1].failure is Failure.RAISED


# --- laws, on runs of the real optimiser -----------------------------------------------------


def descend(theta: Parameter, rate: float, number: int) -> torch.Tensor:
    optimiser = SGD([theta], lr=rate)
    for _ in range(number):
        optimiser.zero_grad()
        loss = (theta * theta).sum()
        torch.autograd.backward(loss)
        optimiser.step()
    return theta.detach()


def plain(theta: torch.Tensor, rate: float, number: int) -> torch.Tensor:
    return descend(Parameter(theta.clone()), rate, number)


def in_place(theta: torch.Tensor, rate: float, number: int) -> torch.Tensor:
    return descend(Parameter(theta), rate, number)


def in_double(theta: torch.Tensor, rate: float, number: int) -> torch.Tensor:
    return descend(Parameter(theta.double()), rate, number).to(theta.dtype)


def in_single(theta: torch.Tensor, rate: float, number: int) -> torch.Tensor:
    return descend(Parameter(theta.float()), rate, number)


def by_component(theta: torch.Tensor, rate: float, number: int) -> torch.Tensor:
    return torch.stack([descend(Parameter(one.clone()), rate, number) for one in theta])


def as_numbers(theta: torch.Tensor, rate: float, number: int) -> list[float]:
    return [descend(Parameter(one.clone()), rate, number).item() for one in theta]


def two_parameters(theta: torch.Tensor, rate: float, number: int) -> torch.Tensor:
    parts = [Parameter(one.clone()) for one in theta]
    optimiser = SGD(parts, lr=rate)
    for _ in range(number):
        optimiser.zero_grad()
        torch.autograd.backward(torch.stack([part * part for part in parts]).sum())
        optimiser.step()
    return torch.stack([part.detach() for part in parts])


def new_each_step(theta: torch.Tensor, rate: float, number: int) -> torch.Tensor:
    for _ in range(number):
        theta = descend(Parameter(theta.clone()), rate, 1)
    return theta


def with_a_closure(theta: torch.Tensor, rate: float, number: int) -> torch.Tensor:
    moving = Parameter(theta.clone())
    optimiser = SGD([moving], lr=rate)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = torch.sum(moving * moving)
        torch.autograd.backward(loss)
        return loss

    for _ in range(number):
        optimiser.step(closure)
    return moving


def padded(theta: torch.Tensor, rate: float, number: int) -> torch.Tensor:
    return descend(Parameter(torch.cat([theta, torch.tensor([7.0, 0.0])])), rate, number)[: len(theta)]


def one_more_undone(theta: torch.Tensor, rate: float, number: int) -> torch.Tensor:
    moving = Parameter(theta.clone())
    optimiser = SGD([moving], lr=rate)
    seen = []
    for _ in range(number + 1):
        seen.append(moving.detach().clone())
        optimiser.zero_grad()
        torch.autograd.backward((moving * moving).sum())
        optimiser.step()
    return seen[-1]


HONEST: list[Program] = [
    plain,
    in_place,
    in_double,
    in_single,
    by_component,
    as_numbers,
    two_parameters,
    new_each_step,
    with_a_closure,
    padded,
    one_more_undone,
]
# Few different numbers, so that components meet and pass through each other's values.
THETAS = st.lists(st.sampled_from([1.0, 2.0, 4.0, -1.0, 0.5, 0.0, 0.3]), min_size=1, max_size=3)
RATES = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0, 0.1, 0.3])
DTYPES = st.sampled_from([torch.float32, torch.float64])


def traced(
    program: Program, theta: list[float], rate: float, number: int, dtype: torch.dtype
) -> tuple[Mapping[str, Any], Answer, Trace]:
    arguments: dict[str, Value] = {
        MOVES: record(torch.tensor(theta, dtype=dtype)),
        "rate": rate,
        "steps": number,
    }
    answer, made = traced_call(program, arguments)
    return arguments, answer, made


@QUICK
@given(st.sampled_from(HONEST), THETAS, RATES, st.integers(1, 4), DTYPES)
def test_the_chain_of_an_honest_descent_always_holds(
    program: Program, theta: list[float], rate: float, number: int, dtype: torch.dtype
) -> None:
    _, answer, made = traced(program, theta, rate, number, dtype)

    assert chain(theta, made, answer, dtype=str(dtype).removeprefix("torch.")).message == ""


@QUICK
@given(THETAS, RATES, st.integers(1, 4), DTYPES, st.data())
def test_a_value_made_by_hand_holds_only_where_a_step_left_it_bit_by_bit(
    theta: list[float], rate: float, number: int, dtype: torch.dtype, data: st.DataObject
) -> None:
    _, _, made = traced(plain, theta, rate, number, dtype)
    left = [x for one in made.steps for x in floats(one.after[0])]
    other = (
        st.sampled_from(theta) | st.sampled_from(left).map(lambda x: math.nextafter(x, 9)) | st.floats(-4, 4)
    )
    size = len(theta)
    by_hand = data.draw(st.lists(st.sampled_from(left) | other, min_size=size, max_size=size))

    name = str(dtype).removeprefix("torch.")
    kept = [single(x) for x in by_hand] if dtype is torch.float32 else by_hand
    assert chain(theta, made, returned(*by_hand, dtype=name), dtype=name).holds <= set(kept).issubset(left)
    last = [single(x) if dtype is torch.float32 else x for x in floats(made.steps[-1].after[0])]
    assert chain(theta, made, returned(*last, dtype=name), dtype=name).holds


@QUICK
@given(THETAS, st.sampled_from([0.1, 0.3]), st.integers(1, 4), DTYPES)
def test_steps_by_hand_never_hold_beside_an_optimiser_that_idles_or_another_one(
    theta: list[float], rate: float, number: int, dtype: torch.dtype
) -> None:
    def by_hand(given_theta: torch.Tensor, lr: float, count: int) -> torch.Tensor:
        moving = given_theta.clone()
        idle = SGD([Parameter(given_theta.clone())], lr=lr)
        other = Adam([Parameter(given_theta.clone())], lr=lr)
        for _ in range(count):
            moving = moving - lr * 2 * moving
            idle.step()
            other.step()
        return moving

    moves = [value for value in theta if value]
    _, answer, made = traced(by_hand, moves or [1.0], rate, number, dtype)

    assert not chain(moves or [1.0], made, answer, dtype=str(dtype).removeprefix("torch.")).holds


@QUICK
@given(THETAS, st.sampled_from([0.1, 0.3]), st.integers(2, 4), DTYPES, st.booleans(), st.booleans())
def test_steps_by_hand_on_a_padded_parameter_never_hold(
    theta: list[float], rate: float, number: int, dtype: torch.dtype, first: bool, own_steps: bool
) -> None:
    """The optimiser holds the very numbers and steps before or after the hand, but moves only the rest."""

    def by_hand(given_theta: torch.Tensor, lr: float, count: int) -> torch.Tensor:
        size = len(given_theta)
        moving = Parameter(torch.cat([given_theta, torch.tensor([7.0, 0.0])]))
        idle = SGD([moving], lr=lr)
        for _ in range(count):
            moving.grad = torch.zeros_like(moving)
            moving.grad[size:] += float(own_steps)
            if first:
                idle.step()
            with torch.no_grad():
                moving[:size] -= lr * 2 * moving[:size]
            if not first:
                idle.step()
        return moving.detach()[:size]

    moves = [value for value in theta if value] or [1.0]
    _, answer, made = traced(by_hand, moves, rate, number, dtype)

    assert not chain(moves, made, answer, dtype=str(dtype).removeprefix("torch.")).holds
