"""Outcomes + rubric -> points. A criterion is all or nothing.

Nothing for doing nothing: a function that only ever returns its input or zero earns no
criterion at all, however many cases it happens to be right on. Where two shapes are two ways
to write one input, values and steps are judged for each shape and the better one counts; what is
right for one and wrong for the other costs the form.

Points are exact shares, not rounded ones, so that the shares of all devices sum to the rubric's
total; totals are rounded where they are summed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from grader import kit as kits
from grader.judging.leaves import is_close, seen
from grader.records import Chain, ExerciseOutcomes, Failure, Outcome, Raised, Record, Stopped, Tensor
from grader.results import CriterionResult
from grader.tensors import brief

NOT_EARNED: Final = (
    "this counts only once some call that has something to do returns a number other than zero and its input"
)

IDLE: Final = (
    "this counts only once the calls do something: what comes back is that of a program that does nothing"
)


class Judged(Record, frozen=True):
    """One case as one criterion sees it."""

    case: int
    failure: Failure | None
    message: str


class Verdict(Record, frozen=True):
    """What a criterion's cases come to."""

    cases: int
    failed: int = 0
    failure: Failure | None = None
    message: str = ""


def criteria(
    outcomes: ExerciseOutcomes, exercise: kits.Exercise, share: float = 1.0
) -> tuple[CriterionResult, ...]:
    """One row a criterion for one device, whose share of the points is `share`."""
    rows = []
    for criterion in exercise.rubric:
        verdict = _verdict(criterion, outcomes, exercise)
        if verdict.failure is None and not outcomes.moved:
            verdict = Verdict(verdict.cases, 0, Failure.WRONG_VALUE, NOT_EARNED if exercise.moves else IDLE)
        judged_by_value = criterion.cases if criterion.kind == "values" else ()
        borderline = sum(is_close(criterion, outcomes.outcomes[index]) for index in judged_by_value)
        rows.append(_row(criterion, outcomes.device, share, verdict, borderline))
    return tuple(rows)


def without_run(
    exercise: kits.Exercise, device: str, failure: Failure, message: str, share: float
) -> tuple[CriterionResult, ...]:
    """The rows of an exercise of which nothing ran."""
    return tuple(
        _row(one, device, share, Verdict(len(one.cases), len(one.cases), failure, message))
        for one in exercise.rubric
    )


def total(rows: Sequence[CriterionResult]) -> float:
    """The points of an exercise."""
    return round(sum(row.points for row in rows), 6)


def _row(
    criterion: kits.Criterion, device: str, share: float, verdict: Verdict, borderline: int = 0
) -> CriterionResult:
    points = criterion.points * share
    passed = verdict.failure is None
    return CriterionResult(
        criterion.id, criterion.title, criterion.kind, device, "passed" if passed else "failed",
        verdict.failure, points=points if passed else 0.0, max_points=points, cases=verdict.cases,
        failed_cases=verdict.failed, borderline=borderline, message=verdict.message,
    )  # fmt: skip


def blamed(
    outcomes: ExerciseOutcomes, exercise: kits.Exercise, failed: Collection[str]
) -> tuple[kits.Criterion, ...]:
    """The criteria whose cases show why those in `failed` were lost.

    A form may be lost though none is wrong: then by those that are right for one shape only.
    """
    own = tuple(one for one in exercise.rubric if one.id in failed)
    forms = [outcomes.outcomes[index].form for one in own if one.kind == "return" for index in one.cases]
    if not forms or any(forms):
        return own
    return own + tuple(
        one for one in exercise.rubric if one.id not in failed and _Shapes(one, outcomes, exercise).differ
    )


