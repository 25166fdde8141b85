"""What a descent says of one failing exercise: programs that reproduce it, or what its traces show.

Made once for an exercise of a kit, asked once for each student.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec.structs import replace

from grader import decoders
from grader.descent import optimiser
from grader.descent.choices import SLOTS
from grader.descent.optimiser import unread
from grader.descent.program import Deviation, Minimised, Program, Slot
from grader.descent.search import Search
from grader.descent.suite import Answers, suites
from grader.descent.traces import Traces
from grader.diagnosis.report import VALUES, Candidate, Explanation

if TYPE_CHECKING:
    from grader import kit as kits
    from grader.diagnosis.report import FailureReport
    from grader.kit import CriterionKind
    from grader.results import Ground

ALIKE: Final = 3  # programs that cannot be told apart; more would say nothing
COUNTED: Final[tuple[Slot, ...]] = ("count", "stop")
ROUNDED: Final = 150  # in rank: any mistake is plainer
BREAKS_CHAIN: Final[frozenset[Slot]] = frozenset({"start", "between", "count", "stop", "result", "empty"})
"""Slots whose deviations keep what is returned from being what the optimiser's steps made of theta."""


class Descent:
    """The diagnoser of an exercise that is a descent."""

    def __init__(self, exercise: kits.Exercise, frozen: bytes) -> None:
        minimised = decoders.msgpack(Minimised).decode(frozen) if frozen else None
        self.suites = suites(exercise.cases, minimised) if minimised is not None else []

    @np.errstate(all="ignore")  # runs may go astray
    def __call__(self, report: FailureReport) -> Explanation:
        observed = tuple(optimiser.candidates(report))
        if not report.broken["values"] or not self.suites:
            return Explanation(observed=observed)
        ended = {i: one for i, one in report.traces.items() if i in report.returned}  # others end anywhere
        asked = [
            (suite, Answers(suite, report.answers, report.wrong), Traces(suite, ended))
            for suite in self.suites
        ]
        suite, answers, traces = max(asked, key=lambda one: int(one[1].all.wrong.sum()))
        if not answers.all.wrong.any():
            return Explanation(observed=observed)
        search = Search(answers, traces)
        programs, elsewhere = search.programs(), False
        if not programs and not traces.of_theta(answers):
            search, elsewhere = Search(answers, Traces(suite, {})), True  # by values alone
            programs = search.programs()
        every = [own for _, own, _ in asked if len(own.rows)]
        programs = [one for one in programs if all(own.reproduced(one) for own in every)]
        explained = frozenset(int(i) for own in every for i in own.index[own.all.wrong])
        if programs:
            proven = tuple(_proven(one, report, explained, traces) for one in programs[:ALIKE])
            return Explanation(proven=proven, observed=observed)
        rounded = all(own.rounded for own in every)
        slots = COUNTED if rounded else SLOTS
        seen = frozenset(call.case for call in traces.stepping)
        shown = (one for one in search.choices.shown if one.slot in slots)
        told = [_candidate(one, seen & report.broken["values"], VALUES, len(seen)) for one in shown]
        left: Sequence[Slot] = ["start"] if elsewhere else search.choices.unread
        told += unread([one for one in left if one in slots], traces, report)
        if not told and rounded:
            told = [_rounded(explained & report.broken["values"])]
        traced = (replace(told[0], beside=tuple(told[1:])),) if told else ()
        return Explanation(observed=observed, traced=traced)


def _proven(program: Program, report: FailureReport, explained: frozenset[int], traces: Traces) -> Candidate:
    """The first deviation, with the others beside it."""
    kinds = _kinds(program, report, traces)
    explained |= frozenset(case for kind in kinds - VALUES for case in report.broken[kind])
    told = (*program.deviations[-1:], *program.deviations[:-1])  # others may fit in the place of the last
    parts = [_candidate(one, explained & report.failing, kinds) for one in told]
    whole = report.returned.keys() >= report.failing
    chance = "a random number, since the function draws some" if report.draws else ""
    titles = [one.title for one in parts]
    evidence: Ground = "partial" if chance else "proven"
    parts = [
        replace(one, whole=whole, evidence=evidence, cause=chance, others=(*titles[:i], *titles[i + 1 :]))
        for i, one in enumerate(parts)
    ]
    return replace(parts[0], beside=tuple(parts[1:]), rank=sum(one.rank for one in parts))


def _kinds(program: Program, report: FailureReport, traces: Traces) -> frozenset[CriterionKind]:
    """What a program explains: who takes the steps, and the form, too, where it is what breaks these."""
    slots = {one.slot for one in program.deviations}
    kinds = set(VALUES)
    breaks = slots & BREAKS_CHAIN or any(one.rule.optimiser != "SGD" for one in program.deviations)
    if traces.ends_as(program) or (traces.stepping and breaks):
        kinds.add("optimiser")
    if "result" in slots and report.broken["return"] <= report.valueless:
        kinds.add("return")
    return frozenset(kinds)


def _candidate(
    one: Deviation, explained: frozenset[int], kinds: frozenset[CriterionKind], calls: int = 0
) -> Candidate:
    """Of `calls` recorded ones all follow it."""
    rule = one.rule
    return Candidate(
        rule.id, one.title, rule.hint, explained, whole=False, rank=rule.rank, evidence="trace",
        teacher=rule.teacher, where=rule.where, kinds=kinds, calls=calls,
    )  # fmt: skip


def _rounded(explained: frozenset[int]) -> Candidate:
    """The mathematics is right: nothing is said of the slots, whose numbers are as exact as the answers."""
    return Candidate(
        "loses-digits", "Right but for rounding: more than the last digits are lost on the way",
        "Which numbers on the way are much larger than the result? What they are added to loses digits.",
        explained, whole=False, rank=ROUNDED, evidence="partial",
        teacher="Sums with the start, a difference quotient, squares that nearly cancel; no step is wrong.",
    )  # fmt: skip
