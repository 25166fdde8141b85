"""What a trace shows, in few sentences: who took how many steps with which options, and what is odd.

The first sentence is always there; of the others at most two, in the order in which one would find
them by following the call from its start. No value of the reference's stands in them: a page that must
not tell what was expected can show them all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, groupby, islice, pairwise
from typing import Final

from grader import kit as kits
from grader.judging.whole_steps import WholeStep, same
from grader.records import Answer, Returned, Step, Tensor, Trace
from grader.tensors import floats, text

MORE: Final = 2
FEW: Final = 4  # optimisers in turn, or values of one option, that are told one by one
SHOWN: Final = 8  # numbers of a result
_FLAGS: Final = ("nesterov", "maximize")
_NAMES: Final = {"weight_decay": "weight decay"}

Shape = tuple[int, ...]


def sentences(
    trace: Trace,
    mine: Sequence[WholeStep] | None,
    theirs: Sequence[WholeStep] | None,
    case: kits.Case,
    moves: str,
    answer: Answer,
) -> Iterator[str]:
    """`mine` and `theirs`: the trace and the reference's as whole steps, where they can be read so."""
    start = case.arguments[moves]
    assert isinstance(start, Tensor), "only such calls are traced"
    yield _summary(trace, case.trace or Trace(()))
    if mine is None:
        yield _other_numbers(trace.steps, start, moves)
        return
    returned = answer.value if isinstance(answer, Returned) and not trace.dropped else None
    oddities = chain(
        _other_start(mine, start, moves),
        _no_gradient(mine),
        _other_gradient(mine, theirs or [], start.shape),
        _moved_between(mine, start.shape),
        _returned_else(mine, returned, start.shape),
    )
    yield from islice(oddities, MORE)


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
        names = list(dict.fromkeys(map(_optimiser, trace.steps)))
        others = " and others" if len(names) > FEW else ""
        seen = f" (the first {len(trace.steps)} were recorded)" if trace.dropped else ""
        return f"{_count(len(trace.steps) + trace.dropped)}{seen} by {', '.join(names[:FEW])}{others}"
    return " and ".join(f"{_count(len(run))} by {_optimiser(run[0])}{_options(run)}" for run in runs)


def _count(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"


def _optimiser(step: Step) -> str:
    return step.classes[0] if step.classes else "an optimiser of its own"


def _options(run: Sequence[Step]) -> str:
    """` with lr 0.1, momentum 0.9`: lr, and of the others what is not 0."""
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


def _other_start(path: Sequence[WholeStep], start: Tensor, moves: str) -> Iterator[str]:
    given = floats(start)
    if path and not same(path[0].before, given, given):
        held = text(path[0].before, path[0].dtype, start.shape)
        wanted = text(given, start.dtype, start.shape)
        yield f"Before the first step the optimiser held {held}, where {moves} is {wanted}."


def _no_gradient(path: Sequence[WholeStep]) -> Iterator[str]:
    without = [i for i, taken in enumerate(path, start=1) if taken.gradient is None]
    if without and len(without) == len(path):
        yield "No step had a gradient to go by: .grad was None."
    elif without:
        yield f"Step {without[0]} had no gradient to go by: .grad was None."


def _other_gradient(mine: Sequence[WholeStep], theirs: Sequence[WholeStep], shape: Shape) -> Iterator[str]:
    """The first gradient that the reference does not have at the same place."""
    for i, (one, two) in enumerate(zip(mine, theirs, strict=False)):
        if one.gradient is None or two.gradient is None or not same(one.before, two.before, two.before):
            return
        if not same(one.gradient, two.gradient, two.gradient):
            told, at = (text(values, one.dtype, shape) for values in (one.gradient, one.before))
            kept = _is_left(mine[i - 1].gradient if i else None, one.gradient, two.gradient)
            why = (
                f": that of step {i} was still in it"
                if kept
                else f" at {at}, where the reference has another"
            )
            yield f"Step {i + 1} had the gradient {told}{why}."
            return


def _is_left(earlier: list[float] | None, gradient: list[float], wanted: list[float]) -> bool:
    """Whether a gradient is the one that was wanted and that of the step before."""
    if earlier is None or not any(earlier):
        return False
    both = [one + other for one, other in zip(earlier, wanted, strict=True)]
    return same(gradient, both, both)


def _moved_between(path: Sequence[WholeStep], shape: Shape) -> Iterator[str]:
    for i, (one, two) in enumerate(pairwise(path), start=1):
        if not same(two.before, one.after, one.before):
            left, found = (text(values, one.dtype, shape) for values in (one.after, two.before))
            yield f"Step {i} left {left}, but step {i + 1} began at {found}."
            return


def _returned_else(path: Sequence[WholeStep], returned: Tensor | None, shape: Shape) -> Iterator[str]:
    if returned is None or not path:
        return
    got = floats(returned)
    if 0 < len(got) <= SHOWN and not same(got, path[-1].after, path[-1].before):
        left = text(path[-1].after, path[-1].dtype, shape)
        yield f"The last step left {left}, what came back is {text(got, returned.dtype, returned.shape)}."
