"""Families of another loss, known by its gradient: weights, mixed components, norms, other functions.

Single steps show the gradient at many thetas. Where it is affine there, gradient = M theta + b, all of
M and b is read off at once; where it is not, it is laid beside the losses that people write by mistake.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from grader.judging.descent import Array, Descent, Sheet
from grader.judging.family import Family, Guess, decided
from grader.judging.gradient_families import norm, with_gradient
from grader.judging.readings import LOOSE, SLACK, Constant, View, told

_HINT: Final = (
    "Compare your loss at theta = 3 with the one in the exercise, and theta.grad with its derivative."
)
_HINTS: Final = "Compare your loss at theta = [3, 4] with the one on paper, and theta.grad with its gradient."


def _single_steps(view: View) -> tuple[Array, Array, Array]:
    """Row by row where a step was taken, the gradient that it looks as if it had used, and its doubt."""
    rows = (view.cases.steps[:, 0] == 1) & (view.cases.rate[:, 0] > 0) & view.cases.there.all(axis=1)
    rows &= np.isfinite(view.got).all(axis=1) & (view.tolerance > 0).all(axis=1)
    theta, rate = view.cases.theta[rows], view.cases.rate[rows]
    return theta, (theta - view.got[rows]) / rate, view.tolerance[rows] / rate


# --- gradients that are affine ------------------------------------------------------------


def _affine(view: View) -> Iterator[Guess]:
    """M theta + b, row after row and then b: weighted least squares, where nothing simpler says the same."""
    theta, gradient, doubt = _single_steps(view)
    width = theta.shape[1]
    if len(theta) < width + 3 or len(view.cases.coefficients) != 2:  # noqa: PLR2004 -- two to spare; affine
        return
    known = np.hstack([theta, np.ones((len(theta), 1))])
    found = [_solved(known, gradient[:, k], doubt[:, k]) for k in range(width)]
    if any(row is None for row in found):
        return
    rows = [row for row in found if row is not None]
    constants = (*(one for row in rows for one in row[:-1]), *(row[-1] for row in rows))
    right, slopes = (one[0] for one in view.cases.coefficients)
    if not _is_simpler(*_parted([one.value for one in constants]), slopes, right):
        yield constants


def _solved(known: Array, wanted: Array, doubt: Array) -> list[Constant] | None:
    matrix = known / doubt[:, None]
    inverse = np.linalg.pinv(matrix.T @ matrix)
    values = inverse @ (matrix.T @ (wanted / doubt))
    if not np.isfinite(values).all() or (abs(known @ values - wanted) > LOOSE * doubt).any():
        return None
    doubts = LOOSE * np.sqrt(np.diag(inverse))
    return [
        Constant(0.0) if abs(value) <= off else Constant(float(value), float(off))
        for value, off in zip(values, doubts, strict=True)
    ]


def _parted(values: Sequence[float]) -> tuple[Array, Array]:
    width = math.isqrt(len(values))
    return np.array(values[: width * width]).reshape(width, width), np.array(values[width * width :])


def _is_simpler(matrix: Array, offset: Array, slopes: Array, constant: Array) -> bool:
    """Whether a family of one constant says it: beside the right gradient, slopes theta + constant.

    A factor, some components only, weight decay, a moved minimum, or an equal offset.
    """
    own = np.diag(matrix)
    if (matrix - np.diag(own)).any():
        return False
    extra = offset - constant
    moves = (own != 0) | (offset != 0)
    factor = (own / slopes)[moves]
    scaled = _alike(factor) and np.allclose(offset[moves], factor * constant[moves], rtol=1e-6, atol=1e-9)
    if scaled or (_are_none(extra) and _alike(own - slopes)):
        return True
    return bool(np.allclose(own, slopes, rtol=1e-6)) and (_alike(extra) or _alike(extra / slopes))


def _are_none(values: Array) -> bool:
    return bool(np.allclose(values, 0, atol=1e-9))


def _alike(values: Array) -> bool:
    return len(values) == 0 or bool(np.allclose(values, values[0], rtol=1e-6, atol=0))


def _affine_gradient(*values: float) -> Descent:
    matrix, offset = _parted(values)

    def gradient(_: Array, theta: Array, cases: Sheet) -> Array:
        return (theta @ matrix.T.astype(theta.dtype) + offset.astype(theta.dtype)) * cases.there

    return with_gradient(gradient)


def _affine_title(*values: float) -> str:
    matrix, offset = _parted(values)
    slopes = np.diag(matrix)
    gradient = _in_words(matrix, offset)
    if (matrix - np.diag(slopes)).any():
        return f"The loss mixes the components of theta: its gradient is {gradient}"
    if not offset.any():
        return f"The components of theta count differently in the loss: its gradient is {gradient}"
    if slopes.all() and _alike(slopes):
        point = _vector([told(float(0 - b / m)) for b, m in zip(offset, slopes, strict=True)])
        return f"The minimum of the loss is moved to {point}: its gradient is {gradient}"
    flat = [str(k + 1) for k in np.nonzero((slopes == 0) & (offset != 0))[0]]
    if flat:
        which = " and ".join(flat)
        return f"Component {which} of theta is not squared in the loss: its gradient is {gradient}"
    return f"The loss is another one: its gradient is {gradient}"


def _in_words(matrix: Array, offset: Array) -> str:
    names = ["theta"] if len(offset) == 1 else [f"theta_{k + 1}" for k in range(len(offset))]
    return _vector(
        [
            _sum([*((float(c), name) for c, name in zip(row, names, strict=True)), (float(b), "")])
            for row, b in zip(matrix, offset, strict=True)
        ]
    )


def _vector(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _sum(terms: Sequence[tuple[float, str]]) -> str:
    """2 theta_1 - theta_2 + 3."""
    text = ""
    for factor, name in terms:
        if factor == 0:
            continue
        size = "" if abs(factor) == 1 and name else told(abs(factor))
        term = " ".join(one for one in (size, name) if one)
        sign = (" - " if text else "-") if factor < 0 else (" + " if text else "")
        text += f"{sign}{term}"
    return text or "0"


# --- gradients that are not ---------------------------------------------------------------

Gradient = Callable[[Array], Array]


def norm_of(theta: Array, index: float) -> Array:
    largest = abs(theta).max(axis=1, keepdims=True, initial=0.0)
    safe = np.where(largest > 0, largest, 1)
    return largest * ((abs(theta) / safe) ** index).sum(axis=1, keepdims=True) ** (1 / index)


def _of_norm(index: float, power: int) -> Gradient:
    """The gradient of ||theta||_p to some power; 0 at 0, as PyTorch has it."""

    def gradient(theta: Array) -> Array:
        length = norm_of(theta, index)
        safe = np.where(length > 0, length, 1)
        slope = np.sign(theta) * (abs(theta) / safe) ** (index - 1)
        return np.where(length > 0, power * safe ** (power - 1) * slope, 0)

    return gradient


def _others(theta: Array) -> Array:
    """For each component the product of the others."""
    columns = [np.delete(theta, k, axis=1).prod(axis=1) for k in range(theta.shape[1])]
    return np.stack(columns, axis=1)


_OF_VECTORS: Final[tuple[tuple[str, Gradient], ...]] = (
    *(
        (f"the square of the norm with the index {told(p)}, not 2", _of_norm(p, 2))
        for p in (3.0, 4.0, 1.5, 0.5, 6.0)
    ),
    *((f"the norm with the index {told(p)}, not squared", _of_norm(p, 1)) for p in (3.0, 4.0)),
    ("the product of the squares, not their sum", lambda x: 2 * x * _others(x) ** 2),
    ("log(1 + |theta|^2)", lambda x: 2 * x / (1 + norm(x) ** 2)),
    ("log(|theta|^2)", lambda x: 2 * x / norm(x) ** 2),
    ("the root of 1 + |theta|^2", lambda x: x / np.sqrt(1 + norm(x) ** 2)),
    ("exp(|theta|^2)", lambda x: 2 * x * np.exp(norm(x) ** 2)),
)
_ANYWHERE: Final[tuple[tuple[str, Gradient], ...]] = (
    ("log(1 + theta^2)", lambda x: 2 * x / (1 + x**2)),
    ("log(theta^2)", lambda x: 2 / x),
    ("2 ** theta: base and exponent are exchanged", lambda x: np.log(2) * 2**x),
    ("exp(theta)", np.exp),
    ("exp(theta^2)", lambda x: 2 * x * np.exp(x**2)),
    ("1 - exp(-theta^2)", lambda x: 2 * x * np.exp(-(x**2))),
    ("the root of 1 + theta^2", lambda x: x / np.sqrt(1 + x**2)),
    ("cosh(theta)", np.sinh),
    ("log(cosh(theta))", np.tanh),
    ("sin(theta)", np.cos),
    ("cos(theta)", lambda x: -np.sin(x)),
    ("theta^3 + theta^2", lambda x: 3 * x**2 + 2 * x),
    ("theta^4 + theta^2", lambda x: 4 * x**3 + 2 * x),
)
LOSSES: Final = (*_OF_VECTORS, *_ANYWHERE)


def _forms(view: View) -> Iterator[Guess]:
    theta, gradient, doubt = _single_steps(view)
    if len(theta) < 3:  # noqa: PLR2004 -- fewer would fit by chance
        return
    first = len(_OF_VECTORS) if theta.shape[1] == 1 else 0
    for index in range(first, len(LOSSES)):
        value = LOSSES[index][1](theta)
        near = abs(value - gradient) <= LOOSE * doubt + LOOSE * 2.0**-24 * abs(value)
        if (near | (np.isnan(value) & np.isnan(gradient))).all():
            yield (Constant(index),)
            return


def _form_gradient(index: float) -> Descent:
    gradient = LOSSES[int(index)][1]
    return with_gradient(lambda _g, theta, cases: np.where(cases.there, gradient(theta), 0))


# --- parts of a square --------------------------------------------------------------------


def _bent(view: View) -> Iterator[Guess]:
    """A factor, then a clip: the steps that are relatively longest are not clipped, all others are."""
    ones = view.ones.only((view.ones.rate > 0) & (view.ones.gradient != 0))
    factor = ones.effective / ones.gradient
    sharp = np.isfinite(factor) & (ones.tolerance < 1e-3 * abs(ones.step))
    ones, factor = ones.only(sharp), factor[sharp]
    if not len(factor) or factor.max() <= 0:
        return
    doubt = SLACK * ones.tolerance / abs(ones.rate * ones.gradient)
    best = int(np.argmax(factor - doubt))
    scale = Constant(float(factor[best]), float(doubt[best]))
    cut = factor < factor[best] - doubt - doubt[best]
    height = abs(ones.effective)
    off = SLACK * ones.tolerance / ones.rate
    if cut.sum() < 2 or abs(scale.value - 1) <= scale.doubt:  # noqa: PLR2004 -- as below; 1: it is clipped
        return
    sharpest = int(np.argmin(np.where(cut, off, np.inf)))
    if (abs(height - height[sharpest]) <= off + off[sharpest])[cut].all():
        yield scale, Constant(float(height[sharpest]), float(off[sharpest]))


def _bent_title(scale: float, height: float) -> str:
    huber = "a Huber loss, a square near 0 and linear far from it"
    return (
        f"The loss is {huber}: its gradient is {told(scale)} of the right one and never beyond {told(height)}"
    )


def _one_sided(name: str, words: str, part: str, holds: Callable[[Array], Array]) -> Family:
    return Family(
        f"only-{name}-theta-moves",
        f"Theta never moves where it is {words}: the loss is made of its {part} part only",
        "Call your function with a theta of each sign: which of them moves?",
        "first",
        decided,
        lambda: with_gradient(lambda g, theta, _cases: np.where(holds(theta), g, 0)),
        rank=20,
        teacher="relu, clamp or a maximum with 0 in the loss.",
        where="loss",
    )


LOSSES_BY_GRADIENT: Final = (
    _one_sided("positive", "negative", "positive", lambda x: x > 0),
    _one_sided("negative", "positive", "negative", lambda x: x < 0),
    Family(
        "loss-affine",
        _affine_title,
        _HINTS,
        "first",
        _affine,
        _affine_gradient,
        rank=40,
        teacher="Weights, a term that mixes components, one that lacks its square, or another minimum; the"
        " same factors on the gradient or on the rate look alike.",
        where="loss",
    ),
    Family(
        "loss-of-another-form",
        lambda index: f"The loss is {LOSSES[int(index)][0]}",
        _HINT,
        "first",
        _forms,
        _form_gradient,
        rank=28,
        where="loss",
    ),
    Family(
        "loss-huber",
        _bent_title,
        "Does the size of each step still follow the gradient when theta is large?",
        "first",
        _bent,
        lambda scale, height: with_gradient(lambda g, _theta, _cases: np.clip(scale * g, -height, height)),
        rank=28,
        teacher="huber_loss or smooth_l1_loss; or the gradient is clipped and the loss has a factor.",
        where="loss",
    ),
)
