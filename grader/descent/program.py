"""A run of gradient descent as a program of slots, and its execution for many calls side by side.

What the reference does is the program in which every slot is right. A student's program is the same with
some slots filled otherwise: a `Rule` with its constants is a `Deviation`, and a program is a few of them.
Each slot has a right value `x`; a rule replaces it by `f(x, at, *constants)`, where `at` says how far
the run is. One iteration, in the order of the slots:

    start       the initial theta
    loss        the gradient of the loss at theta
    accumulate  what that makes of the gradient that is already there
    clip        what is done to the gradient between backward() and step()
    rate        the rate that the optimiser is given
    schedule    what becomes of it from step to step
    direction   what the optimiser makes of the gradient by itself: weight decay, maximize
    update      the step: momentum, another optimiser
    between     what is done to theta after the step
    count       how many iterations are asked for
    stop        what ends the loop before: the steps taken, of those asked for, by the path
    result      what is returned
    empty       and what is instead where no step is asked for

Arrays are call x component, all calls of one width side by side; numbers of a call are call x 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from grader.kit import Case
from grader.records import Record, Tensor
from grader.tensors import numbers

if TYPE_CHECKING:
    from grader.descent.rule import Rule

Array = npt.NDArray[Any]

Slot = Literal[
    "start", "loss", "accumulate", "clip", "rate", "schedule", "direction", "update", "between", "count",
    "stop", "result", "empty",
]  # fmt: skip
GRADIENT: Final[tuple[Slot, ...]] = ("loss", "accumulate", "clip")  # what .grad is made of, in this order
RATES: Final[tuple[Slot, ...]] = ("rate", "schedule")

LONGEST: Final = 2000  # steps that are run; who takes more is told by the count alone


@dataclass(frozen=True)
class Calls:
    """The arguments of calls of one width; `in_single` rounds what a float32 program holds in float32."""

    objective: Objective
    theta: Array  # call x component
    rate: Array  # call x 1
    steps: Array  # call x 1, int

    def rows(self, which: Array) -> Calls:
        return Calls(self.objective, self.theta[which], self.rate[which], self.steps[which])

    def in_single(self) -> Calls:
        return Calls(self.objective, self.theta.astype(np.float32), self.rate.astype(np.float32), self.steps)


_BY_CALL: Final = ("initial", "rate", "asked", "i", "theta", "total", "step_rate", "count")


@dataclass
class Moment:
    """How far a run is when a rule is asked. In rows read from traces `i` is an array, row x 1."""

    objective: Objective
    initial: Array  # theta as it was passed
    rate: Array  # the learning rate that was passed
    asked: Array  # the number of steps that was passed
    i: Any = 0  # the iteration, from 0
    theta: Array = field(default_factory=lambda: np.zeros((0, 0)))  # before the step
    total: Array | None = None  # the gradient that the iteration before left; None in the first
    step_rate: Any = 0.0  # of this step, as schedule and rate left it
    memory: dict[str, Any] = field(default_factory=dict)  # of an update, over one run
    path: Array = field(default_factory=lambda: np.zeros((0, 0, 0)))  # theta at the start and after each step
    held: Array = field(default_factory=lambda: np.zeros((0, 0, 0)))  # what .grad held in each step
    count: Array = field(default_factory=lambda: np.zeros(0, dtype=int))  # steps taken, by call
    loss: Deviation | None = None  # the program's own

    def rows(self, which: Array) -> Moment:
        """The moment of some of the calls."""
        own = replace(self)
        for axis, names in enumerate((_BY_CALL, ("path", "held"))):
            for name in names:
                value = getattr(self, name)
                if np.shape(value)[axis : axis + 1] == (len(self.asked),):
                    setattr(own, name, value[:, which] if axis else value[which])
        return own

    @property
    def left(self) -> Array:
        """The same for formulas: nan where there is none."""
        return np.array(np.nan) if self.total is None else self.total

    def gradient(self, path: Array) -> Array:
        """Of the program's own loss, at every place of a path."""
        right = self.objective.gradient(path)
        if self.loss is None:
            return right
        return np.stack(
            [self.loss(x, replace(self, theta=theta)) for x, theta in zip(right, path, strict=True)]
        )

    def at(self, place: Array) -> Array:
        """The theta after so many steps, by call."""
        return self.path[np.clip(place, 0, len(self.path) - 1), np.arange(self.path.shape[1])]


@dataclass(frozen=True)
class Deviation:
    """A rule with its constants. `doubt`: how far from the true one each may be."""

    rule: Rule
    constants: tuple[float, ...] = ()
    doubt: tuple[float, ...] = field(default=(), compare=False)

    def __call__(self, x: Any, at: Moment) -> Any:
        return self.rule.f(x, at, *self.constants)

    @property
    def slot(self) -> Slot:
        return self.rule.slot

    @property
    def title(self) -> str:
        return self.rule.titled(*self.constants)


