"""Rules of the optimiser: its options, what it remembers of gradients, another class of torch.optim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from grader.descent.program import Array, Moment
from grader.descent.reading import Estimate, Reader, Rows, Trial, each, ratio, rounded, whole
from grader.descent.rule import Rule, worded
from grader.descent.rules.affine import least_squares

_OPTIONS: Final = "Print your optimiser: which options differ from their defaults?"
_CLASS: Final = "Which class of torch.optim does the exercise ask for?"

# --- what the optimiser makes of the gradient --------------------------------------------------------

DIRECTION: Final = (
    Rule("weight-decay", "direction", "Weight decay {0} pulls theta towards 0 in each step", _OPTIONS,
         lambda x, at, c: x + c * at.theta, each(lambda x, y, at: ratio(at.theta, y - x, at)),
         teacher="weight_decay, often copied from a training loop for networks; or c / 2 |theta|^2 in the"
         " loss.", rank=14, samples=((0.01,), (0.1,), (0.5,)), options=("weight_decay",)),
    Rule("maximize", "direction", "The optimiser maximises: theta climbs", _OPTIONS, lambda x, _: -x,
         teacher="maximize=True.", rank=14, fixed={"maximize": True}),
)  # fmt: skip

# --- what is remembered ------------------------------------------------------------------------------


def _momentum(x: Array, at: Moment, factor: float, dampening: float = 0.0) -> Array:
    """SGD's: the first gradient enters the buffer undamped."""
    before = at.memory.get("buffer")
    at.memory["buffer"] = x if before is None else factor * before + (1 - dampening) * x
    return at.theta - at.step_rate * at.memory["buffer"]


def _nesterov(x: Array, at: Moment, factor: float) -> Array:
    _momentum(x, at, factor)
    return at.theta - at.step_rate * (x + factor * at.memory["buffer"])


def _kept(at: Moment, name: str, value: Array, keeps: float, adds: float) -> Array:
    """A sum, begun at 0, that forgets: a mean where it keeps as much as it does not add."""
    kept: Array = keeps * at.memory.get(name, np.zeros_like(value)) + adds * value
    at.memory[name] = kept
    return kept


def _within(low: float, high: float, candidates: Reader) -> Reader:
    """Those whose constant lies between: others fit by chance, and their words would be wrong."""
    return lambda rows: (one for one in candidates(rows) if low < one[0].value < high)


def _momentum_and_dampening(rows: Rows) -> Iterator[tuple[Estimate, ...]]:
    """Solve y = mu before + (1 - d) x in the second step."""
    at, seconds = rows.at, np.broadcast_to(rows.at.i == 1, rows.y.shape)
    if at.total is None:
        return
    known = np.stack([at.total[seconds], rows.x[seconds]], axis=1)
    solved = least_squares(known, rows.y[seconds], rows.doubt[seconds])
    if solved and solved[0].value > 0 and solved[1].value < 1 - solved[1].doubt:
        yield solved[0], rounded(1 - solved[1].value, solved[1].doubt)


_MEMORIES: Final = (
    Rule("momentum", "update", "The descent runs with momentum {0}", _OPTIONS, _momentum,
         _within(0, 2, each(lambda x, y, at: np.where(at.i == 1, (y - x) / at.left, np.nan))),
         teacher="momentum=0.9, as in most tutorials on networks, or the same by hand.", rank=12,
         samples=((0.9,), (0.5,), (0.99,)), options=("momentum",), remembers=True),
    Rule("momentum-dampened", "update", "The descent runs with momentum {0} and dampening {1}", _OPTIONS,
         _momentum, _momentum_and_dampening, rank=20, samples=((0.9, 0.1), (0.5, 0.5)),
         options=("momentum", "dampening"), remembers=True,
         teacher="dampening=... beside momentum=... in SGD."),
    Rule("nesterov", "update", "The descent runs with Nesterov momentum {0}", _OPTIONS, _nesterov,
         _within(0, 2, each(lambda x, y, at: np.where(at.i == 0, ratio(x, y, at) - 1, np.nan))),
         teacher="momentum and nesterov=True.", rank=18, samples=((0.9,), (0.5,)),
         options=("momentum",), fixed={"nesterov": True}, remembers=True),
    Rule("step-repeated", "update", "The optimiser steps {0} times in each iteration, with the same gradient",
         "How often does theta change in one iteration of your loop?",
         lambda x, at, k: at.theta - k * at.step_rate * x, _within(1, 100, whole(ratio)),
         teacher="Two calls of step().", rank=20, samples=((2.0,), (3.0,)), known=0, landmark="step"),
)  # fmt: skip

