"""A criterion's failing cases, as rows of a table.

A case counts for a criterion as it did when it was judged: its values for kind `values`, its form
for `return`, its trace for `optimiser`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

import msgspec

from grader.records import Failure
from grader.report.figures import DASH, kind, pair, plain, short
from grader.report.redaction import HIDDEN
from grader.results import CaseEvidence, CriterionResult, ExerciseEvidence, TensorView, TraceEvidence
from grader.text import clean, one_line

SHOWN: Final = 4  # failing cases of a criterion: more of the same teaches nothing
TOGETHER: Final = 6  # of all criteria of an exercise: each message has an instance, and so has the picture
_MESSAGE: Final = 400  # characters
_PART: Final = 200


class CaseRow(msgspec.Struct, frozen=True):
    arguments: str  # of the call, as one would type them
    expected: str  # empty where a student may not see it
    got: str
    error: str  # over its bound
    message: str  # what is wrong; empty where the two values say it


Shares = dict[tuple[str, str], int]
"""How many rows a criterion has on a device."""


def shares(rows: Sequence[CriterionResult]) -> Shares:
    """The first that fail have rows, until there are enough."""
    found: Shares = {}
    left = TOGETHER
    for row in rows:
        found[row.id, row.device] = max(0, min(SHOWN, left, row.failed_cases))
        left -= found[row.id, row.device]
    return found


def failing(
    row: CriterionResult, evidence: ExerciseEvidence, most: int = SHOWN
) -> tuple[tuple[CaseRow, ...], str]:
    """The first failing cases, and a sentence about the rest."""
    rows = _traces(row, evidence) if row.kind in ("optimiser", "calls") else _cases(row, evidence)
    shown = tuple(islice(rows, most))
    rest = row.failed_cases - len(shown)
    return shown, f"{rest:,} more of its cases fail." if shown and rest > 0 else ""


def _cases(row: CriterionResult, evidence: ExerciseEvidence) -> Iterator[CaseRow]:
    for case in evidence.cases:
        if case.device != row.device:
            continue
        if row.kind == "return" and case.form is not None and _is_for(row, case, evidence):
            yield _case(case, evidence.name, case.form_message)
        elif row.kind == "values" and case.criterion == row.id and case.failure is not None:
            yield _case(case, evidence.name, case.message)


def _is_for(row: CriterionResult, case: CaseEvidence, evidence: ExerciseEvidence) -> bool:
    return case.criterion == row.id or not evidence.by_part


def _traces(row: CriterionResult, evidence: ExerciseEvidence) -> Iterator[CaseRow]:
    asked = row.id if row.kind == "calls" else ""
    for trace in evidence.traces:
        if trace.device == row.device and trace.criterion == asked and not trace.holds:
            yield _trace(trace, evidence.name)


def _case(case: CaseEvidence, name: str, message: str) -> CaseRow:
    wanted = None if case.expected == HIDDEN else case.expected
    expected = plain(wanted) if wanted else ""
    got = one_line(case.raised or (message if case.part else case.returned) or "nothing", _MESSAGE)
    if case.got is not None:
        expected, got = pair(wanted, case.got) if wanted else ("", plain(case.got))
        got = f"{got} ({_form(case, case.got)})" if case.form is not None else got
    if case.got is not None and (case.part or case.place):
        part = one_line(f"{case.part or 'result'}{case.place}", _PART)
        expected, got = (f"{part} = {expected}", got) if expected else ("", f"{part} = {got}")
    return CaseRow(
        arguments=one_line(case.call.removeprefix(name), _MESSAGE),
        expected=expected,
        got=got,
        error=short(case.error_over_bound),
        message="" if message == got or _compared(case, message) else clean(message, _MESSAGE),
    )


def _compared(case: CaseEvidence, message: str) -> bool:
    """Whether the message says no more than the two values side by side."""
    values = case.expected not in (None, HIDDEN) and case.got is not None
    return values and case.failure is Failure.WRONG_VALUE and message == case.message


def _form(case: CaseEvidence, got: TensorView) -> str:
    """What came back besides its values: `float64, shape (2,)`; for what is no tensor its type."""
    plainly = case.part or case.returned in (None, "Tensor", "Parameter")
    return kind(got) if plainly else one_line(case.returned or "")


def _trace(trace: TraceEvidence, name: str) -> CaseRow:
    expected = plain(trace.reference[-1]) if trace.reference else ""
    steps = len(trace.steps) + trace.dropped
    return CaseRow(
        arguments=one_line(trace.call.removeprefix(name), _MESSAGE),
        expected=expected,
        got=_called(trace.functions) if trace.criterion else f"{steps} optimiser steps",
        error=DASH,
        message=clean(trace.message, _MESSAGE),
    )


def _called(functions: Sequence[str]) -> str:
    return f"called {one_line(', '.join(functions), _MESSAGE)}" if functions else "called none of them"
