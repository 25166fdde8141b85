"""Rules of the optimiser: its options, what it remembers of gradients, another class of torch.optim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from grader.descent.program import Array, Moment
from grader.descent.reading import Estimate, Rows, each, estimates, ratio, rounded, told, trial, whole
from grader.descent.rule import Reader, Rule

_OPTIONS: Final = "Print your optimiser: which options differ from their defaults?"
_CLASS: Final = "Which class of torch.optim does the exercise ask for?"
_MIXED: Final = "Print theta.grad after each backward(), and what the step uses after it."
_SIZE: Final = "Does the size of each step still follow the gradient when theta is large?"

# --- what the optimiser makes of the gradient --------------------------------------------------------

DIRECTION: Final = (
    Rule(
        "weight-decay", "direction", "Weight decay {0} pulls theta towards 0 in each step", _OPTIONS,
        lambda x, at, c: x + c * at.theta, each(lambda x, y, at: ratio(at.theta, y - x, at)),
        teacher="weight_decay, often copied from a training loop for networks; or c / 2 |theta|^2 in the"
        " loss.", rank=14, samples=((0.01,), (0.1,), (0.5,)), options=("weight_decay",),
    ),
    Rule(
        "maximize", "direction", "The optimiser maximises: theta climbs", _OPTIONS, lambda x, _: -x,
        teacher="maximize=True.", rank=14, samples=((),), fixed={"maximize": True},
    ),
)  # fmt: skip

# --- what is remembered ------------------------------------------------------------------------------


def _kept(at: Moment, name: str, x: Array, start: float = 0.0) -> Array:
    """What an earlier step has left, or the start."""
    kept: Array = at.memory.get(name, np.full_like(x, start))
    return kept


def _momentum(x: Array, at: Moment, factor: float, dampening: float = 0.0) -> Array:
    """SGD's: the first gradient enters the buffer undamped."""
    before = at.memory.get("buffer")
    at.memory["buffer"] = x if before is None else factor * before + (1 - dampening) * x
    return at.theta - at.step_rate * at.memory["buffer"]


def _nesterov(x: Array, at: Moment, factor: float) -> Array:
    _momentum(x, at, factor)
    return at.theta - at.step_rate * (x + factor * at.memory["buffer"])


def _average(at: Moment, name: str, value: Array, keeps: float) -> Array:
    """The mean that forgets, begun at 0."""
    at.memory[name] = keeps * _kept(at, name, value) + (1 - keeps) * value
    mean: Array = at.memory[name]
    return mean


def _total(x: Array, at: Moment) -> Array:
    at.memory["total"] = _kept(at, "total", x) + x
    total: Array = at.memory["total"]
    return total


def _mixed(x: Array, at: Moment, share: float, from_zero: float) -> Array:
    before = _kept(at, "before", x) if from_zero else at.memory.get("before", x)
    at.memory["before"] = x
    return at.theta - at.step_rate * ((1 - share) * x + share * before)


def _every(x: Array, at: Moment, period: float) -> Array:
    moved = at.theta - at.step_rate * _total(x, at)
    if (at.i + 1) % period:
        return at.theta
    del at.memory["total"]
    return moved


def _after_the_loop(x: Array, at: Moment) -> Array:
    return np.where(at.i == at.asked - 1, at.theta - at.step_rate * _total(x, at), at.theta)


def _firsts(f: Callable[[Array], Array]) -> Callable[[Array, Array, Moment], Array]:
    """Of y / x in the first step."""
    return lambda x, y, at: np.where(at.i == 0, f(ratio(x, y, at)), np.nan)


def _seconds(f: Callable[[Array, Array, Array], Array]) -> Callable[[Array, Array, Moment], Array | float]:
    """Of x, y and the gradient of the step before, in the second step."""
    return lambda x, y, at: np.nan if at.total is None else np.where(at.i == 1, f(x, y, at.total), np.nan)


def _within(low: float, high: float, candidates: Reader) -> Reader:
    """Those whose constant lies between: others fit by chance, and their words would be wrong."""
    return lambda rows: (one for one in candidates(rows) if low < one[0].value < high)