# --- another optimiser: what those of torch.optim do with their defaults --------------------------------


def _adam(x: Array, at: Moment, decay: float = 0.0) -> Array:
    n = at.i + 1
    mean, square = _kept(at, "mean", x, 0.9, 1 - 0.9), _kept(at, "square", x * x, 0.999, 1 - 0.999)
    root = np.sqrt(square) / (1 - 0.999**n) ** 0.5 + 1e-8
    return (1 - at.step_rate * decay) * at.theta - at.step_rate / (1 - 0.9**n) * mean / root


def _adamax(x: Array, at: Moment) -> Array:
    mean = _kept(at, "mean", x, 0.9, 1 - 0.9) / (1 - 0.9 ** (at.i + 1))
    at.memory["largest"] = np.maximum(0.999 * at.memory.get("largest", 0 * x), abs(x) + 1e-8)
    return at.theta - at.step_rate * mean / at.memory["largest"]


def _adadelta(x: Array, at: Moment) -> Array:
    moved, square = at.memory.get("moved", 0 * x), _kept(at, "square", x * x, 0.9, 1 - 0.9)
    step = np.sqrt(moved + 1e-6) / np.sqrt(square + 1e-6) * x
    _kept(at, "moved", step * step, 0.9, 1 - 0.9)
    return at.theta - at.step_rate * step


def _rprop(x: Array, at: Moment) -> Array:
    """After a change of sign a component rests for a step."""
    turn = x * at.memory.get("before", 0 * x)
    factor = np.where(turn > 0, 1.2, np.where(turn < 0, 0.5, 1)).astype(x.dtype)
    size = at.memory["size"] = np.clip(at.memory.get("size", at.step_rate) * factor, 1e-6, 50)
    at.memory["before"] = before = np.where(turn < 0, 0, x)
    return at.theta - np.sign(before) * size


def _rmsprop(x: Array, at: Moment) -> Array:
    return at.theta - at.step_rate * x / (np.sqrt(_kept(at, "square", x * x, 0.99, 1 - 0.99)) + 1e-8)


def _adagrad(x: Array, at: Moment) -> Array:
    return at.theta - at.step_rate * x / (np.sqrt(_kept(at, "total", x * x, 1, 1)) + 1e-10)


def _asgd(x: Array, at: Moment) -> Array:
    """SGD with a little decay; what torch's ASGD leaves in theta, its average apart; its rate is float32."""
    slowed = at.step_rate / (1 + 1e-4 * at.step_rate * at.i) ** 0.75
    eta = np.asarray(slowed).astype(np.float32).astype(x.dtype)
    return at.theta * (1 - 1e-4 * eta) - eta * x


def _class(name: str, f: Callable[..., Array], known: int = 0) -> Rule:
    return Rule(name.lower(), "update", f"The optimiser is {name}", _CLASS, f, rank=30, known=known,
                optimiser=name, remembers=True,
                teacher=f"{name} of torch.optim in place of SGD took the steps.")  # fmt: skip


_ADAMW: Final = replace(
    _class("AdamW", _adam), read=Trial(0.01, 0.0), samples=((0.01,),), options=("weight_decay",),
    title=worded({0.01: ""}, " with weight decay {0}", "The optimiser is AdamW{}"),
)  # fmt: skip

UPDATE: Final = (
    *_MEMORIES, _class("Adam", _adam, 1), _ADAMW, _class("RMSprop", _rmsprop, 1),
    _class("Adagrad", _adagrad, 1), _class("ASGD", _asgd), _class("Adamax", _adamax),
    _class("Adadelta", _adadelta), _class("Rprop", _rprop),
)  # fmt: skip
