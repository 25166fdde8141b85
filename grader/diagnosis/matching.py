"""Whose outputs equal a known mistake's: what the student's function did beside each misconception.

A misconception is claimed only where *every* case behaves as it does, each value within the
misconception's own rounding tolerance. Values, form and steps are looked at apart, and a
misconception speaks only of what it costs: one of form is recognised beside wrong values too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from grader.diagnosis.candidates import ALL_KINDS, VALUES, Candidate
from grader.diagnosis.endings import for_which
from grader.diagnosis.known import values
from grader.diagnosis.raises import said
from grader.diagnosis.seen import Seen
from grader.judging.chains import manner
from grader.kit import CriterionKind


class Beside:
    """A student's answers beside all misconceptions of an exercise: mistake x case."""

    def __init__(self, seen: Seen) -> None:
        self.seen, self.known = seen, seen.prepared.known
        self.values = self.known.agreeing(seen.answers)
        self.forms = self.known.looking_alike(seen.answers)

    def steps(self, mistake: int) -> np.ndarray:
        """Whether in both the value returned was made by the optimiser's steps, or in neither."""
        return np.array(
            [self.known.chain(mistake, one).holds == one.holds for one in self.seen.outcomes.chains],
            dtype=bool,
        )

    def unlike(self, mistake: int) -> int:
        """In how much the steps were taken otherwise: how many, by which optimiser, with which options."""
        theirs = self.known.manners[mistake]
        pairs = (pair for i, own in self._manners.items() for pair in zip(own, theirs[i], strict=True))
        return sum(own != other for own, other in pairs)

    @cached_property
    def _manners(self) -> dict[int, tuple[object, ...]]:
        return {one.case: manner(self.seen.traces.get(one.case)) for one in self.seen.outcomes.chains}

    def candidate(self, mistake: int, cases: frozenset[int], *, whole: bool) -> Candidate:
        """A misconception that explains these cases; of their form and steps only what is the same."""
        one = self.known.mistakes[mistake]
        error = bool(cases) and cases <= self.seen.raised.keys()
        return Candidate(
            id=one.id,
            title=said(self.seen.raised[min(cases)]) + for_which(cases, self.seen) if error else one.title,
            hint=one.hint,
            explained=cases,
            whole=whole,
            rank=mistake,
            evidence="error" if error else "proven" if whole else "partial",
            cause=one.title if error else "",
            teacher=one.teacher,
            where=one.where,
            kinds=self._kinds(mistake, cases),
        )

    def _kinds(self, mistake: int, cases: frozenset[int]) -> frozenset[CriterionKind]:
        kinds = self.known.kinds(mistake) or VALUES
        if cases & self.seen.raised.keys() or ("values" in kinds and cases & self.seen.valueless):
            return ALL_KINDS  # what has no value has neither form nor steps
        broken = self.seen.broken
        if "return" in kinds and not self.forms[mistake][list(broken["return"] & cases)].all():
            kinds -= {"return"}
        if "optimiser" in kinds and not self.steps(mistake).all():
            kinds -= {"optimiser"}
        return kinds


def candidates(beside: Beside) -> tuple[Candidate, ...]:
    """The misconceptions that this student's outputs cannot be told apart from, simplest first."""
    found: dict[tuple[frozenset[CriterionKind], frozenset[int]], list[tuple[tuple[int, ...], Candidate]]] = {}
    for mistake in _possible(beside):
        cases = _whole(beside, mistake)
        if cases:
            candidate = beside.candidate(mistake, cases, whole=True)
            kind = VALUES if "values" in beside.known.kinds(mistake) else candidate.kinds
            found.setdefault((kind, cases & beside.seen.broken["values"]), []).append(
                (_distance(beside, mistake, candidate), candidate)
            )
    return tuple(one for group in found.values() for one in _nearest(group))


def _possible(beside: Beside) -> Iterator[int]:
    """Those that cost what failed. One that need not cost points is claimed only for wrong values."""
    for mistake, one in enumerate(beside.known.mistakes):
        if set(one.costs) <= beside.seen.failed and (one.costs or beside.seen.broken["values"]):
            yield mistake


def _whole(beside: Beside, mistake: int) -> frozenset[int]:
    """The failing cases, where all cases behave as if this were the mistake."""
    seen, kinds = beside.seen, beside.known.kinds(mistake) or VALUES
    if "values" in kinds:
        if not beside.values[mistake].all():
            return frozenset()
        return seen.failing
    if "return" in kinds:
        judged = [i for one in seen.exercise.rubric if one.kind == "return" for i in one.cases]
        return seen.broken["return"] if beside.forms[mistake][judged].all() else frozenset()
    came = all(values(seen.answers[one.case]) for one in seen.outcomes.chains)
    if not came or not seen.outcomes.moved:
        return frozenset()
    right = not seen.broken["values"] and beside.values[mistake].all()
    same = beside.steps(mistake).all() and (right or not beside.unlike(mistake))
    return seen.broken["optimiser"] if same else frozenset()


def _distance(beside: Beside, mistake: int, candidate: Candidate) -> tuple[int, ...]:
    """How much of what failed a match leaves open: of two that fit, the nearer is meant."""
    lost = (beside.known.kinds(mistake) or VALUES) - candidate.kinds
    open_criteria = len(beside.seen.failed - set(beside.known.mistakes[mistake].costs))
    return len(lost), open_criteria, beside.unlike(mistake)


def _nearest(group: list[tuple[tuple[int, ...], Candidate]]) -> list[Candidate]:
    least = min(distance for distance, _ in group)
    return [candidate for distance, candidate in group if distance == least]
