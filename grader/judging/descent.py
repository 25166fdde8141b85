"""Runs of gradient descent in numpy: all cases of a suite at once, one decision taken otherwise.

The parent has no torch, and a mistake with a free constant has to be run for constants that nobody
listed. So a run is described by its decisions, as in an exercise's own mistakes, and carried out for
all cases side by side (array: case x component, padded where theta has fewer). What is kept is the whole
path, step by step: a result that is an earlier theta, a mean or the best one is then a way to read it.

The same description runs in float64 and in float32. How far apart the two end is how much of a
difference is rounding and none of the student's doing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from grader import kit as kits
from grader.records import Tensor
from grader.tensors import numbers

Array = npt.NDArray[Any]

SPREAD_FACTOR: Final = 4.0  # as the freezer computes a misconception's own tolerance
ROUNDING_FACTOR: Final = 8.0
SINGLE: Final = np.float32
SQUARED_SINGLE: Final = float(np.finfo(np.float32).max) ** 0.5  # beyond it a float32 loss may be infinite


@dataclass(frozen=True)
class Sheet:
    """The numbers of many cases side by side. `there` says which components a case has."""

    theta: Array
    there: Array
    rate: Array  # case x 1, as `steps` and `single`
    steps: Array
    single: Array
    coefficients: tuple[Array, ...]  # of the gradient, the constant first: each case x component

    def rows(self, which: Array) -> Sheet:
        return Sheet(
            self.theta[which], self.there[which], self.rate[which], self.steps[which], self.single[which],
            tuple(one[which] for one in self.coefficients),
        )  # fmt: skip

    def in_single(self) -> Sheet:
        return replace(
            self,
            theta=self.theta.astype(SINGLE),
            rate=self.rate.astype(SINGLE),
            coefficients=tuple(one.astype(SINGLE) for one in self.coefficients),
        )

    def gradient(self, theta: Array) -> Array:
        value = self.coefficients[-1]
        for one in self.coefficients[-2::-1]:
            value = value * theta + one
        return value


def sheet(cases: Sequence[kits.Case], landscape: kits.Landscape, moves: str) -> Sheet:
    """The cases' numbers, where all of them are of sizes that the landscape knows."""
    starts = [numbers(_tensor(case.arguments[moves])) for case in cases]
    width = max(map(len, starts), default=0)
    degree = max((len(row) for rows in landscape.gradients.values() for row in rows), default=1)
    theta, there = np.zeros((len(cases), width)), np.zeros((len(cases), width), dtype=bool)
    coefficients = np.zeros((degree, len(cases), width))
    for index, start in enumerate(starts):
        size = len(start)
        theta[index, :size], there[index, :size] = start, True
        for component, row in enumerate(landscape.gradients[size]):
            coefficients[: len(row), index, component] = row
    rate = np.array([[case.arguments[landscape.rate]] for case in cases], dtype=np.float64)
    steps = np.array([[case.arguments[landscape.steps]] for case in cases], dtype=np.int64)
    single = np.array([[case.dtype == "float32"] for case in cases])
    return Sheet(theta, there, rate, steps, single, tuple(coefficients))


def _tensor(value: object) -> Tensor:
    assert isinstance(value, Tensor)  # `kit.decode` holds that the argument that moves is one
    return value


# --- a run --------------------------------------------------------------------------------

Update = Callable[[Array, Array, Array, int], Array]
"""theta, gradient, rate and the step's number from 0 -> the next theta; made anew for each run, for it
may remember."""


def sgd() -> Update:
    return lambda theta, gradient, rate, _: theta - rate * gradient


def given_start(sheet: Sheet) -> Array:
    return sheet.theta


def given_rate(sheet: Sheet, _: int) -> Array:
    return sheet.rate


def given_count(sheet: Sheet) -> Array:
    return sheet.steps


def true_gradient(gradient: Array, _theta: Array, _sheet: Sheet) -> Array:
    return gradient


def unchanged(theta: Array) -> Array:
    return theta


def last(path: Array, count: Array, _sheet: Sheet) -> Array:
    """The theta after `count` steps."""
    return path[np.maximum(count[:, 0], 0), np.arange(path.shape[1])]


@dataclass(frozen=True)
class Descent:
    """A gradient descent as the decisions it is made of; as it stands, all are right."""

    start: Callable[[Sheet], Array] = given_start
    rate: Callable[[Sheet, int], Array] = given_rate
    gradient: Callable[[Array, Array, Sheet], Array] = true_gradient
    update: Callable[[], Update] = sgd
    after: Callable[[Array], Array] = unchanged  # what becomes of theta after each step
    count: Callable[[Sheet], Array] = given_count
    result: Callable[[Array, Array, Sheet], Array] = last


RIGHT: Final = Descent()


def walk(descent: Descent, cases: Sheet, length: int) -> Array:
    """The thetas of a run: (length + 1) x case x component."""
    theta = descent.start(cases)
    path = np.empty((length + 1, *theta.shape), theta.dtype)
    path[0] = theta
    update = descent.update()
    for i in range(length):
        gradient = descent.gradient(cases.gradient(theta), theta, cases)
        theta = descent.after(update(theta, gradient, descent.rate(cases, i), i))
        path[i + 1] = theta
    return path


def run(descent: Descent, cases: Sheet) -> Array:
    """What a run returns for each case."""
    count = descent.count(cases)
    return descent.result(walk(descent, cases, int(count.max(initial=0))), count, cases)


# --- with its rounding --------------------------------------------------------------------


@dataclass(frozen=True)
class Prediction:
    """What a mistake would return, and how far rounding may take it; `beyond`: float32 cannot hold it."""

    value: Array
    tolerance: Array
    beyond: Array


def predict(descent: Descent, cases: Sheet, single: Sheet) -> Prediction:
    """`single` are the float32 cases among them, in float32.

    The tolerance is that of a misconception in the kit, max(4 |float32 - float64|, 8 u (n + 1) scale), but
    the scale is that of the whole path: a run that went far out and came back has rounded there.
    """
    count = descent.count(cases)
    path = walk(descent, cases, int(count.max(initial=0)))
    exact = descent.result(path, count, cases)
    rough = run(descent, single).astype(np.float64)
    rows = cases.single[:, 0]
    off = abs(rough - exact[rows])
    spread, beyond = np.zeros_like(exact), np.zeros(exact.shape, dtype=bool)
    spread[rows] = np.where(np.isfinite(off), off, 0.0)
    beyond[rows] = ~np.isfinite(rough)
    tolerance = np.maximum(SPREAD_FACTOR * spread, rounding(_reach(path, count, exact), cases, count))
    return Prediction(exact, tolerance, beyond)


def _reach(path: Array, count: Array, value: Array) -> Array:
    """The largest size on the way, or at its end, of each component."""
    walked = np.arange(len(path))[:, None, None] <= np.maximum(count, 0)
    size = np.where(walked & np.isfinite(path), abs(path), 0).max(axis=0)
    return np.maximum(size, abs(value))


def rounding(value: Array, cases: Sheet, count: Array | None = None, roundoff: float | None = None) -> Array:
    """8 u (n + 1) max(|theta_0|, |value|), u the unit roundoff of the case's dtype."""
    steps = cases.steps if count is None else np.maximum(count, cases.steps)
    u = np.where(cases.single, 2.0**-24, 2.0**-53) if roundoff is None else roundoff
    largest = np.maximum(abs(cases.theta).max(axis=1, keepdims=True, initial=0.0), abs(value))
    return ROUNDING_FACTOR * u * (steps + 1) * np.where(np.isfinite(largest), largest, 0.0)