@dataclass(frozen=True)
class Program:
    """A gradient descent with these deviations, at most one for each slot; none: the right one."""

    deviations: tuple[Deviation, ...] = ()

    @cached_property
    def slots(self) -> Mapping[Slot, Deviation]:
        return {one.slot: one for one in self.deviations}

    def without(self, *slots: Slot) -> Program:
        return Program(tuple(one for one in self.deviations if one.slot not in slots))

    def of(self, x: Any, at: Moment, *slots: Slot) -> Any:
        """What these slots, one after the other, make of the right value of the first."""
        for slot in slots:
            if slot in self.slots:
                x = self.slots[slot](x, at)
        return x

    @property
    def moved(self) -> Program | None:
        """At the edge of what is known of the constants; None where all are exact."""
        if not any(any(one.doubt) for one in self.deviations):
            return None
        edges = ((one.rule, zip_longest(one.constants, one.doubt, fillvalue=0.0)) for one in self.deviations)
        return Program(tuple(Deviation(rule, tuple(map(sum, edge))) for rule, edge in edges))


RIGHT: Final = Program()


@dataclass(frozen=True)
class Run:
    """What a program did: `at` stands at the end, with the path. `value`: what each call returns."""

    at: Moment
    value: Array

    @property
    def path(self) -> Array:
        return self.at.path

    def reach(self) -> Array:
        """The largest size that theta had on the way, call x 1: roundings are relative to it."""
        taken = np.arange(len(self.path))[:, None, None] <= self.at.count[None, :, None]
        sizes = np.where(taken & np.isfinite(self.path), abs(self.path), 0.0)
        return sizes.max(axis=(0, 2), initial=0.0)[:, None]


def moment(calls: Calls, program: Program = RIGHT) -> Moment:
    return Moment(calls.objective, calls.theta, calls.rate, calls.steps, loss=program.slots.get("loss"))


def run(program: Program, calls: Calls, length: int | None = None) -> Run:
    """Execute a program for all calls at once. `length`: so many steps at least, whatever is asked."""
    at = moment(calls, program)
    at.count = calls.steps[:, 0]
    if "count" in program.slots:
        at.count = _whole(program.of(calls.steps, at, "count"))
    longest = max(int(at.count.max(initial=0)), length or 0)
    _walk(program, calls, at, min(longest, LONGEST))
    if "stop" in program.slots:
        at.count = _whole(program.of(at.count[:, None], at, "stop"))
    at.theta = at.at(at.count)
    return Run(at, program.of(at.theta, at, "result", "empty"))


def filled(rows: Sequence[Array]) -> Array:
    """Rows of unlike many numbers as one array, which holds nan where a row has ended."""
    full = np.full((len(rows), max(map(len, rows), default=0)), np.nan, rows[0].dtype if rows else float)
    for one, row in zip(rows, full, strict=True):
        row[: len(one)] = one
    return full


def _whole(counts: Array) -> Array:
    return np.clip(np.nan_to_num(counts.astype(float)), 0, LONGEST).astype(int).reshape(len(counts))


def _walk(program: Program, calls: Calls, at: Moment, length: int) -> None:
    """Fill in the path."""
    at.path = np.empty((length + 1, *calls.theta.shape), calls.theta.dtype)
    at.held = np.empty_like(at.path[1:])
    at.path[0] = program.of(calls.theta, at, "start")
    for i in range(length):
        at.i, at.theta = i, at.path[i]
        at.total = at.held[i] = program.of(calls.objective.gradient(at.theta), at, *GRADIENT)
        at.step_rate = program.of(calls.rate, at, *RATES)
        gradient = program.of(at.total, at, "direction")
        plain = "update" not in program.slots
        theta = at.theta - at.step_rate * gradient if plain else program.of(gradient, at, "update")
        at.path[i + 1] = program.of(theta, at, "between")


# --- what is minimised -----------------------------------------------------------------------


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
    theta = np.array([theta_of(case, minimised.moves) for case in cases])
    rate = np.array([[case.arguments[minimised.rate]] for case in cases], dtype=np.float64)
    steps = np.array([[case.arguments[minimised.steps]] for case in cases], dtype=np.int64)
    return Calls(minimised.of(theta.shape[1]), theta, rate, steps)


def theta_of(case: Case, moves: str) -> Array:
    """Where the descent of a case starts. Raises TypeError where that argument is no tensor."""
    value = case.arguments[moves]
    if not isinstance(value, Tensor):
        raise TypeError(moves)
    return numbers(value)
