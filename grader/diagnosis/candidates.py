"""A mistake that could be the student's, wherever it was recognised.

Three rooms look for mistakes: `matching` among the instructor's programs, the fitted families among
constants that nobody can list, and the signs in how calls end. Each returns candidates; `diagnose`
decides which of them is told first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from grader.judging.walks import Walk
from grader.kit import CriterionKind
from grader.records import Record
from grader.results import Ground

ALL_KINDS: Final[frozenset[CriterionKind]] = frozenset({"values", "return", "optimiser"})
VALUES: Final[frozenset[CriterionKind]] = frozenset({"values"})
STEPS: Final[frozenset[CriterionKind]] = frozenset({"optimiser"})

Program = Callable[[Sequence[int]], Sequence[Walk]]
"""The steps that a candidate's own program takes in some of the cases."""


class Candidate(Record, frozen=True):
    """A mistake and how far it goes: `explained` are failing cases that behave as it would."""

    id: str
    title: str
    hint: str
    explained: frozenset[int]
    whole: bool  # every case of the suite behaves so, those that pass too
    rank: int  # simpler mistakes have a lower one; ties go to the lower
    evidence: Ground
    calls: int = 0  # that it was read from, where it was read from calls
    cause: str = ""  # a possible one, where the title says only what was seen
    program: Program | None = None  # where it speaks of the run; None where it does not
    lengths: bool = False  # it speaks of how long steps are, not of what makes them so
    teacher: str = ""
    where: str | None = None  # the Landmark to quote
    kinds: frozenset[CriterionKind] = VALUES  # what of these cases it explains
