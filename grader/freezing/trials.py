"""Every program of an exercise on every input, each run once: the freezer's bench.

The reference and the misconceptions go through the calls that a worker makes and the judging
that a student gets, so a kit says what grading would have seen.
"""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Final

import msgspec
import numpy as np
import torch

from grader import kit, tensors
from grader.errors import GraderError
from grader.exercises import Criterion, Exercise, Kind, Misconception
from grader.freezing import protocols
from grader.freezing.casting import in_double
from grader.freezing.leaves import Oracle, part_of
from grader.freezing.leaves import double as double_dtype
from grader.freezing.oracle import truth
from grader.judging import compare
from grader.judging.behaviour import Behaviour, behaviour
from grader.judging.leaves import seen
from grader.judging.tolerances import ROUNDING, ROUNDOFF, SPREAD
from grader.records import (
    Answer,
    Items,
    Made,
    Outcome,
    Protocol,
    Raised,
    Returned,
    Table,
    Tensor,
    Trace,
    Value,
)
from grader.sandbox import calling
from grader.sandbox.support import PLAIN
from grader.sandbox.values import build, record

KINDS: Final[Mapping[Kind, kit.CriterionKind]] = {
    "values": "values",
    "gradients": "values",
    "unchanged": "values",
    "return": "return",
    "optimiser": "optimiser",
    "calls": "calls",
}
"""How judging sees each: some look at a part of their own."""


@contextmanager
def quiet() -> Iterator[None]:
    """Exercises may print in every step, which costs more than the step; and mistakes make PyTorch warn."""
    original = builtins.print
    builtins.print = lambda *_, **__: None
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        builtins.print = original


def recorded(arguments: Mapping[str, Any], exercise: Exercise) -> dict[str, Value]:
    """Drawn arguments as values, in the order of the call. Raises GraderError if the reference has others."""
    names = protocols.parameters(exercise)
    if set(names) != set(arguments):
        raise GraderError(
            f"{exercise.name}: drawn were arguments named {sorted(arguments)},"
            f" the {'probe' if exercise.probe else 'reference'} takes {sorted(names)}.",
            "Name the arguments in `arguments` and `edge_cases` as in the reference's signature.",
        )
    return {name: _value(name, arguments[name], exercise) for name in names}


def _value(name: str, value: object, exercise: Exercise) -> Value:
    if isinstance(value, torch.Tensor):
        return record(value)
    if value is None or isinstance(value, Made) or type(value) in (bool, int, float, str):
        return value  # type: ignore[return-value]
    if type(value) in (list, tuple):
        items = tuple(_value(name, one, exercise) for one in value)  # type: ignore[attr-defined]
        return Items(items, fixed=type(value) is tuple)
    if type(value) is dict and all(type(key) is str for key in value):
        return Table({key: _value(name, one, exercise) for key, one in value.items()})
    raise GraderError(
        f"{exercise.name}: the argument {name!r} was drawn as a {type(value).__name__}.",
        "Arguments are tensors, numbers, texts, None, and lists, tuples and dicts of these; what is made"
        " anew for each call (a module, a generator) is drawn by `strategies.made_by` and its neighbours.",
    )


