"""Recorded steps beside those that a candidate's own program takes: what they contradict is never told.

Values alone cannot tell a rate that rises from one that falls: both end at the same theta. The steps can. So
a candidate that speaks of a run brings the walks of its program. Theta before and after each step has to be
as recorded, and so have rate, gradient, options and the number of steps wherever the program has others than
the exercise asks for, since that is what its title says.

A trace that shows another tensor than theta contradicts nothing: one that never moves, or that neither
begins at what was passed nor ends at what came back. Where theta was held in several tensors, their order is
known only if it begins at what was passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

import numpy as np

from grader import kit as kits
from grader.diagnosis.candidates import Candidate, Program
from grader.diagnosis.seen import Seen
from grader.judging.descent import RIGHT, Array, Descent, Sheet, sheet, walk
from grader.judging.walks import Taken, Vector, Walk, alike, close, handed_on, walks

LONGEST: Final = 256  # steps of a program that are walked: none that is traced whole takes more
SLOW: Final = 16  # steps after which the rounding of a run has doubled what two numbers may differ by


class Recorded:
    """The traced calls of one exercise that show how theta moved."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen

    @cached_property
    def walks(self) -> list[Walk]:
        return walks(self.seen.exercise, self.seen.traces, self.seen.answers)

    @cached_property
    def _of_theta(self) -> dict[int, Walk]:
        return {one.case: one for one in self.walks if one.taken and self.is_of_theta(one)}

    def is_of_theta(self, one: Walk) -> bool:
        """Whether the tensor that its steps move is theta, as far as can be seen."""
        moves = any(taken.before != taken.after for taken in one.taken)
        begins = not one.taken or handed_on(one.taken[0].before, one.start)
        ends = one.result is not None and handed_on(one.result, one.left)
        whole = not any(len(step.before) > 1 for step in self.seen.traces[one.case].steps)
        return (moves or ends) and (begins or (ends and whole))

    def contradict(self, candidate: Candidate, *, anywhere: bool = False) -> bool:
        """Whether some call was recorded otherwise than the candidate's program runs.

        `anywhere`: also a call that it does not explain, for it names no part of the inputs as its own.
        """
        meant = self._of_theta.keys() if anywhere else self._meant(candidate)
        mine = {case: one for case, one in self._of_theta.items() if case in meant}
        if candidate.program is None or not mine:
            return False
        return any(_differ(mine[one.case], one) for one in candidate.program(tuple(mine)))

    def _meant(self, candidate: Candidate) -> frozenset[int]:
        """The calls that it speaks of: of one that explains a part, no other."""
        right = self.seen.returned.keys() - self.seen.wrong
        return candidate.explained | right if candidate.whole else candidate.explained


# --- two walks ------------------------------------------------------------------------------------


def _differ(mine: Walk, theirs: Walk) -> bool:
    """`theirs`: a program's, whose steps may be open at the end: then where a run stops says nothing."""
    size = max(map(abs, theirs.start), default=0.0)
    for one, two in zip(mine.taken, theirs.taken, strict=False):
        size = max(size, *map(abs, (*two.before, *two.after)))
        if not (_near(one.before, two.before, size, one.number) and _as_claimed(one, two)):
            return True
        if two.after and not _near(one.after, two.after, size, one.number):
            return True
    common = min(len(mine.taken), len(theirs.taken))
    if not common or (_counts(theirs) and len(mine.taken) != len(theirs.taken)):
        return True
    more = mine.taken[common:] or (() if theirs.open else theirs.taken[common:])
    left = mine.taken[common - 1].after
    return any(taken.after and not _near(taken.after, left, size, taken.number) for taken in more)


def _counts(theirs: Walk) -> bool:
    """Whether the program takes another number of steps than it should, and its title says so."""
    return not theirs.open and len(theirs.taken) != theirs.asked


def _near(one: Vector, other: Vector, size: float, number: int) -> bool:
    scale = [size * (1 + number / SLOW)] * len(other)
    return alike(one, other, scale)


