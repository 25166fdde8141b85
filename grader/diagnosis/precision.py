"""Answers that are right to the digits of a coarser dtype: something goes through it on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from grader import kit as kits
from grader.diagnosis.candidates import Candidate
from grader.diagnosis.report import FailureReport
from grader.judging.tolerances import CONVINCING, ROUNDOFF
from grader.records import Answer, Returned
from grader.tensors import numbers

RANK: Final = 105
COARSE: Final = ("float32", "bfloat16", "float16")
ROOM: Final = 4.0  # times the bound of the coarser dtype: values are cast to and fro


def candidates(report: FailureReport) -> Iterator[Candidate]:
    rows = [
        (i, case, answer)
        for i, (case, answer) in enumerate(zip(report.exercise.cases, report.answers, strict=True))
        if isinstance(answer, Returned) and answer.value is not None
    ]
    wrong = [row for row in rows if row[0] in report.wrong]
    if report.fresh(i for i, *_ in wrong) < CONVINCING:
        return
    for dtype in COARSE:
        finer = [row for row in rows if ROUNDOFF[row[1].dtype] < ROUNDOFF[dtype]]
        if {i for i, *_ in wrong} <= {i for i, *_ in finer} and all(
            _held(row[1], row[2], dtype) for row in finer
        ):
            yield Candidate(
                id=f"goes-through-{dtype}",
                title=f"The numbers go through {dtype}, which keeps fewer digits",
                hint="Print the dtype of every tensor on the way. Which line changes it?",
                explained=frozenset(i for i, *_ in wrong),
                whole=True,
                rank=RANK,
                evidence="proven",
                teacher="A cast, a tensor made without a dtype, or a default dtype that was changed.",
                where="definition",
            )
            return


def _held(case: kits.Case, answer: Answer, dtype: str) -> bool:
    """Whether the answer is a number of that dtype, and as near to the right one as such may be."""
    assert isinstance(answer, Returned)
    assert answer.value is not None
    got, expected = numbers(answer.value), numbers(case.expected)
    if got.shape != expected.shape:
        return False
    allowed = max(numbers(bound).max(initial=0.0) / ROUNDOFF[name] for name, bound in case.bounds.items())
    given = ROUNDOFF[dtype] * np.maximum(abs(expected), allowed)
    with np.errstate(all="ignore"):
        near = abs(got - expected) <= ROOM * (allowed * ROUNDOFF[dtype] + given)
        return bool(((near & (got == _cast(got, dtype))) | ~np.isfinite(got)).all())


def _cast(values: np.ndarray, dtype: str) -> np.ndarray:
    if dtype != "bfloat16":
        return values.astype(dtype).astype(np.float64)
    bits = values.astype(np.float32).view(np.uint32)
    return (bits & np.uint32(0xFFFF0000)).view(np.float32).astype(np.float64)
