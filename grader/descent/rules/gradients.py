"""Rules of the gradient: another loss, what adds up in .grad, what is done to it before step()."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from grader.descent import reading
from grader.descent.program import Array, Moment
from grader.descent.reading import Estimate, Formula, Rows, Trial, each, for_each, most, ratio, told
from grader.descent.rule import Rule, worded
from grader.descent.rules import affine

CUT: Final = 1e-4  # relative: less is none that a limit has cut off
_LOSS: Final = "Compare your loss at theta = 3 with the one on paper, and theta.grad with its derivative."
_LOSSES: Final = "Compare your loss at theta = [3, 4] with the one on paper, and theta.grad with its slopes."
_SIZE: Final = "Does the size of each step still follow the gradient when theta is large?"


def norm(values: Array) -> Array:
    """Of each row, row x 1."""
    return np.sqrt((values**2).sum(axis=1, keepdims=True))


def between(low: float, high: float) -> Estimate:
    """The roundest threshold above low, up to high: a power of ten, or the one with the fewest digits."""
    power = float(f"1e{math.floor(math.log10(high))}") if high > 0 else low
    return Estimate(power) if power > low else reading.rounded((low + high) / 2, (high - low) / 4)


# --- losses whose gradient is not affine ------------------------------------------------------------


def _of_norm(theta: Array, index: float, power: float) -> Array:
    """The gradient of ||theta||_index to some power, 0 at 0, as PyTorch has it; index 0: of theta's own."""
    if index == 0:
        return power * theta ** (power - 1)
    size = abs(theta)
    if index == power:  # each component by itself: one that overflows takes no other with it
        return np.where(size > 0, power * np.sign(theta) * size ** (power - 1), 0)
    largest = size.max(axis=1, keepdims=True, initial=0.0)
    if np.isinf(index):
        equal = size == largest
        length, slope = largest, equal / equal.sum(axis=1, keepdims=True).astype(theta.dtype)
    else:
        safe = np.where(largest > 0, largest, 1)
        length = largest * ((size / safe) ** index).sum(axis=1, keepdims=True) ** (1 / index)
        slope = (size / np.where(length > 0, length, 1)) ** (index - 1)
    scale = power * np.where(length > 0, length, 1) ** (power - 1)
    return np.where((length > 0) & (size > 0), scale * np.sign(theta) * slope, 0)


_NORMS: Final = (
    (2.0, 1.0), (2.0, 4.0), (1.0, 1.0), (1.0, 2.0), (math.inf, 2.0), (0.0, 3.0), (2.0, 3.0), (2.0, 1.5),
    (4.0, 4.0), (3.0, 3.0), (1.5, 1.5), (2.5, 2.5), (6.0, 6.0), (math.inf, 1.0), (3.0, 2.0), (4.0, 2.0),
    (3.0, 1.0), (0.0, 5.0), (2.0, 6.0), (2.0, 2.5),
)  # fmt: skip
"""Index and power of norms that are taken for the square of the one with the index 2."""


