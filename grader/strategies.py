"""Hypothesis strategies for the inputs of exercises: tensors, learning rates, numbers of steps.

The order inside each strategy is the order in which Hypothesis shrinks: the first value is the
simplest. So put first what a teacher would write first, and the counterexamples that students
see become "1.0, 0.1, one step" and not "0.0, 0.0, no step".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

import torch
from hypothesis import strategies as st

from grader.records import Made

ONE_BY_ONE: Final = 16  # numbers of a tensor that are drawn and shrunk each for itself


def magnitudes(simple: Sequence[float], smallest: float, largest: float) -> st.SearchStrategy[float]:
    """One of the simple values, or any float of either sign whose magnitude lies in the range."""
    positive = st.floats(smallest, largest, allow_nan=False, width=64)
    drawn = st.tuples(positive, st.sampled_from((1.0, -1.0))).map(math.prod)
    return st.one_of(st.sampled_from(tuple(simple)), drawn)


def tensors(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], elements: st.SearchStrategy[float]
) -> st.SearchStrategy[torch.Tensor]:
    """Tensors of one of the shapes and dtypes; each element is rounded to the dtype drawn.

    Of a tensor with more than 16 numbers 16 are drawn, and a seed says where each of them stands how often:
    so numbers stand there twice. `large` gives tensors in which hardly any does.
    """

    def build(drawn: tuple[tuple[tuple[int, ...], Sequence[float]], torch.dtype]) -> torch.Tensor:
        (shape, values), dtype = drawn
        return torch.tensor(values, dtype=dtype).reshape(shape)

    filled = [st.tuples(st.just(shape), _numbers(math.prod(shape), elements)) for shape in shapes]
    return st.tuples(st.one_of(filled), st.sampled_from(tuple(dtypes))).map(build)


def _numbers(size: int, elements: st.SearchStrategy[float]) -> st.SearchStrategy[Sequence[float]]:
    def spread(drawn: tuple[tuple[float, ...], int]) -> Sequence[float]:
        numbers, seed = drawn
        random = Random(seed)  # noqa: S311 -- places inputs, guards nothing
        return random.sample(numbers * -(-size // ONE_BY_ONE), size)

    if size <= ONE_BY_ONE:
        return st.tuples(*[elements] * size)
    return st.tuples(st.tuples(*[elements] * ONE_BY_ONE), st.integers(0, 2**32 - 1)).map(spread)


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


# --- what is made anew for each call --------------------------------------------------------


def large(*shape: int, bound: float = 2.0) -> st.SearchStrategy[Made]:
    """A float32 tensor of a seed and a shape, for more numbers than anybody would read.

    Its numbers are multiples of 1/1024 between -bound and bound: the same on every machine, and exact.
    """
    most = int(bound * _GRAIN)
    numbers = f"torch.randint({-most}, {most + 1}, {tuple(shape)}, generator="
    return _seeds().map(lambda seed: Made(f"{numbers}torch.Generator().manual_seed({seed})) / {_GRAIN}"))


def generators() -> st.SearchStrategy[Made]:
    """A seeded generator for random numbers."""
    return _seeds().map(lambda seed: Made(f"torch.Generator().manual_seed({seed})"))


def ready(*functions: Callable[..., Any]) -> st.SearchStrategy[Made]:
    """One of some functions or classes, passed as it is: PyTorch's, or from the exercise's `support`."""
    return st.sampled_from([Made(_expression(one)) for one in functions])


def made_by(function: Callable[..., Any], **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Made]:
    """What a function of the exercise's `support` returns for drawn texts and numbers, anew for each call."""
    name = _expression(function)

    def call(drawn: dict[str, Any]) -> Made:
        return Made(f"{name}({', '.join(f'{key}={value!r}' for key, value in drawn.items())})")

    return st.fixed_dictionaries(arguments).map(call)


_GRAIN = 1024


def _seeds() -> st.SearchStrategy[int]:
    return st.integers(0, 9999)


def _expression(function: Callable[..., Any]) -> str:
    """How a call names it: PyTorch's own by its whole name."""
    module, name = function.__module__ or "", function.__qualname__
    if module == "torch" or module.startswith("torch."):
        return f"{module}.{name}"
    return f"torch.{name}" if getattr(torch, name, None) is function else name
