"""In which dtype an answer was computed, for the bound that its numbers may stray by."""

from __future__ import annotations

from typing import Final

from grader import kit as kits
from grader.judging.tolerances import ROUNDOFF
from grader.records import Returned, Tensor

TENSOR_TYPES: Final = ("Tensor", "Parameter")
PLAIN_TYPES: Final = ("bool", "int", "float", "list", "tuple")  # numbers that carry no dtype of their own


def judged_dtype(case: kits.Case, answer: Returned, value: Tensor) -> str:
    """The dtype whose bound applies: the returned one if the case has a bound for it, else the coarsest.

    A plain float or list carries no dtype, so it may have come from the coarsest.
    """
    if answer.leaves:
        coarse = [one.dtype for one in answer.leaves if one.dtype in case.bounds and one.type in TENSOR_TYPES]
        return max((*coarse, case.dtype), key=lambda dtype: ROUNDOFF.get(dtype, 0.0))
    if answer.type not in PLAIN_TYPES and value.dtype in case.bounds:
        return value.dtype
    return max(case.bounds, key=lambda dtype: ROUNDOFF[dtype])