class Trials:
    """What the programs of one exercise do; memory of its own, so that nothing runs twice."""

    def __init__(self, exercise: Exercise, protocol: Protocol = PLAIN) -> None:
        self.exercise = exercise
        self.protocol = protocol
        self.oracle = Oracle(exercise, protocol)
        self._cases: dict[bytes, kit.Case] = {}
        self._answers: dict[tuple[str, bytes], Answer] = {}
        self._tolerances: dict[tuple[str, bytes], Tensor | None] = {}
        self._outcomes: dict[tuple[str, bytes], Outcome] = {}
        self._families: dict[bytes, tuple[str, ...]] = {}
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
        if self.protocol.leaves:
            return self._case_of_leaves(arguments)
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

    def _case_of_leaves(self, arguments: Mapping[str, Value]) -> kit.Case:
        known = self.oracle.truth(arguments)
        return kit.Case(
            arguments=dict(arguments),
            expected=known.expected,
            dtype=known.dtype,
            shape=known.expected.shape,
            bounds=known.bounds,
            criterion=self.criterion(arguments),
            effort=self.effort(arguments),
            origin="random",
            leaves=known.leaves,
            accepted=known.accepted,
        )

    def effort(self, arguments: Mapping[str, Value]) -> float:
        return float(self.exercise.effort(self.built(arguments)))

    def criterion(self, arguments: Mapping[str, Value]) -> str:
        """The one values criterion that a case belongs to."""
        own = [one for one in self.families(arguments) if self._kinds[one] == "values"]
        if len(own) == 1 or (own and self.protocol.leaves):
            return own[0]
        where = protocols.told(self.exercise, arguments)
        found = "to no criterion" if not own else f"to the criteria {', '.join(own)}"
        raise GraderError(
            f"{where}: this case belongs {found} of kind 'values'.",
            "Write the families of the rubric so that each case belongs to exactly one.",
        )

    @property
    def _kinds(self) -> dict[str, kit.CriterionKind]:
        return {criterion.id: KINDS[criterion.kind] for criterion in self.exercise.rubric}

    def frozen(self, criterion: Criterion, case: kit.Case, cases: tuple[int, ...] = ()) -> kit.Criterion:
        """A criterion as judging knows it, its part as it is called in this case's result."""
        kind = self._kinds[criterion.id]
        return kit.Criterion(
            criterion.id,
            criterion.title,
            float(criterion.points),
            kind,
            cases,
            criterion.optimiser if kind == "optimiser" else None,
            part_of(criterion, case.leaves) if case.leaves and kind in ("values", "return") else "",
            criterion.uses if kind == "calls" else (),
            criterion.avoids if kind == "calls" else (),
        )

    def fails(self, mistake: Misconception, criterion: Criterion, case: kit.Case) -> bool:
        """Whether a criterion of kind "values" or "return" fails on a case of its own."""
        return seen(self.frozen(criterion, case), self.outcome(mistake, case))[0] is not None

    def built(self, arguments: Mapping[str, Value]) -> dict[str, Any]:
        """Fresh arguments, as a rubric's families and a bound see them."""
        return {name: build(value, source=self.protocol.support) for name, value in arguments.items()}

    def families(self, arguments: Mapping[str, Value]) -> tuple[str, ...]:
        """The criteria, of every kind, whose family this input belongs to."""
        name = key(arguments)
        if name not in self._families:
            real = self.built(arguments)
            own = (c.id for c in self.exercise.rubric if c.family is None or c.family(real))
            self._families[name] = tuple(own)
        return self._families[name]

    def answer(self, mistake: Misconception, case: kit.Case) -> Answer:
        return self._answer(mistake.id, mistake.program, case.arguments)

    def _answer(self, program_id: str, program: Callable[..., Any], arguments: Mapping[str, Value]) -> Answer:
        name = (program_id, key(arguments))
        if name not in self._answers:
            self._answers[name] = bare(calling.call(program, arguments, protocol=self.protocol))
        return self._answers[name]

    def like_the_reference(self, mistake: Misconception, arguments: Mapping[str, Value]) -> bool:
        """Whether both return the same to the last bit, so that no oracle has to be asked."""
        right = self._answer("", self.exercise.reference, arguments)
        return self._answer(mistake.id, mistake.program, arguments) == right

    def traced(self, mistake: Misconception, case: kit.Case) -> tuple[Answer, Trace]:
        answer, trace = calling.traced_call(mistake.program, case.arguments, protocol=self.protocol)
        return bare(answer), trace

    def outcome(self, mistake: Misconception, case: kit.Case) -> Outcome:
        if not self.protocol.leaves:
            return compare.judge_case(0, case, self.answer(mistake, case))
        name = (mistake.id, key(case.arguments))
        if name not in self._outcomes:
            self._outcomes[name] = compare.judge_case(0, case, self.answer(mistake, case))
        return self._outcomes[name]

    def leaves(self, mistake: Misconception, case: kit.Case) -> bool:
        """Whether the mistake shows here: in the value, or in the form where a criterion looks at it."""
        outcome = self.outcome(mistake, case)
        if self.protocol.leaves:
            own = self.families(case.arguments)
            rubric = [one for one in self.exercise.rubric if one.id in own]
            judged = [one for one in rubric if self._kinds[one.id] in ("values", "return")]
            return any(self.fails(mistake, one, case) for one in judged)
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
        if self.protocol.leaves:
            strays = self.oracle.strays(case, lambda: self._numbers(mistake, case))
            tolerance = np.maximum(tolerance, strays) if strays.shape == tolerance.shape else tolerance
        return tensors.float64(tolerance, answer.value.shape)

    def _in_double(self, mistake: Misconception, case: kit.Case, answer: Returned) -> np.ndarray:
        double = in_double(case.arguments)
        if double == case.arguments:
            assert answer.value is not None
            return tensors.numbers(answer.value)
        with double_dtype() if self.protocol.leaves else nullcontext():
            exact = calling.call(mistake.program, double, protocol=self.protocol)
        return _numbers_of(exact)

    def _numbers(self, mistake: Misconception, case: kit.Case) -> np.ndarray:
        return _numbers_of(calling.call(mistake.program, case.arguments, protocol=self.protocol))

    def behaviour(self, mistake: Misconception, case: kit.Case) -> Behaviour:
        name = (mistake.id, key(case.arguments))
        if name not in self._behaviours:
            self._behaviours[name] = behaviour(self.answer(mistake, case), self.tolerance(mistake, case))
        return self._behaviours[name]


def _numbers_of(answer: Answer) -> np.ndarray:
    has_value = isinstance(answer, Returned) and answer.value is not None
    return tensors.numbers(answer.value) if has_value else np.zeros(0)  # type: ignore[union-attr, arg-type]


def key(arguments: Mapping[str, Value]) -> bytes:
    """What makes two inputs the same: 1 and 1.0 are different calls."""
    return msgspec.msgpack.encode(arguments)


def tensors_of(case: kit.Case) -> list[Tensor]:
    return [one for value in case.arguments.values() for one in kit.tensors_in(value)]


def bare(answer: Answer) -> Answer:
    """Without what speaks of our files."""
    return msgspec.structs.replace(answer, traceback="", place=None) if isinstance(answer, Raised) else answer
