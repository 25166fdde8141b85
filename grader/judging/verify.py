"""Kit -> whether the assignment is fit to grade: each known mistake must cost what it must.

Everything is read from the kit: the answers that the misconceptions gave when it was frozen are
judged as a student's would be. No program runs here, and no torch is needed. What the reference and
other right programs come to, `freezing.again` finds out in a process of its own, and it is added here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import msgspec

from grader import decoders, kit, records
from grader.judging import compare, score
from grader.judging.behaviour import behaviour, form, same, same_steps
from grader.judging.chains import chain_of
from grader.tensors import ITEM_SIZES, call


class Row(records.Record, frozen=True):
    """One misconception against the rubric."""

    id: str
    title: str
    costs: tuple[str, ...]  # what must fail
    fails: tuple[str, ...]  # what does
    reason: str = ""  # why it cannot be judged from the kit; empty where it can
    cases: dict[str, tuple[int, ...]] = msgspec.field(
        default_factory=dict
    )  # of each criterion that fails the cases that catch it

    @property
    def judged(self) -> bool:
        return not self.reason

    @property
    def missed(self) -> tuple[str, ...]:
        """Criteria that it must cost and that it passes."""
        return tuple(one for one in self.costs if one not in self.fails) if self.judged else ()

    @property
    def extra(self) -> tuple[str, ...]:
        """Criteria that it fails beyond what it must cost."""
        return tuple(one for one in self.fails if one not in self.costs) if self.judged else ()

    @property
    def counts(self) -> bool:
        """Whether it is part of the mutation score."""
        return self.judged and bool(self.costs)

    @property
    def caught(self) -> bool:
        return self.counts and not self.missed

    @property
    def unpunished(self) -> bool:
        """It must cost something and costs nothing."""
        return self.counts and not self.fails

    @property
    def free(self) -> bool:
        """It need not cost anything, and does not: it is only named."""
        return self.judged and not self.costs and not self.fails


class Idle(records.Record, frozen=True):
    """A program that does nothing, and what it would get."""

    title: str
    points: float


class Ran(records.Record, frozen=True):
    """A right program, really run on a device; `absent` says why it could not be."""

    exercise: str
    program: str
    device: str
    failed: tuple[str, ...] = ()  # a sentence for each criterion that it fails
    absent: str = ""

    @property
    def wrong(self) -> bool:
        return bool(self.failed)


class Column(records.Record, frozen=True):
    """A criterion, and how many cases it judges."""

    id: str
    cases: int


class ExerciseVerification(records.Record, frozen=True):
    """One exercise, verified."""

    name: str
    title: str
    criteria: tuple[Column, ...]
    rows: tuple[Row, ...]  # the matrix: a misconception a row, `fails` are its marked columns
    alike: tuple[tuple[str, str], ...]  # misconceptions that the suite cannot tell apart
    idle: tuple[Idle, ...]
    cases: tuple[str, ...]  # the calls
    rungs: int
    effort: float
    ran: tuple[Ran, ...] = ()  # the reference and the honest programs; nothing where only a kit is at hand
    late: kit.Late | None = None
    unseen: tuple[kit.Unseen, ...] = ()
    pairs: int = 0  # of derived mistakes, known as one program each
    room: float = 0.0  # the largest share of a bound that the right programs stray
    warnings: tuple[str, ...] = ()

    @property
    def counted(self) -> int:
        return sum(row.counts for row in self.rows)

    @property
    def caught(self) -> int:
        return sum(row.caught for row in self.rows)


class Verification(records.Record, frozen=True):
    """A kit, verified."""

    exercises: tuple[ExerciseVerification, ...]
    quick: bool = False  # frozen for trying

    @property
    def mutation_score(self) -> float:
        """The share of the misconceptions that must cost points and do, 1 where there are none."""
        counted = sum(exercise.counted for exercise in self.exercises)
        return sum(exercise.caught for exercise in self.exercises) / counted if counted else 1.0

    @property
    def fit(self) -> bool:
        """Not below 100 %, nor where doing nothing earns points or right programs lose some; never quick."""
        idle = any(one.points > 0 for exercise in self.exercises for one in exercise.idle)
        wrong = any(one.wrong for exercise in self.exercises for one in exercise.ran)
        return self.mutation_score == 1.0 and not idle and not wrong and not self.quick

    @property
    def effort(self) -> float:
        return sum(exercise.effort for exercise in self.exercises)


def verify(frozen: kit.Kit, ran: Sequence[Ran] = ()) -> Verification:
    """Judge every misconception of a kit as if a student had handed it in."""
    return Verification(tuple(_exercise(one, ran) for one in frozen.exercises), frozen.quick)


def encode(ran: Sequence[Ran]) -> bytes:
    return msgspec.json.encode(tuple(ran))


def decode(data: bytes) -> tuple[Ran, ...]:
    return decoders.json(tuple[Ran, ...]).decode(data)


def _exercise(exercise: kit.Exercise, ran: Sequence[Ran]) -> ExerciseVerification:
    return ExerciseVerification(
        exercise.name, exercise.title,
        criteria=tuple(Column(one.id, len(one.cases)) for one in exercise.rubric),
        rows=tuple(_row(one, exercise) for one in exercise.misconceptions),
        alike=_alike(exercise), idle=_idle(exercise),
        cases=tuple(call(exercise.called, case.arguments) for case in exercise.cases),
        rungs=len(exercise.ladder), effort=exercise.effort,
        ran=tuple(one for one in ran if one.exercise == exercise.name),
        late=exercise.late, unseen=exercise.unseen, pairs=len(exercise.pairs), room=exercise.room,
        warnings=exercise.warnings,
    )  # fmt: skip


def _row(mistake: kit.Misconception, exercise: kit.Exercise) -> Row:
    if mistake.needs is not None:
        reason = f"differs on {mistake.needs} only; the kit holds what it does on the CPU"
        return Row(mistake.id, mistake.title, mistake.costs, (), reason)
    outcomes = _judged(mistake.answers, mistake.traces, exercise)
    fails = failing(outcomes, exercise)
    cases = {  # none where a criterion is lost because nothing was done at all
        one.id: tuple(row.case for row in score.judged(one, outcomes) if row.failure is not None)
        for one in exercise.rubric
        if one.id in fails
    }
    return Row(mistake.id, mistake.title, mistake.costs, fails, cases=cases)


def failing(outcomes: records.ExerciseOutcomes, exercise: kit.Exercise) -> tuple[str, ...]:
    """The ids of the criteria that fail."""
    return tuple(row.id for row in score.criteria(outcomes, exercise) if row.outcome == "failed")


def _judged(
    answers: Sequence[records.Answer], traces: dict[int, records.Trace], exercise: kit.Exercise
) -> records.ExerciseOutcomes:
    run = records.ExerciseRun(exercise.name, found=True, answers=dict(enumerate(answers)), traces=traces)
    return compare.judge(run, exercise, "cpu")


# --- told apart ---------------------------------------------------------------------------


def _alike(exercise: kit.Exercise) -> tuple[tuple[str, str], ...]:
    judged = [one for one in exercise.misconceptions if one.needs is None]
    behaviours = {one.id: list(map(behaviour, one.answers, one.tolerances)) for one in judged}
    pairs = [
        (one, other)
        for one, other in combinations(judged, 2)
        if all(map(same, behaviours[one.id], behaviours[other.id]))
    ]
    return tuple((one.id, other.id) for one, other in pairs if _look_alike(one, other, exercise))


def _look_alike(first: kit.Misconception, second: kit.Misconception, exercise: kit.Exercise) -> bool:
    """Whether form and steps, too, are the same; where only these differ, a diagnosis goes by them.

    A diagnoser looks at the steps themselves.
    """
    traced = first.traces.keys() & second.traces.keys()
    if first.diagnoser and first.diagnoser == second.diagnoser:
        return all(same_steps(first.traces[i], second.traces[i]) for i in traced)
    chains = _judged(second.answers, second.traces, exercise).chains
    return all(form(a) == form(b) for a, b in zip(first.answers, second.answers, strict=True)) and all(
        chain_of(first, chain, exercise).holds == chain.holds for chain in chains
    )


# --- doing nothing ------------------------------------------------------------------------


def _idle(exercise: kit.Exercise) -> tuple[Idle, ...]:
    """What always returning zero, and returning the input, would get: it must be nothing.

    Where nothing is to be moved, what the exercise's own idle programs get.
    """
    if not exercise.moves:
        own = (one for one in exercise.misconceptions if one.idle)
        return tuple(
            Idle(f"does nothing ({one.id})", _points(one.answers, one.traces, exercise)) for one in own
        )
    sizes = [
        ITEM_SIZES[one.dtype] * len(one.expected.data) // ITEM_SIZES["float64"] for one in exercise.cases
    ]
    cases = zip(exercise.cases, sizes, strict=True)
    zeros = [records.Tensor(one.dtype, one.shape, bytes(size)) for one, size in cases]
    inputs = [one.arguments[exercise.moves] for one in exercise.cases]
    return tuple(
        Idle(title, _points([records.Returned("Tensor", one, "cpu") for one in values], {}, exercise))  # type: ignore[arg-type]
        for title, values in (("always returns zeros", zeros), ("returns its input", inputs))
    )


def _points(
    answers: Sequence[records.Answer], traces: dict[int, records.Trace], exercise: kit.Exercise
) -> float:
    return sum(row.points for row in score.criteria(_judged(answers, traces, exercise), exercise))