def _norm_constants(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
    wide = rows.x.shape[1] > 1
    for index, power in _NORMS if wide else dict.fromkeys((2.0 if i else i, p) for i, p in _NORMS):
        unit = _of_norm(rows.at.theta, index, power)
        for factor in reading.estimates(replace(rows, x=unit), reading.factor):
            yield factor, Estimate(index), Estimate(power)


def _norm_loss(x: Array, at: Moment, factor: float, index: float, power: float) -> Array:
    return (factor * _of_norm(at.theta, index, power)).astype(x.dtype)


def _norm_title(factor: float, index: float, power: float) -> str:
    raised = {1.0: "", 2.0: "the square of "}.get(power, f"the power {told(power)} of ")
    if index == 0:
        what = f"the power {told(power)} of theta, not its square"
    elif index == 2:
        what = f"{raised}|theta|, not its square"
    elif index == 1:
        what = f"{raised}the sum of the absolute values"
    elif math.isinf(index):
        what = f"{raised}the largest absolute value of the components"
    elif index == power:
        what = f"the sum of the powers {told(power)} of the absolute values"
    else:
        what = f"{raised}the norm with the index {told(index)}, not 2"
    return f"The loss is {affine.times(factor)}{what}"


def _others(theta: Array) -> Array:
    """For each component the product of the others."""
    columns = [np.delete(theta, k, axis=1).prod(axis=1) for k in range(theta.shape[1])]
    return np.stack(columns, axis=1)


_FORMS: Final[tuple[tuple[str, Callable[[Array], Array]], ...]] = (
    ("the product of the squares, not their sum", lambda t: 2 * t * _others(t) ** 2),
    ("log(1 + |theta|^2)", lambda t: 2 * t / (1 + norm(t) ** 2)),
    ("the sum of log(1 + theta^2) over the components", lambda t: 2 * t / (1 + t**2)),
    ("log(|theta|^2)", lambda t: 2 * t / norm(t) ** 2),
    ("the sum of log(theta^2) over the components", lambda t: 2 * t / t**2),
    ("exp(|theta|^2)", lambda t: 2 * t * np.exp(norm(t) ** 2)),
    ("the sum of exp(theta^2) over the components", lambda t: 2 * t * np.exp(t**2)),
    ("2 ** theta: base and exponent are exchanged", lambda t: math.log(2) * 2**t),
    ("theta^3 + theta^2", lambda t: 3 * t**2 + 2 * t), ("theta^4 + theta^2", lambda t: 4 * t**3 + 2 * t),
    ("exp(theta)", np.exp),
)  # fmt: skip


def _form(_: Array, at: Moment, index: float) -> Array:
    return _FORMS[int(index)][1](at.theta)


def _root(x: Array, at: Moment, more: float) -> Array:
    return (at.theta / np.sqrt(norm(at.theta) ** 2 + more)).astype(x.dtype)


def _huber(x: Array, _: Moment, height: float, scale: float) -> Array:
    return np.clip(scale * x, -height, height)


def _heights(scale: float) -> Formula:
    return lambda x, y, _: np.where((y != 0) & (abs(y) < abs(scale * x) * (1 - CUT)), abs(y), np.nan)


def _huber_title(height: float, scale: float) -> str:
    size = "as large as it should be" if scale == 1 else f"{told(scale)} times what it should be"
    return (
        "The loss is a Huber loss, a square near 0 and linear far from it: its gradient is"
        f" {size}, and never beyond {told(height)}"
    )


LOSS: Final = (
    Rule("loss-scaled", "loss",
         worded({-1: "The sign of the gradient is turned: theta climbs",
                 0.5: "The gradient is half of what it should be: the loss is halved, a mean of two, or half"
                      " detached",
                 2: "The gradient is twice what it should be: the loss or its gradient is counted twice"},
                "The gradient is {0} times what it should be: the loss is scaled"),
         "Compare theta.grad after one backward() with the derivative on paper.", lambda x, _, c: c * x,
         reading.scaled,
         teacher="A factor in the loss, a mean for a sum, backward() twice, a loss negated, or half of it"
         " detached.", rank=10, samples=((2.0,), (-1.0,), (0.5,), (1 / 3,), (0.3,)), known=3),
    Rule("loss-mean", "loss", "The loss is a mean over the components, not their sum", _LOSSES,
         lambda x, _: x / x.shape[1], teacher="mean() for sum(), or MSELoss.", rank=11),
    Rule("loss-times-rate", "loss", "The loss or its gradient is multiplied with the learning rate",
         "Which line multiplies with the learning rate? Is it the only one?",
         lambda x, at: x * at.rate.astype(x.dtype),
         teacher="The optimiser multiplies with the rate once more.", rank=14),
    Rule("loss-times-steps", "loss", "The gradient is number_steps times what it should be: it adds up",
         "Print theta.grad just before step(). How often did backward() add to it?",
         lambda x, at: x * np.maximum(at.asked, 1).astype(x.dtype), rank=18, known=0,
         teacher="backward() stands in the loop, and step() after it.", landmark="step"),
    Rule("loss-by-steps", "loss", "The loss or its gradient is divided by the number of steps", _LOSS,
         lambda x, at: x / np.maximum(at.asked, 1).astype(x.dtype), rank=16, known=0,
         teacher="A mean over the steps, as over batches."),
    Rule("loss-minimum-elsewhere", "loss", "The minimum of the loss is moved by {0}",
         "At which theta is your loss smallest, and at which the one in the exercise?",
         lambda _, at, c: at.objective.gradient(at.theta - c),
         each(lambda x, y, at: (x - y) / (at.objective.gradient(at.theta + 1) - x)),
         teacher="A loss such as (theta - c)^2, or a constant added to it.", rank=22,
         samples=((1.0,), (-2.0,), (0.5,)), known=0),
    Rule("loss-penalty", "loss", "The loss has a penalty of {0} |theta|", _LOSS,
         lambda x, at, c: x + c * np.sign(at.theta),
         each(lambda x, y, at: ratio(np.sign(at.theta), y - x, at)), teacher="A lasso term.", rank=26,
         samples=((0.1,), (1.0,)), known=0),
    Rule(
        "loss-affine", "loss", affine.title, _LOSSES, affine.gradient, affine.read,
        teacher="Weights, an index that was not changed in a copied term, sum() and ** 2 in the wrong"
        " order, a square or its sum left out, the derivative in the loss's place, or another"
        " minimum.", rank=18,
        samples=(
            (0.0, 1.0), (0.0, 2.0),
            (2.0, 2.0, 2.0, 2.0, 0.0, 0.0), (2.0, 0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 2.0, 0.0, 0.0),
            (4.0, 0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 4.0, 0.0, 0.0), (2.0, 0.0, 0.0, -2.0, 0.0, 0.0),
            (0.0, 0.0, 0.0, 0.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0, 2.0, 2.0), (0.0, 1.0, 1.0, 0.0, 0.0, 0.0),
            (0.0, 2.0, 2.0, 0.0, 0.0, 0.0), (2.0, 0.0, 0.0, 4.0, 0.0, 0.0), (2.0, 0.0, 0.0, 2.0, -2.0, 1.0),
            (2.0, -1.0, -1.0, 2.0, 0.0, 3.0), (2.0, 0.0, 0.0, 0.0, 0.0, 1.0),
        ), known=12,
    ),
    Rule(
        "loss-norm", "loss", _norm_title, _LOSSES, _norm_loss, most(_norm_loss, _norm_constants),
        teacher="norm() without a square or squared twice, another index, abs() for a square, max(), or"
        " another power.", rank=20,
        samples=(
            (1.0, 2.0, 1.0), (1.0, 1.0, 1.0), (1.0, 1.0, 2.0), (1.0, math.inf, 2.0), (1.0, 2.0, 4.0),
            (1.0, 0.0, 3.0), (2.0, 2.0, 3.0), (1.0, 4.0, 4.0), (1.0, 1.5, 1.5), (0.5, 3.0, 2.0),
        ), known=6, plain=tuple((1.0, *one) for one in _NORMS),
    ),
    Rule("loss-form", "loss", lambda index: f"The loss is {_FORMS[int(index)][0]}", _LOSS, _form,
         most(_form, Trial(*map(float, range(len(_FORMS))))), rank=28, known=0,
         samples=((1.0,), (2.0,), (8.0,), (0.0,))),
    Rule("loss-root", "loss", "The loss is the root of |theta|^2 + {0}", _LOSS, _root,
         most(_root, Trial(1e-12, 1e-8, 1e-6, 1e-10, 1e-5, 1e-4, 1.0)), rank=21, samples=((1e-8,),),
         teacher="A norm without a square, kept from 0.", known=0),
    Rule("loss-huber", "loss", _huber_title, _SIZE, _huber, most(_huber, for_each((0.5, 1.0, 2.0), _heights)),
         teacher="huber_loss or smooth_l1_loss.", rank=18, samples=((1.0, 0.5), (2.0, 1.0))),
    Rule("loss-with-the-start", "loss", "The loss multiplies theta with the initial theta, not with itself",
         "Print theta.grad in each step. Does it follow theta?",
         lambda _, at: at.objective.gradient(at.initial) / 2,
         teacher="The loss is built of two names, one of which is still the function's argument.", rank=16,
         ),
    Rule("loss-component-in-turn", "loss", "Each step moves one component only, all of them in turn",
         "Print theta.grad in each step: which components does your loss look at?",
         lambda x, at: np.where(np.arange(x.shape[1]) == at.i % x.shape[1], x, 0),
         teacher="theta[i % 2], or a loop over the components where one over the steps was meant.", rank=20,
         ),
    Rule("loss-root-trap", "loss", "Right except where theta reaches 0: there the gradient is nan",
         "Print theta.grad once theta is 0. Which operation of your loss has no finite derivative there?",
         lambda x, at: np.where(norm(at.theta) == 0, np.nan, x).astype(x.dtype),
         teacher="sqrt(sum) ** 2 is right on paper, but the root's derivative at 0 is infinite, and"
         " infinity times 0 is nan. PyTorch's own norm has no such trap.", rank=18),
)  # fmt: skip

# --- what adds up ------------------------------------------------------------------------------

_ADDS: Final = "backward() adds to .grad. What is in .grad when the second step begins?"


def _accumulated(x: Array, at: Moment, kept: float) -> Array:
    return x if at.total is None else kept * at.total + x


def _longest_kept(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
    """Between the longest gradient that was added to and the shortest that was cleared."""
    if rows.at.total is not None:
        length, kept = norm(rows.at.total)[:, 0], rows.follow(lambda x, at: _accumulated(x, at, 1.0))
        if kept.any() and not kept.all() and length[kept].max() < length[~kept].min():
            yield (between(float(length[kept].max()), float(length[~kept].min())),)


ACCUMULATE: Final = (
    Rule("no-zero-grad", "accumulate",
         "The gradients of all steps add up: they are never cleared between steps", _ADDS,
         lambda x, at: _accumulated(x, at, 1.0),
         teacher="zero_grad() is missing, stands before the loop, or lacks its parentheses.", rank=10,
         ),
    Rule("zero-grad-sometimes", "accumulate", "The gradient is cleared every {0} steps only",
         "Print theta.grad before each backward(): is it always empty?",
         lambda x, at, k: np.where(at.i % k == 0, x, _accumulated(x, at, 1.0)),
         Trial(2.0, 3.0, 4.0, 5.0, 10.0), teacher="zero_grad() stands under a condition.", rank=22,
         samples=((2.0,), (3.0,), (5.0,))),
    Rule("gradient-of-the-start", "accumulate",
         "Every step uses the gradient at the initial theta: it is computed once, before the loop",
         "Theta moves, so its gradient changes. Which lines have to run again for each step?",
         lambda x, at: x if at.total is None else at.total,
         teacher="Loss and backward() stand before the loop; only step() is repeated.", rank=12,
         landmark="backward"),
    Rule("gradient-kept-in-part", "accumulate", "{0} of the last step's gradient stays in .grad", _ADDS,
         _accumulated, each(lambda x, y, at: ratio(at.left, y - x, at)), rank=28,
         samples=((0.9,), (0.5,)), known=0),
    Rule("zero-grad-above", "accumulate", "The gradient is cleared only where it is longer than about {0}",
         "Print theta.grad before each backward(): is it always empty?",
         lambda x, at, c: x if at.total is None else np.where(norm(at.total) > c, x, at.total + x),
         _longest_kept, teacher="zero_grad() stands under a condition.", rank=26,
         samples=((1.0,), (0.5,)), known=0),
    Rule("gradient-averaged", "accumulate", "Every step uses the mean of all gradients so far", _ADDS,
         lambda x, at: x if at.total is None else (at.i * at.total + x) / (at.i + 1), rank=26, known=0),
)  # fmt: skip

# --- between backward() and step() ---------------------------------------------------------------


def _cut_to(slack: float) -> Formula:
    """The length that a longer gradient was cut to, for torch's slack or none."""
    return lambda x, y, _: np.where(
        (norm(y) > 0) & (norm(y) < norm(x) * (1 - CUT)), norm(y) * (1 + slack / norm(x)), np.nan
    )


def _clipped(x: Array, _: Moment, largest: float, slack: float) -> Array:
    return x * np.minimum(largest / (norm(x) + slack), 1)


def _of_length(x: Array, _: Moment, length: float, slack: float) -> Array:
    return length * x / (norm(x) + slack)


def _length_title(length: float, slack: float) -> str:
    norm_itself = "the loss is the norm, not its square, or the gradient is divided by its length"
    why = norm_itself if (length, slack) == (1, 0) else "only its direction counts"
    return f"The gradient is normalised to length {told(length)}: {why}"


CLIP: Final = (
    Rule("gradient-clipped-by-norm", "clip", "The gradient is clipped to length {0}", _SIZE, _clipped,
         most(_clipped, for_each((1e-6, 0.0), _cut_to)),
         teacher="clip_grad_norm_, often copied from a training loop for networks.", rank=12,
         samples=((1.0, 1e-6), (0.5, 1e-6), (2.0, 0.0))),
    Rule("gradient-clipped-by-value", "clip", "Each component of the gradient is clipped to [-{0}, {0}]",
         _SIZE, lambda x, _, c: np.clip(x, -c, c), each(_heights(1.0)), teacher="clip_grad_value_ or clamp_.",
         rank=14, samples=((1.0,), (0.5,), (5.0,))),
    Rule("gradient-of-fixed-length", "clip",
         _length_title, _SIZE, _of_length, most(_of_length, for_each(
             (0.0, 1e-12, 1e-8, 1e-6), lambda slack: lambda x, y, _: norm(y) * (1 + slack / norm(x)))),
         teacher="grad / grad.norm().", rank=20, samples=((1.0, 0.0), (1.0, 1e-8), (0.5, 1e-12)), known=0),
    Rule("gradient-sign", "clip", worded({1: ""}, ", times {0}", "Only the sign of the gradient is used{}"),
         _SIZE, lambda x, _, c: c * np.sign(x), each(lambda x, y, at: ratio(np.sign(x), y, at)), rank=20,
         samples=((1.0,), (0.5,)), known=0),
    Rule("gradient-of-one-component", "clip", "Only component {0} of the gradient is used",
         "Print theta.grad just before step(): which components are 0?",
         lambda x, _, k: np.where(np.arange(x.shape[1]) == k - 1, x, 0), Trial(1.0, 2.0, 3.0), rank=24,
         samples=((1.0,), (2.0,)), known=0),
    Rule("gradient-empty", "clip", "The gradient is missing or 0 when step() is called, so theta never moves",
         "Print the .grad of the optimiser's tensor just before step(). Who fills it, and who empties it?",
         lambda x, _: 0 * x,
         teacher="backward() is missing, zero_grad() stands between it and step(), or the optimiser has a"
         " copy of the tensor that the loss is made of.", rank=14),
)  # fmt: skip
