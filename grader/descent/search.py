"""Answers and traces of one student -> the programs that reproduce every answer, fewest deviations first.

What the traces show of a slot narrows it to the right value or to the rules that every recorded step follows;
slots are read apart, and what they compose is run on every case. Where that leaves answers open, or nothing
was traced, one more deviation is looked for in the values: what a slot must have held, if all else is as
composed. Only a program that returns every answer is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from typing import Final

import numpy as np

from grader.descent.choices import BY_SLOT, CHOICES, SLOTS, Choices, constants_of, first, follows, oddness
from grader.descent.inference import Inferred
from grader.descent.program import GRADIENT, RIGHT, Deviation, Program, Slot
from grader.descent.reading import Rows
from grader.descent.rules import RULES
from grader.descent.rules.counts import UNASKED
from grader.descent.suite import Answers, agreeing
from grader.descent.traces import Traces
from grader.judging.tolerances import CONVINCING

MOST: Final = 3  # deviations of one program
AS_PLAIN: Final = 6  # in rank, up to which two programs that fit alike are both told
ENTERED: Final[Mapping[Slot, Slot]] = {"stop": "count", "schedule": "rate"}  # what the slot before hands on
RUNS: Final = 80  # programs that are run for one student
BASES: Final = 48  # compositions of what traces show that are run
CANCELLING: Final[frozenset[Slot]] = frozenset({"loss", "rate", "schedule", "direction", "update"})
"""Slots whose factors may undo each other."""


class Search:
    """The search over one suite for one student."""

    def __init__(self, answers: Answers, traces: Traces) -> None:
        self.answers, self.traces = answers, traces
        self.choices = Choices(traces)
        self._near: list[Program] = []  # with a result that fits most answers, and a threshold that does not
        self._left = RUNS

    def programs(self) -> list[Program]:
        """Those that reproduce every answer and cannot be told apart, the plainest first."""
        bases = self._bases()
        undone = [one.without(*CANCELLING) for one in bases if len(one.slots.keys() & CANCELLING) > 1]
        for base in sorted([*undone, *bases], key=lambda one: len(one.deviations)):
            if base.deviations and self._reproduced(base):
                return [base, *self._as_good(base, bases)]
        for base in (one for one in bases if all(x.rule.id != UNASKED for x in one.deviations)):
            found = self._again(base, base)
            if not found and len(base.deviations) < MOST:
                found = list(self._one_more(base, self._open(base)))
            if found:
                return _plainest(found)
        for near in self._near[:CHOICES]:
            found = self._again(near, near.without("result"))
            if found:
                return _plainest(found)
        return _plainest(list(self._that_spread()))

    def _again(self, program: Program, some: Program) -> list[Program]:
        """With the constants of one of some slots read again, from all the values."""
        ways = (list(self._one_more(program.without(slot), [slot])) for slot in some.slots)
        return next(filter(None, ways), [])

    def _as_good(self, best: Program, others: Sequence[Program]) -> Iterator[Program]:
        """Those that differ from it in one slot and are as plain: nothing tells them apart."""
        for one in others:
            apart = set(one.deviations) ^ set(best.deviations)
            alike = len(one.deviations) == len(best.deviations) and len({x.rule.id for x in apart}) == 2  # noqa: PLR2004
            if alike and _rank(one) <= _rank(best) + AS_PLAIN and self._reproduced(one):
                yield one

    def _that_spread(self) -> Iterator[Program]:
        """Rules that a trace shows in several slots at once."""
        inferred = Inferred(self.answers, RIGHT)
        for rule in RULES:
            if rule.spreads is None or not self.choices.rows or not rule.spreads(self.choices.rows):
                continue
            for one in constants_of(rule, self.choices.rows.get(rule.slot) or inferred.rows(rule.slot)):
                program = Program((one,))
                if self._reproduced(program):
                    yield program
                    break

    def _reproduced(self, program: Program) -> bool:
        self._left -= 1
        if self._left < 0:
            return False
        read = sum(len(one.constants) for one in program.deviations if one.slot not in self.choices.rows)
        wanted = min(CONVINCING + read, int((self.answers.all.wrong & self.answers.all.fresh).sum()))
        return self.answers.reproduced(program) and self.answers.telling(program) >= wanted

    def _bases(self) -> list[Program]:
        """The compositions of what the slots may hold by the traces, fewest deviations first."""
        empty = [(), *filter(None, first(BY_SLOT["empty"], Inferred(self.answers, RIGHT).rows("empty")))]
        parts = [empty, *self.choices.slots.values(), self.choices.terminations, self.choices.gradients]
        ways = islice(product(*[one or [()] for one in parts]), 8 * BASES)
        programs = [Program(sum(way, ())) for way in ways]
        ordered = sorted(dict.fromkeys(programs), key=lambda one: (len(one.deviations), _rank(one)))
        return [one for one in ordered if len(one.deviations) <= MOST][:BASES]

    # --- what values show -----------------------------------------------------------------------

    def _one_more(self, base: Program, slots: Sequence[Slot]) -> Iterator[Program]:
        """The base with one deviation more, in one of these slots, that makes it return every answer."""
        inferred = Inferred(self.answers, base)
        for slot in slots:
            seen = self._beside(base, slot)
            for rule in BY_SLOT[slot]:
                for one in constants_of(rule, (rule.remembers and seen) or inferred.rows(slot) or seen):
                    if not self._allowed(one, seen) or not inferred.allows(one):
                        continue
                    program = Program((*base.deviations, one))
                    if self._reproduced(program):
                        yield program
                        break
                    if base.deviations and slot == "result":
                        self._near.append(program)

    def _open(self, base: Program) -> list[Slot]:
        """The slots that one more deviation may be in.

        Where the base does not even return the answers of traced calls, it is none that the traces show.
        """
        slots = [slot for slot in SLOTS if slot not in base.slots]
        traced = np.isin(self.answers.index, [call.case for call in self.traces.stepping])
        if agreeing(base, self.answers.all.rows(traced)).all():
            return slots
        shown = {*self.choices.rows, *(GRADIENT if "loss" in self.choices.rows else ()), *self.choices.slots}
        closed = {slot for slot in shown if self.choices.slots.get(slot, [()])}
        closed -= set() if self.choices.terminations else {"count", "stop"}
        return [slot for slot in slots if slot not in closed]

    def _beside(self, base: Program, slot: Slot) -> Rows | None:
        """The traced rows of a slot, as what the base holds in the slot before it leaves them."""
        rows = self.choices.rows.get(slot)
        if rows is None or slot not in ENTERED:
            return rows
        entered = np.asarray(base.of(rows.x, rows.at, ENTERED[slot]), dtype=float)
        return replace(
            rows, x=np.broadcast_to(entered, rows.x.shape), at=replace(rows.at, loss=base.slots.get("loss"))
        )

    def _allowed(self, one: Deviation, seen: Rows | None) -> bool:
        """Whether the traces of its slot do not contradict it."""
        if one.slot in GRADIENT:
            rows = self.choices.rows.get("loss")
            if rows is None:
                return True
            return all(follows((one,), part).all() for part in self.traces.split(rows))
        taken, options = self.traces.optimiser or ("", {})
        if one.rule.options and one.rule.optimiser == taken:
            told = zip(one.rule.options, one.constants, strict=True)
            if any(name in options and not math.isclose(options[name], value) for name, value in told):
                return False
        if one.slot == "update" and self.traces.optimiser and one.rule.optimiser != taken:
            return False
        if one.slot == "update" and (steps := self.choices.rows.get("direction")) is not None:
            return not steps.right  # each step is the rate times the gradient
        return seen is None or one.rule.remembers or bool(seen.follow(one).all())


def _plainest(programs: Sequence[Program]) -> list[Program]:
    """Those that cannot be told apart and are about as plain as the plainest; of one rule the first alone."""
    ordered = sorted(programs, key=_rank)
    by_rule = {one.deviations[-1].rule.id: one for one in reversed(ordered)}
    return [one for one in list(by_rule.values())[::-1] if _rank(one) <= _rank(ordered[0]) + AS_PLAIN]


def _rank(program: Program) -> float:
    return sum(one.rule.rank + sum(map(oddness, one.constants)) for one in program.deviations)
