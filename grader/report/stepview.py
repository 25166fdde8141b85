"""The counterexample's call step by step: what is moved, gradient and change, yours and the reference's.

A row is marked where the two part. What a student may not see is not in the record: then there is no
column for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from grader.report.figures import DASH, plural, single
from grader.results import Number, StepRow, StepTable, as_float
from grader.text import one_line

ROWS: Final = 8  # steps that are shown, the first that differs among them
_FEW: Final = 8  # components of a value that are shown
_CALL: Final = 2000  # characters of the call


class StepCells(msgspec.Struct, frozen=True):
    step: str
    mine: tuple[str, ...]
    reference: tuple[str, ...]
    apart: bool


class StepView(msgspec.Struct, frozen=True):
    """`columns` are the headings of both halves; `reference` is false where there is only one half."""

    call: str  # empty where it stands just above
    device: str  # empty where there is only one
    columns: tuple[str, ...]
    reference: bool
    rows: tuple[StepCells, ...]
    shows: tuple[str, ...]
    more: str


def steps(table: StepTable, moved: str, shown: str, *, several: bool) -> StepView:
    """`moved` is its name; `shown` the call just above, not to be told twice; `several`: devices."""
    apart = next((index for index, row in enumerate(table.rows) if row.apart), 0)
    first = max(0, apart + 2 - ROWS)
    rows = table.rows[first : first + ROWS]
    more = table.more + len(table.rows) - len(rows)
    return StepView(
        call="" if table.call == shown else one_line(table.call, _CALL),
        device=one_line(table.device) if several else "",
        columns=(one_line(moved), "gradient", "change"),
        reference=any(row.reference_value is not None for row in rows),
        rows=tuple(map(_cells, rows)),
        shows=tuple(one_line(text, 600) for text in table.shows),
        more=f"{plural(more, 'more step')} not shown." if more else "",
    )


def _cells(row: StepRow) -> StepCells:
    pairs = [
        _pair(row.value, row.reference_value),
        _pair(row.gradient, row.reference_gradient),
        _pair(row.change, row.reference_change),
    ]
    return StepCells(
        step=str(row.step),
        mine=tuple(mine for mine, _ in pairs),
        reference=tuple(theirs for _, theirs in pairs),
        apart=row.apart,
    )


def _pair(mine: Sequence[Number] | None, theirs: Sequence[Number] | None) -> tuple[str, str]:
    """Two values in single precision, or in all digits where only these tell them apart."""
    texts = _text(mine, exact=False), _text(theirs, exact=False)
    if texts[0] == texts[1] and mine != theirs:
        return _text(mine, exact=True), _text(theirs, exact=True)
    return texts


def _text(values: Sequence[Number] | None, *, exact: bool) -> str:
    if values is None:
        return DASH
    texts = [repr(as_float(one)) if exact else single(as_float(one)) for one in values[:_FEW]]
    if len(values) > _FEW:
        return f"{', '.join(texts)} and {len(values) - _FEW:,} more"
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
