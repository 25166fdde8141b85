"""Trace -> chain: whether steps of the optimiser that was asked for made the value returned.

The chain must hold: every value seen before a step is the initial argument or was left by an
earlier step, and what is returned was left by a step that no later step went on from. So it
is right for closures, an optimiser made in the loop or for each component, `stack`, `detach`,
`clone` and float64 inside, and wrong for steps taken by hand beside an idle optimiser. How
*many* steps were taken is another criterion's business.
"""

from __future__ import annotations

import math

import numpy as np

from grader import kit as kits
from grader.records import Answer, Chain, Returned, Step, Tensor, Trace
from grader.tensors import numbers


def chain(
    index: int, case: kits.Case, trace: Trace | None, answer: Answer, moves: str, optimiser: str | None
) -> Chain:
    """Judge one traced call."""
    start = case.arguments[moves]
    if not isinstance(answer, Returned) or answer.value is None or not isinstance(start, Tensor):
        return Chain(index, holds=False, steps=0, message="the traced call returned no value")
    steps = [step for step in trace.steps if optimiser in step.classes] if trace else []
    if not steps:
        others = sorted({step.classes[0] for step in trace.steps if step.classes}) if trace else []
        beside = f" (steps were taken by {', '.join(others)})" if others else ""
        return Chain(index, holds=False, steps=0, message=f"torch.optim.{optimiser} took no step{beside}")
    message = _broken(steps, start, answer.value, whole=trace is not None and not trace.dropped)
    return Chain(index, holds=not message, steps=len(steps), message=message)


def _broken(steps: list[Step], start: Tensor, returned: Tensor, whole: bool) -> str:
    """Where the chain breaks, as a sentence; empty where it holds."""
    single = _any_single([start, returned, *(t for step in steps for t in (*step.before, *step.after))])
    left = dict.fromkeys(_keys([start], single), -1)  # value -> the last step that left it; -1: given
    seen: dict[float | str, int] = {}  # value -> the last step that went on from it
    for number, step in enumerate(steps):
        for key in _keys(step.before, single):
            if key not in left:
                return f"before step {number + 1} the parameter was {key}, which no earlier step had left"
            seen[key] = number
        left.update(dict.fromkeys(_keys(step.after, single), number))
    if not whole:
        return ""  # too many steps to record: what was recorded holds
    for key in _keys([returned], single):
        if left.get(key, -1) < max(seen.get(key, 0), 0):
            return f"the value returned, {key}, is not what the last step left"
    return ""


def _any_single(tensors: list[Tensor]) -> bool:
    """Whether anything here is in single precision or less: then everything is compared in it."""
    return any(tensor.dtype in ("float32", "float16", "bfloat16") for tensor in tensors)


def _keys(tensors: list[Tensor] | tuple[Tensor, ...], single: bool) -> list[float | str]:
    """Every component as a dictionary key; NaN equals NaN here."""
    flat = [float(x) for tensor in tensors for x in numbers(tensor)]
    with np.errstate(over="ignore"):
        cast = [float(np.float32(x)) for x in flat] if single else flat
    return ["nan" if math.isnan(x) else x for x in cast]
