"""Misconceptions that explain a part of what is left, and what can be said of the rest.

Two things make a partial match: the student made two mistakes, or one that shows in a part of the inputs
only. In both no passing case may contradict it, but for those outside the part, and it has to explain
more than chance would. What no misconception explains is at least told by its place: "right but for
float64 tensors".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from grader.diagnosis.candidates import ALL_KINDS, VALUES, Candidate
from grader.diagnosis.matching import Beside
from grader.diagnosis.parts import exactly
from grader.diagnosis.seen import Flaw, Seen

CONVINCING: Final = 3  # different calls with wrong values that behave as the mistake
IN_A_PART: Final = 5  # the same for a part alone, of which there are many
FEW: Final = 2  # different calls on each side, for a place to be one
UNLIKE: Final = 100  # what each difference in the traced steps adds to the rank
PLACE: Final = 1000  # the rank of a place without a name


def candidates(beside: Beside, left: frozenset[Flaw]) -> tuple[Candidate, ...]:
    """What explains some of the flaws that are left."""
    open_cases = frozenset(case for kind, case in left if kind == "values")
    return (*_besides_another(beside, open_cases), *_in_a_part(beside, open_cases))


def _besides_another(beside: Beside, open_cases: frozenset[int]) -> Iterator[Candidate]:
    """Half of what is left or more behaves as the mistake; no passing case contradicts."""
    seen = beside.seen
    passing = seen.mask(seen.returned.keys() - seen.wrong)
    for mistake, telling in enumerate(beside.known.telling):
        agree = beside.values[mistake]
        if "values" not in beside.known.kinds(mistake) or (telling & ~agree & passing).any():
            continue
        explained = frozenset(i for i in open_cases if agree[i])
        told = seen.fresh(i for i in explained if telling[i])
        if told >= CONVINCING and 2 * len(explained) >= len(open_cases):
            found = beside.candidate(mistake, explained, whole=False)
            yield msgspec.structs.replace(found, rank=UNLIKE * beside.unlike(mistake) + mistake)


def _in_a_part(beside: Beside, open_cases: frozenset[int]) -> Iterator[Candidate]:
    """All cases of a recognisable part behave as the mistake."""
    seen = beside.seen
    for part in seen.prepared.parts:
        own = seen.mask(part.cases)
        explained = part.cases & open_cases
        if explained != open_cases or seen.fresh(explained) < IN_A_PART:
            continue
        for mistake, telling in enumerate(beside.known.telling):
            told = seen.fresh(i for i in explained if telling[i])
            if told < IN_A_PART or not beside.values[mistake][own].all():
                continue
            if not (telling & ~own).any():
                continue
            found = beside.candidate(mistake, explained, whole=False)
            title = f"{found.title}, but only {part.words}"
            yield msgspec.structs.replace(found, title=title, kinds=VALUES)


def places(seen: Seen, left: frozenset[Flaw]) -> tuple[Candidate, ...]:
    """Where it is wrong, if that is a recognisable part and all the rest is right."""
    cases = frozenset(case for _, case in left)
    among = seen.telling if not seen.telling <= cases else seen.moving if not cases & seen.telling else cases
    part = exactly(cases & among, among, seen)
    both = min(seen.fresh(cases & among), seen.fresh(among - cases))
    if part is None or both < FEW or cases != seen.failing:
        return ()
    found = Candidate(
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
    return (found,)
