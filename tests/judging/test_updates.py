"""Which recorded steps torch.optim.SGD can have made. About 2 seconds."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grader.judging.chains import impossible
from grader.records import Step, Tensor
from grader.sandbox.tracing import Recorder
from grader.sandbox.values import record
from tests.judging.build import QUICK, step, tensor


def taken(
    before: float, after: float, gradient: float | None, dtype: str = "float32", **options: float
) -> Step:
    slope = None if gradient is None else tensor(gradient, dtype=dtype)
    start, end = tensor(before, dtype=dtype), tensor(after, dtype=dtype)
    return Step(("SGD",), {"lr": 0.1} | options, (start,), (end,), (slope,))


def told(*steps: Step, optimiser: str = "SGD", memory: bool = True) -> str:
    return impossible(steps, optimiser, memory=memory)


def elsewhere(lead: str, number: int = 1) -> str:
    where = "where its rate and its gradient lead to"
    return f"step {number} took a parameter from 1.0 to 0.8, {where} {lead}"


# --- what SGD does ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "made",
    [
        taken(1.0, 0.8, 2.0),
        taken(1.0, 0.8, -2.0, maximize=1.0),
        taken(1.0, 0.8, 1.0, weight_decay=1.0),
        taken(1.0, 0.8, -1.0, weight_decay=1.0, maximize=1.0),
        taken(1.0, 1.0, None),
        taken(1.0, math.inf, 1e39),
        taken(1.0, math.nan, math.nan),
        taken(1.0, 0.8, 200.0, lr=0.001),
        taken(1.0, 0.8, 2.01, dtype="float16"),
    ],
)
def test_a_step_along_its_gradient_is_one_of_sgd(made: Step) -> None:
    assert told(made) == told(made, memory=False) == ""


def test_what_momentum_remembers_is_not_known_but_where_it_can_be_nothing() -> None:
    made = taken(1.0, 0.8, 1.0, momentum=0.9)

    assert told(made) == ""
    assert told(made, memory=False) == elsewhere("0.9")


def test_a_first_step_with_nesterovs_momentum_goes_further() -> None:
    made = taken(1.0, 0.8, 1.25, momentum=0.6, nesterov=1.0)

    assert told(made, memory=False) == ""
    assert told(msgspec.structs.replace(made, options=made.options | {"nesterov": 0.0}), memory=False) == (
        elsewhere("0.875")
    )


def test_each_parameter_is_held_to_the_options_of_its_group() -> None:
    both = Step(("SGD",), {"lr": 0.1}, (tensor(1.0),) * 2, (tensor(0.9), tensor(0.8)), (tensor(1.0),) * 2)

    assert told(both) == elsewhere("0.9")
    assert told(msgspec.structs.replace(both, each=({"lr": 0.1}, {"lr": 0.2}))) == ""


def test_what_another_optimiser_does_with_its_gradient_is_its_own_affair() -> None:
    assert told(taken(1.0, 0.8, 77.0), optimiser="Adam") == ""
    assert told(taken(1.0, 0.8, None), optimiser="Adam") == "step 1 moved a parameter that had no gradient"


# --- what it does not ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "lead"),
    [
        (taken(1.0, 0.8, 0.0), "1.0"),
        (taken(1.0, 0.8, 2.0, maximize=1.0), "1.2"),
        (taken(1.0, 0.8, 2.0, lr=0.0), "1.0"),
        (Step(("SGD",), {}, (tensor(1.0),), (tensor(0.8),), (tensor(2.0),)), "1.0"),
        (taken(1.0, 0.8, 2.0, weight_decay=1.0), "0.7"),
        (taken(1.0, 0.8, math.inf), "-inf"),
        (taken(1.0, 0.8, math.nan), "nan"),
        (taken(1.0, 0.8, 2.0 + 1e-12, dtype="float64"), "0.7999999999999"),
    ],
)
def test_a_step_that_went_elsewhere_says_where_it_should_have_gone(made: Step, lead: str) -> None:
    assert told(made) == elsewhere(lead)


@pytest.mark.parametrize("gradients", [(), (None,), (tensor(2.0, 2.0),)])
def test_nothing_moves_without_a_gradient_of_its_own(gradients: tuple[Tensor | None, ...]) -> None:
    made = msgspec.structs.replace(taken(1.0, 0.8, 2.0), gradients=gradients)

    assert told(step([1.25], [1.0]), made) == "step 2 moved a parameter that had no gradient"


def test_one_number_of_many_is_enough() -> None:
    before, after, gradient = tensor(0.0, 1.0), tensor(0.0, 0.8), tensor(0.0, 1.0)

    assert told(step([2.0], [1.0]), Step(("SGD",), {"lr": 0.1}, (before,), (after,), (gradient,))) == (
        elsewhere("0.9", number=2)
    )


# --- laws, on steps of the real optimiser ----------------------------------------------------

NUMBERS = st.floats(-1e4, 1e4, width=32)
DTYPES = st.sampled_from([torch.float32, torch.float64, torch.float16, torch.bfloat16])
WAYS = st.fixed_dictionaries(
    {"lr": st.floats(0, 3)},
    optional={
        "weight_decay": st.floats(0, 4),
        "maximize": st.booleans(),
        "foreach": st.booleans(),
        "differentiable": st.just(False),
    },
)


def really(theta: list[float], slope: list[float], dtype: torch.dtype, **options: Any) -> Step:
    parameter = torch.nn.Parameter(torch.tensor(theta, dtype=dtype))
    parameter.grad = torch.tensor(slope, dtype=dtype)
    with Recorder() as recorder:
        torch.optim.SGD([parameter], **options).step()
    (made,) = recorder.trace().steps
    return made


@QUICK
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=4), DTYPES, WAYS)
def test_whatever_sgd_does_is_possible(
    rows: list[tuple[float, float]], dtype: torch.dtype, ways: dict[str, Any]
) -> None:
    theta, slope = map(list, zip(*rows, strict=True))

    assert told(really(theta, slope, dtype, **ways)) == ""
    assert told(really(theta, slope, dtype, **ways, momentum=0.9, dampening=0.5), memory=False) == ""
    if ways["lr"] > 0:
        assert told(really(theta, slope, dtype, **ways, momentum=0.5, nesterov=True), memory=False) == ""


@QUICK
@given(NUMBERS, NUMBERS, st.sampled_from([torch.float32, torch.float64]), WAYS, st.floats(1e-4, 1e4))
def test_a_parameter_that_is_moved_beside_its_gradient_is_seen(
    theta: float, slope: float, dtype: torch.dtype, ways: dict[str, Any], beside: float
) -> None:
    made = really([theta], [slope], dtype, **ways)
    size = abs(theta) + abs(slope) + 1  # at least what the step itself may round
    by_hand = torch.tensor([theta + 20 * size * beside], dtype=dtype)

    assert told(msgspec.structs.replace(made, after=(record(by_hand),))).startswith("step 1 took a parameter")
