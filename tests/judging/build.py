"""Cases, answers and exercises as short as a test wants to write them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from hypothesis import settings

from grader import kit
from grader.judging import compare
from grader.kit import CriterionKind
from grader.records import (
    Answer,
    ExerciseOutcomes,
    ExerciseRun,
    Failure,
    Raised,
    Returned,
    Step,
    Stopped,
    Tensor,
    Trace,
)
from grader.tensors import floats

MOVES: Final = "theta"
QUICK: Final = settings(deadline=None, max_examples=60)
LATE: Final = Stopped(Failure.TIMED_OUT, "no end within 2 s of CPU time")


def tensor(*values: float, dtype: str = "float32", shape: tuple[int, ...] | None = None) -> Tensor:
    with np.errstate(over="ignore"):
        data = np.asarray(values, dtype=np.dtype(dtype).newbyteorder("<")).tobytes()
    return Tensor(dtype, (len(values),) if shape is None else shape, data)


def returned(
    *values: float,
    dtype: str = "float32",
    shape: tuple[int, ...] | None = None,
    type: str = "Tensor",  # noqa: A002 -- the record's own word
    device: str | None = "cpu",
) -> Returned:
    return Returned(type, tensor(*values, dtype=dtype, shape=shape), device)


def nothing(problem: str = "None", name: str = "NoneType") -> Returned:
    return Returned(name, None, None, problem)


def raised(name: str = "TypeError", message: str = "no", failure: Failure = Failure.RAISED) -> Raised:
    return Raised(name, message, failure=failure)


def case(
    *expected: float,
    bound: float | Sequence[float] | Mapping[str, Sequence[float]] = 0.0,
    start: Sequence[float] = (),
    dtype: str = "float32",
    shape: tuple[int, ...] | None = None,
    rate: float = 0.1,
    steps: int = 1,
    criterion: str = "values",
    repeats: int | None = None,
    trajectory: Sequence[Tensor] = (),
) -> kit.Case:
    """A case whose theta is `start` (else as many ones); `bound` is that of the case's dtype, or of each."""
    size = (len(expected),) if shape is None else shape
    theta = start or [1.0] * math.prod(size)
    bounds = bound if isinstance(bound, Mapping) else {dtype: bound}
    return kit.Case(
        arguments={MOVES: tensor(*theta, dtype=dtype, shape=size), "rate": rate, "steps": steps},
        expected=tensor(*expected, dtype="float64", shape=size),
        dtype=dtype,
        shape=size,
        bounds={name: _bound(one, len(expected)) for name, one in bounds.items()},
        criterion=criterion,
        effort=float(steps),
        origin="edge" if repeats is None else "repeat",
        repeats=repeats,
        trace=_taken(trajectory, rate),
        traced=bool(trajectory),
    )


def _taken(trajectory: Sequence[Tensor], rate: float) -> Trace | None:
    """The steps of SGD that lead along a trajectory."""
    options = {"lr": rate} | dict.fromkeys(
        ("momentum", "dampening", "weight_decay", "nesterov", "maximize"), 0.0
    )
    pairs = pairwise(trajectory)
    steps = [Step(("SGD",), options, (before,), (after,)) for before, after in pairs]
    return Trace(tuple(steps)) if trajectory else None


def _bound(bound: float | Sequence[float], count: int) -> Tensor:
    return tensor(*([bound] * count if isinstance(bound, float) else bound), dtype="float64")


def criterion(
    name: str,
    cases: Sequence[int],
    kind: CriterionKind = "values",
    points: float = 2.0,
    optimiser: str = "SGD",
) -> kit.Criterion:
    return kit.Criterion(
        name, f"About {name}", points, kind, tuple(cases), optimiser if kind == "optimiser" else None
    )


def exercise(
    cases: Sequence[kit.Case],
    rubric: Sequence[kit.Criterion] | None = None,
    misconceptions: Sequence[kit.Misconception] = (),
    ladder: Sequence[kit.Case] = (),
    *,
    either_shape: bool = False,
) -> kit.Exercise:
    """Without a rubric: one values criterion for each name that the cases bear."""
    names = dict.fromkeys(one.criterion for one in cases)
    own = {name: [i for i, one in enumerate(cases) if one.criterion == name] for name in names}
    return kit.Exercise(
        name="descend",
        title="Descend",
        statement="",
        parameters=(MOVES, "rate", "steps"),
        moves=MOVES,
        rubric=tuple(rubric if rubric is not None else (criterion(name, own[name]) for name in names)),
        cases=tuple(cases),
        ladder=tuple(ladder),
        misconceptions=tuple(misconceptions),
        either_shape=either_shape,
    )


def kit_of(*exercises: kit.Exercise, devices: tuple[str, ...] = ("cpu",)) -> kit.Kit:
    return kit.Kit(kit.SCHEMA, "Small", devices, kit.Limits(), exercises, {})


def run(
    answers: Sequence[Answer] | Mapping[int, Answer], traces: Mapping[int, Trace] | None = None, **more: Any
) -> ExerciseRun:
    keyed = answers if isinstance(answers, Mapping) else dict(enumerate(answers))
    return ExerciseRun("descend", found=True, answers=dict(keyed), traces=dict(traces or {}), **more)


def judged(
    given: kit.Exercise,
    answers: Sequence[Answer] | Mapping[int, Answer],
    traces: Mapping[int, Trace] | None = None,
    device: str = "cpu",
) -> ExerciseOutcomes:
    return compare.judge(run(answers, traces), given, device)


def step(before: Sequence[float], after: Sequence[float], *classes: str, dtype: str = "float32") -> Step:
    """A step of SGD, where no other class is named, with the gradient that leads there."""
    gradient = [(x - y) / 0.1 for x, y in zip(before, after, strict=True)]
    start, end, slope = ((tensor(*one, dtype=dtype),) for one in (before, after, gradient))
    return Step(classes or ("SGD",), {"lr": 0.1}, start, end, slope)


def trace(*steps: Step, dropped: int = 0) -> Trace:
    return Trace(steps, dropped)


def mistake(
    name: str,
    answers: Sequence[Answer],
    costs: Sequence[str] = ("values",),
    tolerance: float = 0.0,
    traces: Mapping[int, Trace] | None = None,
    needs: str | None = None,
    smallest: int | None = None,
    title: str = "",
    raises: str = "",
) -> kit.Misconception:
    tolerances = tuple(
        _bound(tolerance, len(floats(one.value))) if isinstance(one, Returned) and one.value else None
        for one in answers
    )
    return kit.Misconception(
        name,
        title or f"It is {name}",
        f"Look at {name}.",
        tuple(costs),
        needs,
        tuple(answers),
        tolerances,
        dict(traces or {}),
        smallest,
        raises=raises,
    )
