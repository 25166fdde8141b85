"""What the traces of one student leave for each slot: the right value, or the rules that they follow.

Every slot is read by itself; what .grad is made of, and how many steps are taken, are read together. Nothing
is left for a slot whose recorded steps follow no rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, reduce
from itertools import chain, islice, product
from typing import Final, get_args

import numpy as np

from grader.descent.program import GRADIENT, Array, Deviation, Program, Slot
from grader.descent.reading import Estimate, Rows, Trial
from grader.descent.rule import Rule
from grader.descent.rules import RULES
from grader.descent.rules.counts import UNASKED
from grader.descent.traces import Traces

CHOICES: Final = 5  # of one slot, the right value included
EACH: Final = 2  # constants of one rule, where rows leave it open
LONGER: Final = 1.01  # times: what has not come to the length of a clip
FEW: Final = 2  # rows that a rule has to be seen in
SLOTS: Final[tuple[Slot, ...]] = get_args(Slot)

BY_ID: Final = {rule.id: rule for rule in RULES}
BY_SLOT: Final = {slot: [rule for rule in RULES if rule.slot == slot] for slot in SLOTS}

Way = tuple[Deviation, ...]
"""A way to fill a slot, or several that are read together; none: the right one."""


class Choices:
    """The choices of one student's slots."""

    def __init__(self, traces: Traces) -> None:
        self.traces = traces

    @cached_property
    def rows(self) -> dict[Slot, Rows]:
        made = ((slot, self.traces.rows(slot)) for slot in SLOTS)
        found = {slot: rows for slot, rows in made if rows is not None and len(rows)}
        start = _only(first(BY_SLOT["start"], found["start"])) if "start" in found else ()
        counted: tuple[Slot, ...] = ("count", "stop")
        return found | {slot: _begun(found[slot], *start or ()) for slot in counted if slot in found}

    @cached_property
    def slots(self) -> dict[Slot, list[Way]]:
        """For each slot but those of the gradient what every traced call follows; nothing where none is."""
        known: tuple[Slot, ...] = ("start", "between", "rate")
        found = {slot: first(BY_SLOT[slot], self.rows[slot]) for slot in known if slot in self.rows}
        if "rate" in self.rows:
            rows = self.rows["schedule"]
            alone = first(BY_SLOT["schedule"], rows)
            if alone:  # what changes the first step as well is no other rate besides
                found["rate"] = [()]
            later = (replace(rows, x=_applied(rows, *rate)) for rate in found["rate"])
            others = chain.from_iterable(_following(BY_SLOT["schedule"], one) for one in later)
            found["schedule"] = alone or list(islice(others, CHOICES))
        return found | self._options()

    def _options(self) -> dict[Slot, list[Way]]:
        """What the optimiser makes of the gradient: by its class and options, else by what its steps did."""
        if self.traces.optimiser is None:
            return {}
        if self.traces.repeated > 1:
            return {"update": [(Deviation(BY_ID["step-repeated"], (float(self.traces.repeated),)),)]}
        name, options = self.traces.optimiser
        odd, rows = {key: value for key, value in options.items() if value}, self.rows.get("direction")
        if name == "SGD" and not odd:
            return {} if rows is None else {"direction": first(BY_SLOT["direction"], rows)}
        if name == "SGD" and rows is not None and rows.right:
            return {"direction": [()], "update": [()]}  # an option without effect: made anew each time
        decoupled = name == "AdamW"  # its weight decay is no part of the gradient
        direction = _by_options(BY_SLOT["direction"], "SGD", odd) if not decoupled else ()
        used = [option for one in direction for option in (*one.rule.options, *one.rule.fixed)]
        left = {key: value for key, value in odd.items() if key not in used}
        update = _by_options(BY_SLOT["update"], name, left if name == "SGD" else options)
        found: dict[Slot, list[Way]] = {"direction": [direction]}
        if left or name != "SGD":
            found["update"] = [update] if update else []
        return found

    @cached_property
    def terminations(self) -> list[Way]:
        """How many steps are asked for and what ends the loop before, the fewest deviations alone."""
        rows = self.rows.get("count")
        if rows is None or rows.right:
            return [()]
        found = [*first(BY_SLOT["count"], rows), *first(BY_SLOT["stop"], rows)]
        counts = (one for one in _partly(BY_SLOT["count"], rows) if (_applied(rows, one) >= rows.y).all())
        for count in (*islice(counts, CHOICES), Deviation(BY_ID[UNASKED])):
            stops = first(BY_SLOT["stop"], replace(rows, x=_applied(rows, count).astype(float)))
            found += [(count, *stop) for stop in stops if stop]
        return found[: 3 * CHOICES]

    @cached_property
    def gradients(self) -> list[Way]:
        """Loss, accumulation and clipping that give what .grad held in each step, the fewest alone."""
        rows = self.rows.get("loss")
        if rows is not None and rows.x.any() and not rows.y.any():  # always 0 says no more than that
            return [(Deviation(BY_ID["gradient-empty"]),)]
        if rows is None or rows.right:
            return [()]
        parts = self.traces.split(rows)
        for chains in self._chains(*parts):
            found = [one for one in chains if all(follows(one, part).all() for part in parts)]
            if found:
                return sorted(found, key=lambda one: sum(x.rule.rank for x in one))[:CHOICES]
        return []

    def _chains(self, first: Rows, later: Rows) -> Iterator[Iterable[Way]]:
        """What the gradient may be made of if it is not right: by one deviation, by two, by three."""
        losses = list(islice(_partly(BY_SLOT["loss"], first), 3 * CHOICES))
        accumulations = [one for rule in BY_SLOT["accumulate"] for one in constants_of(rule, later)]
        clips = self._clips(first)
        losses = list(dict.fromkeys((*losses, *self._losses_below(clips))))
        yield ((one,) for one in (*losses, *accumulations, *clips))
        both, added = [], []
        for loss in losses:
            given, then = (replace(part, x=_applied(part, loss)) for part in (first, later))
            both += [(loss, clip) for clip in self._clips(given)]
            added += [(loss, one) for rule in BY_SLOT["accumulate"] for one in constants_of(rule, then)]
        yield chain(added, both, product(accumulations, clips), self._hidden(first))
        yield ((loss, one, clip) for loss, clip in both for one in accumulations)

    def _clips(self, rows: Rows, most: int = CHOICES) -> list[Deviation]:
        return list(islice(_partly(BY_SLOT["clip"], rows), most))

    def _hidden(self, first: Rows) -> Iterator[Way]:
        """Losses with constants that no row shows, since all of them are clipped."""
        ways = ((rule, one) for rule in BY_SLOT["loss"] for one in rule.plain or rule.samples if one)
        for loss in (Deviation(*way) for way in ways):
            given = replace(first, x=_applied(first, loss))
            yield from ((loss, clip) for clip in self._clips(given, 1))

    def _losses_below(self, clips: Iterable[Deviation]) -> Iterator[Deviation]:
        """Those that the few rows show which no clip has cut."""
        for part in (_untouched(clip, self.rows["loss"]) for clip in clips):
            yield from islice(_partly(BY_SLOT["loss"], part), CHOICES) if len(part) else ()

    @cached_property
    def unread(self) -> list[Slot]:
        """The slots whose traced calls follow no rule, or more than one."""
        open_ = [slot for slot, ways in self.slots.items() if _only(ways) is None]
        found = [slot for slot in open_ if slot != "rate" or "schedule" not in open_]
        found += ["count"] if _only(self.terminations) is None else []
        return found if self.gradients else [*found, "loss"]

    @property
    def shown(self) -> list[Deviation]:
        """The deviations that every traced call follows, each alone."""
        slots = dict(self.slots)
        if len(slots.get("schedule", [()])) != 1:
            slots.pop("rate", None)  # it is read from the first step, and the others say something else
        found = [one for slot in SLOTS for one in _only(slots.get(slot, [])) or ()]
        found += self.gradients[0] if self.gradients else ()
        return [*found, *(_only(self.terminations) or ())]


