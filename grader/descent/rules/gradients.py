"""Rules of the gradient: another loss, what adds up in .grad, what is done to it before step()."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np

from grader.descent.program import Array, Moment
from grader.descent.reading import (
    FORMULA,
    SHARED,
    Estimate,
    Formula,
    Rows,
    each,
    estimates,
    ratio,
    rounded,
    scaled,
    told,
    trial,
)  # fmt: skip
from grader.descent.rule import Reader, Rule

_LOSS: Final = (
    "Compare your loss at theta = 3 with the one in the exercise, and theta.grad with its derivative."
)
_LOSSES: Final = "Compare your loss at theta = [3, 4] with the one on paper, and theta.grad with its gradient."
_SIZE: Final = "Does the size of each step still follow the gradient when theta is large?"
_GRAD: Final = "Print theta.grad after backward(), and again just before step()."


def norm(values: Array) -> Array:
    """Of each row, row x 1."""
    return np.sqrt((values**2).sum(axis=1, keepdims=True))


def times(factor: float) -> str:
    """How a sentence says a factor before a noun."""
    return {1.0: "", 2.0: "twice ", 0.5: "half of ", -1.0: "minus "}.get(factor, f"{told(factor)} times ")


def between(low: float, high: float) -> Estimate:
    """The roundest number of an interval."""
    return rounded((low + high) / 2, (high - low) / 4)


def most(f: Callable[..., Array], candidates: Reader) -> Reader:
    """Those of many candidates that most rows follow."""

    def read(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
        for one in candidates(rows):
            values = [constant.value for constant in one]
            followed = rows.follow(lambda x, at, values=values: f(x, at, *values))  # type: ignore[misc]
            if 2 * followed.sum() > len(rows):
                yield one

    return read


# --- gradients that are affine ------------------------------------------------------------


def _affine_constants(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
    """M row after row, then b, of y = M theta + b: least squares, each row weighted by its uncertainty."""
    theta, width = rows.at.theta, rows.x.shape[1]
    if rows.y.shape != theta.shape:
        return
    known = np.hstack([theta, np.ones((len(theta), 1), theta.dtype)]).astype(float)
    sound = np.isfinite(np.hstack([known, rows.y, rows.doubt])).all(axis=1)
    if sound.sum() <= width + 1:
        return
    doubt = rows.doubt[sound] + FORMULA * abs(rows.y[sound]) + 1e-300
    solved = [_least_squares(known[sound], rows.y[sound, k], doubt[:, k]) for k in range(width)]
    if all(solved):
        yield (*(one for row in solved for one in row[:-1]), *(row[-1] for row in solved))


def _least_squares(known: Array, wanted: Array, doubt: Array) -> list[Estimate]:
    """Empty where the rows are not affine, or too few."""
    matrix = known / doubt[:, None]
    scale = np.sqrt((matrix**2).sum(axis=0))  # columns of one size, or rounding spoils the small ones
    values, _, rank, _ = np.linalg.lstsq(matrix / scale, wanted / doubt, rcond=None)
    values = values / scale
    if rank < known.shape[1] or (abs(known @ values - wanted) > SHARED * doubt).any():
        return []
    doubts = SHARED * np.sqrt(np.diag(np.linalg.pinv((matrix / scale).T @ (matrix / scale)))) / scale
    return [
        Estimate(0.0) if abs(value) <= off else rounded(float(value), float(off))
        for value, off in zip(values, doubts, strict=True)
    ]


def _parted(values: tuple[float, ...]) -> tuple[Array, Array]:
    width = math.isqrt(len(values))
    return np.array(values[: width * width]).reshape(width, width), np.array(values[width * width :])


def _affine(x: Array, at: Moment, *values: float) -> Array:
    matrix, offset = _parted(values)
    if x.shape[1] != len(offset):
        return np.full_like(x, np.nan)
    return at.theta @ matrix.T.astype(x.dtype) + offset.astype(x.dtype)


def _affine_title(*values: float) -> str:
    matrix, offset = _parted(values)
    plain = _quadratic(matrix) if not offset.any() else _linear(offset) if not matrix.any() else ""
    if plain:
        return f"The loss is {plain}"
    own = np.diag(matrix)
    gradient = _vector([_sum([*row, b]) for row, b in zip(matrix, offset, strict=True)])
    if (matrix != np.diag(own)).any():
        return f"The loss mixes the components of theta: its gradient is {gradient}"
    if not offset.any():
        return f"The components of theta count differently in the loss: its gradient is {gradient}"
    if own.all():
        point = _vector([told(float(0 - b / m)) for b, m in zip(offset, own, strict=True)])
        return f"The minimum of the loss is at {point}: its gradient is {gradient}"
    return f"A component of theta is not squared in the loss: its gradient is {gradient}"


def _quadratic(matrix: Array) -> str:
    """The name of a loss with this second derivative and its minimum at 0; empty if it has none."""
    own, first = np.diag(matrix), float(matrix[0, -1])
    places = np.flatnonzero(own)
    if len(own) > 1 and first and (matrix == first).all():
        return f"{times(first / 2)}the square of the sum of the components, not the sum of their squares"
    if (matrix == np.diag(own)).all() and len(places) == 1 < len(own):
        return f"{times(float(own[places[0]]) / 2)}the square of component {places[0] + 1} alone"
    if len(own) == 2 and not own.any() and first == matrix[1, 0]:  # noqa: PLR2004 -- a pair
        return f"{times(first)}the product of the components"
    if len(own) == 2 and not first and not matrix[1, 0] and own[0] == -own[1]:  # noqa: PLR2004
        return f"{times(float(own[0]) / 2)}the difference of the squares of the components, not their sum"
    return ""


def _linear(offset: Array) -> str:
    if (offset != offset[0]).any():
        return ""
    return times(float(offset[0])) + (
        "theta itself, without a square" if len(offset) == 1 else "the sum of the components, without squares"
    )


def _vector(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _sum(factors: list[float]) -> str:
    """2 theta_1 - theta_2 + 3."""
    names = ["theta", ""] if len(factors) == 2 else [*(f"theta_{k}" for k in range(1, len(factors))), ""]  # noqa: PLR2004
    text = ""
    for factor, name in zip(factors, names, strict=True):
        if factor:
            size = "" if abs(factor) == 1 and name else told(float(abs(factor)))
            sign = (" - " if text else "-") if factor < 0 else (" + " if text else "")
            text += sign + " ".join(one for one in (size, name) if one)
    return text or "0"


# --- gradients that are not ---------------------------------------------------------------


def _of_norm(theta: Array, index: float, power: float) -> Array:
    """The gradient of ||theta||_index to some power; 0 at 0, as PyTorch has it."""
    size = abs(theta)
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
    (2.0, 1.0), (2.0, 4.0), (1.0, 1.0), (1.0, 2.0), (math.inf, 2.0), (2.0, 3.0), (2.0, 1.5), (4.0, 4.0), (3.0, 3.0),
    (1.5, 1.5), (2.5, 2.5), (6.0, 6.0), (math.inf, 1.0), (3.0, 2.0), (4.0, 2.0), (3.0, 1.0), (2.0, 6.0), (2.0, 2.5),
)  # fmt: skip
"""Index and power of norms that are taken for the square of the one with the index 2."""


def _norm_constants(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
    for index, power in _NORMS:
        unit = _of_norm(rows.at.theta, index, power)
        for factor in estimates(rows, lambda _, y, at, unit=unit: ratio(unit, y, at)):  # type: ignore[misc]
            yield factor, Estimate(index), Estimate(power)


def _norm_loss(x: Array, at: Moment, factor: float, index: float, power: float) -> Array:
    return (factor * _of_norm(at.theta, index, power)).astype(x.dtype)


def _norm_title(factor: float, index: float, power: float) -> str:
    raised = {1.0: "", 2.0: "the square of "}.get(power, f"the power {told(power)} of ")
    if index == 2:  # noqa: PLR2004 -- the usual norm
        what = f"{raised}|theta|, not its square"
    elif index == 1:
        what = f"{raised}the sum of the absolute values"
    elif math.isinf(index):
        what = f"{raised}the largest absolute value of the components"
    elif index == power:
        what = f"the sum of the powers {told(power)} of the absolute values"
    else:
        what = f"{raised}the norm with the index {told(index)}, not 2"
    return f"The loss is {times(factor)}{what}"


def _odd(power: float) -> Formula:
    return lambda _, y, at: ratio(power * at.theta ** (power - 1), y, at)


def _others(theta: Array) -> Array:
    """For each component the product of the others."""
    columns = [np.delete(theta, k, axis=1).prod(axis=1) for k in range(theta.shape[1])]
    return np.stack(columns, axis=1)


_FORMS: Final[tuple[tuple[str, Callable[[Array], Array]], ...]] = (
    ("the product of the squares, not their sum", lambda t: 2 * t * _others(t) ** 2),
    ("log(1 + |theta|^2)", lambda t: 2 * t / (1 + norm(t) ** 2)),
    ("log(|theta|^2)", lambda t: 2 * t / norm(t) ** 2),
    ("the root of 1 + |theta|^2", lambda t: t / np.sqrt(1 + norm(t) ** 2)),
    ("exp(|theta|^2)", lambda t: 2 * t * np.exp(norm(t) ** 2)),
    ("1 - exp(-|theta|^2)", lambda t: 2 * t * np.exp(-(norm(t) ** 2))),
    ("2 ** theta: base and exponent are exchanged", lambda t: math.log(2) * 2**t),
    ("exp(theta)", np.exp),
    ("cosh(theta)", np.sinh),
    ("log(cosh(theta))", np.tanh),
    ("sin(theta)", np.cos),
    ("cos(theta)", lambda t: -np.sin(t)),
    ("log(1 + theta^2)", lambda t: 2 * t / (1 + t**2)),
    ("the root of 1 + theta^2", lambda t: t / np.sqrt(1 + t**2)),
    ("theta^3 + theta^2", lambda t: 3 * t**2 + 2 * t),
    ("theta^4 + theta^2", lambda t: 4 * t**3 + 2 * t),
)  # fmt: skip


def _form(_: Array, at: Moment, index: float) -> Array:
    return _FORMS[int(index)][1](at.theta)


def _huber(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
    """A factor below a height: half the square, as torch has it, and others."""
    for scale in (0.5, 1.0, 2.0):
        for height in estimates(
            rows,
            lambda x, y, _, s=scale: np.where(abs(y) < abs(s * x) * (1 - 1e-6), abs(y), np.nan),  # type: ignore[misc]
        ):
            yield height, Estimate(scale)


def _huber_title(height: float, scale: float) -> str:
    size = "as large as it should be" if scale == 1 else f"{told(scale)} times what it should be"
    return (
        "The loss is a Huber loss, a square near 0 and linear far from it: its gradient is"
        f" {size}, and never beyond {told(height)}"
    )


def _scaled_title(factor: float) -> str:
    if factor == -1:
        return "The sign of the gradient is turned: theta climbs"
    words = {
        0.5: "half of what it should be: the loss is halved, or a mean of two",
        2.0: "twice what it should be: the loss or its gradient is counted twice",
    }.get(factor, f"{told(factor)} times what it should be: the loss is scaled")
    return f"The gradient is {words}"


LOSS: Final = (
    Rule(
        "loss-scaled", "loss", _scaled_title,
        "Compare theta.grad after one backward() with the derivative on paper.", lambda x, _, c: c * x,
        scaled,
        teacher="A factor in the loss, a mean for a sum, backward() twice, a loss negated, or half of it"
        " detached.", rank=10, samples=((2.0,), (-1.0,), (0.5,), (1 / 3,), (0.3,)), known=3,
    ),
    Rule(
        "loss-mean", "loss", "The loss is a mean over the components, not their sum", _LOSSES,
        lambda x, _: x / x.shape[1], teacher="mean() for sum(), or MSELoss.", rank=11, samples=((),),
    ),
    Rule(
        "loss-times-rate", "loss", "The loss or its gradient is multiplied with the learning rate",
        "Which line multiplies with the learning rate? Is it the only one?",
        lambda x, at: x * at.rate.astype(x.dtype),
        teacher="The optimiser multiplies with the rate once more.", rank=14, samples=((),),
    ),
    Rule(
        "loss-over-steps", "loss", "The loss or its gradient is divided by the number of steps", _LOSS,
        lambda x, at: x / np.maximum(at.asked, 1).astype(x.dtype), rank=20, samples=((),), known=0,
    ),
    Rule(
        "loss-minimum-elsewhere", "loss", "The minimum of the loss is moved by {0}",
        "At which theta is your loss smallest, and at which the one in the exercise?",
        lambda _, at, c: at.objective.gradient(at.theta - c),
        each(lambda x, y, at: (x - y) / (at.objective.gradient(at.theta + 1) - x)),
        teacher="A loss such as (theta - c)^2, or a constant added to it.", rank=22,
        samples=((1.0,), (-2.0,), (0.5,)), known=0,
    ),
    Rule(
        "loss-penalty", "loss", "The loss has a penalty of {0} |theta|", _LOSS,
        lambda x, at, c: x + c * np.sign(at.theta),
        each(lambda x, y, at: ratio(np.sign(at.theta), y - x, at)), teacher="A lasso term.", rank=26,
        samples=((0.1,), (1.0,)), known=0,
    ),
    Rule(
        "loss-affine", "loss", _affine_title, _LOSSES, _affine, _affine_constants,
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
            (2.0, 2.0, 3.0), (1.0, 4.0, 4.0), (1.0, 1.5, 1.5), (0.5, 3.0, 2.0),
        ), known=5,
    ),
    Rule(
        "loss-odd-power", "loss", lambda c, p: f"The loss is {times(c)}the power {told(p)} of theta, not 2",
        "Which power of theta does the exercise ask for? Compare the loss at theta = 2.",
        lambda _, at, c, p: c * p * at.theta ** (p - 1),
        most(
            lambda _, at, c, p: c * p * at.theta ** (p - 1),
            lambda rows: ((c, Estimate(p)) for p in (3.0, 5.0) for c in estimates(rows, _odd(p))),
        ), rank=20, samples=((1.0, 3.0), (1.0, 5.0)),
    ),
    Rule(
        "loss-form", "loss", lambda index: f"The loss is {_FORMS[int(index)][0]}", _LOSS, _form,
        most(_form, trial(*map(float, range(len(_FORMS))))), rank=28, samples=((1.0,), (7.0,), (0.0,)),
        known=0,
    ),
    Rule(
        "loss-huber", "loss", _huber_title, _SIZE,
        lambda x, _, height, scale: np.clip(scale * x, -height, height),
        most(lambda x, _, height, scale: np.clip(scale * x, -height, height), _huber),
        teacher="huber_loss or smooth_l1_loss.", rank=24, samples=((1.0, 0.5), (2.0, 1.0)),
    ),
    Rule(
        "loss-one-sided", "loss",
        lambda side: "The loss sees {} values of theta only: the others never move".format(
            "positive" if side > 0 else "negative"
        ), "Call your function with a theta of each sign: which of them moves?",
        lambda x, at, side: np.where(side * at.theta > 0, x, 0), trial(1.0, -1.0),
        teacher="relu, clamp or a maximum with 0 in the loss.", rank=20, samples=((1.0,), (-1.0,)), known=0,
    ),
    Rule(
        "loss-with-the-start", "loss", "The loss multiplies theta with the initial theta, not with itself",
        "Print theta.grad in each step. Does it follow theta?",
        lambda _, at: at.objective.gradient(at.initial) / 2,
        teacher="The loss is built of two names, one of which is still the function's argument.", rank=16,
        samples=((),),
    ),
    Rule(
        "loss-component-in-turn", "loss", "Each step moves one component only, all of them in turn",
        "Print theta.grad in each step: which components does your loss look at?",
        lambda x, at: np.where(np.arange(x.shape[1]) == at.i % x.shape[1], x, 0),
        teacher="theta[i % 2], or a loop over the components where one over the steps was meant.", rank=20,
        samples=((),),
    ),
    Rule(
        "loss-root-trap", "loss", "Right except where theta reaches 0: there the gradient is nan",
        "Print theta.grad once theta is 0. Which operation of your loss has no finite derivative there?",
        lambda x, at: np.where(norm(at.theta) == 0, np.nan, x).astype(x.dtype),
        teacher="sqrt(sum) ** 2 is right on paper, but the root's derivative at 0 is infinite, and"
        " infinity times 0 is nan. PyTorch's own norm has no such trap.", rank=18, samples=((),),
    ),
)  # fmt: skip

# --- what adds up ------------------------------------------------------------------------------

_ADDS: Final = "backward() adds to .grad. What is in .grad when the second step begins?"


def _accumulated(x: Array, at: Moment, kept: float) -> Array:
    return x if at.total is None else kept * at.total + x


ACCUMULATE: Final = (
    Rule(
        "no-zero-grad", "accumulate",
        "The gradients of all steps add up: they are never cleared between steps", _ADDS,
        lambda x, at: _accumulated(x, at, 1.0),
        teacher="zero_grad() is missing, stands before the loop, or lacks its parentheses.", rank=10,
        samples=((),),
    ),
    Rule(
        "zero-grad-sometimes", "accumulate", "The gradient is cleared every {0} steps only",
        "Print theta.grad before each backward(): is it always empty?",
        lambda x, at, k: np.where(at.i % k == 0, x, _accumulated(x, at, 1.0)),
        trial(2.0, 3.0, 4.0, 5.0, 10.0), teacher="zero_grad() stands under a condition.", rank=22,
        samples=((2.0,), (3.0,), (5.0,)),
    ),
    Rule(
        "gradient-of-the-start", "accumulate",
        "Every step uses the gradient at the initial theta: it is computed once, before the loop",
        "Theta moves, so its gradient changes. Which lines have to run again for each step?",
        lambda x, at: x if at.total is None else at.total,
        teacher="Loss and backward() stand before the loop; only step() is repeated.", rank=12, samples=((),),
        landmark="backward",
    ),
    Rule(
        "gradient-kept-in-part", "accumulate", "{0} of the last step's gradient stays in .grad", _ADDS,
        _accumulated, trial(0.9, 0.5, 0.1, 0.99, -1.0), rank=28, samples=((0.9,), (0.5,)), known=0,
    ),
)  # fmt: skip

# --- between backward() and step() ---------------------------------------------------------------


def _over_norm(slack: float, *, cut: bool) -> Formula:
    """The length that a gradient was brought to, for torch's slack or another."""

    def read(x: Array, y: Array, _: Moment) -> Array:
        steep, length = norm(x), norm(y)
        return np.where((length < steep * (1 - 1e-4)) | (not cut), length * (1 + slack / steep), np.nan)

    return read


