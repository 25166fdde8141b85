"""What a program did on one case, so that two can be laid side by side: a student's and a known mistake's.

Freezing, `verify` and diagnosis all ask here, so they mean the same by "cannot be told apart".
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from grader import kit as kits
from grader import records
from grader.judging.tolerances import CLEARLY, TENSOR_TYPES, judged_dtype, near, rounding
from grader.results import CriterionResult
from grader.tensors import floats, single

_DIGITS: Final = 6  # two more than clusters tell apart
_NUMBERS: Final = 32  # of a case, evenly taken of those that are more
_BYTES: Final = 3  # of the digest of what came
_QUOTED: Final = re.compile(r"'[^']*'")  # names in a message are the student's own


@dataclass(frozen=True)
class Behaviour:
    """What came, its numbers, and how far rounding may have moved each of them."""

    kind: Hashable
    values: tuple[float, ...] = ()
    tolerance: tuple[float, ...] = ()
    single: bool = False  # numbers that a float32 cannot hold are infinite here


def behaviour(answer: records.Answer, tolerance: records.Tensor | None) -> Behaviour:
    """That of a known program, with its own rounding."""
    numbers = values(answer)
    allowed = floats(tolerance) if tolerance is not None else [0.0] * len(numbers)
    return Behaviour(what(answer), tuple(numbers), tuple(allowed))


def answered(case: kits.Case, answer: records.Answer) -> Behaviour:
    """That of a student: what is returned in a coarser dtype than the case's may be rounded more."""
    numbers = values(answer)
    if not isinstance(answer, records.Returned) or answer.value is None:
        return Behaviour(what(answer))
    dtype, allowed = judged_dtype(case, answer, answer.value), 0.0
    plain = answer.value.dtype == case.dtype and answer.type in TENSOR_TYPES
    if dtype != case.dtype and (answer.leaves or not plain):
        largest = max(_largest(case), *(abs(x) for x in numbers if math.isfinite(x)), 0.0)
        allowed = rounding(dtype, case.effort, largest)
    single = answer.value.dtype == "float32"
    return Behaviour(what(answer), tuple(numbers), (allowed,) * len(numbers), single=single)


def same(one: Behaviour, other: Behaviour) -> bool:
    """Whether nothing tells them apart: one kind, and numbers nearer than the rounding of both."""
    if one.kind != other.kind:
        return False
    rows = zip(one.values, other.values, one.tolerance, other.tolerance, strict=True)
    return all(near(x, y, s + t) or (one.single and x == single(y)) for x, y, s, t in rows)


def same_steps(first: records.Trace | None, second: records.Trace | None) -> bool:
    """Whether as many steps were recorded, by the same optimiser, and no number clearly differs."""
    one, two = (trace.steps if trace else () for trace in (first, second))
    return len(one) == len(two) and all(
        a.classes == b.classes and a.options.keys() == b.options.keys() and _same_numbers(a, b)
        for a, b in zip(one, two, strict=True)
    )


def _same_numbers(one: records.Step, other: records.Step) -> bool:
    x, y = _numbers(one), _numbers(other)
    return len(x) == len(y) and all(
        near(a, b, CLEARLY * max(abs(a), abs(b))) for a, b in zip(x, y, strict=True)
    )


def _numbers(step: records.Step) -> list[float]:
    tensors = [*step.before, *step.after, *step.gradients]
    return [*step.options.values(), *(x for one in tensors for x in (floats(one) if one else [math.nan]))]


def what(answer: records.Answer) -> Hashable:
    """What an answer is, its numbers aside."""
    if isinstance(answer, records.Raised):
        return "raised", answer.type, _QUOTED.sub("''", answer.message)
    if isinstance(answer, records.Stopped):
        return "stopped", object()  # like nothing else
    if answer.value is None:
        return "no value", answer.problem
    return "value", len(floats(answer.value)), tuple((one.path, one.size, one.text) for one in answer.leaves)


def form(answer: records.Answer) -> Hashable:
    """What an answer looks like: a tensor of a shape and dtype, or another type."""
    if not isinstance(answer, records.Returned) or answer.value is None:
        return what(answer)
    if answer.leaves:
        return tuple((one.path, one.type, one.dtype, one.shape) for one in answer.leaves)
    if answer.type in TENSOR_TYPES:
        return "tensor", answer.value.dtype, answer.value.shape
    return (answer.type,)


def value_of(answer: records.Answer | None) -> records.Tensor | None:
    """The numbers that came back; None where none did."""
    return answer.value if isinstance(answer, records.Returned) else None


def values(answer: records.Answer | None) -> list[float]:
    value = value_of(answer)
    return floats(value) if value else []


def _largest(case: kits.Case) -> float:
    """The largest number in the tensors given."""
    given = [
        abs(x) for one in case.arguments.values() if isinstance(one, records.Tensor) for x in floats(one)
    ]
    return max(filter(math.isfinite, given), default=0.0)


# --- the whole suite, in short ------------------------------------------------------------


def described(
    exercise: kits.Exercise, ran: Sequence[tuple[records.ExerciseRun, records.ExerciseOutcomes]],
    criteria: Sequence[CriterionResult],
) -> str:  # fmt: skip
    """What an unknown mistake does on the first device that shows a failure; empty where none does.

    Of each case stands what came (a digest: no word of a student's is in it) and the numbers in units of the
    largest that was given. Two programs with one mistake round differently, which `report.clusters` allows.
    """
    failed = {row.device for row in criteria if row.outcome == "failed"}
    shown = next((outcomes for _, outcomes in ran if outcomes.found and outcomes.device in failed), None)
    if shown is None:
        return ""
    formal = exercise.judged_by("return")
    rows = enumerate(zip(exercise.cases, shown.outcomes, strict=True))
    return ";".join(_case(case, outcome, formal=index in formal) for index, (case, outcome) in rows)


def _case(case: kits.Case, outcome: records.Outcome, *, formal: bool) -> str:
    """`a1b2c3 0.64 0.64`: what came, then its numbers."""
    answer = outcome.answer
    came = answer.failure.value if isinstance(answer, records.Stopped) else what(answer)
    told = repr((came, outcome.form.value if formal and outcome.form else ""))
    digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[: 2 * _BYTES]
    unit = _largest(case) or 1.0
    numbers = values(answer)
    some = numbers[:: -(-len(numbers) // _NUMBERS) or 1]
    return " ".join([digest, *(f"{x / unit:.{_DIGITS}g}" for x in some)])
