"""How close is close enough, in one place: each number with its reason.

Whether an answer is *right* is said by the bound of its case alone (`component`). The others say whether two
numbers that were computed in different ways may be one: a student's and a mistake's, a trace's and a rule's.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from grader import kit as kits
from grader.records import Returned, Tensor

ROUNDOFF: Final = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
"""Half the distance from 1 to the next number, by dtype."""

NORMAL: Final = {"float64": 2.0**-1022, "float32": 2.0**-126, "float16": 2.0**-24, "bfloat16": 2.0**-126}
"""What may be lost below the normal numbers, by dtype."""

ROUNDING: Final = 8.0
"""Roundings in a step of an honest program, at most; times u (n + 1) and the largest value on the way."""

SPREAD: Final = 4.0
"""Times how far the same program ends in float32 and float64: another order rounds elsewhere."""

ASTRAY: Final = 1e15  # times the start: a run that went so far has multiplied its roundings as well
ALIKE: Final = 1e-6  # relative, that two such runs may differ
CLEARLY: Final = 1e-3  # relative, that two recorded steps differ: no rounding, and less than any mistake
TELLING: Final = 1000.0  # times the tolerance: so far off that agreeing is no accident
CONVINCING: Final = 3  # such cases, beyond those that a constant was read from

READ: Final = 64.0
"""Roundings that a number read from a trace may be off: a loss of several terms, differentiated."""

DIVERGES: Final = READ * ROUNDOFF["float32"]
"""Relative: from here on a traced value is another one in any dtype. Only a pointer, never a mark."""


def near(one: float, other: float, allowed: float) -> bool:
    """Whether two numbers are one; nan is nan."""
    return one == other or abs(one - other) <= allowed < math.inf or (math.isnan(one) and math.isnan(other))


def rounding(dtype: str, steps: float, largest: float) -> float:
    """How far an honest program may stray in so many steps over numbers up to the largest."""
    return ROUNDING * ROUNDOFF.get(dtype, 0.0) * (steps + 1) * largest


def component(got: float, expected: float, bound: float) -> tuple[float, float, float]:
    """Error, bound and ratio of one component; the ratio is above 1 iff the exact error is beyond the bound.

    Rounding is monotonic, so in floats only an error that equals the bound leaves a doubt.
    """
    if got == expected or (math.isnan(got) and math.isnan(expected)):
        return 0.0, bound, 0.0
    error = abs(got - expected)
    if not (math.isfinite(error) and bound > 0):
        return error, bound, math.inf
    within = error < bound or (error == bound and abs(Fraction(got) - Fraction(expected)) <= Fraction(bound))
    ratio = error / bound
    return error, bound, ratio if within else max(ratio, math.nextafter(1.0, 2.0))


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