class _Shapes:
    """What a criterion comes to for each shape, where one shape is enough."""

    def __init__(
        self, criterion: kits.Criterion, outcomes: ExerciseOutcomes, exercise: kits.Exercise
    ) -> None:
        either = exercise.either_shape and criterion.kind != "return"
        self._exercise = exercise
        self.own = _by_shape(judged(criterion, outcomes), exercise) if either else {}
        self.right = [shape for shape, rows in self.own.items() if not any(one.failure for one in rows)]
        self.wrong = [shape for shape in self.own if shape not in self.right]
        self.differ = bool(self.right and self.wrong)

    def enough(self) -> Verdict:
        """It counts, with a note."""
        wrong = [f"with shape {shape}, {_counted(self.own[shape])}" for shape in self.wrong]
        moves, right = self._exercise.moves or "the input", self.right[0]
        note = f"right for {moves} of shape {right}, which is enough here; {'; '.join(wrong)}"
        return Verdict(len(self.own[right]), message=note)

    def loss(self, form: kits.Criterion) -> Verdict:
        """What it costs the form."""
        rows = [row for shape in self.wrong for row in self.own[shape]]
        told = _told(rows, self._exercise)
        failed = sum(row.failure is not None and row.case in form.cases for row in rows)
        shapes = f"right for {self._exercise.moves} of shape {self.right[0]}, wrong for shape {self.wrong[0]}"
        return Verdict(len(form.cases), failed, told.failure, f"{shapes}: {told.message}")


def _verdict(criterion: kits.Criterion, outcomes: ExerciseOutcomes, exercise: kits.Exercise) -> Verdict:
    """All cases, or those of the first shape that is right, where one shape is enough."""
    shapes = _Shapes(criterion, outcomes, exercise)
    if shapes.differ:
        return shapes.enough()
    verdict = _told(judged(criterion, outcomes), exercise)
    if criterion.kind != "return" or verdict.failure is not None:
        return verdict
    others = (_Shapes(one, outcomes, exercise) for one in exercise.rubric)
    return next((one.loss(criterion) for one in others if one.differ), verdict)


def judged(criterion: kits.Criterion, outcomes: ExerciseOutcomes) -> list[Judged]:
    """The criterion's cases as it sees them."""
    own = [outcomes.outcomes[index] for index in criterion.cases]
    if criterion.kind in ("values", "return"):
        return [Judged(one.case, *seen(criterion, one)) for one in own]
    asked = (criterion.id, "") if criterion.kind == "calls" else ("", criterion.optimiser)
    chains = {one.case: one for one in outcomes.chains if (one.criterion, one.optimiser) == asked}
    return [_judged_chain(chains[one.case], one) for one in own]


def _judged_chain(chain: Chain, outcome: Outcome) -> Judged:
    """A traced call that raised or never ended failed by that, not by hand."""
    if chain.holds:
        return Judged(chain.case, None, "")
    stopped = isinstance(outcome.answer, (Raised, Stopped))
    return Judged(chain.case, outcome.failure if stopped else Failure.BY_HAND, chain.message)


def _by_shape(rows: Sequence[Judged], exercise: kits.Exercise) -> dict[tuple[int, ...], list[Judged]]:
    groups: dict[tuple[int, ...], list[Judged]] = {}
    for row in rows:
        moved = next((x for x in exercise.cases[row.case].arguments.values() if isinstance(x, Tensor)), None)
        groups.setdefault(moved.shape if isinstance(moved, Tensor) else (), []).append(row)
    return groups


def _told(rows: Sequence[Judged], exercise: kits.Exercise) -> Verdict:
    """How many fail, and why the simplest of them does: a case that was not run only follows from another."""
    failed = [row for row in rows if row.failure is not None]
    if not failed:
        return Verdict(len(rows))
    causes = [row for row in failed if row.failure is not Failure.NOT_RUN] or failed
    shown = min(causes, key=lambda row: (exercise.cases[row.case].effort, row.case))
    message = f"{_counted(rows)}: {shown.message}"
    if any(row.message != shown.message for row in causes):
        arguments = brief(exercise.cases[shown.case].arguments)
        message = f"{_counted(rows)}, for instance {arguments}: {shown.message}"
    return Verdict(len(rows), len(failed), shown.failure, message)


def _counted(rows: Sequence[Judged]) -> str:
    failed, cases = sum(row.failure is not None for row in rows), len(rows)
    if failed == cases:
        return "the only case fails" if cases == 1 else f"all {cases} cases fail"
    return f"{failed} of {cases} cases {'fails' if failed == 1 else 'fail'}"
