"""Execution + kit -> outcomes: each case judged once by its values and once by its form.

A value is right if and only if |got - expected| is within the bound that the oracle derived for
the coarser of the case's dtype and the returned one. Nothing broadcasts, an empty tensor equals
nothing, NaN passes only where NaN is expected. What a value looks like (type, shape, dtype,
device) is judged apart, so that a right number in the wrong dress costs one criterion only.
"""

from __future__ import annotations

import math
from typing import Final

from grader import kit as kits
from grader.chains import chain
from grader.records import (
    Answer,
    ExerciseOutcomes,
    ExerciseRun,
    Failure,
    Outcome,
    Raised,
    Returned,
    Stopped,
    Tensor,
)
from grader.tensors import numbers, text

ROUNDOFF: Final = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
TENSOR_TYPES: Final = ("Tensor", "Parameter")
PLAIN_TYPES: Final = ("bool", "int", "float", "list", "tuple")  # numbers that carry no dtype of their own

NOT_ANSWERED: Final = Stopped(Failure.NOT_RUN, "not run")


def judge(run: ExerciseRun, exercise: kits.Exercise, device: str) -> ExerciseOutcomes:
    """Judge one exercise on one device."""
    if not run.found:
        notes = tuple(note.text for note in run.notes)
        return ExerciseOutcomes(
            run.name, device, found=False, outcomes=(), chains=(), moved=False, notes=notes
        )
    answers = [run.answers.get(index, NOT_ANSWERED) for index in range(len(exercise.cases))]
    outcomes = tuple(
        judge_case(index, case, answer, device)
        for index, (case, answer) in enumerate(zip(exercise.cases, answers, strict=True))
    )
    chains = tuple(
        chain(
            index,
            exercise.cases[index],
            run.traces.get(index),
            answers[index],
            exercise.moves,
            criterion.optimiser,
        )
        for criterion in exercise.rubric
        if criterion.optimiser is not None
        for index in criterion.cases
    )
    return ExerciseOutcomes(
        name=run.name,
        device=device,
        found=True,
        outcomes=outcomes,
        chains=chains,
        moved=any(
            _moved(case, answer, exercise.moves) for case, answer in zip(exercise.cases, answers, strict=True)
        ),
        notes=tuple(note.text for note in run.notes) + _inconstant(exercise, answers),
    )


def judge_case(index: int, case: kits.Case, answer: Answer, device: str = "cpu") -> Outcome:
    """Judge one case."""
    if isinstance(answer, Stopped):
        return _without_value(index, answer, answer.failure, answer.message)
    if isinstance(answer, Raised):
        return _without_value(index, answer, answer.failure, f"raised {error_line(answer)}")
    if answer.value is None:
        return _without_value(index, answer, Failure.WRONG_TYPE, f"returned {answer.problem}, not a tensor")
    form, form_message = _judge_form(case, answer, answer.value, device)
    got, expected = numbers(answer.value).tolist(), numbers(case.expected).tolist()
    if len(got) != len(expected):
        message = f"returned {_count(len(got))}, expected {_count(len(expected))}"
        return _without_value(index, answer, Failure.WRONG_SHAPE, message)
    bounds = numbers(case.bounds[judged_dtype(case, answer, answer.value)]).tolist()
    error, bound, ratio = _worst(got, expected, bounds)
    failure, message = None, ""
    if ratio > 1:
        failure = _kind_of_wrong(got, expected)
        message = _wrong_value(case, answer.value, got, expected, ratio)
    return Outcome(index, answer, failure, form, error, bound, ratio, message, form_message)


def error_line(answer: Raised) -> str:
    """`TypeError: unsupported ...`, as Python would end a traceback."""
    return f"{answer.type}: {answer.message}" if answer.message else answer.type


def _without_value(index: int, answer: Answer, failure: Failure, message: str) -> Outcome:
    return Outcome(index, answer, failure, failure, None, None, None, message, message)


