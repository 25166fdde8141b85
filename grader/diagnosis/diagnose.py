"""Failing outcomes + kit -> the names of the mistakes, the most fundamental first.

Truth comes first: a mistake is named only where cases behave as it does, and unknown stays unknown. Mistakes
are looked for in this order, and each place is asked only about what those before it left open:

    matching    the exercise's own misconceptions: every case behaves so
    proven      a diagnoser's own program, with constants that nobody listed, gives every value
    errors      how calls end, what comes back, what outlives a call: what no value shows
    shown       what a diagnoser read from recorded steps
    partial     what is left behaves so, or some of the inputs do; else where it is wrong

So a wrong value in a wrong form is two findings. The first to be told is what has to be mended
first: nothing runs, then nothing of use comes back, then wrong values, then the form, then the style.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Final

from grader.diagnosis import exceptions, hidden_state, matching, partial, returns
from grader.diagnosis.candidates import STEPS, Candidate
from grader.diagnosis.matching import Match
from grader.diagnosis.seen import Flaw, Seen
from grader.records import Record
from grader.results import Diagnosis

LISTED: Final = 3  # mistakes that cannot be told apart; more would say nothing
FINDINGS: Final = 4  # of one exercise: a page of mistakes teaches less than the first

Finding = tuple[Candidate, ...]
"""Candidates that cannot be told apart, the simplest first."""


class Named(Record, frozen=True):
    """A diagnosis, and the landmark whose line is to be quoted beside it."""

    diagnosis: Diagnosis
    where: str | None = None


class Level(IntEnum):
    """What is to be mended first."""

    NOTHING_RUNS = 0
    NOTHING_OF_USE = 1
    VALUES = 2
    FORM = 3
    STYLE = 4


class Told(Record, frozen=True):
    """What is said of one exercise: the first finding, None where that is unknown, and what else there is."""

    first: Named | None = None
    further: tuple[Named, ...] = ()


def explain(seen: Seen) -> Told:
    """Name the mistakes behind the criteria that failed on one device; nothing where none fits.

    Where wrong values stay unknown, a finding about the form does not take their place, and nothing is said
    of who took the steps: what is unknown may be just that.
    """
    found, left = _resolved(seen)
    told = sorted(found, key=lambda one: (_level(one[1][0], seen), -one[0]))
    unknown = _values(left) and not any(_about_values(one, seen) for _, (one, *_) in told)
    named = tuple(
        Named(_diagnosis(one, seen, left), one[0].where)
        for _, one in told
        if not (unknown and one[0].kinds == STEPS)
    )
    return Told(None, named) if unknown or not named else Told(named[0], named[1:])


def _resolved(seen: Seen) -> tuple[list[tuple[int, Finding]], frozenset[Flaw]]:
    """The findings, with how many flaws each explains that those before it did not; and what is left."""
    left, found = seen.flaws, list[tuple[int, Finding]]()
    for ask in _sources(seen):
        candidates = tuple(ask(left)) if left else ()
        while left and len(found) < FINDINGS:
            best = _best(candidates, left, seen)
            if not best:
                break
            new = _flaws(best[0], seen) & left
            found.append((len(new), best))
            found += [(len(new), (one,)) for one in best[0].beside]
            left -= new
    return found, left


def _sources(seen: Seen) -> Iterator[Callable[[frozenset[Flaw]], Iterable[Candidate]]]:
    """Each gives the mistakes that may be behind what is left open, the surest first."""
    matches = [Match(one, seen) for one in seen.prepared.known]
    said = [diagnoser(seen) for diagnoser in seen.prepared.diagnosers]
    yield lambda _: matching.candidates(matches)
    yield lambda left: [one for own in said for one in own.proven] if _values(left) else ()
    yield lambda _: (*_general(seen), *(one for own in said for one in own.signs))
    yield lambda left: [one for own in said for one in own.shown] if _values(left) else ()
    yield lambda left: partial.candidates(matches, left)
    yield lambda left: partial.places(seen, left)


def _general(seen: Seen) -> Iterator[Candidate]:
    """What any function may do, in the order in which it is worth telling."""
    yield from exceptions.candidates(seen)
    yield from hidden_state.candidates(seen)
    yield from returns.candidates(seen)


def _values(left: Iterable[Flaw]) -> bool:
    return any(kind == "values" for kind, _ in left)


def _best(candidates: Sequence[Candidate], left: frozenset[Flaw], seen: Seen) -> Finding:
    """Those that explain most of what is left and cannot be told apart; none where none explains any."""
    gains = [(_gain(one, left, seen), one) for one in candidates]
    most = max((gain for gain, _ in gains), default=0)
    if not most:
        return ()
    first = min((one for gain, one in gains if gain == most), key=lambda one: (not one.whole, one.rank))
    alike = [one for gain, one in gains if gain == most and _alike(one, first)]
    by_id = {one.id: one for one in sorted(alike, key=lambda one: one.rank, reverse=True)}
    return tuple(sorted(by_id.values(), key=lambda one: one.rank)[:LISTED])


def _gain(candidate: Candidate, left: frozenset[Flaw], seen: Seen) -> int:
    """How many of the open flaws it explains; none where it is about values and no wrong one is open."""
    new = _flaws(candidate, seen) & left
    return 0 if _about_values(candidate, seen) and not _values(new) else len(new)


def _about_values(candidate: Candidate, seen: Seen) -> bool:
    return "values" in candidate.kinds and bool(candidate.explained & seen.broken["values"])


def _alike(one: Candidate, other: Candidate) -> bool:
    return (one.evidence, one.whole, one.explained, one.kinds) == (
        other.evidence, other.whole, other.explained, other.kinds,
    )  # fmt: skip


def _flaws(candidate: Candidate, seen: Seen) -> frozenset[Flaw]:
    return frozenset(one for one in seen.flaws if one[0] in candidate.kinds and one[1] in candidate.explained)


def _level(candidate: Candidate, seen: Seen) -> Level:
    explained = candidate.explained & seen.moving
    if seen.moving <= explained & (seen.raised.keys() | seen.stopped.keys()):
        return Level.NOTHING_RUNS
    if seen.moving <= explained & seen.valueless:
        return Level.NOTHING_OF_USE
    kinds = {kind for kind, _ in _flaws(candidate, seen)}
    return Level.VALUES if "values" in kinds else Level.FORM if "return" in kinds else Level.STYLE


def _diagnosis(found: Finding, seen: Seen, left: frozenset[Flaw]) -> Diagnosis:
    first = found[0]
    own = _flaws(first, seen)
    of_it = {case for kind, case in seen.flaws if kind in first.kinds or (kind, case) in left}
    explained = {case for _, case in own}
    rest = explained != of_it
    return Diagnosis(
        misconceptions=tuple(one.id for one in found),
        title=first.title,
        hint=first.hint,
        explained=len(explained),
        failing=len(of_it),
        partial=not first.whole or rest,
        titles=tuple(one.title for one in found),
        teacher=first.teacher,
        evidence="partial" if rest and first.evidence == "proven" else first.evidence,
        calls=first.calls,
        cause=first.cause,
        together=first.together,
    )
