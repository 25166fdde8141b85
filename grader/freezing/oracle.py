"""For each input the expected value, and how far honest rounding may stray from it.

Expected values come from the reference, run in float64 on the exact inputs. An exercise that
knows its mathematics gives its own bound; `shadow_bound` serves those that do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from grader import kit, tensors
from grader.errors import GraderError
from grader.exercises import Exercise
from grader.freezing import lines
from grader.freezing.casting import in_double, in_single, moved
from grader.judging.tolerances import ROUNDING, ROUNDOFF
from grader.records import Answer, Raised, Returned, Tensor, Value
from grader.sandbox import calling
from grader.sandbox.values import build, record

COARSER: Final = {"float64": ("float64", "float32"), "float32": ("float32",)}
"""In which dtypes a student may have computed, by the dtype that the reference returns."""

SHADOW_DRAWS: Final = 8


@dataclass(frozen=True)
class Truth:
    """What the reference says about one input."""

    expected: Tensor
    dtype: str
    shape: tuple[int, ...]
    bounds: dict[str, Tensor]


def truth(exercise: Exercise, arguments: Mapping[str, Value]) -> Truth:
    """Ask the reference. Raises GraderError where it raises or returns no small tensor of floats."""
    exact = reference_value(exercise, in_double(arguments))
    plain = reference_value(exercise, arguments)
    if plain.dtype not in COARSER or exact.dtype != "float64" or len(exact.data) // 8 != _size(plain):
        raise GraderError(
            f"{_call(exercise, arguments)}: the reference returned a {plain.dtype} tensor of shape"
            f" {plain.shape}, and of dtype {exact.dtype} and shape {exact.shape} when given float64.",
            "A reference returns a tensor of the floating dtype that it was given.",
        )
    bounds = bounds_of(exercise, arguments, COARSER[plain.dtype], exact)
    expected = Tensor("float64", plain.shape, exact.data)
    return Truth(expected, plain.dtype, plain.shape, bounds)


def reference_value(exercise: Exercise, arguments: Mapping[str, Value]) -> Tensor:
    """What the reference returns. Raises GraderError where it is no tensor."""
    answer = calling.call(exercise.reference, arguments)
    if isinstance(answer, Returned) and answer.value is not None and answer.device is not None:
        return answer.value
    place = lines.raising(exercise, lambda: calling.call(exercise.reference, arguments))
    raise lines.Blamed(
        f"{_call(exercise, arguments)}: the reference {_what_happened(answer)}.",
        lines.CORRECT,
        place if isinstance(answer, Raised) else None,
    )


def _what_happened(answer: Answer) -> str:
    if isinstance(answer, Raised):
        return f"raised {answer.type}: {answer.message}"
    if isinstance(answer, Returned):
        return f"returned {answer.problem or f'a {answer.type}'}, not a tensor"
    return answer.message


def _call(exercise: Exercise, arguments: Mapping[str, Value]) -> str:
    return tensors.call(exercise.name, dict(arguments))


def _size(tensor: Tensor) -> int:
    return len(tensor.data) // tensors.ITEM_SIZES[tensor.dtype]


def finite(case: kit.Case) -> bool:
    """Whether a case can be judged: overflow is no part of any exercise."""
    everything = [case.expected, *case.bounds.values()]
    if case.leaves:  # what a right program gives may be infinite, or no number at all
        everything = [*case.bounds.values()]
    return all(bool(np.isfinite(tensors.numbers(one)).all()) for one in everything)


# --- bounds -------------------------------------------------------------------------------


def bounds_of(
    exercise: Exercise, arguments: Mapping[str, Value], dtypes: tuple[str, ...], exact: Tensor
) -> dict[str, Tensor]:
    """How far an honest program may stray, by the dtype that it computed in."""
    if exercise.bound is None:
        strayed = stray(exercise, arguments)
        return {dtype: shadow_bound(strayed, dtype, exact) for dtype in dtypes}
    return {dtype: _own_bound(exercise, arguments, dtype, exact) for dtype in dtypes}


def _own_bound(exercise: Exercise, arguments: Mapping[str, Value], dtype: str, exact: Tensor) -> Tensor:
    assert exercise.bound is not None
    built = {name: build(value) for name, value in arguments.items()}
    bound = exercise.bound(built, getattr(torch, dtype))
    size = len(exact.data) // 8
    if not isinstance(bound, torch.Tensor) or bound.numel() != size or bool((bound < 0).any()):
        raise GraderError(
            f"{_call(exercise, arguments)}: `bound` gave {bound!r} for a result of {size} numbers.",
            "`bound(arguments, dtype)` returns a float64 tensor of the result's shape, with nothing below 0.",
        )
    return record(bound.double())


def stray(exercise: Exercise, arguments: Mapping[str, Value]) -> np.ndarray:
    """How far the reference strays in single precision when its inputs move by one unit in the last place."""
    base = in_single(arguments)
    centre = tensors.numbers(reference_value(exercise, in_double(base)))
    random = np.random.default_rng(0)
    strayed = np.zeros_like(centre)
    for _ in range(SHADOW_DRAWS):
        given = {name: moved(value, random) for name, value in base.items()}
        strayed = np.maximum(strayed, abs(tensors.numbers(reference_value(exercise, given)) - centre))
    return strayed


def shadow_bound(strayed: np.ndarray, dtype: str, exact: Tensor) -> Tensor:
    """The bound of an exercise that gives none.

    Both what the inputs' last bits do and what the reference's own rounding does are seen in
    `strayed`, and both grow in proportion to the unit roundoff, so the bound of another dtype is that
    of float32 scaled. (Looking at float64 itself would compare it with itself and see nothing.)
    """
    scale = ROUNDOFF[dtype] / ROUNDOFF["float32"]
    smallest = torch.finfo(getattr(torch, dtype)).tiny
    size = abs(tensors.numbers(exact))
    return tensors.float64(ROUNDING * (strayed * scale + ROUNDOFF[dtype] * size) + smallest, exact.shape)
