"""One traced call step by step: what the student's optimiser did beside the reference's.

A trace is a claim by untrusted code, so this is a pointer, told beside what the call returned; marks never
depend on it. An optimiser for each component, or one that holds several parameters, takes the same path as
one for all of the parameter; which numbers belong together is seen from where one step goes on from another.
Where the steps cannot be laid beside the reference's there are only sentences.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice, pairwise, zip_longest
from typing import Final

from grader import kit as kits
from grader import tensors
from grader.judging.tolerances import DIVERGES, near
from grader.records import Answer, Returned, Step, Tensor, Trace
from grader.results import Number, StepRow, StepTable, number
from grader.tensors import floats, text

ROWS: Final = 24  # at most; nearly every difference comes within the first steps
LARGE: Final = 1e300  # from here on rounding may overflow
_DIGITS: Final = {"float64": 15}  # that a difference of two values is worth; 6 in every other dtype

_Half = tuple[tuple[Number, ...] | None, tuple[Number, ...] | None, tuple[Number, ...] | None]
"""What a step left, the gradient it was taken with, what it added."""
_MORE: Final = 2
_FEW: Final = 4  # optimisers in turn, or values of one option, that are told one by one
_SHOWN: Final = 8  # numbers of a result
_FLAGS: Final = ("nesterov", "maximize")
_NAMES: Final = {"weight_decay": "weight decay"}

Shape = tuple[int, ...]


# --- whole steps -------------------------------------------------------------------------


@dataclass(frozen=True)
class WholeStep:
    """A whole step: all numbers, flat."""

    before: list[float]
    after: list[float]
    gradient: list[float] | None  # None where some number had none
    dtype: str  # the floating-point one of `after`


def path(steps: Sequence[Step], start: list[float]) -> list[WholeStep] | None:
    """The steps as whole ones; None where they move other numbers than `start` has, or in no clear order.

    Steps of single components come in rounds, or all of one component before those of the next.
    """
    moved = (several for step in steps for several in (step.before, step.after))
    sizes = {sum(math.prod(one.shape) for one in several) for several in moved}
    if not steps or sizes == {len(start)}:
        return [_joined([step]) for step in steps]
    size = sizes.pop()
    if sizes or not size or len(start) % size:
        return None
    parts = len(start) // size
    rounds, rest = divmod(len(steps), parts)
    if rest:
        return None
    in_rounds = [_joined(steps[i * parts : (i + 1) * parts]) for i in range(rounds)]
    one_by_one = [_joined(steps[i::rounds]) for i in range(rounds)]
    return next((way for way in (in_rounds, one_by_one) if _goes_on(way, start)), None)


def same(got: Sequence[float], wanted: Sequence[float], before: Sequence[float]) -> bool:
    """Whether two traced values are one, up to rounding; that of a step is relative to where it began."""
    allowed = [DIVERGES * max(abs(x), abs(y)) for x, y in zip(wanted, before, strict=False)]
    return len(got) == len(wanted) and all(map(near, got, wanted, allowed))


def _joined(group: Sequence[Step]) -> WholeStep:
    gradients = [one for step in group for one in step.gradients]
    there = [one for one in gradients if one is not None]
    gradient, after = _flat(there), _flat(one for step in group for one in step.after)
    known = len(there) == len(gradients) and len(gradient) == len(after)
    return WholeStep(
        before=_flat(one for step in group for one in step.before),
        after=after,
        gradient=gradient if known else None,
        dtype=next((one.dtype for step in group for one in step.after if "float" in one.dtype), "float64"),
    )


def _flat(several: Iterable[Tensor]) -> list[float]:
    return list(chain.from_iterable(map(floats, several)))


def _goes_on(way: Sequence[WholeStep], start: list[float]) -> bool:
    ends = [start, *(taken.after for taken in way)]
    return all(same(taken.before, end, end) for taken, end in zip(way, ends, strict=False))


# --- the table ---------------------------------------------------------------------------


def step_table(
    case: kits.Case, exercise: kits.Exercise, trace: Trace | None, answer: Answer, device: str
) -> StepTable | None:
    """The call of `case` step by step; None where it was not traced, or nobody took a step."""
    start = case.arguments.get(exercise.moves)
    if trace is None or case.trace is None or not isinstance(start, Tensor):
        return None
    if not trace.steps and not case.trace.steps:
        return None
    mine, theirs = (path(one.steps, floats(start)) for one in (trace, case.trace))
    rows = list(_rows(start, mine, theirs)) if mine is not None and theirs is not None else []
    diverges = next((row.step for row in rows[1:] if row.apart), None)
    shown = _shown(rows, diverges)
    return StepTable(
        tensors.call(exercise.called, case.arguments, device), device, shown, diverges,
        shows=tuple(_sentences(trace, mine, theirs, case, exercise.moves, answer)),
        more=len(rows) - 1 - shown[-1].step + trace.dropped if shown else 0,
    )  # fmt: skip


def _shown(rows: Sequence[StepRow], diverges: int | None) -> tuple[StepRow, ...]:
    """Up to the first difference and one beyond; of very many the first, and those around the difference."""
    if diverges is None:
        return tuple(rows[:ROWS])
    end = min(diverges + 2, len(rows))
    return tuple(rows[:end] if end <= ROWS else [rows[0], *rows[end - ROWS + 1 : end]])


def _rows(start: Tensor, mine: Sequence[WholeStep], theirs: Sequence[WholeStep]) -> Iterator[StepRow]:
    """Row 0 is where both begin; a row that only one of them has is apart."""
    own, other = (
        (run[0].before, run[0].dtype) if run else (floats(start), start.dtype) for run in (mine, theirs)
    )
    begins = [(_numbers(*begin), None, None) for begin in (own, other)]
    yield StepRow(0, *begins[0], *begins[1], not same(own[0], other[0], other[0]))
    for index, (one, two) in enumerate(zip_longest(mine, theirs), start=1):
        together = one is not None and two is not None and same(one.after, two.after, two.before)
        yield StepRow(index, *_half(one), *_half(two), not together)


def _half(taken: WholeStep | None) -> _Half:
    if taken is None:
        return None, None, None
    gradient = None if taken.gradient is None else _numbers(taken.gradient, taken.dtype)
    return _numbers(taken.after, taken.dtype), gradient, _change(taken)


def _numbers(values: Sequence[float], dtype: str) -> tuple[Number, ...]:
    """As a person would write them: 0.8 for the float32 that is 0.800000011920929."""
    return tuple(number(tensors.shortest(value, dtype)) for value in values)


def _change(taken: WholeStep) -> tuple[Number, ...]:
    """What a step added, without the digits that are only the rounding of its ends."""
    digits = _DIGITS.get(taken.dtype, 6)
    return tuple(number(_difference(*pair, digits)) for pair in zip(taken.before, taken.after, strict=True))


def _difference(before: float, after: float, digits: int) -> float:
    largest = max(abs(before), abs(after))
    if not 0 < largest < LARGE:
        return after - before
    return round(after - before, digits - math.floor(math.log10(largest)))


# --- what a trace shows, in few sentences ------------------------------------------------


def _sentences(
    trace: Trace, mine: Sequence[WholeStep] | None, theirs: Sequence[WholeStep] | None, case: kits.Case,
    moves: str, answer: Answer,
) -> Iterator[str]:  # fmt: skip
    """Who took how many steps with which options; then at most two oddities, from the start of the call on.

    `mine` and `theirs`: the trace and the reference's as whole steps, where they can be read so. No value of
    the reference's stands in them: a page that must not tell what was expected can show them all the same.
    """
    start = case.arguments[moves]
    assert isinstance(start, Tensor), "only such calls are traced"
    yield _summary(trace, case.trace or Trace(()))
    if mine is None:
        yield _other_numbers(trace.steps, start, moves)
        return
    returned = answer.value if isinstance(answer, Returned) and not trace.dropped else None
    oddities = chain(
        _other_start(mine, start, moves), _no_gradient(mine),
        _other_gradient(mine, theirs or [], start.shape), _moved_between(mine, start.shape),
        _returned_else(mine, returned, start.shape),
    )  # fmt: skip
    yield from islice(oddities, _MORE)


# --- who took how many steps --------------------------------------------------------------


def _summary(trace: Trace, reference: Trace) -> str:
    mine, theirs = _taken(trace), _taken(reference)
    if not trace.steps:
        return f"No step of an optimiser was recorded, where the reference takes {theirs}."
    if mine == theirs:
        return f"{mine}, as in the reference."
    return f"{mine}, where the reference takes {theirs}."


def _taken(trace: Trace) -> str:
    """`2 steps by SGD with lr 0.1, momentum 0.9`; `none`."""
    if not trace.steps:
        return "none"
    runs = [list(run) for _, run in groupby(trace.steps, key=_optimiser)]
    if len(runs) > _FEW or trace.dropped:
        names = list(dict.fromkeys(map(_optimiser, trace.steps)))
        others = " and others" if len(names) > _FEW else ""
        seen = f" (the first {len(trace.steps)} were recorded)" if trace.dropped else ""
        return f"{_steps(len(trace.steps) + trace.dropped)}{seen} by {', '.join(names[:_FEW])}{others}"
    return " and ".join(f"{_steps(len(run))} by {_optimiser(run[0])}{_options(run)}" for run in runs)


def _steps(steps: int) -> str:
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
    shown = [f"{value:.9g}" for value in distinct[:_FEW]]
    return f"{_NAMES.get(name, name)} {', then '.join(shown)}{' ...' if len(distinct) > _FEW else ''}"


# --- what is odd --------------------------------------------------------------------------


def _other_numbers(steps: Sequence[Step], start: Tensor, moves: str) -> str:
    held = sorted({sum(len(floats(one)) for one in step.before) for step in steps})
    several = " or ".join(map(str, held[:_FEW])) + (" number" if held == [1] else " numbers")
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
            why = f" at {at}, where the reference has another"
            if _is_left(mine[i - 1].gradient if i else None, one.gradient, two.gradient):
                why = f": that of step {i} was still in it"
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
    if 0 < len(got) <= _SHOWN and not same(got, path[-1].after, path[-1].before):
        left = text(path[-1].after, path[-1].dtype, shape)
        yield f"The last step left {left}, what came back is {text(got, returned.dtype, returned.shape)}."
