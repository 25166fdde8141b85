"""Answers and traces of one student -> the programs that reproduce every answer, fewest deviations first.

What the traces show of a slot narrows it to the right value or to the rules that every recorded step follows;
slots are read apart, and what they compose is run on every case. Where that leaves answers open, or nothing
was traced, one more deviation is looked for in the values: what a slot must have held, if all else is as
composed. Only a program that returns every answer is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, product
from typing import Final, get_args

import numpy as np

from grader.descent.inference import Inferred
from grader.descent.objective import Objective
from grader.descent.program import GRADIENT, RIGHT, Array, Deviation, Moment, Program, Slot
from grader.descent.reading import Rows, Trial
from grader.descent.rule import Rule, nothing
from grader.descent.rules import RULES
from grader.descent.suite import Answers, agreeing
from grader.descent.traces import Traces
from grader.judging.tolerances import CONVINCING

MOST: Final = 3  # deviations of one program
CHOICES: Final = 5  # of one slot, the right value included
EMPTY_GRADIENT: Final = "gradient-empty"  # the rule of a gradient that is missing or 0
REPEATED: Final = "step-repeated"  # the rule of steps that are taken again with the same gradient
AS_PLAIN: Final = 6  # in rank, up to which two programs that fit alike are both told
EACH: Final = 2  # constants of one rule, where rows leave it open
LONGER: Final = 1.01  # times: what has not come to the length of a clip
FEW: Final = 2  # rows that a rule has to be seen in
ENTERED: Final[Mapping[Slot, Slot]] = {"stop": "count", "schedule": "rate"}  # what the slot before hands on
RUNS: Final = 80  # programs that are run for one student
BASES: Final = 48  # compositions of what traces show that are run
SLOTS: Final[tuple[Slot, ...]] = get_args(Slot)
CANCELLING: Final[tuple[Slot, ...]] = (
    "loss",
    "rate",
    "direction",
    "schedule",
    "update",
)  # factors may undo each other

Choice = Deviation | None
"""A way to fill a slot; None: the right one."""


@dataclass(frozen=True)
class Found:
    """What was found: `programs` reproduce every answer and cannot be told apart, the plainest first.

    `shown` are deviations that all traced calls follow, and `unread` the slots whose traced calls follow no
    rule; both are for where no program reproduces all.
    """

    programs: tuple[Program, ...] = ()
    shown: tuple[Deviation, ...] = ()
    unread: tuple[Slot, ...] = ()


class Search:
    """The search over one suite for one student."""

    def __init__(self, answers: Answers, traces: Traces) -> None:
        self.answers, self.traces = answers, traces
        self._near: list[Program] = []  # with a result that fits most answers, and a threshold that does not
        self._left = RUNS

    def rules(self, slot: Slot) -> Sequence[Rule]:
        """Those that can show in a theta of so many components."""
        return [rule for rule in RULES if rule.slot == slot and rule.suits({self.answers.suite.width})]

    def found(self) -> Found:
        if not self.answers.all.wrong.any():
            return Found()
        with np.errstate(all="ignore"):
            proven = self._proven()
            if proven:
                return Found(tuple(proven))
            shown = [one for slot in SLOTS if (one := self._only(slot)) is not None]
            shown += [one for one in (self.gradients[0] if self.gradients else ()) if one is not None]
            shown += [one for one in self.terminations[0] if one and _is_read(one)] if self._one_end else []
            return Found((), tuple(shown), tuple(self.unread))

    def _proven(self) -> list[Program]:
        bases = self._bases()
        undone = [one.without(*CANCELLING) for one in bases if _cancelling(one)]
        for base in sorted([*undone, *bases], key=lambda one: len(one.deviations)):
            if base.deviations and self._reproduced(base):
                return [base, *self._as_good(base, bases)]
        for base in bases:
            for slot in base.slots:  # its constants again, from all the values
                found = list(self._one_more(base.without(slot), [slot]))
                if found:
                    return _plainest(found)
            found = list(self._one_more(base, self._open(base))) if len(base.deviations) < MOST else []
            if found:
                return _plainest(found)
        for near in self._near[:CHOICES]:
            for slot in near.without("result").slots:
                found = list(self._one_more(near.without(slot), [slot]))
                if found:
                    return _plainest(found)
        return _plainest(list(self._that_spread()))

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
            if rule.spreads is None or not self._rows or not rule.spreads(self._rows):
                continue
            for one in _constants(rule, self._rows.get(rule.slot) or inferred.rows(rule.slot)):
                program = Program((one,))
                if self._reproduced(program):
                    yield program
                    break

    def _reproduced(self, program: Program) -> bool:
        self._left -= 1
        if self._left < 0:
            return False
        read = sum(len(one.constants) for one in program.deviations if self.rows(one.slot) is None)
        wanted = min(CONVINCING + read, int((self.answers.all.wrong & self.answers.all.fresh).sum()))
        return self.answers.reproduced(program) and self.answers.telling(program) >= wanted

    # --- what traces show ---------------------------------------------------------------------

    def rows(self, slot: Slot) -> Rows | None:
        return self._rows.get(slot)

    @cached_property
    def _rows(self) -> dict[Slot, Rows]:
        made = ((slot, self.traces.rows(slot)) for slot in SLOTS)
        return {slot: rows for slot, rows in made if rows is not None and len(rows)}

    @cached_property
    def choices(self) -> dict[Slot, list[Choice]]:
        """For each slot but those of the gradient what every traced call follows; nothing where none is."""
        found: dict[Slot, list[Choice]] = {}
        for slot in ("start", "between"):
            if slot in self._rows:
                found[slot] = list(islice(_following(self.rules(slot), self._rows[slot]), CHOICES))
        if "rate" in self._rows:
            found["rate"] = list(islice(_following(self.rules("rate"), self._rows["rate"]), CHOICES))
            alone = list(islice(_following(self.rules("schedule"), self._rows["schedule"]), CHOICES))
            if alone:  # what changes the first step as well is no other rate besides
                found["rate"] = [None]
            found["schedule"] = alone or list(islice(self._schedules(found["rate"]), CHOICES))
        found |= self._options()
        return found

    def _schedules(self, rates: list[Choice]) -> Iterator[Choice]:
        rows = self._rows["schedule"]
        for rate in rates:
            base = rows.x if rate is None else np.broadcast_to(rate(rows.x, rows.at), rows.x.shape)
            yield from _following(self.rules("schedule"), Rows(base, rows.y, rows.at, rows.doubt))

    def _options(self) -> dict[Slot, list[Choice]]:
        """What the optimiser makes of the gradient: by its class and options, else by what its steps did."""
        if self.traces.optimiser is None:
            return {}
        if self.traces.repeated > 1:
            again = next(rule for rule in RULES if rule.id == REPEATED)
            return {"update": [Deviation(again, (float(self.traces.repeated),))]}
        name, options = self.traces.optimiser
        odd = {key: value for key, value in options.items() if value}
        if name == "SGD" and not odd:
            rows = self._rows.get("direction")
            return (
                {}
                if rows is None
                else {"direction": list(islice(_following(self.rules("direction"), rows), CHOICES))}
            )
        rows = self._rows.get("direction")
        if name == "SGD" and rows is not None and rows.follow(lambda x, _: x).all():
            return {
                "direction": [None],
                "update": [None],
            }  # an option that has no effect: made anew each time
        direction = _by_options(self.rules("direction"), name, odd, options) if name == "SGD" else None
        left = {
            k: v
            for k, v in odd.items()
            if direction is None or k not in (*direction.rule.options, *direction.rule.fixed)
        }
        update = _by_options(self.rules("update"), name, left, options)
        found: dict[Slot, list[Choice]] = {"direction": [direction]}
        if left or name != "SGD":
            found["update"] = [update] if update is not None else []
        return found

    @cached_property
    def terminations(self) -> list[tuple[Choice, ...]]:
        """How many steps are asked for and what ends the loop before, the fewest deviations alone."""
        rows = self._rows.get("count")
        if rows is None or rows.follow(lambda x, _: x).all():
            return [(None, None)]
        counts, stops = ([*_following(self.rules(slot), rows)][:CHOICES] for slot in ("count", "stop"))
        found: list[tuple[Choice, ...]] = [*((one, None) for one in counts), *((None, one) for one in stops)]
        for count in islice(_partly(self.rules("count"), rows), CHOICES):
            asked = np.broadcast_to(np.asarray(count(rows.x, rows.at), dtype=float), rows.x.shape)
            if (asked >= rows.y).all():
                stops = [*_following(self.rules("stop"), replace(rows, x=asked))][:CHOICES]
                found += [(count, one) for one in stops if one is not None]
        return found[: 3 * CHOICES]

    @property
    def _one_end(self) -> bool:
        """Whether the traced calls leave no doubt of how many steps are taken."""
        return len(self.terminations) == 1 and all(map(_is_read, self.terminations[0]))

    @cached_property
    def gradients(self) -> list[tuple[Choice, ...]]:
        """Loss, accumulation and clipping that give what .grad held in each step, the fewest alone."""
        rows = self._rows.get("loss")
        if rows is None:
            return [(None, None, None)]
        if rows.x.any() and not rows.y.any():  # a gradient that is always 0 says no more than that
            empty = next(rule for rule in self.rules("clip") if rule.id == EMPTY_GRADIENT)
            return [(None, None, Deviation(empty))]
        parts = self.traces.split(rows)
        found: list[tuple[Choice, ...]] = []
        tried = -1
        for chain in self._chains(*parts):
            deviations = sum(one is not None for one in chain)
            if found and deviations > tried:
                break
            tried = deviations
            if all(_follows(chain, part).all() for part in parts):
                found.append(chain)
        return sorted(found, key=lambda one: sum(x.rule.rank for x in one if x is not None))[:CHOICES]

    def _chains(self, first: Rows, later: Rows) -> Iterator[tuple[Choice, ...]]:
        """What the gradient may be made of, fewest deviations first."""
        yield (None, None, None)
        losses = list(islice(_partly(self.rules("loss"), first), 3 * CHOICES))
        accumulations = list(_all(self.rules("accumulate"), later))
        clips = list(islice(_partly(self.rules("clip"), first), CHOICES))
        losses += self._losses_below(clips, first, losses)
        yield from ((loss, None, None) for loss in losses)
        yield from ((None, one, None) for one in accumulations)
        yield from ((None, None, clip) for clip in clips)
        both, added = [], []
        for loss in losses:
            given, then = (replace(part, x=_applied(loss, part)) for part in (first, later))
            both += [(loss, clip) for clip in islice(_partly(self.rules("clip"), given), CHOICES)]
            added += [(loss, one) for one in _all(self.rules("accumulate"), then)]
        yield from ((loss, one, None) for loss, one in added)
        yield from ((loss, None, clip) for loss, clip in both)
        yield from ((None, one, clip) for one in accumulations for clip in clips)
        for rule in self.rules("loss"):  # with constants that no row shows, since all of them are clipped
            for loss in (Deviation(rule, constants) for constants in rule.plain or rule.samples if constants):
                given = replace(first, x=_applied(loss, first))
                yield from ((loss, None, clip) for clip in islice(_partly(self.rules("clip"), given), 1))
        yield from ((loss, one, clip) for loss, clip in both for one in accumulations)

    def _losses_below(
        self, clips: Iterable[Deviation], first: Rows, known: Iterable[Deviation]
    ) -> list[Deviation]:
        """Further ones that the few rows show which no clip has cut."""
        told = {(one.rule.id, one.constants) for one in known}
        found: dict[object, Deviation] = {}
        for part in (_untouched(clip, first) for clip in clips):
            losses = islice(_partly(self.rules("loss"), part), CHOICES) if len(part) else ()
            found |= {(one.rule.id, one.constants): one for one in losses}
        return [one for key, one in found.items() if key not in told]

    def _only(self, slot: Slot) -> Choice:
        """The rule that the traced calls follow, if it is one alone; of several none may be the student's."""
        choices = self.choices.get(slot, [])
        if slot == "rate" and len(self.choices.get("schedule", [None])) != 1:
            return None  # it is read from the first step, and the others say something else
        return choices[0] if len(choices) == 1 and _is_read(choices[0]) else None

    @cached_property
    def unread(self) -> list[Slot]:
        """The slots whose traced calls follow no rule, or more than one."""
        found = [
            slot for slot, choices in self.choices.items() if len(choices) != 1 or not _is_read(choices[0])
        ]
        found = [slot for slot in found if slot != "rate" or "schedule" not in found]
        found += [] if self._one_end else ["count"]
        return found if self.gradients else [*found, "loss"]

    def _bases(self) -> list[Program]:
        """The compositions of what the slots may hold by the traces, fewest deviations first."""
        slots = [[(one,) for one in choices] or [(None,)] for choices in self.choices.values()]
        ways = islice(product(*slots, self.terminations or [(None,)], self.gradients or [(None,)]), 8 * BASES)
        programs = [Program(tuple(x for part in way for x in part if x is not None)) for way in ways]
        unique = {tuple((d.rule.id, d.constants) for d in one.deviations): one for one in programs}
        ordered = sorted(unique.values(), key=lambda one: (len(one.deviations), _rank(one)))
        return [one for one in ordered if len(one.deviations) <= MOST][:BASES]

    # --- what values show -----------------------------------------------------------------------

    def _one_more(self, base: Program, slots: Sequence[Slot]) -> Iterator[Program]:
        """The base with one deviation more, in one of these slots, that makes it return every answer."""
        inferred = Inferred(self.answers, base)
        for slot in slots:
            for rule in self.rules(slot):
                for one in _constants(rule, inferred.rows(slot)):
                    if not self._allowed(one, self._beside(base, slot)) or not inferred.allows(one):
                        continue
                    program = base.with_(one)
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
        shown = {*self._rows, *(GRADIENT if "loss" in self._rows else ()), *self.choices}
        closed = {slot for slot in shown if self.choices.get(slot, [None])}
        closed -= set() if self.terminations else {"count", "stop"}
        return [slot for slot in slots if slot not in closed]

    def _beside(self, base: Program, slot: Slot) -> Rows | None:
        """The traced rows of a slot, as what the base holds in the slot before it leaves them."""
        rows, before = self._rows.get(slot), base.slots.get(ENTERED.get(slot, slot))
        if rows is None or before is None or slot not in ENTERED:
            return rows
        x = np.broadcast_to(np.asarray(before(rows.x, rows.at), dtype=float), rows.x.shape)
        return replace(rows, x=x)

    def _allowed(self, one: Deviation, seen: Rows | None) -> bool:
        """Whether the traces of its slot do not contradict it."""
        if one.slot in GRADIENT:
            rows = self._rows.get("loss")
            if rows is None:
                return True
            chain = tuple(one if slot == one.slot else None for slot in GRADIENT)
            return all(_follows(chain, part).all() for part in self.traces.split(rows))
        if one.rule.options and self.traces.optimiser and one.rule.optimiser == self.traces.optimiser[0]:
            options = self.traces.optimiser[1]
            told = zip(one.rule.options, one.constants, strict=True)
            if any(name in options and not math.isclose(options[name], value) for name, value in told):
                return False
        if one.slot == "update" and self.traces.optimiser and one.rule.optimiser != self.traces.optimiser[0]:
            return False
        if one.slot == "update" and (steps := self._rows.get("direction")) is not None:
            return not steps.follow(lambda x, _: x).all()  # each step is the rate times the gradient
        return seen is None or one.rule.remembers or bool(seen.follow(one).all())


