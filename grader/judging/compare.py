"""Execution + kit -> outcomes: each case judged once by its values and once by its form.

A value is right if and only if |got - expected| is within the bound that the oracle derived for
the coarser of the case's dtype and the returned one. Nothing broadcasts, an empty tensor equals
nothing, NaN passes only where NaN is expected. What a value looks like (type, shape, dtype,
device) is judged apart, so that a right number of another type costs one criterion only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from grader import kit as kits
from grader import records
from grader.judging import leaves
from grader.judging.behaviour import answered, behaviour, same
from grader.judging.chains import chain, used
from grader.judging.tolerances import PLAIN_TYPES, TENSOR_TYPES, component, judged_dtype
from grader.tensors import floats, single
from grader.text import article

FORGED: Final = "its process sent an answer of another form than any call comes to"

NOT_ANSWERED: Final = records.Stopped(records.Failure.NOT_RUN, "not run")


def judge(run: records.ExerciseRun, exercise: kits.Exercise, device: str) -> records.ExerciseOutcomes:
    """Judge one exercise on one device."""
    if not run.found:
        return records.ExerciseOutcomes(run.name, device, found=False, outcomes=(), chains=(), moved=False)
    answers = [run.answers.get(index, NOT_ANSWERED) for index in range(len(exercise.cases))]
    rows = list(zip(exercise.cases, answers, strict=True))
    return records.ExerciseOutcomes(
        run.name, device, found=True,
        outcomes=tuple(judge_case(index, case, answer, device) for index, (case, answer) in enumerate(rows)),
        chains=_chains(run, exercise, answers), moved=_does_something(rows, exercise),
        notes=_inconstant(exercise, answers),
    )  # fmt: skip


def judge_case(index: int, case: kits.Case, answer: records.Answer, device: str = "cpu") -> records.Outcome:
    """Judge one case."""
    if isinstance(answer, records.Stopped):
        return _without_value(index, answer, answer.failure, answer.message)
    if isinstance(answer, records.Raised):
        return _without_value(index, answer, answer.failure, f"raised {answer.line}")
    if answer.value is None or bool(answer.leaves) != bool(case.leaves):
        return _unreadable(index, case, answer)
    if answer.leaves:
        return leaves.judge(index, case, answer, device)
    form, form_message = _judge_form(case, answer, answer.value, device)
    got, expected = floats(answer.value), floats(case.expected)
    if not got or len(got) != len(expected):
        message = f"returned {_count(len(got))}, expected {_count(len(expected))}"
        form, form_message = (form, form_message) if form else (records.Failure.WRONG_SHAPE, message)
        return records.Outcome(
            index, answer, records.Failure.WRONG_SHAPE, form, None, None, None, message, form_message
        )
    bounds = floats(case.bounds[judged_dtype(case, answer, answer.value)])
    rows = [component(*row) for row in zip(got, expected, bounds, strict=True)]
    error, bound, ratio = max(rows, key=lambda row: row[2])  # of the one furthest beyond its bound
    failure, message = None, ""
    if ratio > 1:
        lost = any(not math.isfinite(g) and math.isfinite(e) for g, e in zip(got, expected, strict=True))
        failure = records.Failure.NOT_FINITE if lost else records.Failure.WRONG_VALUE
        message = _wrong_value(case, answer.value, got, expected, ratio)
    return records.Outcome(index, answer, failure, form, error, bound, ratio, message, form_message)


def _unreadable(index: int, case: kits.Case, answer: records.Returned) -> records.Outcome:
    if answer.value is not None:
        return _without_value(index, answer, records.Failure.PROTOCOL, FORGED)
    wanted = f"a {case.dtype} tensor of shape {case.shape}" if "tensor" in answer.problem else "a tensor"
    wanted = "what is asked for" if case.leaves else wanted
    return _without_value(
        index, answer, records.Failure.WRONG_TYPE, f"returned {answer.problem}, not {wanted}"
    )


def _without_value(
    index: int, answer: records.Answer, failure: records.Failure, message: str
) -> records.Outcome:
    return records.Outcome(index, answer, failure, failure, None, None, None, message, message)


# --- values -------------------------------------------------------------------------------


def _wrong_value(
    case: kits.Case, value: records.Tensor, got: list[float], expected: list[float], ratio: float
) -> str:
    """What was expected and what came, in digits that show the difference."""
    wanted, told = leaves.told_apart(
        (expected, case.dtype, case.expected.shape), (got, value.dtype, value.shape)
    )
    near = f" ({ratio:.3g} times the rounding error allowed)" if ratio < leaves.NEAR else ""
    return f"expected {wanted}, got {told}{near}"


# --- form ---------------------------------------------------------------------------------


def _judge_form(
    case: kits.Case, answer: records.Returned, value: records.Tensor, device: str
) -> tuple[records.Failure | None, str]:
    """The first thing in which the returned value does not look like the reference's."""
    if answer.type not in TENSOR_TYPES:
        return records.Failure.WRONG_TYPE, f"returned {_a(answer.type)}, not a tensor"
    if value.shape != case.shape:
        return (
            records.Failure.WRONG_SHAPE,
            f"returned a tensor of shape {value.shape}, expected shape {case.shape}",
        )
    if value.dtype != case.dtype:
        return records.Failure.WRONG_DTYPE, f"returned a {value.dtype} tensor, expected {case.dtype}"
    if answer.device != device:
        return (
            records.Failure.WRONG_DEVICE,
            f"returned a tensor on the device {answer.device}, expected {device}",
        )
    return None, ""


