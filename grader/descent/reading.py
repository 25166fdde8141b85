"""Constants read off rows: what a slot should have held beside what it held.

A row comes from a traced step or, where nothing was traced, from a returned value with all else taken to be
right. Each row that says anything of a constant gives an estimate with an uncertainty; `agreed` takes the
sharpest estimates that most rows share, and rounds each to the roundest number that it may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from grader.descent.program import Moment

Array = npt.NDArray[Any]

FEW: Final = 20  # one row in so many
SHARP: Final = 0.02  # relative uncertainty up to which a row says anything of a constant
SHARED: Final = 8.0  # times their uncertainties, that two estimates of one constant may differ
FORMULA: Final = 2.0**-46  # relative: the rounding of a formula of a few operations, a logarithm among them
MOST: Final = 3  # constants that are tried for one rule
DIGITS: Final = 7  # beyond these a number is not round
DENOMINATORS: Final = {2: (3, 6), 3: (7, 9, 11, 12)}  # of fractions that no decimal is, by how plain they are
LONG: Final = 12  # characters of a number that is rather a fraction


class Estimate(NamedTuple):
    """A constant; it may be `doubt` more or less."""

    value: float
    doubt: float = 0.0


@dataclass(frozen=True)
class Rows:
    """Row x component. `x`: what the slot should have held; `y`: what it held, up to `doubt`."""

    x: Array
    y: Array
    at: Moment
    doubt: Array

    def __len__(self) -> int:
        return len(self.x)

    def follow(self, f: Callable[[Array, Moment], Array]) -> Array:
        """By row: whether the slot held what the rule says; a few may hang on the rounding of x."""
        same = self.exactly(f)
        if same.all() or FEW * (~same).sum() > len(same) or self.x.shape != self.y.shape:
            return same
        off = self.only(~same)
        moved = (Rows(off.x + sign * off.doubt, off.y, off.at, off.doubt) for sign in (1, -1))
        same[~same] = np.any([one.exactly(f) for one in moved], axis=0)
        return same

    @cached_property
    def right(self) -> bool:
        """Whether every row holds what it should."""
        return bool(self.follow(lambda x, _: x).all())

    def exactly(self, f: Callable[[Array, Moment], Array]) -> Array:
        """The same, of x as it stands."""
        with np.errstate(all="ignore"):
            wanted = f(self.x, self.at)
            if np.shape(wanted) not in ((), self.y.shape):
                return np.zeros(len(self.y), dtype=bool)
            same = (abs(self.y - wanted) <= self.doubt) | (self.y == wanted)
        return np.asarray(same.all(axis=1))

    def only(self, which: Array) -> Rows:
        return Rows(self.x[which], self.y[which], self.at.rows(which), self.doubt[which])


Formula = Callable[[Array, Array, "Moment"], "Array | float"]
"""x, y, at -> the constant, row x component or row x 1; nan where a row says nothing of it."""

Reader = Callable[[Rows], Iterable[tuple[Estimate, ...]]]
"""Rows of a slot -> constants that they may follow, the likeliest first."""


def each(formula: Formula) -> Reader:
    """One constant, by the formula."""
    return lambda rows: ((one,) for one in estimates(rows, formula))


def whole(formula: Formula) -> Reader:
    """One constant that is a whole number, and not 0: that says something else."""

    def read(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
        for one in estimates(rows, formula):
            near = round(one.value)
            if near and abs(one.value - near) <= max(SHARED * one.doubt, FORMULA):
                yield (Estimate(float(near)),)

    return read


class Trial:
    """One constant that no formula gives: it is tried, the commonest first, and needs no row."""

    def __init__(self, *values: float) -> None:
        self.each: list[tuple[Estimate, ...]] = [(Estimate(one),) for one in values] or [()]

    def __call__(self, _: Rows) -> Iterable[tuple[Estimate, ...]]:
        return self.each


nothing: Final = Trial()
"""Of a rule without constants."""


def for_each(values: Iterable[float], formula: Callable[[float], Formula]) -> Reader:
    """Two constants: the first by the formula that the second, tried, makes."""
    tried = tuple(values)
    return lambda rows: ((one, Estimate(value)) for value in tried for one in estimates(rows, formula(value)))


def most(f: Callable[..., Array], candidates: Reader) -> Reader:
    """Those of many candidates that most rows follow."""

    def follows(rows: Rows, constants: tuple[Estimate, ...]) -> bool:
        values = [one.value for one in constants]
        return 2 * int(rows.follow(lambda x, at: f(x, at, *values)).sum()) > len(rows)

    return lambda rows: (one for one in candidates(rows) if follows(rows, one))


def estimates(rows: Rows, formula: Formula) -> list[Estimate]:
    with np.errstate(all="ignore"):
        try:
            values = np.broadcast_to(formula(rows.x, rows.y, rows.at), rows.y.shape)
            moved = np.broadcast_to(formula(rows.x, rows.y + rows.doubt, rows.at), rows.y.shape)
        except ValueError:  # as many numbers as no formula of theirs has
            return []
        return agreed(values.ravel(), abs(moved - values).ravel() + FORMULA * abs(values).ravel())


def agreed(values: Array, doubts: Array) -> list[Estimate]:
    """The constants that most of these estimates share, the most shared first."""
    finite = np.isfinite(values) & np.isfinite(doubts)
    sharp = finite & (doubts <= SHARP * np.maximum(abs(values), np.where(values == 0, 1.0, 0.0)))
    if not sharp.any():
        return []
    order = np.argsort(values[sharp], kind="stable")
    values, doubts = values[sharp][order], doubts[sharp][order]
    apart = np.diff(values) > SHARED * (doubts[1:] + doubts[:-1])
    edges = [0, *(np.flatnonzero(apart) + 1).tolist(), len(values)]
    likeliest = sorted(pairwise(edges), key=lambda one: one[0] - one[1])[: 2 * MOST]
    found = []
    for first, end in likeliest:
        sharpest = first + int(doubts[first:end].argmin())
        found.append((end - first, rounded(float(values[sharpest]), float(doubts[sharpest]))))
    return [one for _, one in sorted(found, key=lambda one: (-one[0], bool(one[1].doubt)))[:MOST]]


def rounded(value: float, doubt: float) -> Estimate:
    """The roundest number within the doubt; the value itself, with its doubt, where none is round."""
    allowed = max(2 * doubt, FORMULA * abs(value))
    for digits in range(1, DIGITS):
        near = float(f"{value:.{digits}g}")
        if abs(near - value) <= allowed:
            return Estimate(near)
        fractions = [round(value * q) / q for q in DENOMINATORS.get(digits, ())]
        fitting = [one for one in fractions if one and abs(one - value) <= allowed]
        if fitting:
            return Estimate(min(fitting, key=lambda one: abs(one - value)))
    return Estimate(value, doubt)


def roundest(low: float, high: float) -> Estimate:
    """A threshold between the two: a power of ten, or the roundest number, the nearest to the middle."""
    inner = np.geomspace(max(low, high * 1e-4), high, 41)[1:-1]
    nearest = sorted(inner.tolist(), key=lambda one: abs(math.log(one / inner[len(inner) // 2])))
    for digits in range(DIGITS):
        for one in nearest:
            near = float(f"{one:.{digits - 1}e}") if digits else 10.0 ** round(math.log10(one))
            if low < near < high:
                return Estimate(near)
    return Estimate((low + high) / 2)


def told(value: float) -> str:
    """As a person would write it: 1/3, 0.05, 1e-05."""
    if not math.isfinite(value):
        return str(value)
    for q in (q for several in DENOMINATORS.values() for q in several):
        p = round(value * q)
        if p and abs(p / q - value) <= FORMULA * abs(value) and len(repr(value)) > LONG:
            return f"{p}/{q}"
    return f"{value:.6g}" if value else "0"


# --- formulas that many rules share -----------------------------------------------------------


def ratio(x: Array, y: Array, _: Moment) -> Array:
    return np.where(x == 0, np.nan, y / np.where(x == 0, 1.0, x))


def where_changed(x: Array, y: Array, _: Moment) -> Array:
    """What the slot held where that is not what it should have held: a limit, a replacement."""
    return np.where(abs(y - x) <= 1e-4 * np.maximum(abs(x), abs(y)), np.nan, y)


def factor(x: Array, y: Array, at: Moment) -> Array:
    """The same, where it is not 0: that says something else."""
    return np.where(y == 0, np.nan, ratio(x, y, at))


scaled, limit = each(factor), each(where_changed)
shifted, fixed = each(lambda x, y, _: y - x), each(lambda _x, y, _: y)
