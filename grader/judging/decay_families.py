"""Families of a learning rate that changes from step to step: schedules that nobody asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from grader.judging.descent import RIGHT, Array, Descent, Sheet
from grader.judging.family import Family, Guess, When, decided, single
from grader.judging.readings import Constant, Formula, Points, View, agreed, told

_EACH_STEP: Final = "Print the lr of your optimiser in every step: does it change?"
_SCHEDULED: Final = (
    "The exercise asks for a constant rate; a scheduler, or a division inside the loop, changes it."
)


Factor = Callable[[int, Array], "Array | float"]
"""Step from 0 and number of steps (case x 1) -> what the rate is multiplied by."""


def with_factor(factor: Factor) -> Descent:
    return replace(RIGHT, rate=lambda cases, i: cases.rate * _as_dtype(factor(i, cases.steps), cases))


def _as_dtype(factor: Array | float, cases: Sheet) -> Array | float:
    return factor.astype(cases.rate.dtype) if isinstance(factor, np.ndarray) else factor


def _second(points: Points) -> Array:
    """By what the second step's rate is multiplied."""
    return points.effective / points.gradient


def _seconds(read: Callable[[Array], Array]) -> Callable[[View], Iterable[Guess]]:
    return lambda view: single(agreed(lambda p: read(_second(p)), view.twos))


def _firsts(read: Callable[[Array], Array]) -> Callable[[View], Iterable[Guess]]:
    return lambda view: single(agreed(lambda p: read(p.effective / p.gradient), view.ones))


def _stepped(view: View) -> Iterator[Guess]:
    """StepLR: a factor c every k steps. Runs of at most k steps are right, of up to 2 k have one factor."""
    wrong = view.cases.steps[view.wrong, 0]
    for period in range(2, int(wrong.min(initial=view.longest))):
        steps = view.points.steps
        points = view.points.only((steps > period) & (steps <= 2 * period) & (view.points.rate != 0))
        yield from ((factor, Constant(period)) for factor in agreed(_late_factor(period), points))


def _late_factor(period: int) -> Formula:
    """The factor on the steps after `period`, from how far from its rest an affine descent still is."""

    def read(points: Points) -> Array:
        late = points.steps - period
        rest = points.before - points.gradient / points.slope
        rho = 1 - points.rate * points.slope
        shrunk = (points.got - rest) / (points.right - rest) * rho**late
        sign = np.where(late % 2 == 1, np.sign(shrunk), np.where(rho > 0, 1, np.nan))
        return (1 - sign * abs(shrunk) ** (1 / late)) / (1 - rho)

    return read


_BY_COUNT: Final[tuple[tuple[str, str, When, int, Callable[[], Descent]], ...]] = (
    ("rate-over-steps", "The learning rate, or the loss, is divided by the number of steps", "later", 18,
     lambda: with_factor(lambda _, n: 1 / np.maximum(n, 1))),
    ("rate-over-root-of-steps", "The learning rate is divided by the root of the number of steps", "later",
     22, lambda: with_factor(lambda _, n: 1 / np.sqrt(np.maximum(n, 1)))),
    ("rate-over-steps-and-one", "The learning rate is divided by the number of steps plus 1", "first", 24,
     lambda: with_factor(lambda _, n: 1 / (n + 1))),
    ("rate-times-steps", "The learning rate is multiplied by the number of steps", "later", 22,
     lambda: with_factor(lambda _, n: n + 0.0)),
)  # fmt: skip

