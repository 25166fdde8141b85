"""The gradients of traced steps -> in what they differ from that of the loss asked for.

The rules are tried from the plainest on: a step without a gradient, a factor, a component, a memory of
earlier steps, another loss. One is told only where it holds in every traced step. What follows no rule is
told by its numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from grader.exercises import Landmark
from grader.judging.reading import (
    DRAWS,
    ENOUGH,
    Point,
    Reading,
    by_arguments,
    constant,
    number,
    plainness,
    points,
    ratio,
    vector,
)
from grader.judging.walks import Vector, Walk, alike, close

_PRINT: Final = "Print theta and theta.grad before each step, and compare with the derivative on paper."
_LOSS: Final = "Print the loss and theta.grad for one theta, and reckon both on paper."
_EMPTY: Final = "Print theta.grad just before each step(). When is it None, and when is it 0?"
FEW: Final = 2
WIDEST: Final = 4  # components up to which a matrix is fitted

Rule = Callable[[Sequence[Point]], Reading | None]


def wrong(point: Point) -> bool:
    """Whether a step's gradient is known to be another than the one asked for."""
    one = point.taken
    if one.right is None:
        return False
    if one.gradient is None:
        return any(one.right)
    return not alike(one.gradient, one.right, _scale(point))


def read(walks: Sequence[Walk], *, draws: bool) -> Reading | None:
    """What the gradient is in place of the right one; None where it is the right one."""
    every = [one for one in points(walks) if one.taken.right is not None]
    if not any(map(wrong, every)):
        return None
    empty = _empty(every)
    if empty is not None or any(one.taken.gradient is None for one in every):
        return empty
    rules: tuple[Rule, ...] = (_factor, _one_sign, _components, _constant, lambda _: _memory(walks))
    found = next((one for rule in rules if (one := rule(every)) is not None), None)
    return found or _random(every, draws=draws) or _mixed(every) or _another(every)


def _reading(
    id_: str, title: str, hint: str = _PRINT, where: Landmark = "loss", *, sure: bool = True
) -> Reading:
    return Reading("gradient", id_, title, hint, where, sure=sure)


def _backward(id_: str, title: str, hint: str, where: Landmark) -> Reading:
    return Reading("backward", id_, title, hint, where)


def _scale(point: Point) -> Vector:
    size = max(map(abs, point.taken.before), default=0.0)
    return [size] * len(point.taken.before)


def _gradient(point: Point) -> Vector:
    return point.taken.gradient or [0.0] * len(point.taken.before)


def _right(point: Point) -> Vector:
    return point.taken.right or [0.0] * len(point.taken.before)


def _pairs(point: Point) -> Iterator[tuple[float, float]]:
    return zip(_gradient(point), _right(point), strict=False)


# --- steps without a gradient ---------------------------------------------------------------------


def _empty(every: Sequence[Point]) -> Reading | None:
    """The steps that had none, or one of 0 only: the first ones, or all but the first."""
    first = [one for one in every if one.taken.number == 0 and any(_right(one))]
    later = [one for one in every if one.taken.number > 0 and any(_right(one))]
    if len(first) < FEW or len(later) < FEW:
        return None
    if not any(any(_gradient(one)) for one in first) and not any(map(wrong, later)):
        return _backward(
            "first-step-without-gradient",
            "The first step has no gradient, as if step() came before backward()",
            _EMPTY,
            "step",
        )
    if not any(map(wrong, first)) and not any(any(_gradient(one)) for one in later):
        return _backward(
            "gradient-in-the-first-step-only",
            "From the second step on the optimiser's tensor has no gradient, as if the loop renewed theta, "
            "and the optimiser kept the old tensor",
            _EMPTY + " Is your theta still the tensor that the optimiser was given?",
            "loop",
        )
    return None


# --- a factor -------------------------------------------------------------------------------------


def _factor(every: Sequence[Point]) -> Reading | None:
    """The right gradient times a number: the same one, or one that hangs on the call or on the step."""
    sloping = [one for one in every if any(_right(one))]
    if len(sloping) < ENOUGH or any(any(_gradient(one)) for one in every if not any(_right(one))):
        return None
    ratios = [ratio(_gradient(one), _right(one)) for one in sloping]
    factors = [one for one in ratios if one is not None]
    if len(factors) < len(sloping):
        return None
    same = constant(factors)
    if same is not None:
        return _scaled(same) if same != 1 else None
    how = next(by_arguments([(one.walk, x) for one, x in zip(sloping, factors, strict=True)]), None)
    if how is not None:
        return _reading(
            "gradient-by-argument",
            f"The loss or its gradient is {how[0]} {how[1]}",
            f"Print theta.grad for two calls that differ in {how[1].split()[0]} alone.",
        )
    return _by_number(sloping, factors)


def _scaled(factor: float) -> Reading:
    if factor == 0:
        return _reading("gradient-zero", "The gradient is 0 in every step", _EMPTY, "backward")
    if factor == -1:
        return _reading("gradient-turned", "The gradient has the opposite sign", _LOSS)
    return _reading("gradient-scaled", f"The gradient is {number(factor)} times what it should be", _LOSS)


