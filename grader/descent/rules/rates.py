"""Rules of the learning rate: another one than was passed, or one that changes from step to step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from grader.descent import reading
from grader.descent.program import Array, Moment
from grader.descent.reading import Estimate, Formula, Reader, Rows, each, for_each, most, nothing, ratio, told
from grader.descent.rule import Rule, worded
from grader.descent.rules.gradients import between

_SHOWN: Final = "Print your optimiser: which lr does it show?"
_USED: Final = "Print the lr of your optimiser for two different learning rates."
_BEFORE: Final = "The learning rate is {} before the optimiser gets it"
_COUNTED: Final = "Print the lr of your optimiser for number_steps = 1 and for number_steps = 10."
_EACH_STEP: Final = "Print the lr of your optimiser in every step: does it change?"
CHANGED: Final = 1e-4  # relative: a smaller change of the rate is none that a person would make
_SCHEDULED: Final = "The exercise asks for a constant rate; a scheduler, or the like by hand, changes it."

# --- the rate that the optimiser gets --------------------------------------------------------------


def _replaced(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
    """One rate stands in for all above a threshold."""
    off = abs(rows.y - rows.x) > rows.doubt
    kept, lost = rows.x[~off], rows.x[off]
    if len(kept) and len(lost) and kept.max() < lost.min():
        threshold = between(float(kept.max()), float(lost.min()))
        changed = reading.estimates(rows, lambda x, y, _: np.where(abs(y - x) > CHANGED * abs(x), y, np.nan))
        yield from ((one, threshold) for one in changed)


def _rounded(x: Array, _: Moment, digits: float) -> Array:
    """As Python does: numpy takes 0.05 to 0.0, Python to 0.1."""
    if digits < 0:
        return np.trunc(x)
    return np.array([[round(float(rate), int(digits))] for rate in x[:, 0]], x.dtype)


def _counted(at: Moment, x: Array) -> Array:
    return np.asarray(np.maximum(at.asked, 1), x.dtype)


def _by_steps(x: Array, at: Moment, power: float) -> Array:
    """A division by no steps is one that nobody makes; a product with them is 0."""
    return x * (np.asarray(at.asked, x.dtype) if power > 0 else _counted(at, x)) ** power


RATE: Final = (
    Rule("rate-fixed", "rate",
         worded({1e-3: "0.001, which is the optimiser's default,"}, "{0},",
                "Every step uses the rate {} whatever is passed"),
         "Call your function twice with different learning rates. Do the results differ?",
         lambda x, _, c: np.full_like(x, c), reading.fixed,
         teacher="The argument never reaches the optimiser: a number stands in its place, or none.", rank=10,
         samples=((0.1,), (0.01,), (0.001,), (0.03,), (1.5,)), known=3),
    Rule("rate-scaled", "rate", worded({0.5: "halved", 2: "doubled"}, "multiplied by {0}", _BEFORE),
         _SHOWN, lambda x, _, c: c * x, reading.scaled,
         teacher="Often for the factor 2 of the derivative, which backward() has already.", rank=12,
         samples=((0.5,), (2.0,), (0.1,), (1 / 3,)), known=2),
    Rule("rate-power", "rate", worded({2: "squared"}, "raised to the power {0}", _BEFORE),
         _SHOWN, lambda x, _, c: x**c,
         each(lambda x, y, _: np.where(x == 1, np.nan, np.log(y) / np.log(x))),
         teacher="The rate is multiplied with itself, or with something made of it.", rank=16,
         samples=((2.0,), (0.5,), (-1.0,))),
    Rule("rate-at-most", "rate", "Learning rates above {0} are cut to {0}", _USED,
         lambda x, _, c: np.minimum(x, c), most(lambda x, _, c: np.minimum(x, c), reading.limit), rank=18,
         samples=((0.5,), (1.0,), (0.1,)), known=0),
    Rule("rate-at-least", "rate", "Learning rates below {0} are raised to {0}", _USED,
         lambda x, _, c: np.maximum(x, c), most(lambda x, _, c: np.maximum(x, c), reading.limit), rank=18,
         samples=((0.1,), (0.01,), (0.5,)), known=0),
    Rule("rate-of-the-steps", "rate", "The number of steps is taken as the learning rate",
         "In which order does the exercise pass the learning rate and the number of steps?",
         lambda x, at: np.asarray(at.asked, x.dtype), rank=20, known=0, landmark="definition",
         teacher="The two parameters are exchanged."),
    Rule("rate-of-theta", "rate", "Theta is taken as the learning rate",
         "In which order does the exercise pass theta and the learning rate?",
         lambda x, at: at.initial[:, :1], rank=20, known=0, landmark="definition",
         teacher="The two parameters are exchanged."),
    Rule("rate-zero-replaced", "rate", "A learning rate of 0 is replaced by {0}",
         "Call your function with the rate 0. What should it return?",
         lambda x, _, c: np.asarray(np.where(x == 0, c, x), x.dtype),
         each(lambda x, y, _: np.where(x == 0, y, np.nan)),
         teacher="`rate or default` takes 0 for no rate at all.", rank=18, samples=((0.01,), (0.1,)),
         known=0),
    Rule("rate-replaced-above", "rate", "Learning rates above about {1} are replaced by {0}", _USED,
         lambda x, _, c, t: np.asarray(np.where(x >= t, c, x), x.dtype), _replaced, rank=24,
         samples=((0.1, 1.0), (0.01, 0.5)), known=0),
    Rule("rate-rounded", "rate",
         worded({-1: "cut to a whole number", 1: "rounded to 1 decimal"}, "rounded to {0} decimals",
                "The learning rate is {}"), "Print the lr of your optimiser for the rate 0.25.",
         _rounded, most(_rounded, reading.Trial(-1.0, 0.0, 1.0, 2.0, 3.0)), rank=26,
         samples=((1.0,), (0.0,), (-1.0,), (2.0,)), known=0),
    Rule("rate-in-single-precision", "rate", "The learning rate is rounded to single precision",
         "Print the rate with all its digits. Why is it a tensor, if it is one?",
         lambda x, _: x.astype(np.float32).astype(x.dtype),
         teacher="The rate goes through a float32 tensor; float64 thetas show it.", rank=22),
    Rule("rate-by-steps", "rate",
         worded({1: "multiplied by", -1: "divided by", -0.5: "divided by the root of"},
                "multiplied by the power {0} of", "The learning rate is {} the number of steps"),
         _COUNTED, _by_steps,
         each(lambda x, y, at: np.where(at.asked > 1, np.log(y / x) / np.log(_counted(at, x)), np.nan)),
         teacher="lr / number_steps, or the like.", rank=14, samples=((-1.0,), (1.0,), (-0.5,))),
)  # fmt: skip

# --- what becomes of it ----------------------------------------------------------------------------


def _by(factor: Callable[..., Any]) -> Callable[..., Array]:
    """The optimiser's rate times factor(i, number of steps, *constants)."""
    return lambda x, at, *c: x * np.asarray(factor(np.asarray(at.i, float), at.asked, *c), x.dtype)


