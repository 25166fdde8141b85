"""Whether what two programs did on one case can be told apart.

Two values differ where they are further apart than the rounding of both; a raise differs
from a value, and from a raise of another type. Both the freezer (which keeps a case that tells
two mistakes apart) and `verify` ask here, so that they mean the same. Where values are the same, recorded
steps may tell what a diagnoser that reads steps can tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.records import Answer, Raised, Returned, Step, Tensor, Trace
from grader.tensors import floats, numbers

CLEARLY: Final = 1e-3  # relative: more than rounding, less than any mistake


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


# --- by steps -----------------------------------------------------------------------------


def steps_apart(first: Trace | None, second: Trace | None) -> bool:
    """Whether the recorded steps differ: in their number, their optimiser, or clearly in some number."""
    one, two = (trace.steps if trace else () for trace in (first, second))
    return len(one) != len(two) or any(
        a.classes != b.classes or a.options.keys() != b.options.keys() or _far(_numbers(a), _numbers(b))
        for a, b in zip(one, two, strict=True)
    )


def _numbers(step: Step) -> list[float]:
    tensors = [*step.before, *step.after, *step.gradients]
    return [*step.options.values(), *(x for one in tensors for x in (floats(one) if one else [math.nan]))]


def _far(first: Sequence[float], second: Sequence[float]) -> bool:
    return len(first) != len(second) or any(
        _differ(x, y, CLEARLY * max(abs(x), abs(y))) for x, y in zip(first, second, strict=True)
    )
