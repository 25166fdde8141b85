"""Whose outputs equal a known mistake's: what the student's function did beside each misconception.

A misconception is claimed only where *every* case behaves as it does, each value within the
misconception's own rounding tolerance; otherwise nothing is claimed.
"""

from __future__ import annotations

import math
from collections.abc import Collection

from grader import kit as kits
from grader.compare import TENSOR_TYPES, judged_dtype
from grader.records import Answer, Chain, ExerciseOutcomes, Outcome, Raised, Returned, Stopped, Tensor
from grader.tensors import numbers


def matches(
    outcomes: ExerciseOutcomes, exercise: kits.Exercise, failed: Collection[str]
) -> tuple[kits.Misconception, ...]:
    """The misconceptions that this student's outputs cannot be told apart from, simplest first.

    `failed` holds the ids of the criteria that the student failed on this device.
    """
    same = [one for one in exercise.misconceptions if one.needs is None and agrees(one, outcomes, exercise)]
    rubric = {criterion.id for criterion in exercise.rubric}
    distance = {one.id: len((set(one.costs) & rubric) ^ set(failed)) for one in same}
    told = [one for one in same if set(one.costs) <= set(failed)]
    nearest = min((distance[one.id] for one in told), default=0)
    return tuple(one for one in told if distance[one.id] == nearest)


def agrees(misconception: kits.Misconception, outcomes: ExerciseOutcomes, exercise: kits.Exercise) -> bool:
    """Whether every case behaves as if this were the mistake."""
    kinds = {criterion.id: criterion.kind for criterion in exercise.rubric}
    costs = {kinds[cost] for cost in misconception.costs if cost in kinds}
    if "values" not in costs and any(outcome.failure for outcome in outcomes.outcomes):
        return False
    rows = zip(outcomes.outcomes, exercise.cases, misconception.answers, strict=True)
    if not all(same_values(o, case, known, misconception) for o, case, known in rows):
        return False
    if "return" in costs and not all(
        same_form(o.answer, known) for o, known in zip(outcomes.outcomes, misconception.answers, strict=True)
    ):
        return False
    return "optimiser" not in costs or all(same_steps(chain, misconception) for chain in outcomes.chains)


def same_values(outcome: Outcome, case: kits.Case, known: Answer, misconception: kits.Misconception) -> bool:
    """Whether one answer equals the misconception's, within the misconception's rounding."""
    answer = outcome.answer
    if isinstance(answer, Stopped) or isinstance(known, Stopped):
        return False
    if isinstance(answer, Raised) or isinstance(known, Raised):
        return isinstance(answer, Raised) and isinstance(known, Raised) and answer.type == known.type
    if answer.value is None or known.value is None:
        return answer.value is None and known.value is None and answer.problem == known.problem
    tolerance = misconception.tolerances[outcome.case]
    if tolerance is None:
        return False
    got, wanted = numbers(answer.value).tolist(), numbers(known.value).tolist()
    allowed = (numbers(tolerance) + _coarseness(answer, answer.value, case)).tolist()
    return len(got) == len(wanted) and all(map(_close, got, wanted, allowed))


def _coarseness(answer: Returned, value: Tensor, case: kits.Case) -> float:
    """What rounding to a dtype coarser than the case's may add."""
    dtype = judged_dtype(case, answer, value)
    return 0.0 if dtype == case.dtype else float(max(numbers(case.bounds[dtype]), default=0.0))


def same_form(answer: Answer, known: Answer) -> bool:
    """Whether two answers look the same: a tensor of the same shape and dtype, or the same other type."""
    if not isinstance(answer, Returned) or not isinstance(known, Returned):
        return type(answer) is type(known)
    return _form(answer) == _form(known)


def same_steps(chain: Chain, misconception: kits.Misconception) -> bool:
    """Whether the optimiser took no step in both, or some step in both."""
    trace = misconception.traces.get(chain.case)
    return bool(chain.steps) == bool(trace and trace.steps)


def _form(answer: Returned) -> tuple[object, ...]:
    if answer.value is None:
        return (answer.type, answer.problem)
    if answer.type in TENSOR_TYPES:
        return ("tensor", answer.value.dtype, answer.value.shape)
    return (answer.type,)


def _close(got: float, wanted: float, allowed: float) -> bool:
    if math.isnan(wanted) or math.isnan(got):
        return math.isnan(wanted) and math.isnan(got)
    return got == wanted or abs(got - wanted) <= allowed
