"""The failure report of one exercise on one device, and the candidates: mistakes that could be behind it.

A case can be wrong in three ways at once: its values, its form, its steps. Each is a flaw of its own, so that
a wrong value in a wrong form is two mistakes and not one that nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, get_args

from grader import kit as kits
from grader.judging.behaviour import Behaviour, answered
from grader.judging.leaves import seen
from grader.judging.score import blamed
from grader.kit import CriterionKind
from grader.records import Answer, ExerciseOutcomes, Failure, Raised, Record, Returned, Stopped, Tensor, Trace
from grader.results import Ground
from grader.tensors import floats

if TYPE_CHECKING:
    from grader.diagnosis.prepared import Prepared

ALL_KINDS: Final[frozenset[CriterionKind]] = frozenset({"values", "return", "optimiser", "calls"})
VALUES: Final[frozenset[CriterionKind]] = frozenset({"values"})
FORM: Final[frozenset[CriterionKind]] = frozenset({"return"})
STEPS: Final[frozenset[CriterionKind]] = frozenset({"optimiser"})


class Candidate(Record, frozen=True):
    """A mistake and how far it goes: `explained` are failing cases that behave as it would."""

    id: str
    title: str
    hint: str
    explained: frozenset[int]
    whole: bool  # every case of the suite behaves so, those that pass too
    rank: float  # simpler mistakes have a lower one; ties go to the lower
    evidence: Ground
    calls: int = 0  # that it was read from, where it was read from calls
    cause: str = ""  # a possible one, where the title says only what was observed
    teacher: str = ""
    where: str | None = None  # the Landmark to quote
    kinds: frozenset[CriterionKind] = VALUES  # what of these cases it explains
    others: tuple[str, ...] = ()  # titles of the mistakes that only with this one behave so
    beside: tuple[Candidate, ...] = ()


class Explanation(Record, frozen=True):
    """What a diagnoser says: what it proved, what it observed beside the values, what it read from traces."""

    proven: tuple[Candidate, ...] = ()
    observed: tuple[Candidate, ...] = ()
    traced: tuple[Candidate, ...] = ()


Diagnoser = Callable[["FailureReport"], Explanation]
"""An exercise names its diagnosers; each is made once with the exercise and asked for each student."""

Flaw = tuple[CriterionKind, int]
"""A failing case, and in what it fails."""

_NO_VALUE: Final = (Failure.WRONG_TYPE, Failure.WRONG_SHAPE)


@dataclass(frozen=True)
class FailureReport:
    """One exercise on one device. `failed`: the criteria that failed there."""

    outcomes: ExerciseOutcomes
    prepared: Prepared
    failed: frozenset[str]
    traces: Mapping[int, Trace] = field(default_factory=dict)
    draws: bool = False  # a call drew random numbers

    @property
    def exercise(self) -> kits.Exercise:
        return self.prepared.exercise

    @cached_property
    def said(self) -> tuple[Explanation, ...]:
        """By the exercise's diagnosers; asked only where its own misconceptions leave something open."""
        return tuple(diagnoser(self) for diagnoser in self.prepared.diagnosers)

    @cached_property
    def answers(self) -> list[Answer]:
        return [outcome.answer for outcome in self.outcomes.outcomes]

    @cached_property
    def behaviours(self) -> list[Behaviour]:
        return list(map(answered, self.exercise.cases, self.answers))

    @cached_property
    def broken(self) -> dict[CriterionKind, frozenset[int]]:
        """The cases that are wrong in what the failed criteria of each kind look at."""
        found: dict[CriterionKind, set[int]] = {kind: set() for kind in get_args(CriterionKind)}
        for criterion in blamed(self.outcomes, self.exercise, self.failed):
            found[criterion.kind] |= self._wrong(criterion)
        return {kind: frozenset(cases) for kind, cases in found.items()}

    def _wrong(self, criterion: kits.Criterion) -> set[int]:
        if criterion.kind in ("optimiser", "calls"):
            own = criterion.id if criterion.kind == "calls" else ""
            rows = (one for one in self.outcomes.chains if not one.holds and one.criterion == own)
            return {one.case for one in rows}.intersection(criterion.cases)
        return {i for i in criterion.cases if seen(criterion, self.outcomes.outcomes[i])[0]}

    @cached_property
    def flaws(self) -> frozenset[Flaw]:
        return frozenset((kind, case) for kind, cases in self.broken.items() for case in cases)

    @cached_property
    def failing(self) -> frozenset[int]:
        """The cases that are wrong in anything that failed."""
        return frozenset(case for _, case in self.flaws)

    @cached_property
    def wrong(self) -> frozenset[int]:
        """The cases whose value is wrong, whether or not that costs a criterion."""
        return frozenset(one.case for one in self.outcomes.outcomes if one.failure is not None)

    @cached_property
    def moving(self) -> frozenset[int]:
        """The cases that have something to do."""
        return frozenset(i for i, case in enumerate(self.exercise.cases) if case.effort > 0)

    @cached_property
    def telling(self) -> frozenset[int]:
        """The cases whose result is neither what was passed nor 0."""
        cases, moves = self.exercise.cases, self.exercise.moves
        return frozenset(i for i in self.moving if _goes_somewhere(cases[i], moves))

    @cached_property
    def raised(self) -> dict[int, Raised]:
        return {i: answer for i, answer in enumerate(self.answers) if isinstance(answer, Raised)}

    @cached_property
    def stopped(self) -> dict[int, Stopped]:
        return {i: answer for i, answer in enumerate(self.answers) if isinstance(answer, Stopped)}

    @cached_property
    def returned(self) -> dict[int, Returned]:
        return {i: answer for i, answer in enumerate(self.answers) if isinstance(answer, Returned)}

    @cached_property
    def valueless(self) -> frozenset[int]:
        """The calls that came back without as many numbers as expected."""
        return frozenset(i for i, one in enumerate(self.outcomes.outcomes) if one.failure in _NO_VALUE)

    def fresh(self, cases: Iterable[int]) -> int:
        """How many different calls these are: a repeat shows nothing that the first call did not."""
        return sum(self.exercise.cases[i].repeats is None for i in cases)


def _goes_somewhere(case: kits.Case, moves: str) -> bool:
    given = case.arguments.get(moves)
    start = floats(given) if isinstance(given, Tensor) else []
    end = floats(case.expected)
    return end != start and any(abs(x) > 0 for x in end)
