"""The misconceptions of an exercise as arrays, so that one student is laid beside all of them at once.

Rows are misconceptions, columns the suite's cases. What an answer is (raised which error, so many
numbers, no number at all) is a label; only where labels are the same are numbers compared.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from grader import kit as kits
from grader.judging import compare
from grader.judging.chains import chain, manner
from grader.judging.compare import ROUNDOFF, TENSOR_TYPES, judged_dtype
from grader.kit import CriterionKind
from grader.records import Answer, Chain, Raised, Returned, Tensor
from grader.tensors import floats

Array = npt.NDArray[Any]

COARSE_FACTOR: Final = 8.0  # as in the tolerance that the freezer computes for the case's own dtype
NEW: Final = -1  # the label of what no misconception does
_QUOTED: Final = re.compile(r"'[^']*'")  # names in a message are the student's own


@dataclass(frozen=True)
class _Table:
    """Numbers of some mistakes: mistake x case x number; `narrow` is `value` as a float32 holds it."""

    rows: Array
    value: Array
    narrow: Array
    tolerance: Array


class Known:
    """Those that can be seen on the CPU, and that no diagnoser of the exercise knows better."""

    def __init__(self, exercise: kits.Exercise) -> None:
        self.exercise = exercise
        self.mistakes = [one for one in exercise.misconceptions if one.needs is None and not one.diagnoser]
        self._labels: dict[Hashable, int] = {}
        self._forms: dict[Hashable, int] = {}
        answers = [one.answers for one in self.mistakes]
        self._label = self._numbered(self._labels, [[what(x) for x in row] for row in answers])
        self._form = self._numbered(self._forms, [[form(x) for x in row] for row in answers])
        widths = [max((len(values(x)) for x in row), default=0) for row in answers]
        self._tables = [self._table(widths, width) for width in dict.fromkeys(widths)]
        self._given = np.array([_largest(case) for case in exercise.cases])

    def _numbered(self, numbers: dict[Hashable, int], rows: Sequence[Sequence[Hashable]]) -> Array:
        table = [[numbers.setdefault(one, len(numbers)) for one in row] for row in rows]
        return np.array(table, dtype=int).reshape(len(rows), len(self.exercise.cases))

    def _table(self, widths: Sequence[int], width: int) -> _Table:
        """The answers of the mistakes that return at most so many numbers: a list of all steps is rare."""
        rows = np.array([i for i, own in enumerate(widths) if own == width], dtype=int)
        mistakes = [self.mistakes[i] for i in rows]
        value = self._padded([[values(x) for x in one.answers] for one in mistakes], width)
        tolerance = self._padded([[_tolerance(x) for x in one.tolerances] for one in mistakes], width)
        with np.errstate(over="ignore"):  # too large for it: infinite there
            narrow = value.astype(np.float32).astype(np.float64)
        return _Table(rows, value, narrow, tolerance)

    def _padded(self, rows: Sequence[Sequence[Sequence[float]]], width: int) -> Array:
        table = np.zeros((len(rows), len(self.exercise.cases), width))
        for i, row in enumerate(rows):
            for j, numbers in enumerate(row):
                table[i, j, : len(numbers)] = numbers
        return table

    # --- a student's answers --------------------------------------------------------------

    def agreeing(self, answers: Sequence[Answer]) -> Array:
        """Mistake x case: whether the answer equals the misconception's, within its rounding."""
        agree = self._label == [self._labels.get(what(one), NEW) for one in answers]
        narrow = np.array([_dtype(one) == "float32" for one in answers])
        coarse = np.array([_coarseness(*pair) for pair in zip(self.exercise.cases, answers, strict=True)])
        for table in self._tables:
            width = table.value.shape[2]
            got = self._padded([[values(one)[:width] for one in answers]], width)[0]
            for most in (min(1, width), width):  # the first component decides nearly always
                open_rows = np.nonzero(agree[table.rows].any(axis=1))[0]
                close = self._close(table, open_rows, got[:, :most], narrow, coarse)
                agree[table.rows[open_rows]] &= close
        return agree

    def _close(self, table: _Table, rows: Array, got: Array, narrow: Array, coarse: Array) -> Array:
        most = got.shape[1]
        wanted = np.where(narrow[:, None], table.narrow[rows, :, :most], table.value[rows, :, :most])
        sizes = np.where(np.isfinite(wanted), abs(wanted), 0.0).max(axis=2, initial=0.0)
        with np.errstate(invalid="ignore"):
            allowed = table.tolerance[rows, :, :most] + (coarse * np.maximum(sizes, self._given))[..., None]
            same = (got == wanted) | (abs(got - wanted) <= allowed) | (np.isnan(got) & np.isnan(wanted))
        return same.all(axis=2)

    def looking_alike(self, answers: Sequence[Answer]) -> Array:
        """Mistake x case: whether the answer looks like the misconception's."""
        return self._form == np.array([self._forms.get(form(one), NEW) for one in answers])

    # --- the misconceptions by themselves ---------------------------------------------------

    @cached_property
    def telling(self) -> Array:
        """Mistake x case: whether its value is wrong there, so that to agree with it means something."""
        rows = [
            [
                compare.judge_case(i, case, x).failure is not None
                for i, (case, x) in enumerate(self._with_cases(one))
            ]
            for one in self.mistakes
        ]
        return np.array(rows, dtype=bool).reshape(len(rows), len(self.exercise.cases))

    def _with_cases(self, mistake: kits.Misconception) -> list[tuple[kits.Case, Answer]]:
        return list(zip(self.exercise.cases, mistake.answers, strict=True))

    @cached_property
    def manners(self) -> list[dict[int, tuple[object, ...]]]:
        """For each mistake how its steps were taken, in every case."""
        cases = range(len(self.exercise.cases))
        return [{i: manner(one.traces.get(i)) for i in cases} for one in self.mistakes]

    def kinds(self, mistake: int) -> frozenset[CriterionKind]:
        """What it costs."""
        costs = self.mistakes[mistake].costs
        return frozenset(one.kind for one in self.exercise.rubric if one.id in costs)

    def chain(self, mistake: int, beside: Chain) -> Chain:
        """Its steps of the case and the optimiser of a student's."""
        return chain_of(self.mistakes[mistake], beside, self.exercise)


