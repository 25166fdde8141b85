"""Hypothesis strategies for the inputs of exercises: tensors, learning rates, numbers of steps.

The order inside each strategy is the order in which Hypothesis shrinks: the first value is the
simplest. So put first what a teacher would write first, and the counterexamples that students
see become "1.0, 0.1, one step" and not "0.0, 0.0, no step".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any, Final

import torch
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

ONE_BY_ONE: Final = 16  # numbers of a tensor that Hypothesis draws and shrinks each for itself
STOCK: Final = (10, 100)  # examples of so many numbers: what larger tensors are filled from
FEW: Final = 5  # of the simplest of these, for a tensor that is read at a glance


def magnitudes(simple: Sequence[float], smallest: float, largest: float) -> st.SearchStrategy[float]:
    """One of the simple values, or any float of either sign whose magnitude lies in the range."""
    positive = st.floats(smallest, largest, allow_nan=False, width=64)
    drawn = st.tuples(positive, st.sampled_from((1.0, -1.0))).map(math.prod)
    return st.one_of(st.sampled_from(tuple(simple)), drawn)


def tensors(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], elements: st.SearchStrategy[float]
) -> st.SearchStrategy[torch.Tensor]:
    """Tensors of one of the shapes and dtypes; each element is rounded to the dtype drawn.

    A tensor of more than 16 numbers is drawn as a seed: its numbers are picked from a stock of `elements`,
    which are drawn once. The simplest such tensor holds five different numbers, the simplest in the stock.
    """

    def build(drawn: tuple[tuple[tuple[int, ...], Sequence[float]], torch.dtype]) -> torch.Tensor:
        (shape, values), dtype = drawn
        return torch.tensor(values, dtype=dtype).reshape(shape)

    stock = cache(lambda: _stock(elements))
    filled = [st.tuples(st.just(shape), _numbers(math.prod(shape), elements, stock)) for shape in shapes]
    return st.tuples(st.one_of(filled), st.sampled_from(tuple(dtypes))).map(build)


def _numbers(
    size: int, elements: st.SearchStrategy[float], stock: Callable[[], Sequence[float]]
) -> st.SearchStrategy[Sequence[float]]:
    if size <= ONE_BY_ONE:
        return st.tuples(*[elements] * size)
    return st.deferred(lambda: _picked(size, stock()))  # the stock is drawn before the first example is


def _picked(size: int, stock: Sequence[float]) -> st.SearchStrategy[Sequence[float]]:
    def pick(drawn: tuple[int, bool]) -> Sequence[float]:
        number, anything = drawn
        numbers = stock if anything else stock[:FEW]
        random = Random(number)  # noqa: S311 -- picks inputs, guards nothing
        return random.sample(numbers, size) if size <= len(numbers) else random.choices(numbers, k=size)

    return st.tuples(st.integers(0, 2**32 - 1), st.sampled_from((False, True, True))).map(pick)


def _stock(elements: st.SearchStrategy[float]) -> Sequence[float]:
    """Distinct elements, those that are quick to read first; ten examples, for only later ones are varied."""
    drawn: list[float] = []
    examples, each = STOCK

    @seed(0)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*[elements] * each))
    def collect(numbers: tuple[float, ...]) -> None:
        drawn.extend(numbers)

    collect()
    return sorted(dict.fromkeys(drawn), key=lambda one: len(repr(abs(one))))


def learning_rates(simple: Sequence[float], largest: float) -> st.SearchStrategy[float]:
    """One of the simple rates, or any in (0.02, largest]: a smaller one hardly moves anything."""
    return st.one_of(st.sampled_from(tuple(simple)), st.floats(0.02, largest, allow_nan=False))


def step_counts(short: int, long: int) -> st.SearchStrategy[int]:
    """A mixture of short runs and few long ones, no steps among them; the simplest is one step."""
    ordinary = st.integers(1, short)
    return st.one_of(ordinary, st.sampled_from((1, 2, 3, 0)), ordinary, st.integers(short, long))


def calls(**arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A call's arguments by name, in the order given."""
    return st.fixed_dictionaries(arguments)