def _plainest(programs: Sequence[Program]) -> list[Program]:
    """Those that cannot be told apart and are about as plain as the plainest; of one rule the first alone."""
    ordered = sorted(programs, key=_rank)
    by_rule = {one.deviations[-1].rule.id: one for one in reversed(ordered)}
    return [one for one in list(by_rule.values())[::-1] if _rank(one) <= _rank(ordered[0]) + AS_PLAIN]


def _rank(program: Program) -> float:
    return sum(one.rule.rank + sum(map(oddness, one.constants)) for one in program.deviations)


def oddness(value: float) -> float:
    """How far from round a constant is: of two that fit alike, the rounder is the likelier."""
    digits = len(f"{abs(value):.6g}".replace(".", "").strip("0").split("e")[0])
    return 4.0 * max(digits - 1, 0)


def _cancelling(program: Program) -> bool:
    return sum(slot in program.slots for slot in CANCELLING) > 1


def _is_read(one: Choice) -> bool:
    """Whether its constants were read from rows, not tried: of these another may fit as well."""
    return one is None or not (isinstance(one.rule.read, Trial) and one.constants)


# --- one slot ---------------------------------------------------------------------------------


def _following(rules: Iterable[Rule], rows: Rows) -> Iterator[Choice]:
    """The right value, if every row holds it; else the rules that every row follows."""
    if rows.follow(lambda x, _: x).all():
        yield None
        return  # what no traced call shows is for the values to say
    for rule in rules:
        if rule.remembers:
            continue
        for one in _constants(rule, rows):
            if rows.follow(one).all():
                yield one
                break


