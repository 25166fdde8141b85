"""Every program of an exercise on every input, each run once: the freezer's bench.

The reference and the misconceptions go through the calls that a worker makes and the judging
that a student gets, so a kit says what grading would have seen.
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
import torch

from grader import kit, tensors
from grader.errors import GraderError
from grader.exercises import Exercise, Misconception
from grader.freezing.oracle import in_double, truth
from grader.judging import compare
from grader.judging.behaviour import Behaviour, behaviour
from grader.judging.tolerances import ROUNDING, ROUNDOFF, SPREAD
from grader.records import Answer, Outcome, Raised, Returned, Tensor, Trace, Value
from grader.sandbox import calling
from grader.sandbox.values import build, record


@contextmanager
def quiet() -> Iterator[None]:
    """Exercises may print in every step, which costs more than the step."""
    original = builtins.print
    builtins.print = lambda *_, **__: None
    try:
        yield
    finally:
        builtins.print = original


def recorded(arguments: Mapping[str, Any], exercise: Exercise) -> dict[str, Value]:
    """Drawn arguments as values, in the order of the call. Raises GraderError if the reference has others."""
    names = tuple(inspect.signature(exercise.reference).parameters)
    if set(names) != set(arguments):
        raise GraderError(
            f"{exercise.name}: drawn were arguments named {sorted(arguments)},"
            f" the reference takes {sorted(names)}.",
            "Name the arguments in `arguments` and `edge_cases` as in the reference's signature.",
        )
    return {name: _value(name, arguments[name], exercise) for name in names}


def _value(name: str, value: object, exercise: Exercise) -> Value:
    if isinstance(value, torch.Tensor):
        return record(value)
    if type(value) in (float, int):
        return value  # type: ignore[return-value]
    raise GraderError(
        f"{exercise.name}: the argument {name!r} was drawn as a {type(value).__name__}.",
        "Arguments are tensors, floats and ints.",
    )


class Trials:
    """What the programs of one exercise do; memory of its own, so that nothing runs twice."""

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self._cases: dict[bytes, kit.Case] = {}
        self._answers: dict[tuple[str, bytes], Answer] = {}
        self._tolerances: dict[tuple[str, bytes], Tensor | None] = {}
        self._behaviours: dict[tuple[str, bytes], Behaviour] = {}

    @property
    def mistakes(self) -> tuple[Misconception, ...]:
        """Those that can be seen here: the others need a device."""
        return tuple(one for one in self.exercise.misconceptions if one.needs is None)

    def case(self, arguments: Mapping[str, Value]) -> kit.Case:
        """The input with its oracle. Raises GraderError where rubric or reference cannot deal with it."""
        name = key(arguments)
        if name not in self._cases:
            self._cases[name] = self._new_case(arguments)
        return self._cases[name]

    def _new_case(self, arguments: Mapping[str, Value]) -> kit.Case:
        known = truth(self.exercise, arguments)
        return kit.Case(
            arguments=dict(arguments),
            expected=known.expected,
            dtype=known.dtype,
            shape=known.shape,
            bounds=known.bounds,
            criterion=self.criterion(arguments),
            effort=self.effort(arguments),
            origin="random",
        )

    def effort(self, arguments: Mapping[str, Value]) -> float:
        return float(self.exercise.effort(built(arguments)))

    def criterion(self, arguments: Mapping[str, Value]) -> str:
        """The one values criterion that a case belongs to."""
        own = [one for one in self.families(arguments) if self._kinds[one] == "values"]
        if len(own) == 1:
            return own[0]
        where = tensors.call(self.exercise.name, dict(arguments))
        found = "to no criterion" if not own else f"to the criteria {', '.join(own)}"
        raise GraderError(
            f"{where}: this case belongs {found} of kind 'values'.",
            "Write the families of the rubric so that each case belongs to exactly one.",
        )

    @property
    def _kinds(self) -> dict[str, str]:
        return {criterion.id: criterion.kind for criterion in self.exercise.rubric}

    def families(self, arguments: Mapping[str, Value]) -> tuple[str, ...]:
        """The criteria, of every kind, whose family this input belongs to."""
        real = built(arguments)
        return tuple(c.id for c in self.exercise.rubric if c.family is None or c.family(real))

    def answer(self, mistake: Misconception, case: kit.Case) -> Answer:
        name = (mistake.id, key(case.arguments))
        if name not in self._answers:
            self._answers[name] = bare(calling.call(mistake.program, case.arguments))
        return self._answers[name]

    def traced(self, mistake: Misconception, case: kit.Case) -> tuple[Answer, Trace]:
        answer, trace = calling.traced_call(mistake.program, case.arguments)
        return bare(answer), trace

    def outcome(self, mistake: Misconception, case: kit.Case) -> Outcome:
        return compare.judge_case(0, case, self.answer(mistake, case))

    def leaves(self, mistake: Misconception, case: kit.Case) -> bool:
        """Whether the mistake shows here: in the value, or in the form where a criterion looks at it."""
        outcome = self.outcome(mistake, case)
        looks = any(self._kinds[one] == "return" for one in self.families(case.arguments))
        return outcome.failure is not None or (outcome.form is not None and looks)

    def tolerance(self, mistake: Misconception, case: kit.Case) -> Tensor | None:
        """The misconception's own rounding on a case; None where it returns no value."""
        name = (mistake.id, key(case.arguments))
        if name not in self._tolerances:
            self._tolerances[name] = self._new_tolerance(mistake, case)
        return self._tolerances[name]

    def _new_tolerance(self, mistake: Misconception, case: kit.Case) -> Tensor | None:
        answer = self.answer(mistake, case)
        if not isinstance(answer, Returned) or answer.value is None:
            return None
        got = tensors.numbers(answer.value)
        exact = self._in_double(mistake, case, answer)
        with np.errstate(invalid="ignore"):
            spread = abs(got - exact) if exact.shape == got.shape else np.zeros_like(got)
        largest = max((abs(tensors.numbers(t)).max(initial=0.0) for t in tensors_of(case)), default=0.0)
        u = max(ROUNDOFF.get(dtype, 0.0) for dtype in (case.dtype, answer.value.dtype))
        rounding = ROUNDING * u * (case.effort + 1) * np.maximum(largest, abs(got))
        tolerance = np.nan_to_num(np.maximum(SPREAD * spread, rounding), nan=0.0, posinf=0.0)
        return tensors.float64(tolerance, answer.value.shape)

    def _in_double(self, mistake: Misconception, case: kit.Case, answer: Returned) -> np.ndarray:
        double = in_double(case.arguments)
        if double == case.arguments:
            assert answer.value is not None
            return tensors.numbers(answer.value)
        exact = calling.call(mistake.program, double)
        has_value = isinstance(exact, Returned) and exact.value is not None
        return tensors.numbers(exact.value) if has_value else np.zeros(0)  # type: ignore[union-attr, arg-type]

    def behaviour(self, mistake: Misconception, case: kit.Case) -> Behaviour:
        name = (mistake.id, key(case.arguments))
        if name not in self._behaviours:
            self._behaviours[name] = behaviour(self.answer(mistake, case), self.tolerance(mistake, case))
        return self._behaviours[name]


def key(arguments: Mapping[str, Value]) -> bytes:
    """What makes two inputs the same: 1 and 1.0 are different calls."""
    return msgspec.msgpack.encode(arguments)


def built(arguments: Mapping[str, Value]) -> dict[str, Any]:
    """Fresh arguments, as a rubric's families and a bound see them."""
    return {name: build(value) for name, value in arguments.items()}


def tensors_of(case: kit.Case) -> list[Tensor]:
    return [value for value in case.arguments.values() if isinstance(value, Tensor)]


def bare(answer: Answer) -> Answer:
    """Without what speaks of our files."""
    return msgspec.structs.replace(answer, traceback="", place=None) if isinstance(answer, Raised) else answer
