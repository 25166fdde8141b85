"""Whose outputs equal a known mistake's: what the student's function did beside each misconception.

A misconception is claimed only where *every* case behaves as it does, each value within the
misconception's own rounding tolerance; otherwise nothing is claimed. Form and steps are compared
where the misconception is one of form or steps.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Final

from grader import kit as kits
from grader.judging.chains import chain as chain_of
from grader.judging.compare import ROUNDOFF, TENSOR_TYPES, judged_dtype
from grader.records import Answer, Chain, ExerciseOutcomes, Raised, Returned, Stopped, Tensor
from grader.tensors import floats, single

COARSE_FACTOR: Final = 8.0  # as in the tolerance that the freezer computes for the case's own dtype
_QUOTED: Final = re.compile(r"'[^']*'")  # names in a message are the student's own


def matches(
    outcomes: ExerciseOutcomes, exercise: kits.Exercise, failed: Collection[str]
) -> tuple[kits.Misconception, ...]:
    """The misconceptions that this student's outputs cannot be told apart from, simplest first.

    `failed` holds the ids of the criteria that the student failed on this device. A misconception
    that need not cost points is claimed only for wrong values: those are what it has in common.
    """
    wrong = {one.id for one in exercise.rubric if one.kind == "values"} & set(failed)
    could = [one for one in exercise.misconceptions if one.needs is None and set(one.costs) <= set(failed)]
    same = [one for one in could if (one.costs or wrong) and agrees(one, outcomes, exercise)]
    distance = [len(set(failed) - set(one.costs)) for one in same]
    return tuple(one for one, far in zip(same, distance, strict=True) if far == min(distance))


def agrees(misconception: kits.Misconception, outcomes: ExerciseOutcomes, exercise: kits.Exercise) -> bool:
    """Whether every case behaves as if this were the mistake."""
    answers = [outcome.answer for outcome in outcomes.outcomes]
    rows = zip(answers, exercise.cases, misconception.answers, misconception.tolerances, strict=True)
    if not all(same_value(*row) for row in rows):
        return False
    costs = {criterion.kind for criterion in exercise.rubric if criterion.id in misconception.costs}
    if "return" in costs and not all(map(same_form, answers, misconception.answers)):
        return False
    return "optimiser" not in costs or all(
        same_steps(one, misconception, exercise) for one in outcomes.chains
    )


def same_value(answer: Answer, case: kits.Case, known: Answer, tolerance: Tensor | None) -> bool:
    """Whether one answer equals the misconception's, within the misconception's rounding."""
    if isinstance(answer, Stopped) or isinstance(known, Stopped):
        return False
    if isinstance(answer, Raised) or isinstance(known, Raised):
        return isinstance(answer, Raised) and isinstance(known, Raised) and _gist(answer) == _gist(known)
    if answer.value is None or known.value is None:
        return answer.value is None and known.value is None and answer.problem == known.problem
    got, wanted = floats(answer.value), floats(known.value)
    if tolerance is None or len(got) != len(wanted):
        return False
    if answer.value.dtype == "float32":
        wanted = [single(w) for w in wanted]  # what is too large for it is infinite there
    coarse = _coarseness(answer, answer.value, case, wanted)
    return all(_close(g, w, t + coarse) for g, w, t in zip(got, wanted, floats(tolerance), strict=True))


def same_form(answer: Answer, known: Answer) -> bool:
    """Whether two answers look the same: a tensor of the same shape and dtype, or the same other type."""
    if not isinstance(answer, Returned) or not isinstance(known, Returned):
        return type(answer) is type(known)
    return _form(answer) == _form(known)


def same_steps(chain: Chain, misconception: kits.Misconception, exercise: kits.Exercise) -> bool:
    """Whether in both the value returned was made by the optimiser's steps, or in neither."""
    index, trace = chain.case, misconception.traces.get(chain.case)
    answer = misconception.answers[index]
    known = chain_of(index, exercise.cases[index], trace, answer, exercise.moves, chain.optimiser)
    return known.holds == chain.holds


def _gist(raised: Raised) -> tuple[str, str]:
    return raised.type, _QUOTED.sub("''", raised.message)


def _coarseness(answer: Returned, value: Tensor, case: kits.Case, wanted: list[float]) -> float:
    """What rounding to a dtype coarser than the case's may add."""
    if value.dtype == case.dtype and answer.type in TENSOR_TYPES:
        return 0.0
    dtype = judged_dtype(case, answer, value)
    if dtype == case.dtype:
        return 0.0
    given = [x for one in case.arguments.values() if isinstance(one, Tensor) for x in floats(one)]
    largest = max((abs(x) for x in (*given, *wanted) if math.isfinite(x)), default=0.0)
    return COARSE_FACTOR * ROUNDOFF[dtype] * (case.effort + 1) * largest


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
