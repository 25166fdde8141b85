"""Whether what two programs did on one case can be told apart.

Two values differ where they are further apart than the rounding of both; a raise differs
from a value, and from a raise of another type. Both the freezer (which keeps a case that tells
two mistakes apart) and `verify` ask here, so that they mean the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from grader.records import Answer, Raised, Returned, Tensor
from grader.tensors import numbers


@dataclass(frozen=True)
class Behaviour:
    """What a program did on one case, with its own rounding."""

    label: tuple[str, ...]
    values: tuple[float, ...] = ()
    tolerance: tuple[float, ...] = ()


def behaviour(answer: Answer, tolerance: Tensor | None) -> Behaviour:
    """Read an answer once, before it is compared with many others."""
    if isinstance(answer, Raised):
        return Behaviour(("raised", answer.type))
    if not isinstance(answer, Returned):
        return Behaviour(("stopped", answer.failure.value))
    if answer.value is None or tolerance is None:
        return Behaviour(("no value", answer.problem))
    values = tuple(numbers(answer.value).tolist())
    return Behaviour(("value", str(len(values))), values, tuple(numbers(tolerance).tolist()))


def apart(first: Behaviour, second: Behaviour) -> bool:
    """Whether the two can be told apart on this case."""
    if first.label != second.label:
        return True
    rows = zip(first.values, second.values, first.tolerance, second.tolerance, strict=True)
    return any(_differ(x, y, s + t) for x, y, s, t in rows)


def _differ(x: float, y: float, tolerance: float) -> bool:
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) != math.isnan(y)
    return x != y and not abs(x - y) <= tolerance