def _by_number(sloping: Sequence[Point], factors: Sequence[float]) -> Reading | None:
    """A factor that hangs on the number of the step."""
    numbers = [one.taken.number for one in sloping]
    if alike(factors, [i + 1 for i in numbers]):
        title = "The loss or its gradient is multiplied by the number of the step, counted from 1"
    elif alike(factors, [float(i) for i in numbers]):
        title = "The loss or its gradient is multiplied by the number of the step, counted from 0"
    elif alike(factors, [1 / (i + 1) for i in numbers]):
        title = "The loss or its gradient is divided by the number of the step, counted from 1"
    else:
        return _in_one_step(sloping, factors)
    return _reading("gradient-by-step", title)


def _in_one_step(sloping: Sequence[Point], factors: Sequence[float]) -> Reading | None:
    """The right gradient, but in the first step or in the last one."""
    for name, there in (("first", _is_first), ("last", _is_last)):
        inside = [x for one, x in zip(sloping, factors, strict=True) if there(one)]
        outside = [x for one, x in zip(sloping, factors, strict=True) if not there(one)]
        factor = constant(inside)
        if factor is not None and len(outside) >= FEW and constant(outside) == 1:
            title = f"In the {name} step alone the gradient is {number(factor)} times what it should be"
            return _reading("gradient-in-one-step", title)
    return None


def _is_first(point: Point) -> bool:
    return point.taken.number == 0


def _is_last(point: Point) -> bool:
    return point.taken.number == len(point.walk.taken) - 1


# --- components -----------------------------------------------------------------------------------


def _one_sign(every: Sequence[Point]) -> Reading | None:
    """Right on one side of 0, and nothing on the other."""
    rows = [row for one in every for row in zip(one.taken.before, _gradient(one), _right(one), strict=False)]
    for name, side in (("negative", -1.0), ("positive", 1.0)):
        there = [row for row in rows if row[0] * side > 0 and row[2]]
        others = [row for row in rows if row[0] * side <= 0 and row[2]]
        if len(there) < FEW or len(others) < FEW or not all(close(g, right) for _, g, right in others):
            continue
        factor = constant([g / right for _, g, right in there])
        if factor is not None:
            what = "0" if factor == 0 else f"{number(factor)} times what it should be"
            return _reading("gradient-by-sign", f"Where theta is {name}, its gradient is {what}", _LOSS)
    return None


def _components(every: Sequence[Point]) -> Reading | None:
    """Each component has a factor of its own, or a value of its own."""
    width = len(every[0].taken.before)
    if width < FEW or any(len(one.taken.before) != width for one in every):
        return None
    factors = []
    for k in range(width):
        pairs = [(_gradient(one)[k], _right(one)[k]) for one in every]
        ratios = [g / right for g, right in pairs if right]
        factor = constant(ratios) if len(ratios) >= ENOUGH and not any(g for g, r in pairs if not r) else None
        factors.append(factor)
    odd = [k for k, factor in enumerate(factors) if factor != 1]
    if any(factors[k] is None for k in odd):
        return _constant_component(every, odd) if len(odd) == 1 else None
    told = [f"component {k + 1} of the gradient is {number(factors[k] or 0)}" for k in odd]
    title = " and ".join(told) + " times what it should be"
    return _reading("gradient-by-component", title[0].upper() + title[1:], _LOSS)


def _constant_component(every: Sequence[Point], odd: Sequence[int]) -> Reading | None:
    value = constant([_gradient(one)[odd[0]] for one in every])
    if value is None:
        return None
    title = f"Component {odd[0] + 1} of the gradient is always {number(value)}"
    return _reading("gradient-component-constant", title, _LOSS)


def _constant(every: Sequence[Point]) -> Reading | None:
    value = _gradient(every[0])
    if len(every) < ENOUGH or not all(alike(_gradient(one), value) for one in every):
        return None
    title = f"The gradient is {vector(value)} everywhere, whatever theta is"
    return _reading("gradient-constant", title, _LOSS)


# --- earlier steps --------------------------------------------------------------------------------


def _memory(walks: Sequence[Walk]) -> Reading | None:
    """The gradient of a step holds those of earlier ones."""
    long = [walk for walk in walks if len(walk.taken) > 1 and all(one.right for one in walk.taken)]
    if len(long) < FEW:
        return None
    title = next((title for title, rule in _MEMORIES if all(_follows(walk, rule) for walk in long)), None)
    hint = "Print theta.grad before each backward() and before each step()."
    return None if title is None else _reading("gradient-remembers", title, hint, "zero_grad")


def _sums(rights: Sequence[Vector]) -> Iterator[Vector]:
    total = [0.0] * len(rights[0])
    for right in rights:
        total = [a + b for a, b in zip(total, right, strict=True)]
        yield total


def _means(rights: Sequence[Vector]) -> Iterator[Vector]:
    for i, total in enumerate(_sums(rights), start=1):
        yield [x / i for x in total]


def _firsts(rights: Sequence[Vector]) -> Iterator[Vector]:
    return (rights[0] for _ in rights)