def _partly(rules: Iterable[Rule], rows: Rows) -> Iterator[Deviation]:
    """The rules that some rows follow: what is done later hides the others.

    Those that all rows follow come first, then the roundest; of one rule a few constants are enough.
    """
    found: list[tuple[bool, float, Deviation]] = []
    for rule in rules:
        own = []
        for one in _constants(rule, rows):
            followed = int(rows.follow(one).sum())
            if followed >= min(FEW, len(rows)):
                own.append((followed < len(rows), rule.rank + sum(map(oddness, one.constants)), one))
        found += sorted(own, key=lambda row: row[:2])[:EACH]
    return iter(one for *_, one in sorted(found, key=lambda row: row[:2]))


def _all(rules: Iterable[Rule], rows: Rows) -> Iterator[Deviation]:
    for rule in rules:
        yield from _constants(rule, rows)


def _constants(rule: Rule, rows: Rows | None) -> Iterator[Deviation]:
    """The rule with the constants that the rows allow; without a row, with those that are tried anyway."""
    if (rows is None or not len(rows)) and not isinstance(rule.read, Trial) and rule.read is not nothing:
        return
    for constants in rule.read(rows if rows is not None else EMPTY):
        values, doubts = tuple(one.value for one in constants), tuple(one.doubt for one in constants)
        yield Deviation(rule, values, doubts if any(doubts) else ())