def _as_claimed(one: Taken, two: Taken) -> bool:
    """Options as the program's; rate and gradient, wherever the program has others than it should."""
    if not close(two.rate, two.passed) and not close(one.rate, two.rate):
        return False
    if any(not close(one.options.get(name, 0.0), x) for name, x in two.options.items()):
        return False
    wanted = two.right
    if wanted is None:
        return True
    own, theirs = (x.gradient or [0.0] * len(wanted) for x in (one, two))
    scale = [max(map(abs, two.before), default=0.0)] * len(wanted)
    return alike(theirs, wanted, scale) or alike(own, theirs, scale)


# --- the walks of programs ------------------------------------------------------------------------


def by_traces(exercise: kits.Exercise, mistake: kits.Misconception) -> Program:
    """Of a misconception in the kit, as they were recorded when it was frozen.

    Where theta moves and no step was recorded, it was moved by hand: nothing is known of its steps.
    """
    every = walks(exercise, mistake.traces, mistake.answers)
    found = {one.case: one for one in every if one.taken or one.result == one.start}
    return lambda cases: [found[case] for case in cases if case in found]


def by_descent(
    exercise: kits.Exercise, descent: Descent, options: Mapping[str, float], *, lengths: bool
) -> Program:
    """Of a fitted run; where `options` or `lengths` are meant, rate and gradient are not what it claims."""
    blind = lengths or bool(options)

    def program(cases: Sequence[int]) -> list[Walk]:
        landscape = exercise.landscape
        if landscape is None:
            return []
        with np.errstate(all="ignore"):
            rows = sheet([exercise.cases[case] for case in cases], landscape, exercise.moves)
            met = _Met(descent, rows)
            return [met.walk(row, case, options, blind=blind) for row, case in enumerate(cases)]

    return program


class _Met:
    """The steps of a run in numpy, with the rates and gradients that were met on the way."""

    def __init__(self, descent: Descent, rows: Sheet) -> None:
        self.descent, self.rows = descent, rows
        self.count = descent.count(rows)[:, 0]
        self.rates: list[Array] = []
        self.gradients: list[Array] = []
        spied = replace(descent, rate=self._rate, gradient=self._gradient)
        self.path = walk(spied, rows, min(int(self.count.max(initial=0)), LONGEST))

    def _rate(self, cases: Sheet, number: int) -> Array:
        self.rates.append(self.descent.rate(cases, number))
        return self.rates[-1]

    def _gradient(self, gradient: Array, theta: Array, cases: Sheet) -> Array:
        self.gradients.append(self.descent.gradient(gradient, theta, cases))
        return self.gradients[-1]

    def walk(self, row: int, case: int, options: Mapping[str, float], *, blind: bool) -> Walk:
        count = max(int(self.count[row]), 0)
        taken = tuple(self._taken(row, i, options, blind=blind) for i in range(min(count, len(self.rates))))
        ends_elsewhere = self.descent.result is not RIGHT.result or count > len(taken)
        start = self._vector(self.path[0], row)
        return Walk(case, start, taken, int(self.rows.steps[row, 0]), None, open=ends_elsewhere)

    def _taken(self, row: int, i: int, options: Mapping[str, float], *, blind: bool) -> Taken:
        right = self._vector(self.rows.gradient(self.path[i]), row)
        passed = float(self.rows.rate[row, 0])
        rate = float(np.broadcast_to(self.rates[i], self.rows.rate.shape)[row, 0])
        changed = (
            self.descent.after is not RIGHT.after
        )  # whoever changes theta between steps is not the optimiser
        return Taken(
            number=i,
            before=self._vector(self.path[i], row),
            after=[] if changed else self._vector(self.path[i + 1], row),
            gradient=right if blind else self._vector(self.gradients[i], row),
            right=right,
            rate=passed if blind else rate,
            passed=passed,
            options=options,
        )

    def _vector(self, values: Array, row: int) -> Vector:
        own = values[row][self.rows.there[row]]
        return [float(x) for x in own]
