"""What a trace shows, in few sentences: who took how many steps with which options, and what is odd.

The first sentence is always there; of the others at most two, in the order in which one would find
them by following the call from its start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice, pairwise
from typing import Final

from grader import kit as kits
from grader.judging.paths import Whole, same
from grader.records import Answer, Returned, Step, Tensor, Trace
from grader.tensors import floats, text

MORE: Final = 2
FEW: Final = 4  # optimisers in turn, or values of one option, that are told one by one
_FLAGS: Final = ("nesterov", "maximize")
_NAMES: Final = {"weight_decay": "weight decay"}


def sentences(
    trace: Trace, path: Sequence[Whole] | None, case: kits.Case, moves: str, answer: Answer
) -> Iterator[str]:
    """`path`: the trace as whole steps, where it can be read so."""
    start = case.arguments[moves]
    assert isinstance(start, Tensor), "only such calls are traced"
    yield _summary(trace, case.trace or Trace(()))
    if path is None:
        yield _other_numbers(trace.steps, start, moves)
    else:
        complete = path if not trace.dropped else None
        yield from islice(_oddities(path, complete, start, moves, answer), MORE)


# --- who took how many steps --------------------------------------------------------------


def _summary(trace: Trace, reference: Trace) -> str:
    mine, theirs = _told(trace), _told(reference)
    if not trace.steps:
        return f"No step of an optimiser was recorded, where the reference takes {theirs}."
    if mine == theirs:
        return f"{mine}, as in the reference."
    return f"{mine}, where the reference takes {theirs}."


def _told(trace: Trace) -> str:
    """`2 steps by SGD with lr 0.1, momentum 0.9`; `none`."""
    if not trace.steps:
        return "none"
    runs = [list(run) for _, run in groupby(trace.steps, key=_optimiser)]
    if len(runs) > FEW or trace.dropped:
        names = ", ".join(dict.fromkeys(map(_optimiser, trace.steps)))
        return f"{_count(len(trace.steps) + trace.dropped)} by {names}"
    return " and ".join(f"{_count(len(run))} by {_optimiser(run[0])}{_options(run)}" for run in runs)


def _count(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"


def _optimiser(step: Step) -> str:
    return step.classes[0] if step.classes else "an optimiser of its own"


def _options(run: Sequence[Step]) -> str:
    """` with lr 0.1, momentum 0.9`: the rate, and of the others what is not 0."""
    names = dict.fromkeys(name for step in run for name in step.options)
    told = [_option(name, [step.options[name] for step in run if name in step.options]) for name in names]
    return " with " + ", ".join(filter(None, told)) if any(told) else ""


def _option(name: str, values: Sequence[float]) -> str:
    distinct = list(dict.fromkeys(values))
    if name != "lr" and not any(distinct):
        return ""
    if name in _FLAGS:
        return name
    shown = [f"{value:.9g}" for value in distinct[:FEW]]
    return f"{_NAMES.get(name, name)} {', then '.join(shown)}{' ...' if len(distinct) > FEW else ''}"


# --- what is odd --------------------------------------------------------------------------


def _other_numbers(steps: Sequence[Step], start: Tensor, moves: str) -> str:
    held = sorted({sum(len(floats(one)) for one in step.before) for step in steps})
    several = " or ".join(map(str, held[:FEW])) + (" number" if held == [1] else " numbers")
    return f"The optimiser held {several}, where {moves} has {len(floats(start))}."


def _oddities(
    path: Sequence[Whole], complete: Sequence[Whole] | None, start: Tensor, moves: str, answer: Answer
) -> Iterator[str]:
    yield from _other_start(path, start, moves)
    yield from _no_gradient(path)
    yield from _moved_between(path, start)
    if complete and isinstance(answer, Returned) and answer.value is not None:
        yield from _returned_else(complete[-1], answer.value, start)


def _other_start(path: Sequence[Whole], start: Tensor, moves: str) -> Iterator[str]:
    given = floats(start)
    if path and not same(path[0].before, given, given):
        held = text(path[0].before, path[0].dtype, start.shape)
        wanted = text(given, start.dtype, start.shape)
        yield f"Before the first step the optimiser held {held}, where {moves} is {wanted}."


def _no_gradient(path: Sequence[Whole]) -> Iterator[str]:
    without = [i for i, taken in enumerate(path, start=1) if taken.gradient is None]
    if without and len(without) == len(path):
        yield "No step had a gradient to go by: .grad was None."
    elif without:
        yield f"Step {without[0]} had no gradient to go by: .grad was None."


def _moved_between(path: Sequence[Whole], start: Tensor) -> Iterator[str]:
    for i, (one, two) in enumerate(pairwise(path), start=1):
        if not same(two.before, one.after, one.before):
            left, found = (text(x, one.dtype, start.shape) for x in (one.after, two.before))
            yield f"Step {i} left {left}, but step {i + 1} began at {found}."
            return


def _returned_else(last: Whole, returned: Tensor, start: Tensor) -> Iterator[str]:
    got = floats(returned)
    if len(got) == len(last.after) and not same(got, last.after, last.before):
        left = text(last.after, last.dtype, start.shape)
        yield f"The last step left {left}, what came back is {text(got, returned.dtype, returned.shape)}."