DECAYS: Final = (
    Family(
        "rate-decays-exponentially",
        lambda c: f"The learning rate {'grows' if c > 1 else 'shrinks'} by a factor {told(c)} in every step",
        _EACH_STEP,
        "later",
        _seconds(lambda f: f),
        lambda c: with_factor(lambda i, _: c**i),
        rank=20,
        teacher=_SCHEDULED,
        where="step",
        samples=((0.5,), (0.95,), (0.99,), (0.1,), (1.1,)),
    ),
    Family(
        "rate-decays-exponentially-at-once",
        "The learning rate shrinks by a factor {0} in every step, before the first one too",
        _EACH_STEP,
        "first",
        _firsts(lambda f: f),
        lambda c: with_factor(lambda i, _: c ** (i + 1)),
        rank=24,
        teacher=_SCHEDULED,
        where="step",
        samples=((0.5,), (0.95,), (0.9,), (0.1,), (1.1,)),
    ),
    Family(
        "rate-decays-in-time",
        "The learning rate is divided by 1 + {0} i in step i, counted from 0",
        _EACH_STEP,
        "later",
        _seconds(lambda f: 1 / f - 1),
        lambda c: with_factor(lambda i, _: 1 / (1 + c * i)),
        rank=22,
        teacher=_SCHEDULED,
        where="step",
        samples=((0.5,), (0.1,), (0.01,), (2.0,), (1.0,)),
    ),
    Family(
        "rate-decays-in-time-at-once",
        "The learning rate is divided by 1 + {0} i in step i, counted from 1",
        _EACH_STEP,
        "first",
        _firsts(lambda f: 1 / f - 1),
        lambda c: with_factor(lambda i, _: 1 / (1 + c * (i + 1))),
        rank=26,
        teacher=_SCHEDULED,
        where="step",
        samples=((0.5,), (0.1,), (0.01,), (2.0,), (1.0,)),
    ),
    Family(
        "rate-decays-as-power",
        lambda p: (
            "The learning rate is multiplied by the number of the step, 1, 2, 3"
            if p == -1
            else f"The learning rate grows from step to step like the power {told(-p)} of 1, 2, 3"
            if p < 0
            else f"The learning rate is divided by the power {told(p)} of 1, 2, 3 from step to step"
        ),
        _EACH_STEP,
        "later",
        _seconds(lambda f: -np.log2(f)),
        lambda p: with_factor(lambda i, _: (i + 1.0) ** -p),
        rank=23,
        teacher=_SCHEDULED,
        where="step",
        samples=((0.5,), (2.0,), (1.0,), (0.75,), (-1.0,)),
    ),
    Family(
        "rate-stepped-down",
        lambda c, k: f"The learning rate is multiplied by {told(c)} every {int(k)} steps",
        _EACH_STEP,
        "later",
        _stepped,
        lambda c, k: with_factor(lambda i, _: c ** (i // int(k))),
        rank=21,
        teacher="A StepLR, or the like of it, that the exercise does not ask for.",
        where="step",
        samples=((0.5, 2), (0.1, 2), (0.1, 3), (0.9, 3), (0.5, 4)),
    ),
    Family(
        "rate-falls-to-zero",
        "The learning rate falls evenly from step to step, to 0 after the last",
        _EACH_STEP,
        "later",
        decided,
        lambda: with_factor(lambda i, n: np.maximum(1 - i / np.maximum(n, 1), 0)),
        rank=22,
        teacher=_SCHEDULED,
        where="step",
        samples=((),),
    ),
    Family(
        "rate-falls-as-cosine",
        "The learning rate falls like half a cosine, to 0 after the last step",
        _EACH_STEP,
        "later",
        decided,
        lambda: with_factor(lambda i, n: (1 + np.cos(math.pi * np.minimum(i / np.maximum(n, 1), 1))) / 2),
        rank=22,
        teacher="A CosineAnnealingLR over the steps that the exercise does not ask for.",
        where="step",
        samples=((),),
    ),
    Family(
        "rate-falls-until",
        lambda k: f"The learning rate falls evenly, to 0 after {round(k)} steps",
        _EACH_STEP,
        "later",
        lambda view: single(c for c in agreed(lambda p: 1 / (1 - _second(p)), view.twos) if c.value > 1.5),  # noqa: PLR2004
        lambda k: with_factor(lambda i, _: max(1 - i / round(k), 0.0)),
        rank=23,
        teacher=_SCHEDULED,
        where="step",
        samples=((5,), (10,), (100,), (20,), (3,)),
    ),
    Family(
        "rate-warms-up",
        lambda c, k: f"The learning rate warms up, from {told(c)} of what is passed, over {int(k)} steps",
        _EACH_STEP,
        "first",
        lambda view: (
            (c, Constant(k)) for c in agreed(_second, view.ones) for k in (2, 3, 4, 5, 10) if 0 < c.value < 1
        ),
        lambda c, k: with_factor(lambda i, _: c + (1 - c) * min(i / k, 1)),
        rank=27,
        teacher="A LinearLR, or the like of it, that the exercise does not ask for.",
        where="step",
        samples=((1 / 3, 5), (0.1, 10), (0.5, 2)),
    ),
    Family(
        "rate-of-one-step",
        "One step, the first or the last, is {0} times as long as it should be; the others are right",
        _EACH_STEP,
        "first",
        _firsts(lambda f: f),
        lambda c: with_factor(lambda i, _: c if i == 0 else 1.0),
        rank=24,
        lengths=True,
        teacher="Where the gradient is affine, no result tells whether it is the first step or the last.",
        where="step",
    ),
    *(
        Family(
            name,
            title,
            "Print the lr of your optimiser for number_steps = 1 and for number_steps = 10.",
            when,
            decided,
            descent,
            rank=rank,
            where="optimiser",
            samples=((),),
        )
        for name, title, when, rank, descent in _BY_COUNT
    ),
)  # fmt: skip
