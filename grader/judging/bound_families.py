"""Families of a theta that is held within bounds, rounded, or kept in too few digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from grader.judging.descent import RIGHT, Array, Descent
from grader.judging.family import Family, Guess, When
from grader.judging.readings import Constant, Points, View, told
from grader.judging.value_families import (
    RETURN_HINT,
    START_HINT,
    STEP_HINT,
    Change,
    with_after,
    with_result,
    with_start,
)


def _clamps(points: Points) -> Iterator[Guess]:
    """[low, high], either may be missing: what wrong answers have run into, and none lies beyond."""
    cut, raised = (
        points.got[points.off & (points.got < points.right)],
        points.got[points.off & (points.got > points.right)],
    )
    high = _bound(float(cut.max(initial=-np.inf)), reached=float(points.got.max(initial=-np.inf)))
    low = _bound(float(raised.min(initial=np.inf)), reached=float(points.got.min(initial=np.inf)))
    below, above = Constant(-np.inf), Constant(np.inf)
    if low is not None and high is not None and low.value < high.value:
        yield low, high
    if high is not None:
        yield from ((bottom, high) for bottom in (below, _mirrored(high)) if bottom.value < high.value)
    if low is not None:
        yield from ((low, top) for top in (above, _mirrored(low)) if low.value < top.value)


def _mirrored(bound: Constant) -> Constant:
    return Constant(-bound.value, bound.doubt)


def _bound(value: float, reached: float) -> Constant | None:
    if not np.isfinite(value) or value != reached:
        return None
    return Constant(value, 1e-7 * abs(value))


def _clamp_title(where: str) -> Callable[[float, float], str]:
    def title(low: float, high: float) -> str:
        if low == 0 and np.isinf(high):
            return f"Negative values of theta are set to 0 {where}"
        if np.isinf(high):
            return f"Theta is kept at or above {told(low)} {where}"
        if np.isinf(low):
            return f"Theta is kept at or below {told(high)} {where}"
        return f"Theta is kept within [{told(low)}, {told(high)}] {where}"

    return title


def _clamp(
    name: str, where: str, hint: str, make: Callable[[Change], Descent], when: When, rank: int
) -> Family:
    return Family(
        f"theta-clamped-{name}",
        _clamp_title(where),
        hint,
        when,
        lambda view: _clamped(view, name),
        lambda low, high: make(lambda theta: np.clip(theta, low, high)),
        rank=rank,
        where="return" if name == "at-the-end" else "step",
        samples=((-1.0, 1.0), (0.0, np.inf), (-5.0, 5.0), (-10.0, 10.0)),
    )


def _clamped(view: View, name: str) -> Iterator[Guess]:
    """From the runs that end in what was clamped."""
    steps, rate = view.points.steps, view.points.rate
    if name == "at-the-start":
        yield from _clamps(view.points.only((steps == 0) | (rate == 0)))
    elif name == "in-every-step":
        yield from _clamps(view.points.only(steps > 0))
    else:
        yield from _clamps(view.points)


# --- rounding -----------------------------------------------------------------------------------

DECIMALS: Final = range(7)


def _decimals(view: View) -> Iterator[Guess]:
    """All answers after a step are round."""
    got = view.points.got[np.isfinite(view.points.got) & (view.points.steps > 0)]
    for digits in DECIMALS:
        if (abs(got - np.round(got, digits)) <= 2.0**-24 * abs(got)).all():
            yield (Constant(digits),)
            return


def _start_decimals(view: View) -> Iterator[Guess]:
    still = view.points.only((view.points.steps == 0) | (view.points.rate == 0))
    for digits in DECIMALS:
        if (
            len(still.got)
            and (abs(still.got - np.round(still.got, digits)) <= 2.0**-24 * abs(still.got)).all()
        ):
            yield (Constant(digits),)
            return


def _rounded(digits: float) -> Change:
    return lambda theta: np.round(theta, int(digits))


def _rounding(
    name: str,
    words: str,
    guess: Callable[[View], Iterator[Guess]],
    make: Callable[[Change], Descent],
    rank: int,
) -> Family:
    def title(digits: float) -> str:
        return f"Theta is rounded to {int(digits)} decimal{'' if digits == 1 else 's'} {words}"

    return Family(
        f"theta-rounded-{name}",
        title,
        "Return theta with all its digits; round only what you print.",
        "any",
        guess,
        lambda digits: make(_rounded(digits)),
        rank=rank,
        where="return" if name == "at-the-end" else "step",
        samples=((2,), (1,), (3,), (4,), (0,)),
    )


def _whole(
    name: str,
    words: str,
    guess: Callable[[View], Iterator[Guess]],
    make: Callable[[Change], Descent],
    change: Change,
    how: str,
    rank: int,
) -> Family:
    def only_whole(view: View) -> Iterator[Guess]:
        if any(one[0].value == 0 for one in guess(view)):
            yield ()

    return Family(
        f"theta-{how}-{name}",
        f"Theta is {'cut' if how == 'cut' else 'rounded down'} to a whole number {words}",
        "Print theta.dtype, and theta itself, before and after this point.",
        "any",
        only_whole,
        lambda: make(change),
        rank=rank,
        where="return" if name == "at-the-end" else "definition",
        samples=((),),
    )


# --- coarser numbers --------------------------------------------------------------------------


def _half(theta: Array) -> Array:
    return theta.astype(np.float16).astype(theta.dtype)


def _brain(theta: Array) -> Array:
    """Rounded to bfloat16: the upper half of a float32, to nearest."""
    bits = theta.astype(np.float32).view(np.uint32).astype(np.uint64)
    upper = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16) << 16
    return (upper & 0xFFFFFFFF).astype(np.uint32).view(np.float32).astype(theta.dtype)


def _single(theta: Array) -> Array:
    return theta.astype(np.float32).astype(theta.dtype)


def _coarse(name: str, roundoff: float, change: Change, rank: int) -> Family:
    """Right, but for digits that a coarser dtype has not: every answer is one of its few numbers."""

    def held(view: View) -> Iterator[Guess]:
        got = view.points.got[np.isfinite(view.points.got)]
        if (change(got) == got).all():
            yield ()

    return Family(
        f"goes-through-{name}",
        f"Theta goes through {name}, which keeps fewer digits",
        "Print theta.dtype at the beginning, in the loop and at the end.",
        "any",
        held,
        lambda: replace(RIGHT, result=RIGHT.result),
        rank=rank,
        where="definition",
        roundoff=roundoff,
    )


BOUNDS: Final = (
    _clamp("at-the-end", "in the end", RETURN_HINT, with_result, "any", 24),
    _clamp("in-every-step", "in every step", STEP_HINT, with_after, "any", 25),
    _clamp("at-the-start", "at the start", START_HINT, with_start, "any", 26),
    _rounding("at-the-end", "before it is returned", _decimals, with_result, 18),
    _rounding("in-every-step", "in every step", _decimals, with_after, 19),
    _rounding("at-the-start", "before the first step", _start_decimals, with_start, 20),
    _whole("at-the-end", "before it is returned", _decimals, with_result, np.trunc, "cut", 19),
    _whole("in-every-step", "in every step", _decimals, with_after, np.trunc, "cut", 20),
    _whole("at-the-start", "before the first step", _start_decimals, with_start, np.trunc, "cut", 21),
    _whole("at-the-end", "before it is returned", _decimals, with_result, np.floor, "floored", 22),
    _coarse("float16", 2.0**-11, _half, 20),
    _coarse("bfloat16", 2.0**-8, _brain, 21),
    _coarse("float32", 2.0**-24, _single, 22),
)  # fmt: skip