def _momentum_and_dampening(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
    """Solve y = mu before + (1 - d) x in the second step: two unknowns, weighted least squares."""
    at, seconds = rows.at, np.broadcast_to(rows.at.i == 1, rows.y.shape)
    if at.total is None or seconds.sum() < 3:
        return
    weight = 1 / (rows.doubt + 2.0**-50 * abs(rows.y) + 1e-300)[seconds]
    matrix = np.stack([at.total[seconds], rows.x[seconds]], axis=1) * weight[:, None]
    if not np.isfinite(matrix).all() or np.linalg.matrix_rank(matrix) < 2:
        return
    mu, rest = np.linalg.lstsq(matrix, rows.y[seconds] * weight, rcond=None)[0]
    doubts = 8 * np.sqrt(np.diag(np.linalg.pinv(matrix.T @ matrix)))
    if mu > 0 and rest < 1 - doubts[1]:
        yield rounded(float(mu), float(doubts[0])), rounded(float(1 - rest), float(doubts[1]))


def _mixtures(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
    """With the gradient before the first one taken as itself, and as 0."""
    later = _seconds(lambda x, y, before: np.where(before == x, np.nan, (y - x) / (before - x)))
    yield from ((one, Estimate(0.0)) for one in estimates(rows, later))
    yield from (
        (one, Estimate(1.0)) for one in estimates(rows, _firsts(lambda q: 1 - q)) if 0 < one.value < 1
    )


def _mixed_title(share: float, _: float) -> str:
    if share == 0.5:
        return "Every step uses the mean of its gradient and the one before"
    return f"Every step mixes its gradient with {told(share)} of the one before"


_MEMORIES: Final = (
    Rule(
        "momentum", "update", "The descent runs with momentum {0}", _OPTIONS, _momentum,
        _within(0, 2, each(_seconds(lambda x, y, before: (y - x) / before))),
        teacher="momentum=0.9, as in most tutorials on networks, or the same by hand.", rank=12,
        samples=((0.9,), (0.5,), (0.99,)), options=("momentum",), remembers=True,
    ),
    Rule(
        "momentum-dampened", "update", "The descent runs with momentum {0} and dampening {1}", _OPTIONS,
        _momentum, _momentum_and_dampening, rank=20, samples=((0.9, 0.1), (0.5, 0.5)),
        options=("momentum", "dampening"), remembers=True,
        teacher="dampening=... beside momentum=... in SGD.",
    ),
    Rule(
        "nesterov", "update", "The descent runs with Nesterov momentum {0}", _OPTIONS, _nesterov,
        _within(0, 2, each(_firsts(lambda q: q - 1))), teacher="momentum and nesterov=True.", rank=18,
        samples=((0.9,), (0.5,)), options=("momentum",), fixed={"nesterov": True}, remembers=True,
    ),
    Rule(
        "momentum-averaged", "update",
        "Steps follow an average of the gradients that starts at 0 and keeps {0} of itself",
        "Print the direction of the first step beside theta.grad.",
        lambda x, at, c: at.theta - at.step_rate * _average(at, "mean", x, c),
        _within(0, 1, each(_firsts(lambda q: 1 - q))),
        teacher="Momentum by hand, v = c v + (1 - c) gradient.", rank=20, samples=((0.9,), (0.5,)), known=0,
        remembers=True,
    ),
    Rule(
        "gradient-mixed-with-the-previous", "update", _mixed_title, _MIXED, _mixed, _mixtures, rank=24,
        samples=((0.5, 0.0), (0.1, 0.0), (0.3, 1.0)), known=0, remembers=True,
    ),
    Rule(
        "gradient-averaged", "update", "Every step uses the mean of all gradients so far", _MIXED,
        lambda x, at: at.theta - at.step_rate * _total(x, at) / (at.i + 1), rank=26, samples=((),), known=0,
        remembers=True,
    ),
    Rule(
        "steps-sometimes", "update",
        "A step is taken every {0} iterations only, with the gradients of all of them",
        "How often does the line with step() run for number_steps = 4?", _every,
        trial(2.0, 3.0, 4.0, 5.0, 10.0), teacher="Gradient accumulation.", rank=26, samples=((2.0,), (3.0,)),
        known=0, landmark="step", remembers=True,
    ),
    Rule(
        "step-after-the-loop", "update",
        "The gradients are added up in the loop, and a single step is taken after it",
        "How far is the line with step() indented? How often does it run?", _after_the_loop,
        teacher="step() stands outside the loop, and nothing clears the gradient inside.", rank=16,
        samples=((),), landmark="step", remembers=True,
    ),
    Rule(
        "step-repeated", "update", "The optimiser steps {0} times in each iteration, with the same gradient",
        "How often does theta change in one iteration of your loop?",
        lambda x, at, k: at.theta - k * at.step_rate * x, _within(1, 100, whole(ratio)),
        teacher="Two calls of step().", rank=20, samples=((2.0,), (3.0,)), known=0, landmark="step",
    ),
    Rule(
        "step-of-fixed-length", "update", "Every step moves each component by {0}, whatever rate is passed",
        _SIZE, lambda x, at, c: at.theta - c * np.sign(x),
        each(lambda x, y, at: ratio(np.sign(x), y * at.step_rate, at)), rank=26, samples=((0.1,), (0.01,)),
        known=0, landmark="step",
    ),
    Rule(
        "step-clipped", "update", "No component moves further than {0} in a step", _SIZE,
        lambda x, at, c: at.theta - np.clip(at.step_rate * x, -c, c),
        each(lambda x, y, at: np.where(abs(y) < abs(x) * (1 - 1e-4), abs(y * at.step_rate), np.nan)), rank=24,
        samples=((0.5,), (1.0,)), known=0, landmark="step",
    ),
)  # fmt: skip

# --- another optimiser: what those of torch.optim do with their defaults --------------------------------


def _adam(x: Array, at: Moment, decay: float = 0.0) -> Array:
    n = at.i + 1
    mean, square = _average(at, "mean", x, 0.9), _average(at, "square", x * x, 0.999)
    root = np.sqrt(square) / (1 - 0.999**n) ** 0.5 + 1e-8
    return (1 - at.step_rate * decay) * at.theta - at.step_rate / (1 - 0.9**n) * mean / root


def _nadam(x: Array, at: Moment) -> Array:
    n = at.i + 1
    now, after = (0.9 * (1 - 0.5 * 0.96 ** (k * 4e-3)) for k in (n, n + 1))
    product = float(np.float32(at.memory.get("product", 1.0)) * np.float32(now))  # torch keeps it so
    at.memory["product"] = product
    mean, square = _average(at, "mean", x, 0.9), _average(at, "square", x * x, 0.999)
    mixed = (1 - now) / (1 - product) * x + after / (1 - product * after) * mean
    return at.theta - at.step_rate * mixed / (np.sqrt(square / (1 - 0.999**n)) + 1e-8)


def _radam(x: Array, at: Moment) -> Array:
    n = at.i + 1
    mean, square = _average(at, "mean", x, 0.9) / (1 - 0.9**n), _average(at, "square", x * x, 0.999)
    most = 2 / (1 - 0.999) - 1
    rho = most - 2 * n * 0.999**n / (1 - 0.999**n)
    if rho <= 5:
        return at.theta - at.step_rate * mean
    rectified = ((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho)) ** 0.5
    return at.theta - at.step_rate * mean * rectified * (1 - 0.999**n) ** 0.5 / (np.sqrt(square) + 1e-8)


def _adamax(x: Array, at: Moment) -> Array:
    mean = _average(at, "mean", x, 0.9)
    at.memory["largest"] = np.maximum(0.999 * _kept(at, "largest", x), abs(x) + 1e-8)
    return at.theta - at.step_rate / (1 - 0.9 ** (at.i + 1)) * mean / at.memory["largest"]


def _rmsprop(x: Array, at: Moment) -> Array:
    return at.theta - at.step_rate * x / (np.sqrt(_average(at, "square", x * x, 0.99)) + 1e-8)


def _adagrad(x: Array, at: Moment) -> Array:
    return at.theta - at.step_rate * x / (np.sqrt(_total(x * x, at)) + 1e-10)


def _adadelta(x: Array, at: Moment) -> Array:
    square = _average(at, "square", x * x, 0.9)
    change = np.sqrt(_kept(at, "moved", x) + 1e-6) / np.sqrt(square + 1e-6) * x
    _average(at, "moved", change**2, 0.9)
    return at.theta - at.step_rate * change


def _rprop(x: Array, at: Moment) -> Array:
    """Each component has its own step, longer while the sign stays and shorter where it turns."""
    turned = np.sign(x * _kept(at, "before", x))
    factor = np.where(turned > 0, 1.2, np.where(turned < 0, 0.5, 1.0)).astype(x.dtype)
    size = np.clip(at.memory.get("size", at.step_rate + 0 * x) * factor, 1e-6, 50)
    at.memory["size"], at.memory["before"] = size, np.where(turned < 0, 0, x)
    return at.theta - np.sign(at.memory["before"]) * size


def _asgd(x: Array, at: Moment) -> Array:
    """SGD with a little decay; what torch's ASGD leaves in theta, its average apart; its rate is float32."""
    slowed = at.step_rate / (1 + 1e-4 * at.step_rate * at.i) ** 0.75
    eta = np.asarray(slowed).astype(np.float32).astype(x.dtype)
    return at.theta * (1 - 1e-4 * eta) - eta * x


def _class(name: str, f: Callable[..., Array], known: int = 0) -> Rule:
    return Rule(
        name.lower(), "update", f"The optimiser is {name}", _CLASS, f,
        teacher=f"{name} of torch.optim in place of SGD took the steps.", rank=30, samples=((),), known=known,
        optimiser=name, remembers=True,
    )  # fmt: skip


def _adamw_title(decay: float) -> str:
    return "The optimiser is AdamW" + ("" if decay == 0.01 else f" with weight decay {told(decay)}")


_ADAMW: Final = replace(
    _class("AdamW", _adam), title=_adamw_title, read=trial(0.01, 0.0), samples=((0.01,),),
    options=("weight_decay",),
)  # fmt: skip

UPDATE: Final = (
    *_MEMORIES, _class("Adam", _adam, 1), _ADAMW,
    _class("RMSprop", _rmsprop, 1), _class("Adagrad", _adagrad, 1), _class("Adamax", _adamax),
    _class("Adadelta", _adadelta), _class("Rprop", _rprop), _class("ASGD", _asgd), _class("NAdam", _nadam),
    _class("RAdam", _radam),
)  # fmt: skip