def chain_of(mistake: kits.Misconception, beside: Chain, exercise: kits.Exercise) -> Chain:
    """A misconception's steps of the case and the optimiser of a student's."""
    case, answer = exercise.cases[beside.case], mistake.answers[beside.case]
    trace = mistake.traces.get(beside.case)
    return chain(beside.case, case, trace, answer, exercise.moves, beside.optimiser)


# --- one answer ---------------------------------------------------------------------------


def what(answer: Answer) -> Hashable:
    """What an answer is, its numbers aside."""
    if isinstance(answer, Raised):
        return "raised", answer.type, _QUOTED.sub("''", answer.message)
    if not isinstance(answer, Returned):
        return "stopped", object()  # like nothing else
    return ("no value", answer.problem) if answer.value is None else ("value", len(floats(answer.value)))


def form(answer: Answer) -> Hashable:
    """What an answer looks like: a tensor of a shape and dtype, or another type."""
    if not isinstance(answer, Returned) or answer.value is None:
        return what(answer)
    if answer.type in TENSOR_TYPES:
        return "tensor", answer.value.dtype, answer.value.shape
    return (answer.type,)


def values(answer: Answer) -> list[float]:
    return floats(answer.value) if isinstance(answer, Returned) and answer.value is not None else []


def _tolerance(tolerance: Tensor | None) -> list[float]:
    return floats(tolerance) if tolerance is not None else []


def _dtype(answer: Answer) -> str:
    return answer.value.dtype if isinstance(answer, Returned) and answer.value is not None else ""


def _coarseness(case: kits.Case, answer: Answer) -> float:
    """What rounding to a dtype coarser than the case's may add, relative to the largest number."""
    if not isinstance(answer, Returned) or answer.value is None:
        return 0.0
    if answer.value.dtype == case.dtype and answer.type in TENSOR_TYPES:
        return 0.0
    dtype = judged_dtype(case, answer, answer.value)
    return 0.0 if dtype == case.dtype else COARSE_FACTOR * ROUNDOFF[dtype] * (case.effort + 1)


def _largest(case: kits.Case) -> float:
    given = [x for one in case.arguments.values() if isinstance(one, Tensor) for x in floats(one)]
    return max((abs(x) for x in given if math.isfinite(x)), default=0.0)