def oddness(value: float) -> float:
    """How far from round a constant is: of two that fit alike, the rounder is the likelier."""
    digits = len(f"{abs(value):.6g}".replace(".", "").strip("0").split("e")[0])
    return 4.0 * max(digits - 1, 0)


def _only(ways: Sequence[Way]) -> Way | None:
    """The one that the traced calls follow, if it is alone; of several none may be the student's.

    Where its constants were tried, not read from rows, another may fit as well.
    """
    tried = any(isinstance(one.rule.read, Trial) and one.constants for way in ways for one in way)
    return ways[0] if len(ways) == 1 and not tried else None


# --- one slot ---------------------------------------------------------------------------------


def _following(rules: Iterable[Rule], rows: Rows) -> Iterator[Way]:
    """The right value, if every row holds it; else the rules that every row follows."""
    if rows.right:
        yield ()
        return  # what no traced call shows is for the values to say
    for rule in rules:
        if rule.remembers:
            continue
        for one in constants_of(rule, rows):
            if rows.follow(one).all():
                yield (one,)
                break


def first(rules: Iterable[Rule], rows: Rows | None) -> list[Way]:
    """The ways that every row follows; none where there is no row."""
    return [] if rows is None else list(islice(_following(rules, rows), CHOICES))


def _partly(rules: Iterable[Rule], rows: Rows) -> Iterator[Deviation]:
    """The rules that some rows follow: what is done later hides the others.

    Those that all rows follow come first, then the roundest; of one rule a few constants are enough.
    """
    found: list[tuple[bool, float, Deviation]] = []
    for rule in rules:
        own = []
        for one in constants_of(rule, rows):
            followed = int(rows.follow(one).sum())
            if followed >= min(FEW, len(rows)):
                own.append((followed < len(rows), rule.rank + sum(map(oddness, one.constants)), one))
        found += sorted(own, key=lambda row: row[:2])[:EACH]
    return iter(one for *_, one in sorted(found, key=lambda row: row[:2]))


