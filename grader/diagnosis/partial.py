"""What explains a part of what is left open, and where the rest is wrong.

A misconception fits in part where a student made two mistakes, or one that shows in some of the inputs only.
No passing case may contradict it, but for those outside the part, and it has to explain more than chance
would. What no misconception explains is at least told by its place: "right but for float64 tensors".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from grader.diagnosis.candidates import ALL_KINDS, VALUES, Candidate
from grader.diagnosis.matching import Match
from grader.diagnosis.partitions import FEW, exactly
from grader.diagnosis.report import FailureReport, Flaw
from grader.judging.tolerances import CONVINCING

IN_A_PART: Final = 5  # different calls with wrong values: more than CONVINCING, for there are many partitions
PLACE: Final = 1000  # the rank of a place without a name


def candidates(matches: Sequence[Match], left: frozenset[Flaw]) -> Iterator[Candidate]:
    """What explains some of the values that are left open."""
    wrong = frozenset(case for kind, case in left if kind == "values")
    for match in matches:
        if "values" in match.known.kinds:
            yield from _besides_another(match, wrong)
    for match in matches:
        yield from _in_a_part(match, wrong)


def _besides_another(match: Match, wrong: frozenset[int]) -> Iterator[Candidate]:
    """Half of what is left or more behaves as the mistake; no passing case contradicts."""
    report, own = match.report, match.known.wrong
    passing = report.returned.keys() - report.wrong
    explained = wrong & match.values
    convincing = report.fresh(explained & own) >= CONVINCING and 2 * len(explained) >= len(wrong)
    if convincing and own & passing <= match.values:
        yield match.candidate(explained, whole=False)


def _in_a_part(match: Match, wrong: frozenset[int]) -> Iterator[Candidate]:
    """All cases of a recognisable part behave as the mistake, and nothing else is wrong."""
    report, own = match.report, match.known.wrong
    for part in report.prepared.partitions:
        inside = wrong <= part.cases <= match.values and own - part.cases
        if inside and report.fresh(wrong & own) >= IN_A_PART:
            found = match.candidate(wrong, whole=False)
            yield replace(found, title=f"{found.title}, but only {part.words}", kinds=VALUES)


def places(report: FailureReport, left: frozenset[Flaw]) -> Iterator[Candidate]:
    """Where it is wrong, if that is a recognisable part and all the rest is right."""
    cases = frozenset(case for _, case in left)
    moving, telling = report.moving, report.telling
    among = telling if not telling <= cases else moving if not cases & telling else cases
    part = exactly(cases & among, among, report)
    both = min(report.fresh(cases & among), report.fresh(among - cases))
    if part is None or both < FEW or cases != report.failing:
        return
    yield Candidate(
        id="wrong-in-a-part",
        title=f"Right, but not {part.words}",
        hint=f"Call your function once {part.words} and once not. Which line treats the two differently?",
        explained=cases,
        whole=False,
        rank=PLACE,
        evidence="partial",
        teacher="No known mistake behaves so; what is known is the part of the inputs where it fails.",
        kinds=ALL_KINDS,
    )