def _a(name: str) -> str:
    """A type with its article: the only others that can be read as numbers are NumPy's."""
    if name in PLAIN_TYPES:
        return article(name)
    return "a NumPy array" if name == "ndarray" else f"a NumPy {name}"


def _count(elements: int) -> str:
    return {0: "no number", 1: "1 number"}.get(elements, f"{elements} numbers")


# --- the calls together -------------------------------------------------------------------


def _chains(
    run: records.ExerciseRun, exercise: kits.Exercise, answers: list[records.Answer]
) -> tuple[records.Chain, ...]:
    def judged(criterion: kits.Criterion, i: int) -> records.Chain:
        trace = run.traces.get(i)
        if criterion.optimiser is None:
            return used(i, criterion, trace, answers[i])
        return chain(i, exercise.cases[i], trace, answers[i], exercise.moves, criterion.optimiser)

    asked = [one for one in exercise.rubric if one.optimiser is not None]
    asked += [one for one in exercise.rubric if one.kind == "calls"]
    return tuple(judged(criterion, index) for criterion in asked for index in criterion.cases)


def _does_something(rows: Sequence[tuple[kits.Case, records.Answer]], exercise: kits.Exercise) -> bool:
    """Whether what was to be moved has moved.

    Where nothing is: whether some of what is asked for came back, and no idle program gives these answers.
    """
    if exercise.moves:
        return any(moved(case, answer, exercise.moves) for case, answer in rows)
    if not any(_comes_back(case, answer) for case, answer in rows):
        return False

    def alike(one: kits.Misconception) -> bool:
        known = zip(one.answers, one.tolerances, rows, strict=True)
        return all(same(answered(*row), behaviour(answer, allowed)) for answer, allowed, row in known)

    return not any(alike(one) for one in exercise.misconceptions if one.idle)


def _comes_back(case: kits.Case, answer: records.Answer) -> bool:
    """Whether there are numbers in the result, or texts where nothing else is asked for.

    What the call did besides is neither.
    """
    if not isinstance(answer, records.Returned) or answer.value is None:
        return False
    both = (case.leaves, answer.leaves)
    asked, came = ([one for one in every if leaves.is_below(one.path, "")] for every in both)
    texts = {one.dtype or one.type for one in asked} == {"str"} and any(one.type == "str" for one in came)
    return texts or not answer.leaves or any(one.dtype for one in came)


def moved(case: kits.Case, answer: records.Answer, moves: str) -> bool:
    """Whether a call that has something to do returned something other than its input and zero.

    The input cast, cut or turned round is still the input: numbers are compared in single precision. Where
    nothing is to be moved, anything that comes back does.
    """
    if case.effort <= 0 or not isinstance(answer, records.Returned) or answer.value is None:
        return False
    if not moves:
        return True
    given = case.arguments[moves]
    start = floats(given) if isinstance(given, records.Tensor) else []
    idle = {0.0, *map(single, start)}
    return any(math.isfinite(x) and single(x) not in idle for x in floats(answer.value))


def _inconstant(exercise: kits.Exercise, answers: list[records.Answer]) -> tuple[str, ...]:
    """A note where the same call gave two different answers."""
    repeats = [(case.repeats, index) for index, case in enumerate(exercise.cases) if case.repeats is not None]
    others = sum(changed(answers[first], answers[again]) for first, again in repeats)
    if not others:
        return ()
    note = f"{others} of {len(repeats)} repeated calls gave another answer than the first time"
    return (f"{note}: the function keeps state between calls, or is random.",)


def changed(first: records.Answer, again: records.Answer) -> bool:
    """Whether a call that was made again gave another answer; what was ended says nothing."""
    if isinstance(first, records.Stopped) or isinstance(again, records.Stopped):
        return False
    if isinstance(first, records.Raised) or isinstance(again, records.Raised):
        return type(first) is not type(again)
    return first.value != again.value
