"""Recorded steps -> whether an optimiser of PyTorch can have made them.

What SGD does is known to the last bits: it moves a parameter that has a gradient, to

    after = before - rate * (gradient + decay * before),

the gradient's sign turned where it maximises. A trace is a claim, and one that says otherwise is false: the
parameter was moved by hand inside the step, or there was no step. Whether the gradient is the objective's is
not asked here: what a step took off is the rate times it, whatever the scale of the loss, so it is where the
steps lead from each value of the reference's to the next, which `chains` asks for.

Momentum adds what the optimiser remembers, which no trace tells. But where the end is that of a reference
without momentum there was nothing to remember: each step was the first one of an optimiser, which has the
gradient alone (with Nesterov's momentum 1 + momentum times it).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from grader.judging.tolerances import NORMAL, READ, ROUNDOFF
from grader.records import Step, Tensor
from grader.tensors import floats, text


class _Move(NamedTuple):
    """One number of one parameter in one step."""

    before: float
    after: float
    gradient: float
    dtypes: tuple[str, ...]

    def lead(self, options: dict[str, float]) -> list[float]:
        """Where SGD may go from here."""
        rate, momentum = options.get("lr", 0.0), options.get("momentum", 0.0)
        sign = -1.0 if options.get("maximize") else 1.0
        step = rate * (sign * self.gradient + options.get("weight_decay", 0.0) * self.before)
        factors = (1.0, 1.0 + momentum) if options.get("nesterov") else (1.0,)
        return [self.before - factor * step for factor in factors]

    def leads(self, options: dict[str, float]) -> bool:
        """Whether it went there; what is no number any more may have come from anywhere."""
        if not math.isfinite(self.after):
            return True
        roundoff, lost = (
            max(table.get(one, table["float64"]) for one in self.dtypes) for table in (ROUNDOFF, NORMAL)
        )
        decay = abs(options.get("weight_decay", 0.0) * self.before)
        size = abs(self.before) + abs(options.get("lr", 0.0)) * (abs(self.gradient) + decay)
        allowed = READ * roundoff * size + lost
        return math.isfinite(size) and any(abs(one - self.after) <= allowed for one in self.lead(options))


def impossible(steps: Sequence[Step], optimiser: str, *, memory: bool) -> str:
    """The first step that `optimiser` cannot have made, in words; `memory`: momentum may have added some."""
    for number, step in enumerate(steps, start=1):
        for index, (before, after) in enumerate(zip(step.before, step.after, strict=False)):
            if before != after:
                message = _wrong(step, index, before, after, plain=optimiser == "SGD", memory=memory)
                if message:
                    return f"step {number} {message}"
    return ""


def _wrong(step: Step, index: int, before: Tensor, after: Tensor, *, plain: bool, memory: bool) -> str:
    gradient = step.gradients[index] if index < len(step.gradients) else None
    if gradient is None or gradient.shape != before.shape:
        return "moved a parameter that had no gradient"
    options = step.each[index] if index < len(step.each) else step.options
    if not plain or (options.get("momentum") and memory):
        return ""
    for move in _moves(before, after, gradient):
        if not move.leads(options):
            start, end, wanted = (
                text([x], before.dtype, ()) for x in (move.before, move.after, move.lead(options)[0])
            )
            return f"took a parameter from {start} to {end}, where its rate and its gradient lead to {wanted}"
    return ""


def _moves(before: Tensor, after: Tensor, gradient: Tensor) -> Iterator[_Move]:
    dtypes = (before.dtype, after.dtype, gradient.dtype)
    for numbers in zip(floats(before), floats(after), floats(gradient), strict=False):
        yield _Move(*numbers, dtypes)
