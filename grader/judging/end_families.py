"""Families of a start or a result that depends on the theta itself or on the other arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from grader.judging.descent import RIGHT, Array, Descent, Sheet, last
from grader.judging.family import Family, Guess, decided, single
from grader.judging.gradient_families import norm, unit
from grader.judging.readings import Constant, Formula, View, agreed, between, told
from grader.judging.value_families import (
    RETURN_HINT,
    START_HINT,
    Change,
    start_of,
    with_after,
    with_result,
    with_start,
)

# --- starts ---------------------------------------------------------------------------------


def _start_each(view: View) -> Iterator[Guess]:
    """A constant start, component by component, where they are not all the same."""
    width = view.cases.theta.shape[1]
    if width < 2 or not view.cases.there.all():  # noqa: PLR2004
        return
    found = [agreed(start_of, view.points.only(view.points.component == k)) for k in range(width)]
    zero = [_zero_start(view, k) for k in range(width)]
    starts = [one[0] if one else other for one, other in zip(found, zero, strict=True)]
    if all(one is not None for one in starts) and len({one.value for one in starts if one}) > 1:
        yield tuple(one for one in starts if one is not None)


def _zero_start(view: View, component: int) -> Constant | None:
    """A start at 0 has no relative doubt: all answers are 0."""
    got = view.got[:, component]
    return Constant(0.0) if (got == 0).all() else None


def _starts_at(*values: float) -> Descent:
    start = np.array(values)
    return with_start(lambda theta: np.broadcast_to(start, theta.shape).copy())


def _normalised(theta: Array) -> Array:
    return theta / norm(theta)


# --- small values -----------------------------------------------------------------------------


UNDERFLOW: Final = 1e-6  # what float16 cannot hold is no threshold


def _zeroed(view: View) -> Iterator[Guess]:
    """Wrong answers of 0 where the right one is small, and none where it is not."""
    zero = (view.points.got == 0) & (view.points.right != 0)
    kept = (view.points.got != 0) & np.isfinite(view.points.right)
    if not zero.any() or not kept.any():
        return
    low, high = float(abs(view.points.right[zero]).max()), float(abs(view.points.right[kept]).min())
    threshold = between(low, high)
    if low < high and threshold.value > UNDERFLOW:
        yield (threshold,)


def _small(threshold: float) -> Change:
    return lambda theta: np.where(abs(theta) < threshold, 0, theta)


def _zeroing(name: str, words: str, make: Callable[[Change], Descent], rank: int) -> Family:
    return Family(
        f"small-values-zeroed-{name}",
        f"Values of theta below about {{0}} are set to 0 {words}",
        RETURN_HINT,
        "any",
        _zeroed,
        lambda c: make(_small(c)),
        rank=rank,
        teacher="How small they have to be is known from the cases only roughly.",
        where="return" if name == "at-the-end" else "step",
        roundoff=0.0,
    )


# --- results with another argument in them ------------------------------------------------------

_Result = Callable[[Array, Sheet], Array]


def with_arguments(change: _Result) -> Descent:
    return replace(RIGHT, result=lambda path, count, cases: change(last(path, count, cases), cases))


def _offset_by(name: str, words: str, of: Formula, argument: Callable[[Sheet], Array], rank: int) -> Family:
    def title(c: float) -> str:
        much = words if abs(c) == 1 else f"{told(abs(c))} times {words}"
        verb, end = ("added", "to") if c > 0 else ("subtracted", "from")
        return f"{much[0].upper()}{much[1:]} is {verb} {end} the theta that is returned"

    return Family(
        f"result-offset-by-{name}",
        title,
        RETURN_HINT,
        "any",
        lambda view: single(agreed(lambda p: (p.got - p.right) / of(p), view.points)),
        lambda c: with_arguments(lambda theta, cases: theta + c * argument(cases).astype(theta.dtype)),
        rank=rank,
        where="return",
    )


def _times(name: str, words: str, argument: Callable[[Sheet], Array], rank: int) -> Family:
    return Family(
        f"result-{name}",
        f"Theta is {words} before it is returned",
        RETURN_HINT,
        "any",
        decided,
        lambda: with_arguments(lambda theta, cases: theta * argument(cases).astype(theta.dtype)),
        rank=rank,
        where="return",
    )


MORE_ENDS: Final = (
    Family(
        "start-fixed-each",
        lambda *start: f"The descent starts at [{', '.join(map(told, start))}], whatever is passed",
        START_HINT,
        "any",
        _start_each,
        _starts_at,
        rank=12,
        where="definition",
    ),
    Family("start-normalised", "The descent starts at the initial theta divided by its length", START_HINT,
           "any", decided, lambda: with_start(_normalised), rank=20, where="definition"),
    Family("start-normalised", "The descent starts at the initial theta divided by its length", START_HINT,
           "any", decided, lambda: with_start(unit), rank=20, where="definition"),
    _zeroing("at-the-end", "before they are returned", with_result, 24),
    _zeroing("in-every-step", "in every step", with_after, 26),
    _offset_by("rate", "the learning rate", lambda p: p.rate, lambda cases: cases.rate, 18),
    _offset_by("steps", "the number of steps", lambda p: p.steps, lambda cases: cases.steps, 18),
    _times("times-rate", "multiplied with the learning rate", lambda cases: cases.rate, 22),
    _times("times-steps", "multiplied with the number of steps", lambda cases: cases.steps, 22),
    _times("over-steps", "divided by the number of steps", lambda cases: 1 / np.maximum(cases.steps, 1), 23),
)  # fmt: skip
