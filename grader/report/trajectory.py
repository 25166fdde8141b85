"""Evidence -> the run that a picture shows: what is moved before the first step and after each.

Of all that was recorded, the run that tells most is drawn. The student's half is a claim; nothing here
is ever judged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from grader.results import (
    ExerciseEvidence,
    Number,
    StepTable,
    TensorView,
    TraceEvidence,
    as_float,
)

MANY: Final = 16  # steps that are drawn, and stand in the table below: what goes wrong shows long before

_DIVERGES: Final = 64 * 2.0**-24
"""Relative difference from which two values count as different, as in `judging.counterexample`."""

Vector = tuple[float, ...]


class Run(msgspec.Struct, frozen=True):
    """One call. `reference` is empty where a student may not see it."""

    call: str
    device: str
    mine: tuple[Vector, ...]
    reference: tuple[Vector, ...]
    diverges: int | None  # the first step, from 1, that leaves the reference
    more: int  # steps of either that are not drawn
    first: int = 0  # the step that the first of `mine` stands after

    @property
    def components(self) -> int:
        return len((self.mine or self.reference)[0])


def telling(evidence: ExerciseEvidence) -> Run | None:
    """The run to draw: one that leaves the reference before one that does not, then the longest."""
    runs = [run for run in _runs(evidence) if len(run.mine) > 1 and run.components]
    return max(runs, key=_worth, default=None)


def _runs(evidence: ExerciseEvidence) -> Iterator[Run]:
    if evidence.steps is not None:
        yield from _of_table(evidence.steps)
    for trace in evidence.traces:
        yield from _of_trace(trace)


def _worth(run: Run) -> tuple[bool, int, float]:
    """Among runs of one length, that in which every component moves: it does not hide on an axis."""
    sizes = [abs(one) for one in run.mine[0]]
    balance = min(sizes) / max(sizes) if max(sizes) > 0 else 0.0
    return run.diverges is not None, len(run.mine), balance if math.isfinite(balance) else 0.0


def _of_table(table: StepTable) -> Iterator[Run]:
    """Without the start, where the table leaves out the steps after it."""
    rows = table.rows[1:] if len(table.rows) > 1 and table.rows[1].step > 1 else table.rows
    mine = tuple(_numbers(row.value) for row in rows if row.value is not None)
    theirs = tuple(_numbers(row.reference_value) for row in rows if row.reference_value is not None)
    if mine and _alike([*mine, *theirs]):
        yield _cut(Run(table.call, table.device, mine, theirs, table.diverges, table.more, rows[0].step))


def _of_trace(trace: TraceEvidence) -> Iterator[Run]:
    if not trace.steps:
        return
    mine = [_flat(trace.steps[0].before), *(_flat(step.after) for step in trace.steps)]
    theirs = [_numbers(one.values) for one in trace.reference]
    if not _alike([*mine, *theirs]):
        return
    diverges = _diverging_step(mine, theirs, trace.dropped) if theirs else None
    yield _cut(Run(trace.call, trace.device, tuple(mine), tuple(theirs), diverges, trace.dropped))


def _alike(vectors: Sequence[Vector]) -> bool:
    """Steps that each move only some components cannot be laid beside the reference's."""
    return len({len(one) for one in vectors}) == 1


def _cut(run: Run) -> Run:
    """The first steps; where the run leaves the reference later than these, the steps around that."""
    longest = max(len(run.mine), len(run.reference))
    if longest <= MANY + 1:
        return run
    leaves = (run.diverges or run.first) - run.first
    first = min(leaves - MANY // 2, longest - MANY - 1) if leaves > MANY else 0
    shown = slice(first, first + MANY + 1)
    return msgspec.structs.replace(
        run,
        mine=run.mine[shown],
        reference=run.reference[shown],
        first=run.first + first,
        more=run.more + longest - len(range(longest)[shown]),
    )


def _diverging_step(mine: Sequence[Vector], theirs: Sequence[Vector], dropped: int) -> int | None:
    """The first step, from 1, that leaves another value; a step too many or too few counts."""
    together = zip(mine[1:], theirs[1:], theirs, strict=False)
    for step, (got, wanted, before) in enumerate(together, start=1):
        if any(map(_apart, got, wanted, before)):
            return step
    shared = min(len(mine), len(theirs))
    return None if len(mine) + dropped == len(theirs) else shared


def _apart(got: float, wanted: float, before: float) -> bool:
    """Rounding of a step is relative to where it began: it may end at 0."""
    return not (got == wanted or abs(got - wanted) <= _DIVERGES * max(abs(wanted), abs(before)))


def _flat(tensors: Sequence[TensorView]) -> Vector:
    return tuple(as_float(value) for tensor in tensors for value in tensor.values)


def _numbers(values: Sequence[Number]) -> Vector:
    return tuple(map(as_float, values))
