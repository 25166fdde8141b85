"""The rule of a loss whose gradient is affine, M theta + b: how M and b are read, and its words."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from grader.descent.program import Array, Moment
from grader.descent.reading import FORMULA, SHARED, Estimate, Rows, rounded, told


def times(factor: float) -> str:
    """How a sentence says a factor before a noun."""
    return {1.0: "", 2.0: "twice ", 0.5: "half of ", -1.0: "minus "}.get(factor, f"{told(factor)} times ")


def read(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
    """M row after row, then b, of y = M theta + b: least squares, each row weighted by its uncertainty."""
    theta, width = rows.at.theta, rows.x.shape[1]
    if rows.y.shape != theta.shape:
        return
    known = np.hstack([theta, np.ones((len(theta), 1), theta.dtype)]).astype(float)
    solved = [least_squares(known, rows.y[:, k], rows.doubt[:, k]) for k in range(width)]
    if all(solved):
        yield (*(one for row in solved for one in row[:-1]), *(row[-1] for row in solved))


def least_squares(known: Array, wanted: Array, doubt: Array) -> list[Estimate]:
    """The constants of wanted = known @ constants; empty where there are none, or too few rows."""
    sound = np.isfinite(np.column_stack([known, wanted, doubt])).all(axis=1)
    known, wanted, doubt = known[sound], wanted[sound], doubt[sound] + FORMULA * abs(wanted[sound]) + 1e-300
    if len(known) <= known.shape[1]:
        return []
    matrix = known / doubt[:, None]
    scale = abs(matrix).max(axis=0)  # columns of one size, or rounding spoils the small ones
    scale = np.where(scale > 0, scale, 1.0)
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


def gradient(x: Array, at: Moment, *values: float) -> Array:
    matrix, offset = _parted(values)
    if x.shape[1] != len(offset):
        return np.full_like(x, np.nan)
    return at.theta @ matrix.T.astype(x.dtype) + offset.astype(x.dtype)


def title(*values: float) -> str:
    matrix, offset = _parted(values)
    plain = _quadratic(matrix) if not offset.any() else _linear(offset) if not matrix.any() else ""
    if plain:
        return f"The loss is {plain}"
    own = np.diag(matrix)
    slope = _vector([_sum([*row, b]) for row, b in zip(matrix, offset, strict=True)])
    if (matrix != np.diag(own)).any():
        return f"The loss mixes the components of theta: its gradient is {slope}"
    if not offset.any():
        return f"The components of theta count differently in the loss: its gradient is {slope}"
    if own.all():
        point = _vector([told(float(0 - b / m)) for b, m in zip(offset, own, strict=True)])
        return f"The minimum of the loss is at {point}: its gradient is {slope}"
    return f"A component of theta is not squared in the loss: its gradient is {slope}"


def _quadratic(matrix: Array) -> str:
    """The name of a loss with this second derivative and its minimum at 0; empty if it has none."""
    own, first = np.diag(matrix), float(matrix[0, -1])
    places = np.flatnonzero(own)
    if len(own) > 1 and first and (matrix == first).all():
        return f"{times(first / 2)}the square of the sum of the components, not the sum of their squares"
    if (matrix == np.diag(own)).all() and len(places) == 1 < len(own):
        return f"{times(float(own[places[0]]) / 2)}the square of component {places[0] + 1} alone"
    if len(own) == 2 and not own.any() and first == matrix[1, 0]:
        return f"{times(first)}the product of the components"
    if len(own) == 2 and not first and not matrix[1, 0] and own[0] == -own[1]:
        return f"{times(float(own[0]) / 2)}the difference of the squares of the components, not their sum"
    return ""


def _linear(offset: Array) -> str:
    if (offset != offset[0]).any():
        return ""
    one, several = "theta itself, without a square", "the sum of the components, without squares"
    return times(float(offset[0])) + (one if len(offset) == 1 else several)


def _vector(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _sum(factors: list[float]) -> str:
    """2 theta_1 - theta_2 + 3."""
    names = ["theta", ""] if len(factors) == 2 else [*(f"theta_{k}" for k in range(1, len(factors))), ""]
    text = ""
    for factor, name in zip(factors, names, strict=True):
        if factor:
            size = "" if abs(factor) == 1 and name else told(float(abs(factor)))
            sign = (" - " if text else "-") if factor < 0 else (" + " if text else "")
            text += sign + " ".join(one for one in (size, name) if one)
    return text or "0"
