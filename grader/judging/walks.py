"""Traced calls as walks: each step with the theta, the gradient and the rate that it was taken with.

Beside each stands what the exercise asks for there: the rate and the number of steps of the reference's own
trace, and the gradient of the loss asked for at the very theta where the student's step began. So a run that
went astray in its first step can still be held to the right gradient in its third.

Traces are claims by untrusted code. What does not read as a walk of finite numbers of the right size is
left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from grader import kit as kits
from grader.judging.paths import Whole, path
from grader.records import Returned, Tensor, Trace
from grader.tensors import ITEM_SIZES, floats, is_whole

Vector = list[float]
Slope = Callable[[Vector], Vector | None]
"""The gradient of the loss asked for; None where it is not known."""

CLOSE: Final = 2e-5  # relative: honest single precision is well below, a mistake above
HANDED_ON: Final = 2.0**-22  # relative: two roundings to single precision
LARGEST: Final = 1e100  # beyond it products overflow, and a run has long been lost
_EXACT: Final = ("float32", "float64")


@dataclass(frozen=True)
class Taken:
    """A step. `number` counts from 0; `right` is what its gradient should have been."""

    number: int
    before: Vector
    after: Vector
    gradient: Vector | None
    right: Vector | None
    rate: float
    passed: float  # the rate that it should have been taken with
    options: Mapping[str, float] = field(default_factory=dict)  # of the optimiser, its rate aside


@dataclass(frozen=True)
class Walk:
    """One call. `arguments` are the plain numbers that were passed."""

    case: int
    start: Vector
    taken: tuple[Taken, ...]
    asked: int
    result: Vector | None
    arguments: Mapping[str, float] = field(default_factory=dict)
    open: bool = False  # a program's walk of which nobody knows where it stops

    @property
    def left(self) -> Vector:
        """What the last step left; the start where there was none."""
        return self.taken[-1].after if self.taken else self.start


def walks(exercise: kits.Exercise, traces: Mapping[int, Trace], answers: Sequence[object]) -> list[Walk]:
    """The traced calls that read as walks."""
    slope = _slope(exercise)
    found = []
    for index, trace in sorted(traces.items()):
        if 0 <= index < min(len(exercise.cases), len(answers)):
            walk = _walk(index, exercise, trace, answers[index], slope)
            found += [] if walk is None else [walk]
    return found


def but_rate(options: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in options.items() if name != "lr"}


def _walk(index: int, exercise: kits.Exercise, trace: Trace, answer: object, slope: Slope) -> Walk | None:
    case = exercise.cases[index]
    given = case.arguments[exercise.moves]
    if case.trace is None or trace.dropped or not isinstance(given, Tensor) or not _readable(trace):
        return None
    start = floats(given)
    mine, theirs = path(trace.steps, start), path(case.trace.steps, start)
    if mine is None or theirs is None or not start or not all(_finite(one, len(start)) for one in mine):
        return None
    rates = _rates(trace, len(mine))
    passed = _rates(case.trace, len(theirs)) or _passed(exercise, case, len(mine))
    if rates is None or (mine and not passed):
        return None
    return Walk(
        case=index,
        start=start,
        taken=tuple(
            _taken(i, one, rates[i], passed, slope, _options(trace, i, len(mine)))
            for i, one in enumerate(mine)
        ),
        asked=len(theirs),
        result=_result(answer, len(start)),
        arguments={n: float(x) for n, x in case.arguments.items() if not isinstance(x, Tensor)},
    )


def _taken(
    number: int,
    one: Whole,
    rate: float,
    passed: Sequence[float],
    slope: Slope,
    options: Mapping[str, float],
) -> Taken:
    wanted = passed[min(number, len(passed) - 1)]
    return Taken(number, one.before, one.after, one.gradient, slope(one.before), rate, wanted, options)


def _options(trace: Trace, number: int, count: int) -> dict[str, float]:
    """Where the components have steps of their own, the first one's stand for all."""
    return but_rate(trace.steps[number if len(trace.steps) == count else 0].options)


