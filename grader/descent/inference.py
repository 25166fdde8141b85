"""Rows of the slots from values alone: what a slot must have held, if all else is as a program says.

A call of one step shows what it was made of; one of two steps, after a right first, what the second was made
of; where on the path an answer lies shows how many steps were taken; and without a step only the ends remain.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, cached_property, partial
from typing import Any, Final

import numpy as np

from grader.descent.program import GRADIENT, RATES, Array, Deviation, Moment, Program, Slot, moment, run
from grader.descent.reading import Rows
from grader.descent.suite import Answers, agreeing
from grader.judging.tolerances import ROUNDING

ORDER: Final[tuple[Slot, ...]] = (*GRADIENT, "direction", "update")
EXACTLY: Final = 1e-9  # a count is a whole number
FURTHER: Final = 20  # steps beyond those asked for, that an answer may lie at
NEARLY: Final = 0.9  # of the rows: a few may hang on a rounding, and the run has the last word
MOSTLY: Final = 0.6  # the same, where a stop's threshold is known only roughly, and is read again after
LARGEST: Final = 1e30  # an answer beyond it has lost the digits of what made it


class Inferred:
    """The rows that one student's answers allow beside a program."""

    def __init__(self, answers: Answers, base: Program) -> None:
        self.part, self.base = answers.all, base
        self.rows = cache(self._told)

    def allows(self, one: Deviation) -> bool:
        """Whether the rows do not deny it; a rule that looks at more than a row is left to be run."""
        rows = self.rows(one.slot)
        if rows is None or one.rule.remembers or one.slot in ("accumulate", "update"):
            return True
        return bool(rows.follow(one).mean() >= (MOSTLY if "stop" in self.base.slots else NEARLY))

    def _told(self, slot: Slot) -> Rows | None:
        """None where the answers say nothing of the slot."""
        rows = self._made(slot)
        return rows if rows is not None and len(rows) else None

    def _made(self, slot: Slot) -> Rows | None:
        if len(set(self.part.width.tolist())) != 1:
            return None
        if slot == "result":
            return self._result()
        if slot == "empty":
            rows = self._result()
            return rows.only(rows.at.asked[:, 0] == 0)
        if "result" in self.base.slots:
            return self._stop() if slot == "stop" else None
        if self.got.shape != self.part.calls.theta.shape:
            return None
        make = {
            "start": self._start, "count": self._count, "stop": self._stop, "between": self._between,
        }.get(slot)  # fmt: skip
        if make is None and "between" not in self.base.slots:
            make = partial(self._rates if slot in RATES else self._steps, slot)
        return make() if make is not None else None

    # --- what the program did -----------------------------------------------------------------

    @property
    def got(self) -> Array:
        return self.part.got

    @cached_property
    def ran(self) -> Moment:
        """The program's run, some steps longer than asked."""
        longest = int(self.part.calls.steps.max(initial=0))
        return run(self.base.without("count", "stop", "result"), self.part.calls, 2 * longest + FURTHER).at

    @cached_property
    def count(self) -> Array:
        return run(self.base.without("result"), self.part.calls).at.count

    @cached_property
    def u(self) -> Array:
        """What a rounding may be, relative; times the roundings of a step."""
        return ROUNDING * (self.part.roundoff + self.part.coarse)

    @cached_property
    def doubt(self) -> Array:
        """Of an answer, call x component: the rounding of its steps."""
        size = np.where(np.isfinite(self.got), abs(self.got), 0.0).max(axis=1, keepdims=True, initial=0.0)
        steps = np.maximum(self.part.calls.steps, 1) + 1
        return np.broadcast_to(self.u * steps * np.maximum(self.part.size, size), self.got.shape)

    @cached_property
    def usable(self) -> Array:
        shown = np.isfinite(self.got) & (abs(self.got) < LARGEST)
        if "empty" in self.base.slots:
            shown &= self.part.calls.steps > 0
        return np.asarray(shown.all(axis=1))

    def _single(self) -> list[tuple[Array, int]]:
        """The calls of one step, and those of two where the first is right: each shows its last step."""
        one = self.count == 1
        shown = [(one & self.usable, 0)]
        if agreeing(self.base, self.part.rows(one)).all():
            shown.append(((self.count == 2) & self.usable, 1))  # noqa: PLR2004
        return [(which, i) for which, i in shown if which.any() and len(self.ran.path) > i + 1]

    # --- slot by slot ---------------------------------------------------------------------------

    def _start(self) -> Rows:
        """Without a step, the start comes back."""
        at = moment(self.part.calls)
        return Rows(at.initial, self.got, at, self.doubt).only(self.usable & (self.count == 0))

    def _between(self) -> Rows | None:
        """After one step, what was done to theta."""
        if len(self.ran.path) < 2 or "between" in self.base.slots:  # noqa: PLR2004
            return None
        at = moment(self.part.calls)
        at.theta = self.ran.path[0]
        return Rows(self.ran.path[1], self.got, at, self.doubt).only(self.usable & (self.count == 1))

    def _result(self) -> Rows:
        """What was returned, beside the last theta."""
        at = run(self.base.without("result"), self.part.calls).at
        got, last = self.got, at.theta
        if got.shape != last.shape:
            return Rows(last, got, at, self.doubt)
        reach = self.u * (at.count[:, None] + 1) * np.maximum(abs(last), self.part.size)
        finite = np.asarray(np.isfinite(last).all(axis=1))
        return Rows(last, got, at, np.maximum(self.doubt, reach)).only(self.usable & finite)

    def _count(self) -> Rows:
        """Where on the program's path an answer lies, if it is one place."""
        steps = np.arange(len(self.ran.path))[:, None, None] + 1
        left = self._left_at()
        near = abs(left - self.got) <= 4 * self.u * steps * np.maximum(abs(left), self.part.size)
        places = near.all(axis=2)
        y = places.argmax(axis=0)[:, None].astype(float)
        at = moment(self.part.calls, self.base)
        at.path, at.count = self.ran.path, y[:, 0].astype(int)
        rows = Rows(at.asked.astype(float), y, at, np.full_like(y, EXACTLY))
        return rows.only(self.usable & (places.sum(axis=0) == 1))

    def _left_at(self) -> Array:
        """What is returned if the loop is left at a place, place x call x component."""
        if "result" not in self.base.slots:
            return self.ran.path
        at, values = replace(self.ran), []
        for place, theta in enumerate(self.ran.path):
            at.count, at.theta = np.full(len(theta), place), theta
            value = self.base.of(theta, at, "result")
            values.append(value if value.shape == self.got.shape else np.full_like(self.got, np.nan))
        return np.stack(values)

    def _stop(self) -> Rows:
        """The same beside the steps that the program asks for."""
        rows = self._count()
        asked = np.broadcast_to(np.asarray(self.base.of(rows.x, rows.at, "count"), float), rows.x.shape)
        here = (rows.y <= asked)[:, 0]  # beyond, an answer lies where a run that has converged passes again
        return replace(rows, x=asked).only(here)

    def _steps(self, slot: Slot) -> Rows | None:
        """What the last step was made of, where nothing after the slot is known to be otherwise."""
        if self.base.slots.keys() & set(ORDER[ORDER.index(slot) + 1 :]):
            return None
        pieces = []
        for which, i in self._single():
            at = self._step(i)
            y, doubt = self._moved(i, at.step_rate)
            rows = Rows(self._gradient(at, slot), y, at, doubt)
            pieces.append(rows.only(which & (abs(at.step_rate[:, 0]) > 0)))
        return _joined(pieces)

    def _rates(self, slot: Slot) -> Rows | None:
        """Which rate makes the last step: read where its gradient is largest."""
        if "update" in self.base.slots:
            return None
        pieces = []
        for which, i in self._single()[: 1 if slot == "rate" else 2]:
            at = self._step(i)
            gradient = self._gradient(at, "update")
            largest = abs(gradient).argmax(axis=1)[:, None]
            y, doubt = (np.take_along_axis(one, largest, axis=1) for one in self._moved(i, gradient))
            x = self.part.calls.rate if slot == "rate" else at.step_rate
            pieces.append(Rows(x, y, at, doubt).only(which & np.isfinite(y[:, 0])))
        return _joined(pieces)

    def _moved(self, i: int, by: Array) -> tuple[Array, Array]:
        """How many times this step i went, and its doubt."""
        doubt = self.doubt + self.u * (i + 1) * abs(self.ran.path[i])
        return (self.ran.path[i] - self.got) / by, doubt / abs(by)

    def _step(self, i: int) -> Moment:
        """The moment of step i of all calls, with the rate that the program takes it with."""
        at = moment(self.part.calls)
        at.total = np.zeros_like(self.ran.path[i])
        if i:
            at.theta = self.ran.path[i - 1]
            at.total = self._gradient(at, "update")
        at.i, at.theta = i, self.ran.path[i]
        rate = self.part.calls.rate
        at.step_rate = np.broadcast_to(self.base.of(rate, at, *RATES), rate.shape)
        return at

    def _gradient(self, at: Moment, until: Slot) -> Array:
        """What enters a slot."""
        right = at.objective.gradient(at.theta)
        return np.broadcast_to(self.base.of(right, at, *ORDER[: ORDER.index(until)]), right.shape)


def _joined(parts: list[Rows]) -> Rows | None:
    """Rows of several steps as one; the number of the step stands in each."""
    if not parts:
        return None

    def joined(several: list[Any], name: str) -> Any:
        return np.concatenate([getattr(one, name) for one in several])

    moments = [one.at for one in parts]
    names = ("initial", "rate", "asked", "theta", "total", "step_rate")
    at = Moment(moments[0].objective, **{name: joined(moments, name) for name in names})
    at.i = np.concatenate([np.full_like(one.asked, one.i) for one in moments])
    return Rows(joined(parts, "x"), joined(parts, "y"), at, joined(parts, "doubt"))
