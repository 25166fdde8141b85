"""The cases of an exercise as calls side by side, and a student's answers beside what a program returns.

What depends on the kit alone stands in `Suite`, made once for a class. `Answers` are one student's numbers; a
program that reproduces them, each within the rounding of its own run, is `proven` to behave so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from grader import kit as kits
from grader.descent.program import RIGHT, Array, Calls, Minimised, Program, Run, calls, filled, run, theta_of
from grader.judging.behaviour import value_of
from grader.judging.tolerances import ALIKE, ASTRAY, ROUNDING, ROUNDOFF, SPREAD, TELLING, judged_dtype
from grader.records import Answer, Returned
from grader.tensors import numbers

NEARLY: Final = 5  # one call in so many may hang on a rounding
NUDGE: Final = 4.0  # roundings
SQUARED: Final = {"float32": 1.8e19, "float64": 1.3e154}  # the largest whose square a dtype holds
SHORT: Final = 4  # steps: the calls that are tried first, for they cost a fraction of the suite


class Suite:
    """The cases of one width."""

    def __init__(self, cases: Sequence[kits.Case], index: Sequence[int], minimised: Minimised) -> None:
        own = self.cases = [cases[i] for i in index]
        self.index = np.array(index)
        self.calls = calls(own, minimised)
        self.repeated = np.array([case.repeats is not None for case in own])
        self.width = self.calls.theta.shape[1]

    @cached_property
    def part(self) -> Part:
        """All of its calls, with no answer yet."""
        single = np.array([case.dtype == "float32" for case in self.cases])
        nothing = np.zeros((len(self.cases), 1))
        return Part(
            self.calls, self.calls.rows(single).in_single(), single,
            roundoff=np.array([[ROUNDOFF[case.dtype]] for case in self.cases]),
            size=abs(self.calls.theta).max(axis=1, initial=0.0, keepdims=True),
            got=nothing[:, :0], width=nothing[:, 0].astype(int), coarse=nothing,
            wrong=nothing[:, 0].astype(bool), fresh=~self.repeated,
        )  # fmt: skip


def suites(cases: Sequence[kits.Case], minimised: Minimised) -> list[Suite]:
    """By theta's number of components."""
    by_width: dict[int, list[int]] = {}
    for i, case in enumerate(cases):
        by_width.setdefault(len(theta_of(case, minimised.moves)), []).append(i)
    return [Suite(cases, index, minimised) for size, index in by_width.items() if size in minimised.gradients]


@dataclass(frozen=True)
class Part:
    """Some calls of a suite with the answers that came back from them."""

    calls: Calls
    narrow: Calls  # those of float32, as a float32 program holds them
    single: Array  # which those are
    roundoff: Array
    size: Array
    got: Array  # numbers, call x number; nan where others have more
    width: Array  # how many numbers
    coarse: Array  # what returning a coarser dtype may add, relative, call x 1
    wrong: Array  # is the value wrong?
    fresh: Array  # is it no repeat of another call?

    @property
    def beyond(self) -> Array:
        """The size, call x 1, whose square its dtype does not hold."""
        single = self.single[:, None] | (self.coarse > 0)
        return np.where(single, SQUARED["float32"], SQUARED["float64"])

    def rows(self, which: Array) -> Part:
        names = ("single", "roundoff", "size", "width", "coarse", "wrong", "fresh")
        own = {name: getattr(self, name)[which] for name in names}
        return Part(
            self.calls.rows(which), self.calls.rows(which & self.single).in_single(),
            got=self.got[which, : own["width"].max(initial=0)], **own,
        )  # fmt: skip


class Answers:
    """One student's answers to the calls of a suite, those that are numbers."""

    def __init__(self, suite: Suite, answers: Sequence[Answer], wrong: frozenset[int]) -> None:
        own = [answers[i] for i in suite.index]
        here = np.array([value_of(one) is not None for one in own], dtype=bool)
        self.suite, self.rows = suite, np.flatnonzero(here)
        self.index = suite.index[here]
        everything = replace(
            suite.part,
            coarse=np.array([[_coarseness(*one)] for one in zip(suite.cases, own, strict=True)]),
            wrong=np.array([i in wrong for i in suite.index]),
        )
        got = [numbers(value) for one in own if (value := value_of(one))]
        width = np.array([len(one) for one in got], dtype=int)
        self.all = replace(everything.rows(here), got=filled(got), width=width)
        self.short = self.all.rows(self.all.calls.steps[:, 0] <= SHORT)

    def reproduced(self, program: Program) -> bool:
        """Whether the program returns every answer, right or wrong, within the rounding of its own run."""
        return all(bool(agreeing(program, part).all()) for part in (self.short, self.all))

    @cached_property
    def rounded(self) -> bool:
        """Whether half the digits of every wrong answer are right, beside the largest theta on the way.

        No mistake is so small, but a sum with a larger number may cost a right program the other half.
        """
        part, right = self.all, run(RIGHT, self.all.calls)
        allowed = np.sqrt(part.roundoff + part.coarse) * np.maximum(right.reach(), part.size)
        return bool(_close(part.got, right.value, allowed, part.beyond)[part.wrong].all())

    def telling(self, program: Program) -> int:
        """The wrong answers that agree with a program so far from the right one that it is no accident."""
        part, (value, tolerance) = self.all, predicted(program, self.all)
        right = run(RIGHT, part.calls).value
        told = ~_close(value, right, TELLING * tolerance, np.array(np.inf))
        return int((told & part.wrong & part.fresh).sum())


