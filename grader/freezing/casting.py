"""The same arguments in another precision, or a last bit away.

What an author's expression makes for each call (`Made`) is cast where it is made: the names used here are
known there (`sandbox/support`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch

from grader.judging.tolerances import ROUNDOFF
from grader.records import Items, Made, Table, Tensor, Value
from grader.sandbox.values import build, record


def in_double(arguments: Mapping[str, Value]) -> dict[str, Value]:
    """The same numbers with every floating tensor in float64."""
    return {name: _cast(value, torch.float64) for name, value in arguments.items()}


def in_single(arguments: Mapping[str, Value]) -> dict[str, Value]:
    """Every floating tensor in float32."""
    return {name: _cast(value, torch.float32) for name, value in arguments.items()}


def _cast(value: Value, dtype: torch.dtype) -> Value:
    if isinstance(value, Items | Table):
        return within(value, lambda one: _cast(one, dtype))
    if isinstance(value, Made):
        return Made(f"cast({value.code!r}, {dtype})")
    if not isinstance(value, Tensor) or not value.dtype.startswith(("float", "bfloat")):
        return value
    return record(build(value).to(dtype))


def within(value: Items | Table, change: Callable[[Value], Value]) -> Value:
    """A list or a dict with each of its arguments changed."""
    if isinstance(value, Items):
        return Items(tuple(map(change, value.items)), value.fixed)
    return Table({name: change(one) for name, one in value.items.items()})


def moved(value: Value, random: np.random.Generator, draw: int = 0) -> Value:
    """The value, one float32 unit in the last place up, down, or where it was."""
    if isinstance(value, Items | Table):
        return within(value, lambda one: moved(one, random, draw))
    if isinstance(value, Made):
        return Made(f"moved({value.code!r}, {draw})")
    if isinstance(value, float):
        return value * (1 + ROUNDOFF["float32"] * int(random.integers(-1, 2)))
    if not isinstance(value, Tensor) or value.dtype != "float32":
        return value
    numbers = np.frombuffer(value.data, dtype="<f4")
    towards = np.where(random.integers(0, 2, size=len(numbers)) == 1, np.inf, -np.inf).astype("<f4")
    return Tensor(value.dtype, value.shape, np.nextafter(numbers, towards).astype("<f4").tobytes())
