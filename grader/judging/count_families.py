"""Families of the number of steps: the right path, left at another place.

For every case the places of the right path that equal the student's answer are known at once. The
case that is wrong and has the fewest such places proposes the constants; all others then agree or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from grader.judging.descent import RIGHT, Array, Descent, Sheet
from grader.judging.family import Family, Guess, named
from grader.judging.readings import LOOSE, Constant, View, agreed, between, told

_COUNT: Final = "Count the updates of theta for number_steps = 1, 2 and 3."
_ALWAYS: Final = "Does your function always take number_steps steps? Which line can end the loop?"

MANY: Final = (1000.0, 100.0, 10000.0, 500.0, 200.0, 50.0, 2000.0, 5000.0)
"""Round numbers of steps so large that no path shows how large."""


def with_count(count: Callable[[Array], Array]) -> Descent:
    return replace(RIGHT, count=lambda cases: np.maximum(count(cases.steps), 0))


def _proposing(view: View) -> tuple[int, list[int]] | None:
    """The number of steps of the wrong case with the fewest places that it may have stopped at, and these."""
    found = view.places
    fits = found.sum(axis=0)
    if (fits[view.wrong] == 0).any():
        # The longest paths may have been left beyond what was walked; but not the shortest.
        short = view.wrong & (view.cases.steps[:, 0] <= 1) & (fits == 0)
        if short.any():
            return None
    usable = np.nonzero(view.wrong & (fits > 0))[0]
    if not len(usable):
        return None
    row = min(usable, key=lambda i: (fits[i], -view.cases.steps[i, 0]))
    return int(view.cases.steps[row, 0]), [int(m) for m in np.nonzero(found[:, row])[0]]


def _proposed(
    propose: Callable[[int, int], list[float]], *, fewer: bool = False
) -> Callable[[View], Iterator[Guess]]:
    """propose(steps asked for, steps taken) -> constants; `fewer`: no more steps than asked for."""

    def guess(view: View) -> Iterator[Guess]:
        found = _proposing(view) if view.on_path or not fewer else None
        if found is None:
            return
        asked, taken = found
        for place in taken[:6]:
            yield from ((Constant(c),) for c in propose(asked, place))

    return guess


def _fixed(view: View) -> Iterator[Guess]:
    """Read off the path, or off how far theta has come where that is beyond the path."""
    found = view.places.all(axis=1)
    walked = [float(m) for m in np.nonzero(found)[0]]
    if walked:
        yield (Constant(walked[0]),)
        return
    slow = view.points.only((view.points.growth != 0) & (view.points.rate * view.points.slope < 1))
    rest = slow.before - slow.gradient / slow.slope
    far = slow.theta != rest
    slow, rest = slow.only(far), rest[far]
    with_rest = replace(slow, before=rest)
    yield from (
        (Constant(float(round(c.value))),)
        for c in agreed(
            lambda p: np.log((p.got - p.before) / (p.theta - p.before)) / np.log(1 - p.rate * p.slope),
            with_rest,
        )
        if c.value > 1
    )


def _fixed_title(k: float) -> str:
    if k == 0:
        return "No step is taken: theta comes back as it went in"
    return (
        f"Always {int(k)} step{'s' if k != 1 else ''} {'are' if k != 1 else 'is'} taken, whatever is passed"
    )


def _more_title(k: float) -> str:
    steps = f"{told(abs(k))} steps" if abs(k) != 1 else "One step"
    many = "many" if k > 0 else "few"
    if k < 0 and k != -1:
        return f"{steps} too few are taken"
    return f"{steps} too {many} {'are' if abs(k) != 1 else 'is'} taken"


COUNTS: Final = (
    Family(
        "steps-fixed",
        _fixed_title,
        "Where in your function is number_steps used?",
        "any",
        _fixed,
        lambda k: with_count(lambda n: np.full_like(n, int(k))),
        rank=10,
        teacher="The argument never reaches the loop: a number stands in its place.",
        where="loop",
        samples=((7,), (5,), (20,), (100,), (3,)),
    ),
    Family(
        "steps-more",
        _more_title,
        _COUNT,
        "any",
        _proposed(lambda asked, taken: [taken - asked] if taken != asked else []),
        lambda k: with_count(lambda n: n + int(k)),
        rank=11,
        teacher="Or an earlier theta of the same path is returned.",
        where="loop",
        samples=((2,), (-2,), (5,), (1,), (-1,)),
    ),
    Family(
        "steps-times",
        named(
            "{0} times as many steps are taken as asked for",
            {2.0: "Twice as many steps are taken as asked for"},
        ),
        _COUNT,
        "any",
        _proposed(
            lambda asked, taken: [taken // asked] if asked and not taken % asked and taken > asked else []
        ),
        lambda c: with_count(lambda n: n * int(c)),
        rank=13,
        where="loop",
        samples=((2,), (3,), (5,)),
    ),
    Family(
        "steps-over",
        lambda c: f"Only one step in {int(c)} is taken: number_steps // {int(c)}",
        _COUNT,
        "any",
        _proposed(lambda asked, taken: [c for c in range(2, asked + 2) if asked // c == taken], fewer=True),
        lambda c: with_count(lambda n: n // int(c)),
        rank=15,
        where="loop",
        samples=((2,), (3,), (4,)),
    ),
    Family(
        "steps-strided",
        "The loop counts by {0}, so most steps are left out",
        _COUNT,
        "any",
        _proposed(
            lambda asked, taken: [c for c in range(2, asked + 1) if -(-asked // c) == taken], fewer=True
        ),
        lambda c: with_count(lambda n: -(-n // int(c))),
        rank=16,
        where="loop",
        samples=((2,), (3,), (4,)),
    ),
    Family(
        "steps-at-most",
        lambda k: f"Never more than {told(k)} step{'s are' if k != 1 else ' is'} taken",
        "Compare number_steps = 2, 5 and 20: from where on does theta stay the same?",
        "any",
        _proposed(lambda asked, taken: [taken] if 0 < taken < asked else [], fewer=True),
        lambda k: with_count(lambda n: np.minimum(n, int(k))),
        rank=13,
        where="loop",
        samples=((1,), (3,), (5,), (10,), (2,)),
    ),
    Family(
        "steps-at-least",
        lambda k: f"At least {told(k)} step{'s are' if k != 1 else ' is'} taken, however few are asked for",
        "Call your function with number_steps = 0 and 1.",
        "any",
        _proposed(lambda asked, taken: [taken] if taken > asked else []),
        lambda k: with_count(lambda n: np.maximum(n, int(k))),
        rank=14,
        where="loop",
        samples=((1,), (3,), (5,), (10,), (2,)),
    ),
)

# --- ending early ---------------------------------------------------------------------------

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


def _stopping(measure: Measure, threshold: float, *, after: int) -> Descent:
    """Left at the first place where the measure is below, or `after` steps later."""

    def result(path: Array, count: Array, cases: Sheet) -> Array:
        low = measure(path, cases) < threshold
        first = np.where(low.any(axis=0), low.argmax(axis=0), len(path))
        place = np.minimum(first + after, np.maximum(count[:, 0], 0))
        return path[place, np.arange(path.shape[1])]

    return replace(RIGHT, result=result)


def _threshold(view: View, measure: Measure, after: int) -> Iterator[Guess]:
    """A number that all places where the path was left, and those before, agree on."""
    if not view.on_path:
        return
    found = view.places
    height = measure(view.right, view.cases)
    low, high = 0.0, np.inf
    seen = 0
    for row in np.nonzero(view.wrong & view.fresh)[0]:
        stops = np.nonzero(found[:, row])[0]
        if len(stops) != 1:
            continue
        place = int(stops[0]) - after
        if place < 0 or stops[0] >= view.cases.steps[row, 0]:
            return
        low = max(low, float(height[place, row]))
        high = min(high, float(height[:place, row].min(initial=np.inf)))
        seen += 1
    low, high = _narrowed(view, found, height, after, low, high)
    if seen and low < high < np.inf:
        yield (between(low, high),)


def _narrowed(
    view: View, found: Array, height: Array, after: int, low: float, high: float
) -> tuple[float, float]:
    """Paths that were walked to the end did not meet the condition before."""
    for row in np.nonzero(~view.wrong & view.fresh)[0]:
        steps = int(view.cases.steps[row, 0])
        if found[: steps + 1, row].sum() == 1:
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


STOPS: Final = (
    _stop("loss", "the loss", _loss, 1, 30),
    _stop("gradient", "the gradient", _steepness, 0, 31),
    _stop("theta", "|theta|", _size, 0, 32),
    _stop("loss-before", "the loss before the update", _loss, 0, 31),
    _stop("gradient-after", "the gradient of the last step", _steepness, 1, 32),
    _stop("change", "the change of theta", _change, 1, 33),
    _stop("change-before", "the next change of theta", _change, 0, 34),
    _stop("gain", "the change of the loss", _gain, 1, 34),
)


def far_too_many(view: View) -> Iterator[Guess]:
    """Everything is at rest that can come to rest."""
    settles = abs(1 - view.points.rate * view.points.slope) < 0.97  # noqa: PLR2004 -- 50 steps show
    still = view.points.only(view.points.rate == 0)
    if (still.got != still.theta).any():
        return
    settled = view.points.only(settles & (view.points.steps > 0))
    rest = settled.before - settled.gradient / settled.slope
    if len(rest) and (abs(settled.got - rest) <= LOOSE * settled.tolerance).all():
        yield from ((Constant(k),) for k in MANY)


ENDLESS: Final = (
    Family(
        "steps-far-too-many",
        "Very many steps are taken, some {0}, whatever is passed",
        "Where in your function is number_steps used?",
        "any",
        far_too_many,
        lambda k: with_count(lambda n: np.full_like(n, int(k))),
        rank=12,
        where="loop",
        samples=((1000,),),
    ),
)
