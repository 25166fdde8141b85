"""A mistake that could be the student's, wherever it was recognised, and what a diagnoser says.

An exercise names its diagnosers; each is made once with the exercise and asked for each student. `diagnose`
decides which of the candidates is told first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from grader.kit import CriterionKind
from grader.records import Record
from grader.results import Ground

if TYPE_CHECKING:
    from grader.diagnosis.report import FailureReport

ALL_KINDS: Final[frozenset[CriterionKind]] = frozenset({"values", "return", "optimiser", "calls"})
VALUES: Final[frozenset[CriterionKind]] = frozenset({"values"})
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
