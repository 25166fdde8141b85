"""Expected values, and the shadow bound of exercises that give none. About 3 s."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import kit, tensors
from grader.exercises import Exercise
from grader.freezing import casting, oracle
from grader.records import Tensor, Value
from grader.sandbox.values import record


def power(x: torch.Tensor, rate: float, n: int) -> torch.Tensor:
    for _ in range(n):
        x = x - rate * (2 * x)
    return x


def exercise(reference: Callable[..., torch.Tensor]) -> Exercise:
    return Exercise("power", "T", "S", reference, st.just({}), rubric=())


def arguments(values: list[float], rate: float, n: int, dtype: torch.dtype) -> dict[str, Value]:
    return {"x": record(torch.tensor(values, dtype=dtype)), "rate": rate, "n": n}


def numbers(tensor: Tensor) -> np.ndarray:
    return tensors.numbers(tensor)


def test_the_expected_value_is_the_references_in_float64_on_the_exact_inputs() -> None:
    truth = oracle.truth(exercise(power), arguments([0.1, -3.0], 0.3, 4, torch.float32))

    assert (truth.dtype, truth.shape) == ("float32", (2,))
    exact = power(torch.tensor([0.1, -3.0]).double(), 0.3, 4)
    assert truth.expected == record(exact)


def test_a_float64_case_may_be_answered_in_float32_too() -> None:
    exact = oracle.truth(exercise(power), arguments([0.1], 0.3, 4, torch.float64))
    single = oracle.truth(exercise(power), arguments([0.1], 0.3, 4, torch.float32))

    assert sorted(exact.bounds) == ["float32", "float64"]
    assert sorted(single.bounds) == ["float32"]
    assert numbers(exact.bounds["float64"])[0] < 1e-8 * numbers(exact.bounds["float32"])[0]


VALUES = st.lists(st.floats(0.01, 100.0), min_size=1, max_size=3)


@settings(max_examples=40, deadline=None)
@given(VALUES, st.floats(0.02, 0.45), st.integers(0, 8), st.sampled_from([torch.float32, torch.float64]))
def test_other_orders_of_the_operations_stay_within_the_shadow_bound(
    values: list[float], rate: float, n: int, dtype: torch.dtype
) -> None:
    given_arguments = arguments(values, rate, n, dtype)
    truth = oracle.truth(exercise(power), given_arguments)

    other = torch.tensor(values, dtype=dtype)
    for _ in range(n):
        other = (1 - 2 * rate) * other

    error = abs(numbers(record(other)) - numbers(truth.expected))
    assert (error <= numbers(truth.bounds[truth.dtype])).all()


@settings(max_examples=40, deadline=None)
@given(VALUES, st.floats(0.05, 0.45), st.integers(1, 8), st.sampled_from([torch.float32, torch.float64]))
def test_a_rate_wrong_by_a_thousandth_leaves_the_shadow_bound(
    values: list[float], rate: float, n: int, dtype: torch.dtype
) -> None:
    truth = oracle.truth(exercise(power), arguments(values, rate, n, dtype))

    wrong = power(torch.tensor(values, dtype=dtype), rate * 1.001, n)

    error = abs(numbers(record(wrong)) - numbers(truth.expected))
    assert (error > numbers(truth.bounds[truth.dtype])).all()


def test_a_case_that_overflows_is_not_finite() -> None:
    for theta, judged in ((1.0, True), (1e30, False)):
        given_arguments = arguments([theta], 1e6, 4, torch.float32)
        truth = oracle.truth(exercise(power), given_arguments)
        case = kit.Case(
            given_arguments, truth.expected, truth.dtype, truth.shape, truth.bounds, "value", 4.0, "edge"
        )
        assert oracle.finite(case) is judged


def test_only_floating_tensors_go_to_double() -> None:
    given_arguments: Mapping[str, Value] = {
        "x": record(torch.tensor([1.5])),
        "index": record(torch.tensor([1, 2])),
        "rate": 0.1,
    }

    double = casting.in_double(given_arguments)

    assert double == {
        "x": record(torch.tensor([1.5], dtype=torch.float64)),
        "index": record(torch.tensor([1, 2])),
        "rate": 0.1,
    }


def test_an_integer_tensor_does_not_move_in_the_shadow() -> None:
    def pick(x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        return x[index]

    truth = oracle.truth(
        exercise(pick), {"x": record(torch.tensor([1.0, 2.0])), "index": record(torch.tensor([1]))}
    )

    assert numbers(truth.expected).tolist() == [2.0]
    assert numbers(truth.bounds["float32"])[0] == pytest.approx(8 * (2.4e-7 + 1.2e-7), rel=0.2)