def constants_of(rule: Rule, rows: Rows | None) -> Iterator[Deviation]:
    """The rule with the constants that the rows allow; without a row, with those that are tried anyway."""
    if isinstance(rule.read, Trial):
        found: Iterable[tuple[Estimate, ...]] = rule.read.each
    else:
        found = rule.read(rows) if rows is not None and len(rows) else ()
    for constants in found:
        values, doubts = tuple(one.value for one in constants), tuple(one.doubt for one in constants)
        yield Deviation(rule, values, doubts if any(doubts) else ())


def _begun(rows: Rows, *start: Deviation) -> Rows:
    """With the theta that a first step would have begun at, also where none was taken."""
    still, path = rows.y[:, 0] == 0, rows.at.path.copy()
    for one in start:
        path[0, still] = one(rows.at.initial, rows.at)[still]
    return replace(rows, at=replace(rows.at, path=path))


def _untouched(clip: Deviation, rows: Rows) -> Rows:
    """The rows that it would leave as they are, were they a little longer."""
    longer = LONGER * rows.y
    return rows.only((clip(longer, rows.at) == longer).all(axis=1) & rows.y.any(axis=1))


def _applied(rows: Rows, *way: Deviation) -> Array:
    """What these, one after the other, make of the right values."""
    made = reduce(lambda x, one: one(x, rows.at), way, rows.x)
    return np.broadcast_to(made, rows.x.shape)


def follows(way: Way, rows: Rows) -> Array:
    """By row: whether these, one after the other, make of the right gradient what was recorded."""
    program = Program(way)
    return rows.follow(lambda x, at: np.broadcast_to(program.of(x, at, *GRADIENT), x.shape))


def _by_options(rules: Iterable[Rule], optimiser: str, options: Mapping[str, float]) -> Way:
    """The rule of this optimiser that has the most of the options."""
    fitting = [
        rule
        for rule in rules
        if rule.optimiser == optimiser
        and (rule.options or rule.fixed or optimiser != "SGD")
        and all(name in options for name in rule.options)
        and all(options.get(name) == float(value) for name, value in rule.fixed.items())
    ]
    best = max(fitting, key=lambda rule: len(rule.options) + len(rule.fixed), default=None)
    return (Deviation(best, tuple(options[name] for name in best.options)),) if best is not None else ()