def _lengths(slacks: tuple[float, ...], *, cut: bool) -> Reader:
    return lambda rows: (
        (length, Estimate(slack)) for slack in slacks for length in estimates(rows, _over_norm(slack, cut=cut))
    )


def _clipped(x: Array, _: Moment, largest: float, slack: float) -> Array:
    return x * np.minimum(largest / (norm(x) + slack), 1)


def _of_length(x: Array, _: Moment, length: float, slack: float) -> Array:
    return length * x / (norm(x) + slack)


def _ignored(rows: Rows) -> Iterable[tuple[Estimate, ...]]:
    """Between the largest gradient that was set to 0 and the smallest that was not."""
    size = abs(rows.x)
    still, moving = size[(rows.y == 0) & (size > 0)], size[rows.y != 0]
    if len(still) and len(moving) and still.max() < moving.min():
        yield (between(float(still.max()), float(moving.min())),)


CLIP: Final = (
    Rule(
        "gradient-clipped-by-norm", "clip", "The gradient is clipped to length {0}", _SIZE, _clipped,
        most(_clipped, _lengths((1e-6, 0.0), cut=True)),
        teacher="clip_grad_norm_, often copied from a training loop for networks.", rank=12,
        samples=((1.0, 1e-6), (0.5, 1e-6), (2.0, 0.0)),
    ),
    Rule(
        "gradient-clipped-by-value", "clip", "Each component of the gradient is clipped to [-{0}, {0}]",
        _SIZE, lambda x, _, c: np.clip(x, -c, c),
        each(lambda x, y, _: np.where(abs(y) < abs(x) * (1 - 1e-4), abs(y), np.nan)),
        teacher="clip_grad_value_ or clamp_.", rank=14, samples=((1.0,), (0.5,), (5.0,)),
    ),
    Rule(
        "gradient-of-fixed-length", "clip",
        lambda c, _: f"The gradient is normalised to length {told(c)}: only its direction counts", _SIZE,
        _of_length, most(_of_length, _lengths((0.0, 1e-12, 1e-8, 1e-6), cut=False)),
        teacher="grad / grad.norm().", rank=20, samples=((1.0, 0.0), (1.0, 1e-8), (0.5, 1e-12)), known=0,
    ),
    Rule(
        "gradient-sign", "clip",
        lambda c: "Only the sign of the gradient is used" + ("" if c == 1 else f", times {told(c)}"), _SIZE,
        lambda x, _, c: c * np.sign(x), each(lambda x, y, at: ratio(np.sign(x), y, at)), rank=20,
        samples=((1.0,), (0.5,)), known=0,
    ),
    Rule(
        "gradient-scaled", "clip", "The gradient is multiplied by {0} before step()", _GRAD,
        lambda x, _, c: c * x, scaled, rank=16, samples=((0.5,), (2.0,), (-1.0,)), known=0,
    ),
    Rule(
        "gradient-times-rate", "clip", "The gradient is multiplied with the learning rate before step()",
        _GRAD, lambda x, at: x * at.rate.astype(x.dtype),
        teacher="The optimiser multiplies with the rate once more.", rank=18, samples=((),), known=0,
    ),
    Rule(
        "gradient-absolute", "clip", "The absolute value of the gradient is used",
        "Call your function with a negative theta: in which direction does it move?", lambda x, _: abs(x),
        rank=22, samples=((),), known=0,
    ),
    Rule(
        "gradient-of-one-component", "clip", "Only component {0} of the gradient is used",
        "Print theta.grad just before step(): which components are 0?",
        lambda x, _, k: np.where(np.arange(x.shape[1]) == k - 1, x, 0),
        most(lambda x, _, k: np.where(np.arange(x.shape[1]) == k - 1, x, 0), trial(1.0, 2.0, 3.0)), rank=24,
        samples=((1.0,), (2.0,)), known=0,
    ),
    Rule(
        "gradient-ignored-when-small", "clip", "Gradients below {0} are ignored",
        "Does theta still move when its gradient is small?", lambda x, _, c: np.where(abs(x) < c, 0, x),
        _ignored, rank=28, samples=((1.0,), (0.1,)), known=0,
    ),
    Rule(
        "gradient-empty", "clip", "The gradient is missing or 0 when step() is called, so theta never moves",
        "Print the .grad of the optimiser's tensor just before step(). Who fills it, and who empties it?",
        lambda x, _: 0 * x,
        teacher="backward() is missing, zero_grad() stands between it and step(), or the optimiser has a"
        " copy of the tensor that the loss is made of.", rank=14, samples=((),),
    ),
)  # fmt: skip
