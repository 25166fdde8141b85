"""What a program with an unknown mistake did on the whole suite, in short, so that equal ones can be found.

Of each case stands what came (a digest of the error's type, of how many numbers, of what is wrong with their
form) and the numbers in units of the largest that was given, so that one tolerance serves all cases.
No word of a student's is in it. Two programs that make the same mistake round differently, so behaviours are
not compared as texts: `report.clusters` allows for rounding.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Final

from grader import kit as kits
from grader.diagnosis.known import values, what
from grader.judging.evidence import Ran
from grader.records import Outcome, Stopped, Tensor
from grader.results import CriterionResult
from grader.tensors import floats

_DIGITS: Final = 6  # two more than clusters tell apart
_BYTES: Final = 3  # of the digest of what came


def described(exercise: kits.Exercise, ran: Sequence[Ran], criteria: Sequence[CriterionResult]) -> str:
    """The behaviour on the first device that shows a failure; empty where nothing failed or nothing ran."""
    failed = {row.device for row in criteria if row.outcome == "failed"}
    shown = next((outcomes for _, outcomes in ran if outcomes.found and outcomes.device in failed), None)
    if shown is None:
        return ""
    formal = {index for one in exercise.rubric if one.kind == "return" for index in one.cases}
    return ";".join(
        _case(case, outcome, formal=index in formal)
        for index, (case, outcome) in enumerate(zip(exercise.cases, shown.outcomes, strict=True))
    )


def _case(case: kits.Case, outcome: Outcome, *, formal: bool) -> str:
    """`a1b2c3 0.64 0.64`: what came, then its numbers."""
    answer = outcome.answer
    came = answer.failure.value if isinstance(answer, Stopped) else what(answer)
    told = repr((came, outcome.form.value if formal and outcome.form else ""))
    digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[: 2 * _BYTES]
    unit = _unit(case)
    return " ".join([digest, *(f"{x / unit:.{_DIGITS}g}" for x in values(answer))])


def _unit(case: kits.Case) -> float:
    """The largest number in the tensors given; 1 where all are 0."""
    given = [abs(x) for one in case.arguments.values() if isinstance(one, Tensor) for x in floats(one)]
    return max((x for x in given if math.isfinite(x)), default=0.0) or 1.0