def _count(elements: int) -> str:
    return "1 number" if elements == 1 else f"{elements} numbers"


def judged_dtype(case: kits.Case, answer: Returned, value: Tensor) -> str:
    """The dtype whose bound applies: the returned one if the case has a bound for it, else the coarsest.

    A plain float or list carries no dtype, so it may have come from the coarsest.
    """
    if answer.type not in PLAIN_TYPES and value.dtype in case.bounds:
        return value.dtype
    return max(case.bounds, key=lambda dtype: ROUNDOFF[dtype])


def _worst(got: list[float], expected: list[float], bounds: list[float]) -> tuple[float, float, float]:
    """Error, bound and their ratio of the component that is furthest beyond its bound."""
    rows = []
    for g, e, b in zip(got, expected, bounds, strict=True):
        same = g == e or (math.isnan(g) and math.isnan(e))
        error = 0.0 if same else abs(g - e)
        if error == 0:
            ratio = 0.0
        elif math.isnan(error) or b == 0:
            ratio = math.inf
        else:
            ratio = error / b
        rows.append((error, b, ratio))
    return max(rows, key=lambda row: row[2], default=(0.0, 0.0, 0.0))


def _kind_of_wrong(got: list[float], expected: list[float]) -> Failure:
    if any(not math.isfinite(g) and math.isfinite(e) for g, e in zip(got, expected, strict=True)):
        return Failure.NOT_FINITE
    return Failure.WRONG_VALUE


def _wrong_value(
    case: kits.Case, value: Tensor, got: list[float], expected: list[float], ratio: float
) -> str:
    wanted = text(expected, case.dtype, case.expected.shape)
    told = f"expected {wanted}, got {text(got, value.dtype, value.shape)}"
    if not math.isfinite(ratio):
        return told
    return f"{told}: {ratio:.3g} times the rounding error allowed"


def _judge_form(case: kits.Case, answer: Returned, value: Tensor, device: str) -> tuple[Failure | None, str]:
    """The first thing in which the returned value does not look like the reference's."""
    if answer.type not in TENSOR_TYPES:
        return Failure.WRONG_TYPE, f"returned a {answer.type}, not a tensor"
    if value.shape != case.shape:
        return Failure.WRONG_SHAPE, f"returned shape {value.shape}, expected {case.shape}"
    if value.dtype != case.dtype:
        return Failure.WRONG_DTYPE, f"returned dtype {value.dtype}, expected {case.dtype}"
    if answer.device != device:
        return Failure.WRONG_DEVICE, f"returned a tensor on {answer.device}, expected one on {device}"
    return None, ""


def _moved(case: kits.Case, answer: Answer, moves: str) -> bool:
    """Whether a call with a step returned something other than its input and zero."""
    given = case.arguments[moves]
    if case.effort <= 0 or not isinstance(answer, Returned) or answer.value is None:
        return False
    got = numbers(answer.value).tolist()
    start = numbers(given).tolist() if isinstance(given, Tensor) else [float(given)]
    return got != start and any(x != 0 and math.isfinite(x) for x in got)


def _inconstant(exercise: kits.Exercise, answers: list[Answer]) -> tuple[str, ...]:
    """A note where the same call gave two different answers."""
    changed = [
        index
        for index, case in enumerate(exercise.cases)
        if case.repeats is not None and _differ(answers[case.repeats], answers[index])
    ]
    if not changed:
        return ()
    repeats = sum(case.repeats is not None for case in exercise.cases)
    note = f"{len(changed)} of {repeats} repeated calls gave another answer than the first time"
    return (f"{note}: the function keeps state between calls, or is random.",)


def _differ(first: Answer, again: Answer) -> bool:
    if isinstance(first, Stopped) or isinstance(again, Stopped):
        return False
    if isinstance(first, Raised) or isinstance(again, Raised):
        return type(first) is not type(again)
    return first.value != again.value
