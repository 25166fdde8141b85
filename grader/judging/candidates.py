"""A mistake that could be the student's, wherever it was recognised.

Three rooms look for mistakes: `matching` among the instructor's programs, the fitted families among
constants that nobody can list, and the signs in how calls end. Each returns candidates; `diagnose`
decides which of them is told first.
"""

from __future__ import annotations

from typing import Final

from grader.kit import CriterionKind
from grader.records import Record

ALL_KINDS: Final[frozenset[CriterionKind]] = frozenset({"values", "return", "optimiser"})
VALUES: Final[frozenset[CriterionKind]] = frozenset({"values"})
STEPS: Final[frozenset[CriterionKind]] = frozenset({"optimiser"})


class Candidate(Record, frozen=True):
    """A mistake and how far it goes: `explained` are failing cases that behave exactly as it would."""

    id: str
    title: str
    hint: str
    explained: frozenset[int]
    whole: bool  # every case of the suite behaves so, those that pass too
    rank: int  # simpler mistakes have a lower one; ties go to the lower
    teacher: str = ""
    where: str | None = None  # the Landmark to quote
    kinds: frozenset[CriterionKind] = VALUES  # what of these cases it explains
