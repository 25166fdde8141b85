"""Families of the number of steps: the right path, left at another place.

For every case the places of the right path that equal the student's answer are known at once. The
case that is wrong and has the fewest such places proposes the constants; all others then agree or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from grader.judging.descent import RIGHT, Array, Descent
from grader.judging.family import Family, Guess, named
from grader.judging.readings import LOOSE, Constant, View, agreed, told

_COUNT: Final = "Count the updates of theta for number_steps = 1, 2 and 3."

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
