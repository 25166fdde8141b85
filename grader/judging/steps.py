"""One traced call step by step: what the student's optimiser did beside the reference's.

A trace is a claim by untrusted code, so this is a pointer, told beside what the call returned; marks
never depend on it. Where the student's steps cannot be laid beside the reference's there are only
sentences.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from grader import kit as kits
from grader import tensors
from grader.judging.step_sentences import sentences
from grader.judging.whole_steps import WholeStep, path, same
from grader.records import Answer, Tensor, Trace
from grader.results import Number, StepRow, StepTable, number

ROWS: Final = 24  # at most; nearly every difference comes within the first steps
LARGE: Final = 1e300  # from here on rounding may overflow
_DIGITS: Final = {"float64": 15}  # that a difference of two values is worth; 6 in every other dtype

_Half = tuple[tuple[Number, ...] | None, tuple[Number, ...] | None, tuple[Number, ...] | None]
"""What a step left, the gradient it was taken with, what it added."""


def step_table(
    case: kits.Case, exercise: kits.Exercise, trace: Trace | None, answer: Answer, device: str
) -> StepTable | None:
    """The call of `case` step by step; None where it was not traced, or nobody took a step."""
    start = case.arguments.get(exercise.moves)
    if trace is None or case.trace is None or not isinstance(start, Tensor):
        return None
    if not trace.steps and not case.trace.steps:
        return None
    mine, theirs = (path(one.steps, tensors.floats(start)) for one in (trace, case.trace))
    rows = list(_rows(start, mine, theirs)) if mine is not None and theirs is not None else []
    diverges = next((row.step for row in rows[1:] if row.apart), None)
    shown = _shown(rows, diverges)
    return StepTable(
        call=tensors.call(exercise.called, case.arguments, device),
        device=device,
        rows=shown,
        diverges=diverges,
        shows=tuple(sentences(trace, mine, theirs, case, exercise.moves, answer)),
        more=len(rows) - 1 - shown[-1].step + trace.dropped if shown else 0,
    )


def _shown(rows: Sequence[StepRow], diverges: int | None) -> tuple[StepRow, ...]:
    """Up to the first difference and one beyond; of very many the first, and those around the difference."""
    if diverges is None:
        return tuple(rows[:ROWS])
    end = min(diverges + 2, len(rows))
    return tuple(rows[:end] if end <= ROWS else [rows[0], *rows[end - ROWS + 1 : end]])


def _rows(start: Tensor, mine: Sequence[WholeStep], theirs: Sequence[WholeStep]) -> Iterator[StepRow]:
    """Row 0 is where both begin; a row that only one of them has is apart."""
    begins = [
        (run[0].before, run[0].dtype) if run else (tensors.floats(start), start.dtype)
        for run in (mine, theirs)
    ]
    (own, _), (other, _) = begins
    here, there = ((_numbers(*begin), None, None) for begin in begins)
    yield _row(0, here, there, apart=not same(own, other, other))
    for index in range(max(len(mine), len(theirs))):
        one = mine[index] if index < len(mine) else None
        two = theirs[index] if index < len(theirs) else None
        together = one is not None and two is not None and same(one.after, two.after, two.before)
        yield _row(index + 1, _half(one), _half(two), apart=not together)


def _row(step: int, mine: _Half, theirs: _Half, *, apart: bool) -> StepRow:
    return StepRow(step, *mine, *theirs, apart)


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
