"""Families of the learning rate: another one, or one out of bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from grader.judging.descent import RIGHT, Array, Descent
from grader.judging.family import Family, Guess, single
from grader.judging.readings import Constant, Points, View, agreed, between, told

_USED: Final = "Print the lr of your optimiser for two different learning rates."


def used_rate(points: Points) -> Array:
    """The rate that the one step looks as if it had used."""
    return points.step / points.gradient


def with_rate(rate: Callable[[Array], Array]) -> Descent:
    return replace(RIGHT, rate=lambda cases, _: rate(cases.rate))


def _scaled_title(factor: float) -> str:
    if factor == -1:
        return "Theta climbs: every step goes the wrong way"
    if factor < 0:
        return f"Theta climbs: every step goes the wrong way and is {told(-factor)} times as long"
    words = {0.5: "half as long", 2.0: "twice as long"}
    return f"Every step is {words.get(factor, f'{told(factor)} times as long')} as it should be"


def _capped(view: View) -> Points:
    """The single steps that used another rate than they were given."""
    return view.ones.only(view.ones.off)


def _caps(view: View) -> tuple[Guess, ...]:
    """A bound that some of the rates keep to."""
    lowest, highest = float(view.cases.rate.min()), float(view.cases.rate.max())
    return single(c for c in agreed(used_rate, _capped(view)) if lowest < c.value < highest)


def _replaced(view: View, *, above: bool) -> Iterator[Guess]:
    """One rate stands in for all on one side of a threshold."""
    moving = (view.points.steps > 0) & (view.points.first != 0)
    off = view.points.rate[moving & view.points.wrong]
    kept = view.points.rate[moving & ~view.points.wrong & (view.points.right != view.points.theta)]
    if not len(off) or not len(kept):
        return
    for value in agreed(used_rate, _capped(view)):
        if above and kept.max() < off.min():
            yield value, between(float(kept.max()), float(off.min()))
        elif not above and off.max() < kept.min():
            yield value, between(float(off.max()), float(kept.min()))


def _below_title(value: float, threshold: float) -> str:
    return f"Learning rates below about {told(threshold)} are replaced by {told(value)}"


RATES: Final = (
    Family(
        "rate-fixed",
        "Every step uses the rate {0}, whatever is passed",
        "Call your function twice with different learning rates. Do the results differ?",
        "first",
        lambda view: single(agreed(used_rate, view.ones)),
        lambda c: with_rate(lambda rate: np.full_like(rate, c)),
        rank=10,
        teacher="The argument never reaches the optimiser: a number stands in its place.",
        where="optimiser",
        samples=((0.05,), (0.03,), (0.2,), (0.7,), (1.5,)),
    ),
    Family(
        "step-scaled",
        _scaled_title,
        "Compare theta.grad after one backward() with the derivative on paper, and the lr of your optimiser"
        " with the one passed.",
        "first",
        lambda view: single(agreed(lambda p: p.effective / p.gradient, view.ones)),
        lambda c: with_rate(lambda rate: rate * c),
        rank=12,
        teacher="A constant factor on the loss, the gradient or the rate; outputs cannot tell which.",
        where="loss",
        samples=((0.5,), (2.0,), (0.3,), (-1.0,), (1 / 3,)),
        lengths=True,
    ),
    Family(
        "rate-offset",
        "{0} is added to the learning rate",
        _USED,
        "first",
        lambda view: single(agreed(lambda p: used_rate(p) - p.rate, view.ones)),
        lambda c: with_rate(lambda rate: rate + c),
        rank=30,
        where="optimiser",
        samples=((0.1,), (0.01,), (-0.05,), (0.5,), (1.0,)),
    ),
    Family(
        "rate-power",
        lambda c: (
            "The learning rate is squared: it is applied twice"
            if c == 2  # noqa: PLR2004
            else f"The learning rate is raised to the power {told(c)}"
        ),
        "Which lines multiply with the learning rate? Is it only one?",
        "first",
        lambda view: single(agreed(_rate_power, view.ones)),
        lambda c: with_rate(lambda rate: rate**c),
        rank=28,
        where="optimiser",
        samples=((2.0,), (0.5,), (3.0,), (1.5,), (0.25,)),
    ),
    Family(
        "rate-at-most",
        "Learning rates above {0} are cut to {0}",
        _USED,
        "any",
        _caps,
        lambda c: with_rate(lambda rate: np.minimum(rate, c)),
        rank=20,
        where="optimiser",
        samples=((0.5,), (0.3,), (0.1,), (0.4,), (0.75,)),
    ),
    Family(
        "rate-at-least",
        "Learning rates below {0} are raised to {0}",
        _USED,
        "any",
        _caps,
        lambda c: with_rate(lambda rate: np.maximum(rate, c)),
        rank=20,
        where="optimiser",
        samples=((0.01,), (0.1,), (0.3,), (0.5,), (0.05,)),
    ),
    Family(
        "rate-zero-replaced",
        "A learning rate of 0 is replaced by {0}",
        "Call your function with the rate 0. What should it return?",
        "any",
        lambda view: single(
            agreed(lambda p: p.steady_rate, view.points.only((view.points.rate == 0) & view.points.off))
        ),
        lambda c: with_rate(lambda rate: np.where(rate == 0, c, rate)),
        rank=18,
        teacher="`rate or default` takes 0 for no rate at all.",
        where="optimiser",
        samples=((0.01,), (0.1,), (0.001,), (0.5,), (1.0,)),
    ),
    Family(
        "rate-replaced-above",
        "Learning rates above about {1} are replaced by {0}",
        _USED,
        "first",
        lambda view: _replaced(view, above=True),
        lambda c, t: with_rate(lambda rate: np.where(rate >= t, c, rate)),
        rank=24,
        where="optimiser",
        samples=((0.1, 1.0), (0.01, 0.5), (0.1, 0.4)),
    ),
    Family(
        "rate-replaced-below",
        _below_title,
        _USED,
        "first",
        lambda view: _replaced(view, above=False),
        lambda c, t: with_rate(lambda rate: np.where(rate < t, c, rate)),
        rank=24,
        where="optimiser",
        samples=((0.5, 0.09), (0.1, 0.05), (0.2, 0.15)),
    ),
    Family(
        "rate-rounded",
        lambda digits: (
            "The learning rate is cut to a whole number"
            if digits < 0
            else f"The learning rate is rounded to {int(digits)} decimal{'' if digits == 1 else 's'}"
        ),
        "Print the lr of your optimiser for the rate 0.25.",
        "first",
        lambda _: ((Constant(-1),), (Constant(0),), (Constant(1),), (Constant(2),)),
        lambda digits: with_rate(lambda rate: np.trunc(rate) if digits < 0 else _rounded(rate, int(digits))),
        rank=26,
        where="optimiser",
        samples=((1,), (0,), (-1,), (2,)),
    ),
)


def _rounded(rates: Array, digits: int) -> Array:
    """As Python does: numpy takes 0.05 to 0.0, Python to 0.1."""
    return np.array([[round(float(rate), digits)] for rate in rates[:, 0]], rates.dtype)


def _rate_power(points: Points) -> Array:
    return np.where(points.rate == 1, np.nan, np.log(used_rate(points)) / np.log(points.rate))