def _rates(trace: Trace, count: int) -> list[float] | None:
    """One for each whole step; None where the steps of the components have rates of their own."""
    rates = [step.options.get("lr", math.nan) for step in trace.steps]
    if not all(map(math.isfinite, rates)):
        return None
    if len(rates) == count:
        return rates
    return rates[:1] * count if len(set(rates)) == 1 else None


def _passed(exercise: kits.Exercise, case: kits.Case, count: int) -> list[float]:
    """Where the reference takes no step, the landscape says which argument is the rate."""
    rate = case.arguments[exercise.landscape.rate] if exercise.landscape else None
    return [float(rate)] * count if isinstance(rate, float | int) else []


def _readable(trace: Trace) -> bool:
    """Whether every tensor of it has a dtype that is exact enough, and all of its bytes."""
    tensors = [
        one for step in trace.steps for one in (*step.before, *step.after, *step.gradients) if one is not None
    ]
    return all(one.dtype in _EXACT and one.dtype in ITEM_SIZES and is_whole(one) for one in tensors)


def _finite(one: Whole, size: int) -> bool:
    numbers = [*one.before, *one.after, *(one.gradient or ())]
    sizes = {len(one.before), len(one.after), size if one.gradient is None else len(one.gradient)}
    return sizes == {size} and all(abs(x) < LARGEST for x in numbers)


def _result(answer: object, size: int) -> Vector | None:
    value = answer.value if isinstance(answer, Returned) else None
    if value is None or value.dtype not in ITEM_SIZES or not is_whole(value):
        return None
    values = floats(value)
    return values if len(values) == size and all(abs(x) < LARGEST for x in values) else None


# --- the gradient asked for -----------------------------------------------------------------------


def _slope(exercise: kits.Exercise) -> Slope:
    """From the landscape; else from the gradients that the reference met at the same theta."""
    if exercise.landscape is not None:
        gradients = exercise.landscape.gradients
        return lambda theta: _polynomials(gradients.get(len(theta)), theta)
    met = dict(_met(exercise))
    return lambda theta: met.get(_key(theta))


def _polynomials(rows: tuple[tuple[float, ...], ...] | None, theta: Vector) -> Vector | None:
    return None if rows is None else [_polynomial(row, x) for row, x in zip(rows, theta, strict=False)]


def _polynomial(row: Sequence[float], x: float) -> float:
    value = 0.0
    for coefficient in reversed(row):
        value = value * x + coefficient
    return value


def _met(exercise: kits.Exercise) -> Iterator[tuple[tuple[str, ...], Vector]]:
    for case in exercise.cases:
        given = case.arguments[exercise.moves]
        if case.trace is None or not isinstance(given, Tensor):
            continue
        for one in path(case.trace.steps, floats(given)) or ():
            if one.gradient is not None:
                yield _key(one.before), one.gradient


def _key(theta: Vector) -> tuple[str, ...]:
    """Equal for equal thetas, up to the rounding of single precision."""
    return tuple(f"{x:.5g}" for x in theta)


# --- numbers --------------------------------------------------------------------------------------


def close(one: float, other: float, scale: float = 0.0) -> bool:
    """Whether two numbers are one, up to single precision of them or of what they were made from."""
    return abs(one - other) <= CLOSE * max(abs(one), abs(other), scale / 16)


def alike(one: Sequence[float], other: Sequence[float], scale: Sequence[float] | None = None) -> bool:
    """The same for vectors, component by component."""
    if len(one) != len(other):
        return False
    return all(map(close, one, other, scale or [0.0] * len(one)))


def handed_on(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether a theta is another one that nothing was done to but a change of its dtype."""
    return len(one) == len(other) and all(
        abs(a - b) <= HANDED_ON * abs(b) for a, b in zip(one, other, strict=True)
    )
