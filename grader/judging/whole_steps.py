"""A trace as a path: whole steps, each of which moves every number that the exercise moves.

An optimiser for each component, or one that holds several parameters, takes the same path as one for
all of the parameter; which numbers belong together is seen from where one step goes on from another.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from grader import tensors
from grader.judging.tolerances import DIVERGES, near
from grader.records import Step, Tensor


@dataclass(frozen=True)
class WholeStep:
    """A whole step: all numbers, flat."""

    before: list[float]
    after: list[float]
    gradient: list[float] | None  # None where some number had none
    dtype: str  # the floating-point one of `after`


def path(steps: Sequence[Step], start: list[float]) -> list[WholeStep] | None:
    """The steps as whole ones; None where they move other numbers than `start` has, or in no clear order.

    Steps of single components come in rounds, or all of one component before those of the next.
    """
    sizes = {_size(tensors) for step in steps for tensors in (step.before, step.after)}
    if not steps or sizes == {len(start)}:
        return [_joined([step]) for step in steps]
    size = sizes.pop()
    if sizes or not size or len(start) % size:
        return None
    parts = len(start) // size
    rounds, rest = divmod(len(steps), parts)
    if rest:
        return None
    in_rounds = [_joined(steps[i * parts : (i + 1) * parts]) for i in range(rounds)]
    one_by_one = [_joined(steps[i::rounds]) for i in range(rounds)]
    return next((way for way in (in_rounds, one_by_one) if _goes_on(way, start)), None)


def same(got: Sequence[float], wanted: Sequence[float], before: Sequence[float]) -> bool:
    """Whether two traced values are one, up to rounding; that of a step is relative to where it began."""
    allowed = [
        DIVERGES * max(abs(wanted_), abs(before_)) for wanted_, before_ in zip(wanted, before, strict=False)
    ]
    return len(got) == len(wanted) and all(map(near, got, wanted, allowed))


def _size(several: Sequence[Tensor]) -> int:
    return sum(math.prod(tensor.shape) for tensor in several)


def _joined(group: Sequence[Step]) -> WholeStep:
    gradients = [one for step in group for one in step.gradients]
    there = [one for one in gradients if one is not None]
    gradient, after = _flat(there), _flat(one for step in group for one in step.after)
    known = len(there) == len(gradients) and len(gradient) == len(after)
    return WholeStep(
        before=_flat(one for step in group for one in step.before),
        after=after,
        gradient=gradient if known else None,
        dtype=next((one.dtype for step in group for one in step.after if "float" in one.dtype), "float64"),
    )


def _flat(several: Iterable[Tensor]) -> list[float]:
    return list(chain.from_iterable(map(tensors.floats, several)))


def _goes_on(way: Sequence[WholeStep], start: list[float]) -> bool:
    ends = [start, *(taken.after for taken in way)]
    return all(same(taken.before, end, end) for taken, end in zip(way, ends, strict=False))
