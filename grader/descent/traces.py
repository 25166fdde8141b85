"""Traced calls as rows of the slots: what each step should have held beside what it was recorded to hold.

Traces are claims by untrusted code. A call whose steps do not read as whole steps of finite numbers of
theta's width is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from grader.descent.program import Array, Moment, Program, Slot, moment, run
from grader.descent.reading import Rows
from grader.descent.suite import Answers, Suite
from grader.judging.steps import WholeStep, path
from grader.judging.tolerances import READ, ROUNDOFF
from grader.records import Step, Tensor, Trace
from grader.tensors import is_whole

EXACT: Final = ("float32", "float64")
LARGEST: Final = 1e100  # beyond it products overflow, and a run has long been lost
LEAST: Final = 1e-37  # below float32's normal numbers a step loses digits
LEAST_SQUARED: Final = 1e-18  # the square of half of it is 0 in float32, and so is its gradient
EXACTLY: Final = 1e-12  # relative: numbers that Python computed
REPEATED: Final = (2, 3)  # times that step() is called with one gradient
LOOKED_AT: Final = 126  # steps of a call, whole groups of 2 and 3; what is wrong shows in these


@dataclass(frozen=True)
class TracedCall:
    """One call that was recorded. `before`, `after`, `gradient`: step x component; `rates` by step."""

    case: int
    row: int  # in its suite
    before: Array
    after: Array
    gradient: Array  # nan where there was none
    rates: Array
    roundoff: float
    taken: int  # steps; only the first of very many are kept
    kinds: frozenset[tuple[str, tuple[tuple[str, float], ...]]]  # optimisers: class and options but the rate


class Traces:
    """The traced calls of one suite, and their rows."""

    def __init__(self, suite: Suite, traces: Mapping[int, Trace]) -> None:
        self.suite = suite
        places = {int(case): row for row, case in enumerate(suite.index)}
        moving = any(not _idle(step) for trace in traces.values() for step in trace.steps)
        read = (
            _read(case, places[case], trace, suite, moving=moving)
            for case, trace in sorted(traces.items())
            if case in places
        )
        calls = [one for one in read if one is not None]
        self.repeated = _repeated(calls)  # steps with one and the same gradient, that count as one
        self.calls = self._of_a_minimum([_joined(one, self.repeated) for one in calls])
        self.stepping = [one for one in self.calls if len(one.before)]

    def _of_a_minimum(self, calls: list[TracedCall]) -> list[TracedCall]:
        """With the gradients turned, where the optimiser climbs and the loss was negated: they cancel."""
        kinds = {kind for one in calls for kind in one.kinds}
        if not kinds or not all(dict(options).get("maximize") for _, options in kinds):
            return calls
        turned = [_turned(one) for one in calls]
        slope = self.suite.calls.objective.gradient
        down = [(slope(one.before[:1]) * one.gradient[:1] >= 0).all() for one in turned if len(one.before)]
        return turned if down and all(down) else calls

    @cached_property
    def optimiser(self) -> tuple[str, dict[str, float]] | None:
        """The one class that took all steps, and its options; None where there are several, or no step."""
        kinds = {kind for one in self.stepping for kind in one.kinds}
        if len(kinds) != 1:
            return None
        name, options = kinds.pop()
        return name, dict(options)

    def ends_as(self, program: Program) -> bool:
        """Whether the last recorded theta of every call is the one that the program ends with."""
        if not self.stepping:
            return False
        rows = np.array([one.row for one in self.stepping])
        last = run(program.without("result"), self.suite.calls.rows(rows)).at.theta
        got = np.array([one.after[-1] for one in self.stepping])
        size = np.maximum(abs(got), abs(self.suite.calls.theta[rows])) * READ * self._u
        return bool((abs(got - last) <= size).all())

    def of_theta(self, answers: Answers) -> bool:
        """Whether most of the recorded runs begin at theta, or end at what came back.

        Else they are of something that theta is computed from, such as an offset, and say nothing of theta.
        """
        if not self.stepping:
            return True
        got = dict(zip(answers.rows.tolist(), answers.all.got, strict=True))
        u = READ * self._u
        told = zip(self._start().follow(lambda x, _: x), self.stepping, u, strict=True)
        own = (begins or _alike(got.get(one.row), one.after[-1], float(off[0])) for begins, one, off in told)
        return 2 * sum(map(bool, own)) > len(u)

    # --- rows ---------------------------------------------------------------------------------

    def rows(self, slot: Slot) -> Rows | None:
        """None where the traces say nothing of the slot."""
        made = {
            "start": self._start, "loss": self._loss, "rate": self._rate, "schedule": self._schedule,
            "direction": self._direction, "between": self._between, "count": self._count, "stop": self._count,
        }.get(slot)  # fmt: skip
        idle = slot not in ("count", "stop") and not self.stepping
        blind = slot in ("loss", "direction") and any(np.isnan(one.gradient).any() for one in self.stepping)
        return made() if made is not None and self.calls and not idle and not blind else None

    def _start(self) -> Rows:
        at, y = self._moment(self.stepping), np.array([one.before[0] for one in self.stepping])
        return Rows(at.initial, y, at, READ / 8 * self._u * abs(y))

    def _rate(self) -> Rows:
        at, y = self._moment(self.stepping), np.array([one.rates[:1] for one in self.stepping])
        return Rows(at.rate, y, at, EXACTLY * abs(y))

    def _schedule(self) -> Rows:
        """The rate of each step; x is the one that was passed, for whoever reads to replace."""
        at = self._steps()
        return Rows(at.rate, at.step_rate, at, EXACTLY * abs(at.step_rate))

    def _loss(self) -> Rows:
        """Every step; x is the right gradient there, y what .grad held."""
        at, y = self._steps(), self._joined("gradient")
        x = at.objective.gradient(at.theta)
        size = np.maximum(np.maximum(abs(x), abs(y)), abs(at.theta)).max(axis=1, keepdims=True, initial=0.0)
        return Rows(x, y, at, READ * self._u_steps * np.broadcast_to(size, y.shape) + LEAST_SQUARED)

    def _direction(self) -> Rows:
        """What the optimiser made of the gradient: the step over its rate."""
        at, after, x = self._steps(), self._joined("after"), self._joined("gradient")
        y = (at.theta - after) / at.step_rate
        size = (abs(at.theta) + abs(after)) / abs(at.step_rate) + abs(x)
        off = READ / 8 * self._u_steps * size
        off = np.where(np.isfinite(y), off + LEAST, np.inf)
        return Rows(x, np.where(np.isfinite(y), y, x), at, off)

    def _between(self) -> Rows:
        """What a step left, and where the next one of its call began."""
        at = self._steps()
        followed = np.append(at.i[1:, 0] > 0, False)  # by no step of another call
        x, y = self._joined("after")[followed], np.roll(at.theta, -1, axis=0)[followed]
        doubt = READ / 4 * self._u_steps[followed] * np.maximum(abs(x), abs(y))
        return Rows(x, y, at.rows(followed), doubt)

    def _count(self) -> Rows:
        at = self._moment(self.calls)
        y = np.array([[float(one.taken)] for one in self.calls])
        longest = max(len(one.before) for one in self.calls)
        own = [np.concatenate([one.before, one.after[-1:]]) if len(one.before) else initial[None]
               for one, initial in zip(self.calls, at.initial, strict=True)]  # fmt: skip
        at.path = np.stack(
            [np.pad(one, ((0, longest + 1 - len(one)), (0, 0)), constant_values=np.nan) for one in own], 1
        )
        at.count = np.minimum(y[:, 0].astype(int), longest)
        return Rows(at.asked.astype(float), y, at, np.full_like(y, EXACTLY))

    # --- what stands in the rows ------------------------------------------------------------------

    def _moment(self, calls: Sequence[TracedCall]) -> Moment:
        return moment(self.suite.calls.rows(np.array([one.row for one in calls])))

    def _steps(self) -> Moment:
        """The moment of each step, one a row."""
        at = self._moment(self.stepping).rows(self._call)
        at.i = np.concatenate([np.arange(len(one.before)) for one in self.stepping])[:, None]
        at.theta, at.step_rate = self._joined("before"), self._joined("rates")[:, None]
        return at

    def _joined(self, name: str) -> Array:
        return np.concatenate([getattr(one, name) for one in self.stepping])

    @cached_property
    def _call(self) -> Array:
        """Of each step, whose it is."""
        return np.repeat(np.arange(len(self.stepping)), [len(one.before) for one in self.stepping])

    @property
    def _u(self) -> Array:
        return np.array([[one.roundoff] for one in self.stepping])

    @property
    def _u_steps(self) -> Array:
        return self._u[self._call]

    def split(self, rows: Rows) -> tuple[Rows, Rows]:
        """The first steps of the calls, and the later ones with the gradient that was recorded before."""
        first = rows.at.i[:, 0] == 0
        before = np.concatenate([np.zeros_like(rows.y[:1]), rows.y[:-1]])
        later = rows.only(~first)
        return rows.only(first), replace(later, at=replace(later.at, total=before[~first]))


def _read(case: int, row: int, trace: Trace, suite: Suite, *, moving: bool) -> TracedCall | None:
    """`moving`: some step had a gradient, so that one without is no step."""
    width, start = suite.width, suite.calls.theta[row].tolist()
    if trace.dropped or not _readable(trace):
        return None
    taken = [step for step in trace.steps if not (moving and _idle(step))]
    steps = path(taken, start)
    if steps is None or not all(_finite(one, width) for one in steps):
        return None
    rates = _rates(taken, len(steps))
    if rates is None:
        return None
    # No gradient, where nothing moved, is as good as 0.
    gradients = [one.gradient or [0.0 if one.before == one.after else math.nan] * width for one in steps]
    several = ([one.before for one in steps], [one.after for one in steps], gradients)
    before, after, gradient = (np.array(rows).reshape(len(rows), width)[:LOOKED_AT] for rows in several)
    return TracedCall(
        case, row, before, after, gradient, np.array(rates, dtype=float)[:LOOKED_AT],
        roundoff=max((ROUNDOFF[one.dtype] for one in steps), default=ROUNDOFF["float64"]),
        taken=len(steps), kinds=frozenset(map(_kind, taken)),
    )  # fmt: skip


def _turned(one: TracedCall) -> TracedCall:
    options = {name: tuple((n, x * (n != "maximize")) for n, x in own) for name, own in one.kinds}
    return replace(one, gradient=-one.gradient, kinds=frozenset(options.items()))


def _repeated(calls: Sequence[TracedCall]) -> int:
    """How often each gradient was stepped with, in every call; 1 where that is no more than once."""
    several = [one for one in calls if one.taken > 1]
    for times in REPEATED:
        moved = any((one.before[0] != one.after[0]).any() for one in several)  # 0 is the same again
        if moved and all(_in_groups(one, times) for one in several):
            return times
    return 1


def _in_groups(one: TracedCall, times: int) -> bool:
    if len(one.gradient) % times or one.taken % times:
        return False
    groups = one.gradient.reshape(-1, times, one.gradient.shape[1])
    return bool((groups == groups[:, :1]).all())


def _joined(one: TracedCall, times: int) -> TracedCall:
    return replace(
        one, before=one.before[::times], after=one.after[times - 1 :: times], gradient=one.gradient[::times],
        rates=one.rates[::times], taken=one.taken // times,
    )  # fmt: skip


def _idle(step: Step) -> bool:
    """Whether nothing had a gradient, so that nothing moved."""
    return all(one is None for one in step.gradients) and step.before == step.after


def _kind(step: Step) -> tuple[str, tuple[tuple[str, float], ...]]:
    options = tuple(sorted((name, value) for name, value in step.options.items() if name != "lr"))
    return (step.classes[0] if step.classes else ""), options


def _rates(steps: Sequence[Step], count: int) -> list[float] | None:
    """One for each whole step; None where the steps of the components have rates of their own."""
    rates = [step.options.get("lr", math.nan) for step in steps]
    if not all(map(math.isfinite, rates)):
        return None
    if len(rates) == count:
        return rates
    return rates[:1] * count if len(set(rates)) == 1 else None


def _readable(trace: Trace) -> bool:
    """Whether every tensor of it has a dtype that is exact enough, and all of its bytes."""
    return all(
        one.dtype in EXACT and is_whole(one)
        for step in trace.steps
        for one in (*step.before, *step.after, *(g for g in step.gradients if isinstance(g, Tensor)))
    )


def _finite(one: WholeStep, width: int) -> bool:
    values = (*one.before, *one.after, *(one.gradient or ()))
    return len(one.before) == len(one.after) == width and all(abs(x) < LARGEST for x in values)


def _alike(got: Array | None, last: Array, off: float) -> bool:
    """Whether what came back is what the last step left."""
    return got is not None and got.shape == last.shape and bool((abs(got - last) <= off * abs(last)).all())