def _untouched(clip: Deviation, rows: Rows) -> Rows:
    """The rows that it would leave as they are, were they a little longer."""
    longer = LONGER * rows.y
    return rows.only((clip(longer, rows.at) == longer).all(axis=1) & rows.y.any(axis=1))


def _applied(one: Deviation, rows: Rows) -> Array:
    return np.broadcast_to(one(rows.x, rows.at), rows.x.shape)


def _follows(chain: Sequence[Choice], rows: Rows) -> Array:
    """By row: whether these, one after the other, make of the right gradient what was recorded."""

    def composed(x: Array, at: Moment) -> Array:
        for one in chain:
            x = x if one is None else np.broadcast_to(one(x, at), x.shape)
        return x

    return rows.follow(composed)


def _by_options(
    rules: Iterable[Rule], optimiser: str, odd: Mapping[str, float], options: Mapping[str, float]
) -> Deviation | None:
    """The rule of this optimiser that has the most of the options that are not as usual.

    Of another class than SGD all options are its own.
    """
    wanted = odd if optimiser == "SGD" else options
    fitting = [
        rule
        for rule in rules
        if rule.optimiser == optimiser
        and (rule.options or rule.fixed or optimiser != "SGD")
        and all(name in wanted for name in rule.options)
        and all(wanted.get(name) == float(value) for name, value in rule.fixed.items())
    ]
    best = max(fitting, key=lambda rule: len(rule.options) + len(rule.fixed), default=None)
    return Deviation(best, tuple(wanted[name] for name in best.options)) if best is not None else None


def _no_rows() -> Rows:
    nothing = np.zeros((0, 1))
    flat = Objective((np.zeros(1), np.zeros(1)))
    return Rows(
        nothing,
        nothing,
        Moment(flat, nothing, nothing, nothing, i=nothing, theta=nothing, total=nothing),
        nothing,
    )


EMPTY: Final = _no_rows()
