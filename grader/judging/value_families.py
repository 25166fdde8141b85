"""Families of the two ends: what theta is when the descent begins, and what is made of it in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from grader.judging.descent import RIGHT, Array, Descent, Sheet, last
from grader.judging.family import Family, When, decided, named, single
from grader.judging.readings import Points, agreed, told

RETURN_HINT: Final = "Print theta in the last line of the loop, and what the function returns."
START_HINT: Final = "Print theta before the first step: is it the initial theta?"
STEP_HINT: Final = "Print theta before and after step(): what else changes it?"

Change = Callable[[Array], Array]


def with_result(change: Change) -> Descent:
    return replace(RIGHT, result=lambda path, count, cases: change(last(path, count, cases)))


def with_start(change: Change) -> Descent:
    return replace(RIGHT, start=lambda cases: change(cases.theta).astype(cases.theta.dtype))


def with_after(change: Change) -> Descent:
    return replace(RIGHT, after=change)


def start_of(points: Points) -> Array:
    """Where an affine descent that ends there has begun."""
    return points.theta + (points.got - points.right) / points.growth


def _offset_title(what: str) -> Callable[[float], str]:
    def title(c: float) -> str:
        return f"{told(c)} is added to {what}" if c > 0 else f"{told(-c)} is subtracted from {what}"

    return title


# --- other results ---------------------------------------------------------------------------------


def _mean(first: int) -> Callable[[Array, Array, Sheet], Array]:
    """The mean of the thetas from place `first` to the last."""

    def result(path: Array, count: Array, _: Sheet) -> Array:
        place = np.arange(len(path))[:, None, None]
        kept = (place >= first) & (place <= count[None])
        total = np.where(kept, path, 0).sum(axis=0)
        return np.where(kept.any(axis=0), total / np.maximum(kept.sum(axis=0), 1), path[0])

    return result


def _mean_before(path: Array, count: Array, _: Sheet) -> Array:
    place = np.arange(len(path))[:, None, None]
    kept = place < count[None]
    mean = np.where(kept, path, 0).sum(axis=0) / np.maximum(count, 1)
    return np.where(count > 0, mean, path[0])


def _best(path: Array, count: Array, _: Sheet) -> Array:
    """The theta of the smallest norm on the way."""
    size = np.where(np.arange(len(path))[:, None] <= count[:, 0], (path**2).sum(axis=2), np.inf)
    return path[size.argmin(axis=0), np.arange(path.shape[1])]


def _change(path: Array, count: Array, cases: Sheet) -> Array:
    return last(path, count, cases) - path[0]


def _result(
    name: str, title: str, result: Callable[[Array, Array, Sheet], Array], rank: int, when: When = "any"
) -> Family:
    return Family(
        name, title, RETURN_HINT, when, decided, lambda: replace(RIGHT, result=result),
        rank=rank, where="return", samples=((),),
    )  # fmt: skip


def _before(points: Points) -> Array:
    return np.where(points.steps > 0, points.got / points.before, np.nan)


def _scaled_before(path: Array, count: Array, cases: Sheet) -> Array:
    return last(path, count - 1, cases)


ENDS: Final = (
    Family(
        "result-offset",
        _offset_title("the theta that is returned"),
        RETURN_HINT,
        "any",
        lambda view: single(agreed(lambda p: p.got - p.right, view.points)),
        lambda c: with_result(lambda theta: theta + c),
        rank=14,
        where="return",
        samples=((1.0,), (0.1,), (-0.5,), (0.01,), (3.0,)),
    ),
    Family(
        "result-scaled",
        named("What is returned is theta times {0}", {
            -1.0: "Theta is returned with the opposite sign",
            2.0: "What is returned is the gradient at the final theta, or theta times 2",
        }),
        RETURN_HINT,
        "any",
        lambda view: single(agreed(lambda p: p.got / p.right, view.points)),
        lambda c: with_result(lambda theta: theta * c),
        rank=14,
        where="return",
        samples=((2.0,), (-1.0,), (0.5,), (1.1,), (10.0,)),
    ),
    Family(
        "result-before-scaled",
        named("What is returned is {0} times the theta before the last step",
              {2.0: "The last gradient is returned, not theta"}),
        RETURN_HINT,
        "any",
        lambda view: single(agreed(_before, view.points)),
        lambda c: replace(RIGHT, result=lambda path, count, cases: c * _scaled_before(path, count, cases)),
        rank=20,
        where="return",
        samples=((2.0,), (0.5,)),
    ),
    Family(
        "result-squared",
        named("{0} times the square of the final theta is returned",
              {1.0: "The square of the final theta is returned: the loss"}),
        RETURN_HINT,
        "any",
        lambda view: single(agreed(lambda p: p.got / p.right**2, view.points)),
        lambda c: with_result(lambda theta: c * theta**2),
        rank=22,
        where="return",
        samples=((1.0,), (0.5,)),
    ),
    Family(
        "start-fixed",
        "The descent starts at {0}, whatever is passed",
        START_HINT,
        "any",
        lambda view: single(agreed(start_of, view.points)),
        lambda c: with_start(lambda theta: np.full_like(theta, c)),
        rank=12,
        where="definition",
        samples=((1.0,), (5.0,), (-2.0,), (0.5,), (10.0,)),
    ),
    Family(
        "start-offset",
        _offset_title("the initial theta"),
        START_HINT,
        "any",
        lambda view: single(agreed(lambda p: start_of(p) - p.theta, view.points)),
        lambda c: with_start(lambda theta: theta + c),
        rank=16,
        where="definition",
        samples=((1.0,), (0.1,), (-0.5,), (0.01,), (3.0,)),
    ),
    Family(
        "start-scaled",
        named("The descent starts at {0} times the initial theta",
              {-1.0: "The descent starts at the initial theta with the opposite sign"}),
        START_HINT,
        "any",
        lambda view: single(agreed(lambda p: start_of(p) / p.theta, view.points)),
        lambda c: with_start(lambda theta: theta * c),
        rank=16,
        where="definition",
        samples=((2.0,), (0.5,), (1.1,), (10.0,)),
    ),
    _result("result-mean", "The mean of all thetas is returned, the initial one included", _mean(0), 22,
            "first"),
    _result("result-mean-after", "The mean of the thetas after each step is returned", _mean(1), 22, "later"),
    _result("result-mean-before", "The mean of the thetas before each step is returned", _mean_before, 24,
            "first"),
    _result("result-best", "The smallest theta on the way is returned, not the last", _best, 22),
    _result("result-change", "The change of theta is returned, not theta", _change, 22, "first"),
    _result("result-absolute", "The absolute value of theta is returned",
            lambda p, n, s: abs(last(p, n, s)), 20),
    _result("result-reversed", "The components of theta are returned in the reverse order",
            lambda p, n, s: _reversed(last(p, n, s), s), 24),
    _result("result-sorted", "The components of theta are returned in order of size",
            lambda p, n, s: _sorted(last(p, n, s), s), 26),
    Family("start-absolute", "The descent starts at the absolute value of the initial theta", START_HINT,
           "any", decided, lambda: with_start(abs), rank=20, where="definition", samples=((),)),
    Family("theta-absolute-in-every-step", "The absolute value of theta is taken in every step", STEP_HINT,
           "any", decided, lambda: with_after(abs), rank=22, where="step", samples=((),)),
)  # fmt: skip


def _reversed(theta: Array, cases: Sheet) -> Array:
    return np.where(cases.there.all(), theta[:, ::-1], theta)


def _sorted(theta: Array, cases: Sheet) -> Array:
    return np.where(cases.there.all(), np.sort(theta, axis=1), theta)
