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
from operator import attrgetter
from typing import Final

from grader.diagnosis import effects, exceptions, hidden_state, matching, returns
from grader.diagnosis.matching import Match
from grader.diagnosis.report import STEPS, Candidate, FailureReport, Flaw
from grader.records import Record
from grader.results import Diagnosis

ALIKE: Final = attrgetter("evidence", "whole", "explained", "kinds")  # of two that cannot be told apart
LISTED: Final = 3  # mistakes that cannot be told apart; more would say nothing
GENERAL: Final = (exceptions, hidden_state, effects, returns)
"""What any function may do, in the order in which it is worth telling."""

FINDINGS: Final = 4  # of one exercise: a page of mistakes teaches less than the first

Alternatives = tuple[Candidate, ...]
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


def explain(report: FailureReport) -> Told:
    """Name the mistakes behind the criteria that failed on one device; nothing where none fits.

    Where wrong values stay unknown, a finding about the form does not take their place, and nothing is said
    of who took the steps: what is unknown may be just that.
    """
    found, left = _resolved(report)
    told = sorted(found, key=lambda one: (_level(one[1][0], report), -one[0]))
    unknown = _values(left) and not any(_about_values(one, report) for _, (one, *_) in told)
    named = tuple(
        Named(_diagnosis(one, report, left), one[0].where)
        for _, one in told
        if not (unknown and one[0].kinds == STEPS)
    )
    return Told(None, named) if unknown or not named else Told(named[0], named[1:])


def _resolved(report: FailureReport) -> tuple[list[tuple[int, Alternatives]], frozenset[Flaw]]:
    """The findings, with how many flaws each explains that those before it did not; and what is left."""
    left, found = report.flaws, list[tuple[int, Alternatives]]()
    for ask in _sources(report):
        candidates = tuple(ask(left)) if left else ()
        while left and len(found) < FINDINGS:
            best = _best(candidates, left, report)
            if not best:
                break
            new = _flaws(best[0], report) & left
            found.append((len(new), best))
            found += [(len(new), (one,)) for one in best[0].beside]
            left -= new
    return found, left


def _sources(report: FailureReport) -> Iterator[Callable[[frozenset[Flaw]], Iterable[Candidate]]]:
    """Each gives the mistakes that may be behind what is left open, the surest first."""
    matches = [Match(one, report) for one in report.prepared.known]
    pairs = (Match(one, report) for one in report.prepared.pairs)
    general = (one for module in GENERAL for one in module.candidates(report))
    yield lambda _: matching.candidates(matches)
    yield lambda left: [one for own in report.said for one in own.proven] if _values(left) else ()
    yield lambda left: matching.candidates(list(pairs)) if _values(left) else ()
    yield lambda _: (*general, *(one for own in report.said for one in own.observed))
    yield lambda left: [one for own in report.said for one in own.traced] if _values(left) else ()
    yield lambda left: matching.in_part(matches, left)
    yield lambda left: matching.places(report, left)


def _values(left: Iterable[Flaw]) -> bool:
    return any(kind == "values" for kind, _ in left)


def _best(candidates: Sequence[Candidate], left: frozenset[Flaw], report: FailureReport) -> Alternatives:
    """Those that explain most of what is left and cannot be told apart; none where none explains any."""
    gains = [(_gain(one, left, report), one) for one in candidates]
    most = max((gain for gain, _ in gains), default=0)
    if not most:
        return ()
    first = min((one for gain, one in gains if gain == most), key=lambda one: (not one.whole, one.rank))
    alike = [one for gain, one in gains if gain == most and ALIKE(one) == ALIKE(first)]
    by_id = {one.id: one for one in sorted(alike, key=lambda one: one.rank, reverse=True)}
    return tuple(sorted(by_id.values(), key=lambda one: one.rank)[:LISTED])


def _gain(candidate: Candidate, left: frozenset[Flaw], report: FailureReport) -> int:
    """How many of the open flaws it explains; none where it is about values and no wrong one is open."""
    new = _flaws(candidate, report) & left
    return 0 if _about_values(candidate, report) and not _values(new) else len(new)


def _about_values(candidate: Candidate, report: FailureReport) -> bool:
    return "values" in candidate.kinds and bool(candidate.explained & report.broken["values"])


def _flaws(candidate: Candidate, report: FailureReport) -> frozenset[Flaw]:
    kinds, cases = candidate.kinds, candidate.explained
    return frozenset((kind, case) for kind, case in report.flaws if kind in kinds and case in cases)


def _level(candidate: Candidate, report: FailureReport) -> Level:
    explained = candidate.explained & report.moving
    if report.moving <= explained & (report.raised.keys() | report.stopped.keys()):
        return Level.NOTHING_RUNS
    if report.moving <= explained & report.valueless:
        return Level.NOTHING_OF_USE
    kinds = {kind for kind, _ in _flaws(candidate, report)}
    return Level.VALUES if "values" in kinds else Level.FORM if "return" in kinds else Level.STYLE


def _diagnosis(found: Alternatives, report: FailureReport, left: frozenset[Flaw]) -> Diagnosis:
    first = found[0]
    own = _flaws(first, report)
    of_it = {case for kind, case in report.flaws if kind in first.kinds or (kind, case) in left}
    explained = {case for _, case in own}
    rest = explained != of_it
    return Diagnosis(
        tuple(one.id for one in found), first.title, first.hint, len(explained), len(of_it),
        partial=not first.whole or rest, titles=tuple(one.title for one in found), teacher=first.teacher,
        evidence="partial" if rest and first.evidence == "proven" else first.evidence,
        calls=first.calls, cause=first.cause, others=first.others,
    )  # fmt: skip
