"""What a descent minimises: a sum over the components of theta, each a polynomial of its own.

The kit holds it as `Minimised`, by theta's number of components; a run needs the one of its width. It is no
solution: the exercise's text says it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grader.descent.program import Array, Calls
from grader.kit import Case
from grader.records import Record, Tensor
from grader.tensors import numbers


class Minimised(Record, frozen=True):
    """The objective of an exercise: theta goes to theta - rate * gradient(theta) in each step."""

    moves: str  # the argument that is theta at the start
    rate: str  # the argument that is the learning rate
    steps: str  # the argument that is the number of steps
    gradients: dict[int, tuple[tuple[float, ...], ...]]
    """By theta's number of components: each one's coefficients, the constant first."""

    def of(self, width: int) -> Objective:
        rows = self.gradients[width]
        degree = max(map(len, rows), default=1)
        padded = np.zeros((degree, width))
        for component, row in enumerate(rows):
            padded[: len(row), component] = row
        return Objective(tuple(padded))


@dataclass(frozen=True)
class Objective:
    """The gradient's coefficients, the constant first, each an array over the components."""

    coefficients: tuple[Array, ...]

    @property
    def affine(self) -> bool:
        return len(self.coefficients) == 2  # noqa: PLR2004 -- a constant and a slope

    def gradient(self, theta: Array) -> Array:
        """Row x component, in theta's dtype."""
        leading, *rest = (self._narrow if theta.dtype == np.float32 else self.coefficients)[::-1]
        value = leading if rest else np.broadcast_to(leading, theta.shape)
        for one in rest:
            value = value * theta + one
        return value

    @cached_property
    def _narrow(self) -> tuple[Array, ...]:
        return tuple(one.astype(np.float32) for one in self.coefficients)

    def value(self, theta: Array) -> Array:
        """The loss, row x 1: above its minimum, if it is a square, else above theta 0."""
        total = np.zeros_like(theta)
        for power in range(len(self.coefficients), 0, -1):
            total = (total + (self.coefficients[power - 1] / power).astype(theta.dtype)) * theta
        if self.affine and (self.coefficients[1] > 0).all():
            total = total + (self.coefficients[0] ** 2 / (2 * self.coefficients[1])).astype(theta.dtype)
        return total.sum(axis=-1, keepdims=True)


def calls(cases: Sequence[Case], minimised: Minimised) -> Calls:
    """The arguments of cases of one width, side by side, in float64."""
    theta = np.array([theta_of(case, minimised) for case in cases])
    rate = np.array([[case.arguments[minimised.rate]] for case in cases], dtype=np.float64)
    steps = np.array([[case.arguments[minimised.steps]] for case in cases], dtype=np.int64)
    return Calls(minimised.of(theta.shape[1]), theta, rate, steps)


def theta_of(case: Case, minimised: Minimised) -> Array:
    """Where the descent of a case starts. Raises TypeError where that argument is no tensor."""
    value = case.arguments[minimised.moves]
    if not isinstance(value, Tensor):
        raise TypeError(minimised.moves)
    return numbers(value)
