"""Outcomes + rubric -> points. A criterion is all or nothing.

Nothing for doing nothing: a function that only ever returns its input or zero earns no
criterion at all, however many cases it happens to be right on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from grader import kit as kits
from grader.records import Chain, ExerciseOutcomes, Failure, Outcome, Raised, Stopped, Tensor
from grader.results import CriterionResult

NOT_EARNED: Final = "earned only once some call with a step returns something other than its input and zero"


def criteria(
    outcomes: ExerciseOutcomes, exercise: kits.Exercise, share: float = 1.0
) -> tuple[CriterionResult, ...]:
    """One row a criterion for one device, whose share of the points is `share`."""
    return tuple(_criterion(criterion, outcomes, exercise, share) for criterion in exercise.rubric)


def without_run(
    exercise: kits.Exercise, device: str, failure: Failure, message: str, share: float
) -> tuple[CriterionResult, ...]:
    """The rows of an exercise of which nothing ran."""
    return tuple(
        _row(criterion, device, share, failure, len(criterion.cases), len(criterion.cases), 0, message)
        for criterion in exercise.rubric
    )


def _criterion(
    criterion: kits.Criterion, outcomes: ExerciseOutcomes, exercise: kits.Exercise, share: float
) -> CriterionResult:
    judge = {"values": _values, "return": _form, "optimiser": _chain}[criterion.kind]
    cases, failed, failure, message = judge(criterion, outcomes, exercise)
    if failure is None and not outcomes.moved:
        failure, message = Failure.WRONG_VALUE, NOT_EARNED
    borderline = sum(outcomes.outcomes[index].borderline for index in criterion.cases)
    if criterion.kind != "values":
        borderline = 0
    return _row(criterion, outcomes.device, share, failure, cases, failed, borderline, message)


def _row(
    criterion: kits.Criterion,
    device: str,
    share: float,
    failure: Failure | None,
    cases: int,
    failed: int,
    borderline: int,
    message: str,
) -> CriterionResult:
    points = round(criterion.points * share, 6)
    return CriterionResult(
        id=criterion.id,
        title=criterion.title,
        kind=criterion.kind,
        device=device,
        outcome="passed" if failure is None else "failed",
        failure=failure,
        points=points if failure is None else 0.0,
        max_points=points,
        cases=cases,
        failed_cases=failed,
        borderline=borderline,
        message=message,
    )


Judged = tuple[int, int, Failure | None, str]
"""Cases, failed cases, kind of failure, message."""


def _values(criterion: kits.Criterion, outcomes: ExerciseOutcomes, exercise: kits.Exercise) -> Judged:
    def judge(cases: Sequence[int]) -> Judged:
        rows = [outcomes.outcomes[index] for index in cases]
        return _told([(outcome.failure, outcome.message) for outcome in rows])

    return _better(criterion, exercise, judge)


def _form(criterion: kits.Criterion, outcomes: ExerciseOutcomes, _: kits.Exercise) -> Judged:
    rows = [outcomes.outcomes[index] for index in criterion.cases]
    return _told([(outcome.form, outcome.form_message) for outcome in rows])


def _chain(criterion: kits.Criterion, outcomes: ExerciseOutcomes, exercise: kits.Exercise) -> Judged:
    chains = {chain.case: chain for chain in outcomes.chains}

    def judge(cases: Sequence[int]) -> Judged:
        return _told([_broken(chains[index], outcomes.outcomes[index]) for index in cases])

    return _better(criterion, exercise, judge)


def _broken(chain: Chain, outcome: Outcome) -> tuple[Failure | None, str]:
    """What is wrong with a traced call; one that raised or never ended failed by that, not by hand."""
    if chain.holds:
        return None, ""
    if isinstance(outcome.answer, (Raised, Stopped)):
        return outcome.failure, outcome.message
    return Failure.BY_HAND, chain.message


def _better(
    criterion: kits.Criterion, exercise: kits.Exercise, judge: Callable[[Sequence[int]], Judged]
) -> Judged:
    """Judge each shape by itself where the shapes are two ways to write one input; the better one counts."""
    judged = [(shape, judge(cases)) for shape, cases in _by_shape(criterion, exercise).items()]
    shape, best = min(judged, key=lambda pair: pair[1][1] / max(pair[1][0], 1))
    worse = [f"{other}: {told[1]} of {told[0]}" for other, told in judged if told[1] > best[1]]
    if not worse:
        return best
    note = f"judged for theta of shape {shape}; cases that fail for shape " + ", ".join(worse)
    return *best[:3], f"{best[3]} ({note})" if best[3] else note


def _by_shape(criterion: kits.Criterion, exercise: kits.Exercise) -> dict[tuple[int, ...], list[int]]:
    if not exercise.either_shape:
        return {(): list(criterion.cases)}
    groups: dict[tuple[int, ...], list[int]] = {}
    for index in criterion.cases:
        moved = exercise.cases[index].arguments[exercise.moves]
        groups.setdefault(moved.shape if isinstance(moved, Tensor) else (), []).append(index)
    return groups


def _told(rows: Sequence[tuple[Failure | None, str]]) -> Judged:
    """How many fail, and the first cause: a case that was not run only follows from another."""
    failed = [(failure, message) for failure, message in rows if failure is not None]
    if not failed:
        return len(rows), 0, None, ""
    failure, message = next((one for one in failed if one[0] is not Failure.NOT_RUN), failed[0])
    return len(rows), len(failed), failure, f"{len(failed)} of {len(rows)} cases fail: {message}"