def _from(factor: Callable[[Any, float], Any]) -> Callable[..., Array]:
    """By factor(i + s, c): with s = 1 the first step is changed too, so it is of the rate that was passed."""
    by = _by(lambda i, _, c, s: factor(i + s, c))
    return lambda x, at, c, s: by(np.asarray(at.rate, x.dtype) if s else x, at, c, s)


def _level(s: float, read: Callable[[Array, Array], Array]) -> Formula:
    """A constant by what the rate is multiplied, and the i + s of it; the step 0 of these says nothing."""
    return lambda x, y, at: read(
        ratio(np.asarray(at.rate) if s else x, y, at), np.where(at.i + s > 0, at.i + s, np.nan)
    )


def _warming(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
    """The share of the first step, and after how many steps the way up from there would come to 1."""

    def share(y: Array, at: Moment) -> Array:
        return ratio(np.asarray(at.rate), y, at)

    def first(_: Array, y: Array, at: Moment) -> Array:
        return np.where(at.i == 0, share(y, at), np.nan)

    for c in reading.estimates(rows, first):

        def steps(_: Array, y: Array, at: Moment, c: float = c.value) -> Array:
            rising = (at.i > 0) & (share(y, at) < 1 - CHANGED)
            return np.where(rising, at.i * (1 - c) / (share(y, at) - c), np.nan)

        yield from ((c, k) for k in reading.estimates(rows, steps))


def _stepped(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
    """The factor, and after how many steps it is there; some common ones where none is in sight."""
    i, level = np.broadcast_to(rows.at.i, rows.y.shape), ratio(rows.x, rows.y, rows.at)
    off = abs(level - 1) > CHANGED
    if not off.any():
        yield from ((Estimate(c), Estimate(k)) for c, k in ((0.1, 30.0), (0.1, 10.0), (0.5, 10.0)))
        return
    first = float(i[off].min())
    if first == 1:  # a factor in every step has a rule of its own
        return
    for factor in reading.estimates(rows, lambda x, y, at: np.where(at.i == first, ratio(x, y, at), np.nan)):
        yield factor, Estimate(first)


def _dropped(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
    """The same, and after how many steps the factor is there twice."""
    i, level = np.broadcast_to(rows.at.i, rows.y.shape), ratio(rows.x, rows.y, rows.at)
    for factor, first in _stepped(rows):
        again = i[(i > first.value) & (abs(level - factor.value) > CHANGED * abs(factor.value))]
        yield factor, first, Estimate(float(again.min()) if len(again) else 2 * first.value)


def _power_title(power: float) -> str:
    if power == -1:
        return "The learning rate is multiplied by the number of the step, 1, 2, 3"
    if power == 1:
        return "The learning rate shrinks from step to step like 1, 1/2, 1/3"
    way = "grows" if power < 0 else "shrinks"
    return f"The learning rate {way} from step to step like the power {told(-power)} of 1, 2, 3"


def _halved_when_risen(x: Array, at: Moment) -> Array:
    loss = at.objective.value(at.theta)
    before, factor = at.memory.get("rate", (loss, np.ones_like(loss)))
    factor = np.where(loss > before, factor / 2, factor)
    at.memory["rate"] = loss, factor
    return x * factor.astype(x.dtype)


def _on_plateau(x: Array, at: Moment, factor: float, patience: float) -> Array:
    """As ReduceLROnPlateau does, whose threshold is relative; the loss before a step lowers the next rate."""
    loss = at.objective.value(at.theta)
    best, bad, scale = at.memory.get("plateau", (np.full_like(loss, np.inf), 0 * loss, np.ones_like(loss)))
    better = loss < best * (1 - 1e-4)
    lower = ~better & (bad >= patience)
    bad = np.where(better | lower, 0, bad + 1)
    at.memory["plateau"] = np.where(better, loss, best), bad, np.where(lower, factor * scale, scale)
    return x * scale.astype(x.dtype)


def _lowered(x: Array, y: Array, at: Moment) -> Array:
    return np.where(y < x * (1 - CHANGED), ratio(x, y, at), np.nan)


_exponential, _in_time = _from(lambda i, c: c**i), _from(lambda i, c: 1 / (1 + c * i))


def _warm_up(x: Array, at: Moment, c: float, k: float) -> Array:
    share = c + (1 - c) * np.minimum(np.asarray(at.i, float) / k, 1)
    return np.asarray(at.rate, x.dtype) * np.asarray(share, x.dtype)


def _exponential_title(factor: float, start: float) -> str:
    way, when = "grows" if factor > 1 else "shrinks", ", before the first one too" if start else ""
    return f"The learning rate {way} by a factor {told(factor)} in every step{when}"


def _scheduled(name: str, title: Any, f: Callable[..., Array], read: Reader = nothing, **more: Any) -> Rule:
    return Rule(name, "schedule", title, _EACH_STEP, f, read, **{"teacher": _SCHEDULED, "known": 0, **more})


SCHEDULE: Final = (
    _scheduled("rate-decays-exponentially", _exponential_title, _exponential,
               most(_exponential, for_each((0, 1), lambda s: _level(s, lambda level, i: level ** (1 / i)))),
               teacher="ExponentialLR, or the same by hand.", rank=16, known=1,
               samples=((0.9, 0.0), (0.5, 0.0), (1.1, 0.0), (0.5, 1.0))),
    _scheduled("rate-decays-as-power", _power_title, _by(lambda i, _, p: (i + 1) ** -p),
               each(_level(0, lambda level, i: -np.log(level) / np.log(i + 1))),
               teacher="lr / (i + 1), or a scheduler that the exercise does not ask for.", rank=18,
               samples=((1.0,), (0.5,), (-1.0,)), known=1),
    _scheduled("rate-decays-in-time",
               "The learning rate is divided by 1 + {0} i in step i, counted from {1}", _in_time,
               most(_in_time, for_each((0, 1), lambda s: _level(s, lambda level, i: (1 / level - 1) / i))),
               rank=20, samples=((0.5, 0.0), (0.01, 0.0), (0.5, 1.0))),
    _scheduled("rate-stepped-down", "The learning rate is multiplied by {0} every {1} steps",
               _by(lambda i, _, c, k: c ** (i // k)), _stepped,
               teacher="StepLR, as in PyTorch's documentation.", rank=20,
               samples=((0.1, 30.0), (0.5, 2.0), (0.1, 3.0)), known=1),
    _scheduled("rate-drops-at-milestones",
               "The learning rate is multiplied by {0} after {1} steps, and again after {2}",
               _by(lambda i, _, c, k, m: c ** ((i >= k) * 1.0 + (i >= m))), _dropped, teacher="MultiStepLR.",
               rank=22, samples=((0.1, 40.0, 80.0), (0.5, 2.0, 5.0)), known=1),
    _scheduled("rate-falls-to-zero", "The learning rate falls evenly from step to step, to 0 after the last",
               _by(lambda i, n: np.maximum(1 - i / np.maximum(n, 1), 0)), rank=20),
    _scheduled("rate-falls-as-cosine", "The learning rate falls like half a cosine, to 0 after the last step",
               _by(lambda i, n: (1 + np.cos(math.pi * np.minimum(i / np.maximum(n, 1), 1))) / 2), rank=20,
               teacher="CosineAnnealingLR over the steps."),
    _scheduled("rate-warms-up", "The learning rate warms up, from {0} of what is passed, over {1} steps",
               _warm_up, most(_warm_up, _warming),
               teacher="LinearLR, or the like.", rank=22, samples=((1 / 3, 5.0), (0.1, 10.0))),
    _scheduled("rate-halved-when-the-loss-rises", "The learning rate is halved whenever the loss has risen",
               _halved_when_risen, rank=22, known=1, remembers=True,
               teacher="A rate that backs off: right as long as the loss falls,"
               " which it does below the rate 1."),
    _scheduled("rate-falls-on-a-plateau",
               "The learning rate is multiplied by {0} where the loss has not fallen for more than {1} steps",
               _on_plateau, for_each((10.0, 5.0, 3.0, 2.0, 1.0, 0.0), lambda _: _lowered), rank=22,
               teacher="ReduceLROnPlateau.", samples=((0.5, 2.0),), remembers=True),
)  # fmt: skip
