"""Families of a loop that ends early: the right path, left where some condition holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from grader.judging.descent import RIGHT, Array, Descent, Sheet
from grader.judging.family import Family, Guess
from grader.judging.readings import Constant, View, between, told

_ALWAYS: Final = "Does your function always take number_steps steps? Which line can end the loop?"

Measure = Callable[[Array, Sheet], Array]
"""path -> place x case: what the condition looks at there."""


def _norm(values: Array) -> Array:
    return np.sqrt((values**2).sum(axis=-1))


def _loss(path: Array, cases: Sheet) -> Array:
    """Above its minimum: the integral of an affine gradient."""
    slope = cases.coefficients[1] if len(cases.coefficients) > 1 else 0 * cases.theta
    gradient = np.where(slope > 0, cases.gradient(path), 0)
    return (gradient**2 / np.where(slope > 0, 2 * slope, 1)).sum(axis=-1)


def _steepness(path: Array, cases: Sheet) -> Array:
    return _norm(cases.gradient(path))


def _size(path: Array, _: Sheet) -> Array:
    return _norm(path)


def _change(path: Array, cases: Sheet) -> Array:
    return cases.rate[:, 0] * _steepness(path, cases)


def _gain(path: Array, cases: Sheet) -> Array:
    """How much the loss changes in the step from there."""
    after = path - cases.rate * cases.gradient(path)
    return abs(_loss(path, cases) - _loss(after, cases))


def _stopping(measure: Measure, threshold: float, *, after: int, at_once: bool = False) -> Descent:
    """Left at the first place where the measure is below, or `after` steps later.

    `at_once`: at the start no more step is taken.
    """

    def result(path: Array, count: Array, cases: Sheet) -> Array:
        low = measure(path, cases) < threshold
        first = np.where(low.any(axis=0), low.argmax(axis=0), len(path))
        first = np.where(at_once & (first == 0), -after, first)
        place = np.minimum(first + after, np.maximum(count[:, 0], 0))
        return path[place, np.arange(path.shape[1])]

    return replace(RIGHT, result=result)


def _threshold(view: View, measure: Measure, after: int, rows: Array | None = None) -> Iterator[Guess]:
    """A number that all places where the path was left, and those before, agree on; read off these rows."""
    if not view.on_path:
        return
    found = view.places
    height = measure(view.right, view.cases)
    low, high = 0.0, np.inf
    seen = 0
    used = view.fresh if rows is None else view.fresh & rows
    for row in np.nonzero(view.wrong & used)[0]:
        stops = np.nonzero(found[:, row])[0]
        if len(stops) != 1:
            continue
        place = int(stops[0]) - after
        if place < 0 or stops[0] >= view.cases.steps[row, 0]:
            return
        low = max(low, float(height[place, row]))
        high = min(high, float(height[:place, row].min(initial=np.inf)))
        seen += 1
    low, high = _narrowed(view, np.nonzero(~view.wrong & used)[0], height, after, low, high)
    if seen and low < high < np.inf:
        yield (between(low, high),)


def _narrowed(
    view: View, rows: Array, height: Array, after: int, low: float, high: float
) -> tuple[float, float]:
    """Paths that were walked to the end did not meet the condition before."""
    for row in rows:
        steps = int(view.cases.steps[row, 0])
        if view.places[: steps + 1, row].sum() == 1:
            before = height[: max(steps - after, 0), row]
            high = min(high, float(before.min(initial=np.inf)))
    return low, high


def _stop(name: str, words: str, measure: Measure, after: int, rank: int) -> Family:
    return Family(
        f"stops-early-{name}",
        f"The loop ends early, as soon as {words} is below about {{0}}",
        _ALWAYS,
        "any",
        lambda view: _threshold(view, measure, after),
        lambda c: _stopping(measure, c, after=after),
        rank=rank,
        teacher="How small it has to be is known from the cases only roughly.",
        where="loop",
        samples=((0.1,), (0.01,), (1.0,), (1e-3,)),
    )


def _left_without_gain(path: Array, cases: Sheet, patience: int, gain: float) -> Array:
    """The place where the loss has not been `gain` below its smallest for so many steps; the end if never."""
    loss = _loss(path, cases)
    best, since = loss[0], np.zeros(loss.shape[1], dtype=np.int64)
    left = np.full(loss.shape[1], len(path))
    for place in range(1, len(path)):
        better = loss[place] < best - gain
        best, since = np.where(better, loss[place], best), np.where(better, 0, since + 1)
        left = np.where((since >= patience) & (left == len(path)), place, left)
    return left


def _not_falling(patience: int, gain: float, late: int) -> Descent:
    """`late`: steps that are still taken when it is noticed."""

    def result(path: Array, count: Array, cases: Sheet) -> Array:
        place = _left_without_gain(path, cases, patience, gain) + late
        return path[np.minimum(place, np.maximum(count[:, 0], 0)), np.arange(path.shape[1])]

    return replace(RIGHT, result=result)


PATIENCE: Final = (2, 3, 5, 10, 4)
GAINS: Final = (0.0, 1e-3, 1e-4, 1e-2, 1e-6, 1e-5, 1e-8)


def _impatient(view: View, late: int) -> Iterator[Guess]:
    """The commonest that leave the right path where the answers have left it."""
    steps, rows = view.cases.steps[:, 0], np.arange(len(view.index))
    if not view.on_path or steps[view.wrong].min() <= min(PATIENCE):
        return
    for patience in PATIENCE:
        for gain in GAINS:
            place = _left_without_gain(view.right, view.cases, patience, gain) + late
            if view.places[np.minimum(place, steps), rows].all():
                yield Constant(patience), Constant(gain)
                return


def _impatient_title(patience: float, gain: float) -> str:
    much = f" by more than {told(gain)}" if gain else ""
    return (
        "The loop ends when the loss has hardly fallen for a few steps, as if it had to fall"
        f"{much} within {told(patience)}"
    )


def _out_of_patience(late: int) -> Family:
    return Family(
        "stops-early-patience",
        _impatient_title,
        _ALWAYS,
        "any",
        lambda view: _impatient(view, late),
        lambda patience, gain: _not_falling(int(patience), gain, late),
        rank=33 + late,
        teacher="Early stopping, as for networks; its numbers are known from the cases only roughly.",
        where="loop",
    )


def _falls_no_more(name: str, title: str, after: int, rank: int) -> Family:
    return Family(
        f"stops-early-{name}",
        title,
        _ALWAYS,
        "any",
        lambda view: ((),) if view.on_path else (),
        lambda: _not_falling(1, 0.0, after),
        rank=rank,
        teacher="At a rate of 1 or more the loss does not fall.",
        where="loop",
    )


def _stale(view: View) -> Iterator[Guess]:
    """Read off the runs that took a step: the others were left at once."""
    moved = (view.got != view.cases.theta).any(axis=1)
    yield from _threshold(view, _loss, 1, moved)


STOPS: Final = (
    _falls_no_more("rising", "The loop ends as soon as the loss no longer falls", 0, 30),
    _falls_no_more("rising-late", "The loop ends one step after the loss no longer falls", 1, 31),
    _out_of_patience(0),
    _out_of_patience(1),
    _stop("loss", "the loss", _loss, 1, 30),
    Family(
        "stops-early-loss",
        "The loop ends early, as soon as the loss before the last step is below about {0}",
        _ALWAYS,
        "any",
        _stale,
        lambda c: _stopping(_loss, c, after=1, at_once=True),
        rank=32,
        teacher="The loop's condition looks at the loss that was computed before theta moved.",
        where="loop",
    ),
    _stop("gradient", "the gradient", _steepness, 0, 31),
    _stop("theta", "|theta|", _size, 0, 32),
    _stop("loss-before", "the loss before the update", _loss, 0, 31),
    _stop("gradient-after", "the gradient of the last step", _steepness, 1, 32),
    _stop("change", "the change of theta", _change, 1, 33),
    _stop("change-before", "the next change of theta", _change, 0, 34),
    _stop("gain", "the change of the loss", _gain, 1, 34),
)
