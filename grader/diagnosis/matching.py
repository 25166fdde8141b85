"""The exercise's own misconceptions beside a student's answers: whose outputs cannot be told apart.

A misconception is claimed only where *every* case behaves as it does, each value within its own rounding.
Values, form and steps are compared one by one, and a misconception speaks only of what it costs: one of form
is recognised beside wrong values too. One fits in part where a student made two mistakes, or one that shows
in some of the inputs only: no passing case may contradict it, but for those outside the part, and it has to
explain more than chance would. What none explains is told by its place: "right but for float64 tensors".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from msgspec.structs import replace

from grader import kit as kits
from grader.diagnosis.exceptions import for_which, message_of
from grader.diagnosis.partitions import FEW, exactly
from grader.diagnosis.report import ALL_KINDS, VALUES, Candidate, FailureReport, Flaw
from grader.judging.behaviour import Behaviour, behaviour, form, same, values
from grader.judging.chains import chain_of
from grader.judging.compare import judge_case
from grader.judging.tolerances import CONVINCING
from grader.kit import CriterionKind
from grader.records import Trace

PAIRS: Final = 10_000  # the rank of two mistakes at once: behind every single one
PLACE: Final = 1000  # the rank of a place without a name
IN_A_PART: Final = 5  # different calls with wrong values: more than CONVINCING, for there are many partitions


@dataclass(frozen=True)
class Known:
    """A misconception that shows on the CPU and that no diagnoser knows better; read once."""

    rank: int
    mistake: kits.Misconception
    kinds: frozenset[CriterionKind]  # what it costs; values, where it need not cost anything
    behaviours: tuple[Behaviour, ...]
    wrong: frozenset[int]  # cases where its value is wrong: to agree with it elsewhere means nothing


def known(exercise: kits.Exercise) -> tuple[Known, ...]:
    """Those of an exercise, the simplest first."""
    own = [one for one in exercise.misconceptions if one.needs is None and not one.diagnoser]
    return tuple(_known(rank, one, exercise) for rank, one in enumerate(own))


def pairs(exercise: kits.Exercise) -> tuple[Known, ...]:
    """Two mistakes at once; asked about only where no one mistake explains the values."""
    return tuple(_known(PAIRS + rank, one, exercise) for rank, one in enumerate(exercise.pairs))


def _known(rank: int, mistake: kits.Misconception, exercise: kits.Exercise) -> Known:
    rows = enumerate(zip(exercise.cases, mistake.answers, strict=True))
    kinds = frozenset(one.kind for one in exercise.rubric if one.id in mistake.costs) or VALUES
    behaviours = tuple(map(behaviour, mistake.answers, mistake.tolerances))
    wrong = frozenset(i for i, (case, answer) in rows if judge_case(i, case, answer).failure is not None)
    return Known(rank, mistake, kinds, behaviours, wrong)


@dataclass(frozen=True)
class Match:
    """A misconception beside one student."""

    known: Known
    report: FailureReport

    @cached_property
    def values(self) -> frozenset[int]:
        """The cases whose answer is the misconception's."""
        pairs = zip(self.report.behaviours, self.known.behaviours, strict=True)
        return frozenset(i for i, pair in enumerate(pairs) if same(*pair))

    @property
    def everywhere(self) -> bool:
        return len(self.values) == len(self.known.behaviours)

    def looks(self, cases: frozenset[int]) -> bool:
        """Whether these answers look like the misconception's."""
        theirs = self.known.mistake.answers
        return all(form(self.report.answers[i]) == form(theirs[i]) for i in cases)

    @cached_property
    def steps(self) -> bool:
        """Whether in every traced call the value was made by the optimiser's steps in both, or in neither.

        And steps moved something in both, or in neither: by hand is no other number that an optimiser moves.
        """
        return _moved(self.report.traces) == _moved(self.known.mistake.traces) and all(
            chain_of(self.known.mistake, one, self.report.exercise).holds == one.holds
            for one in self.report.outcomes.chains
        )

    def candidate(self, cases: frozenset[int], *, whole: bool) -> Candidate:
        """The misconception as what explains these cases; of their form and steps only what is the same."""
        one, raised = self.known.mistake, self.report.raised
        error = bool(cases) and cases <= raised.keys()
        return Candidate(
            one.id, message_of(raised[min(cases)])[1] + for_which(cases, self.report) if error else one.title,
            one.hint, cases, whole, self.known.rank,
            evidence="error" if error else "proven" if whole else "partial",
            cause=one.title if error else "", teacher=one.teacher, where=one.where, others=one.others,
            kinds=self._kinds(cases),
        )  # fmt: skip

    def _kinds(self, cases: frozenset[int]) -> frozenset[CriterionKind]:
        kinds, report = self.known.kinds, self.report
        if cases & report.raised.keys() or ("values" in kinds and cases & report.valueless):
            return ALL_KINDS  # what has no value has neither form nor steps
        if "return" in kinds and not self.looks(report.broken["return"] & cases):
            kinds -= {"return"}
        return kinds if "optimiser" not in kinds or self.steps else kinds - {"optimiser"}


def _moved(traces: Mapping[int, Trace]) -> bool:
    return any(step.before != step.after for trace in traces.values() for step in trace.steps)


def candidates(matches: Sequence[Match]) -> Iterator[Candidate]:
    """The misconceptions that this student's outputs cannot be told apart from, simplest first.

    Of those that explain the same, only the nearest: the ones that leave least of what failed open.
    """
    found: dict[tuple[frozenset[CriterionKind], frozenset[int]], list[tuple[tuple[int, int], Candidate]]] = {}
    for match in matches:
        cases = _whole(match)
        if cases:
            one = match.candidate(cases, whole=True)
            kind = VALUES if "values" in match.known.kinds else one.kinds
            group = found.setdefault((kind, cases & match.report.broken["values"]), [])
            group.append((_left_open(match, one), one))
    for group in found.values():
        least = min(left for left, _ in group)
        yield from (one for left, one in group if left == least)


def _whole(match: Match) -> frozenset[int]:
    """The failing cases, where all cases behave as if this were the mistake and what it costs failed."""
    report, costs, kinds = match.report, match.known.mistake.costs, match.known.kinds
    if not set(costs) <= report.failed or not (costs or report.broken["values"]):
        return frozenset()
    if "values" in kinds:
        return report.failing if match.everywhere else frozenset()
    if "return" in kinds:
        alike = match.looks(report.exercise.judged_by("return"))
        return report.broken["return"] if alike else frozenset()
    came = report.outcomes.moved and all(values(report.answers[one.case]) for one in report.outcomes.chains)
    right = not report.broken["values"] and match.everywhere
    return report.broken["optimiser"] if came and right and match.steps else frozenset()


def _left_open(match: Match, candidate: Candidate) -> tuple[int, int]:
    """How many of the kinds that it costs, and of the criteria that failed."""
    failed = match.report.failed - set(match.known.mistake.costs)
    return len(match.known.kinds - candidate.kinds), len(failed)


# --- in part ---------------------------------------------------------------------------------


def in_part(matches: Sequence[Match], left: frozenset[Flaw]) -> Iterator[Candidate]:
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
        "wrong-in-a-part", f"Right, but not {part.words}",
        f"Call your function once {part.words} and once not. Which line treats the two differently?",
        cases, whole=False, rank=PLACE, evidence="partial", kinds=ALL_KINDS,
        teacher="No known mistake behaves so; what is known is the part of the inputs where it fails.",
    )  # fmt: skip