def _with_previous(rights: Sequence[Vector]) -> Iterator[Vector]:
    yield rights[0]
    for earlier, right in pairwise(rights):
        yield [(a + b) / 2 for a, b in zip(earlier, right, strict=True)]


def _with_previous_or_zero(rights: Sequence[Vector]) -> Iterator[Vector]:
    return ([x / (1 if i else 2) for x in one] for i, one in enumerate(_with_previous(rights)))


def _previous(rights: Sequence[Vector]) -> Iterator[Vector]:
    yield rights[0]
    yield from rights[:-1]


_MEMORIES: Final[tuple[tuple[str, Callable[[Sequence[Vector]], Iterator[Vector]]], ...]] = (
    ("The gradients of all steps add up, as if they were never cleared", _sums),
    ("Every step uses the mean of its gradient and the one before", _with_previous),
    (
        "Every step uses the mean of its gradient and the one before, which begins at 0",
        _with_previous_or_zero,
    ),
    ("Every step uses the mean of all gradients so far", _means),
    ("Every step uses the gradient of the first one", _firsts),
    ("Every step but the first uses the gradient of the step before", _previous),
)


def _follows(walk: Walk, rule: Callable[[Sequence[Vector]], Iterator[Vector]]) -> bool:
    rights = [one.right or [] for one in walk.taken]
    sizes = [[max(map(abs, (x for right in rights for x in right)))] * len(walk.start)] * len(rights)
    mine = [one.gradient or [] for one in walk.taken]
    return all(map(alike, mine, rule(rights), sizes))


# --- another loss ---------------------------------------------------------------------------------


def _at_one_theta(every: Sequence[Point]) -> list[list[Point]]:
    """The steps that began at the same theta, where there are several."""
    groups: dict[tuple[str, ...], list[Point]] = {}
    for one in every:
        groups.setdefault(tuple(f"{x:.5g}" for x in one.taken.before), []).append(one)
    return [group for group in groups.values() if len(group) > 1]


def _agree(group: Sequence[Point]) -> bool:
    first = _gradient(group[0])
    return all(alike(_gradient(one), first, _scale(one)) for one in group)


def _random(every: Sequence[Point], *, draws: bool) -> Reading | None:
    """Not a function of theta, or made with random numbers. Calls are seeded alike, so repeats may agree."""
    apart = next((group for group in _at_one_theta(every) if not _agree(group)), None)
    dropped = {round(g / right, 4) for one in every for g, right in _pairs(one) if right}
    if draws and 0.0 in dropped and len(dropped) == FEW and max(dropped) > 0:
        title = f"The gradient is 0 or {number(max(dropped))} times what it should be{DRAWS}, as dropout does"
        return _reading("gradient-random", title, _LOSS)
    if draws:
        title = f"The gradient is another one{DRAWS}: {_numbers(_plainest(every))}"
        return _reading("gradient-random", title, "Which line of your loop draws a random number?")
    if apart is None:
        return None
    told = sorted({vector(_gradient(one)) for one in apart})[:FEW]
    at = vector(apart[0].taken.before)
    title = f"The gradient is not the same for the same theta: {' and '.join(told)} at {at}"
    return _reading(
        "gradient-not-of-theta", title, "What else than theta does your gradient hang on?", sure=False
    )


def _mixed(every: Sequence[Point]) -> Reading | None:
    """Linear in theta, and a component of the gradient hangs on another component."""
    width = len(every[0].taken.before)
    if not 1 < width <= WIDEST or len(every) < width + ENOUGH:
        return None
    thetas = np.array([[*one.taken.before, 1.0] for one in every if len(one.taken.before) == width])
    gradients = np.array([_gradient(one) for one in every if len(one.taken.before) == width])
    sizes = np.maximum(abs(thetas).max(axis=1), abs(gradients).max(axis=1))[:, None]
    fit, _, rank, _ = np.linalg.lstsq(thetas / sizes, gradients / sizes, rcond=None)
    if rank < width + 1 or (abs(thetas / sizes @ fit - gradients / sizes) > 1e-4).any():  # noqa: PLR2004
        return None
    across = abs(fit[:width] - np.diag(np.diag(fit[:width]))).max()
    if across < 1e-3:  # noqa: PLR2004 -- above the rounding of the fit
        return None
    title = f"The gradient mixes the components of theta: {_numbers(_plainest(every))}"
    return _reading("gradient-mixed", title, _LOSS)


def _another(every: Sequence[Point]) -> Reading | None:
    """No rule was found: told by its plainest value."""
    return _reading(
        "another-gradient", f"The gradient is another one: {_numbers(_plainest(every))}", sure=False
    )


def _plainest(every: Sequence[Point]) -> Point:
    odd = [one for one in every if wrong(one)]
    return min(
        odd, key=lambda one: (not any(one.taken.before), one.taken.number > 0, plainness(one.taken.before))
    )


def _numbers(point: Point) -> str:
    return (
        f"at theta = {vector(point.taken.before)} it is {vector(_gradient(point))}, "
        f"where {vector(_right(point))} is right"
    )