def agreeing(program: Program, part: Part) -> Array:
    """By call: whether the program returns the answer.

    Where few calls do not, they are run again with a theta and a rate that are off by roundings: a sign or a
    threshold that hangs on these says nothing.
    """
    same = _agreeing(program, part, 0.0)
    if same.all() or NEARLY * (~same).sum() > len(same):
        return same
    off = part.rows(~same)
    same[~same] = _agreeing(program, off, NUDGE) | _agreeing(program, off, -NUDGE)
    return same


def _agreeing(program: Program, part: Part, nudge: float) -> Array:
    """`nudge`: roundings that theta and the rate are moved by."""
    exact, edge = run(program, part.calls), program.moved
    if exact.value.shape != part.got.shape:
        return np.zeros(len(part.got), dtype=bool)
    slack = [run(edge, part.calls).value] if edge is not None else []
    if nudge:
        off = 1 + nudge * part.roundoff
        moved = replace(part.calls, theta=part.calls.theta * off, rate=part.calls.rate * off)
        slack.append(run(program, moved).value)
    allowed = sum((_gap(exact.value, one) for one in slack), _tolerance(exact, program, part))
    return _close(part.got, exact.value, allowed, part.beyond)


def _gap(one: Array, two: Array) -> Array:
    """How far apart two runs of nearly the same program end."""
    off = SPREAD * abs(one - two) if one.shape == two.shape else np.zeros(one.shape)
    return np.where(np.isfinite(off), off, 0.0)


def _close(got: Array, wanted: Array, tolerance: Array, beyond: Array) -> Array:
    """By call. `beyond`: where one component is there a loss may overflow, and none is a number any more."""
    if got.shape != wanted.shape:
        return np.zeros(len(got), dtype=bool)
    near = (abs(got - wanted) <= tolerance) | (got == wanted)
    near |= ~np.isfinite(got) & (~(abs(wanted) < beyond) | np.isinf(tolerance)).any(axis=1, keepdims=True)
    return np.asarray(near.all(axis=1))


def predicted(program: Program, part: Part) -> tuple[Array, Array]:
    """What each call returns, and how far rounding may take it."""
    exact = run(program, part.calls)
    return exact.value, _tolerance(exact, program, part)


def _tolerance(exact: Run, program: Program, part: Part) -> Array:
    """max(4 |float32 - float64|, 8 u (n + 1) the largest theta on the way), as the freezer computes it."""
    reach = np.maximum(exact.reach(), part.size)
    steps = np.maximum(exact.at.count[:, None], part.calls.steps)
    tolerance = ROUNDING * (part.roundoff + part.coarse) * (steps + 1) * reach
    tolerance = np.where(reach > ASTRAY * part.size, np.maximum(tolerance, ALIKE * reach), tolerance)
    tolerance = np.maximum(
        tolerance, ROUNDING * (part.roundoff + part.coarse) * (steps + 1) * abs(exact.value)
    )
    rough, wanted = run(program, part.narrow).value, exact.value[part.single]
    if rough.shape == wanted.shape:
        off = SPREAD * abs(np.asarray(rough, dtype=np.float64) - wanted)
        lost = np.isnan(off) & (abs(wanted) < part.size[part.single])  # squares that are 0 in float32
        off = np.where(np.isfinite(off), off, np.where(lost, np.inf, 0.0))
        tolerance[part.single] = np.maximum(tolerance[part.single], off)
    return tolerance


def _coarseness(case: kits.Case, answer: Answer) -> float:
    """The roundoff of a dtype coarser than the case's, where the answer has one."""
    if not isinstance(answer, Returned) or answer.value is None:
        return 0.0
    dtype = judged_dtype(case, answer, answer.value)
    return 0.0 if dtype == case.dtype else ROUNDOFF[dtype]
