"""Laws of the input strategies. About 2 s."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import strategies
from grader.freezing.drawing import pool, simplest

ELEMENTS = strategies.magnitudes([1.0, 0.0], smallest=1e-3, largest=1e3)
SHAPES = [(), (1,), (2, 3)]
DTYPES = [torch.float32, torch.float64]
CALLS = strategies.calls(
    theta=strategies.tensors(SHAPES, DTYPES, ELEMENTS),
    rate=strategies.learning_rates([0.1, 0.0], largest=1.1),
    steps=strategies.step_counts(short=5, long=20),
)


@given(ELEMENTS)
def test_a_magnitude_is_simple_or_in_the_range(value: float) -> None:
    assert value in (1.0, 0.0) or 1e-3 <= abs(value) <= 1e3


@settings(deadline=None)
@given(strategies.tensors(SHAPES, DTYPES, ELEMENTS))
def test_a_tensor_has_one_of_the_shapes_and_dtypes(tensor: torch.Tensor) -> None:
    assert tuple(tensor.shape) in SHAPES
    assert tensor.dtype in DTYPES
    assert not tensor.requires_grad


@given(strategies.learning_rates([0.1, 0.0], largest=1.1))
def test_a_rate_is_simple_or_worth_a_step(rate: float) -> None:
    assert rate == 0.0 or 0.02 <= rate <= 1.1


@given(strategies.step_counts(short=5, long=20))
def test_steps_are_few(steps: int) -> None:
    assert 0 <= steps <= 20


def plain(drawn: dict[str, Any]) -> list[Any]:
    return [
        (k, v.tolist(), v.dtype) if isinstance(v, torch.Tensor) else (k, v) for k, v in sorted(drawn.items())
    ]


def test_the_simplest_call_is_the_one_a_teacher_writes_first() -> None:
    found = simplest(CALLS, lambda _: True, 0)

    assert found is not None
    assert plain(found) == [("rate", 0.1), ("steps", 1), ("theta", 1.0, torch.float32)]


def test_over_ten_seeds_a_shrunk_call_is_as_simple_as_its_condition_allows() -> None:
    for seed in range(10):
        found = simplest(CALLS, lambda a: a["steps"] >= 2 and a["rate"] > 0, seed)

        assert found is not None
        assert plain(found) == [("rate", 0.1), ("steps", 2), ("theta", 1.0, torch.float32)]


def test_what_no_input_shows_has_no_simplest_input() -> None:
    assert simplest(CALLS, lambda a: a["steps"] > 20, 0) is None


def test_the_same_seed_draws_the_same_pool() -> None:
    first, again, other = ([plain(one) for one in pool(CALLS, 60, seed)] for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert len(first) == 60


def test_a_pool_holds_no_steps_one_step_and_many() -> None:
    steps = {one["steps"] for one in pool(CALLS, 200, 0)}

    assert {0, 1, 2, 3} <= steps
    assert max(steps) > 5


def test_a_strategy_of_one_value_gives_a_pool() -> None:
    assert pool(st.just({"x": 1}), 5, 0) == [{"x": 1}] * 5
