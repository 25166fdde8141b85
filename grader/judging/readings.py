"""What a student's outputs show beside the right run: the numbers from which constants are read.

One step shows how long it was; a second one, after a right first, what was remembered; the last theta,
against where it should be, what was done to it at either end. So every component of a case is a
point with the values that such formulas need, and `agreed` reads a constant off many of them at
once: the sharpest point gives it, the others have to say the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from grader import kit as kits
from grader.judging.compare import PLAIN_TYPES, ROUNDOFF
from grader.judging.descent import (
    RIGHT,
    ROUNDING_FACTOR,
    SQUARED_SINGLE,
    Array,
    Descent,
    Sheet,
    predict,
    rounding,
    run,
    sheet,
    walk,
)
from grader.records import ExerciseOutcomes, Returned, Tensor
from grader.tensors import numbers

SHORT: Final = 3  # steps: what is tried first, for it costs a fraction of the suite
LOOSE: Final = 32.0  # times the rounding, where nothing is decided yet
NEAR_PATH: Final = 4.0  # times the rounding, that an answer on the right path may be off it
TELLING: Final = 1000.0  # times the tolerance: a case so far off that agreeing with it is no accident
ASTRAY: Final = 1e15  # times the start: a run so far off has multiplied its roundings as well
ALIKE: Final = 1e-6  # relative, that two such runs may differ
SHARP: Final = 0.02  # relative doubt up to which a point says anything of a constant
FORMULA_ROUNDING: Final = 2.0**-46  # relative: a logarithm or two
SLACK: Final = 8.0  # times their doubts, that two points may differ


class Constant(NamedTuple):
    """A number read off outputs; it may be `doubt` more or less."""

    value: float
    doubt: float = 0.0


@dataclass(frozen=True)
class Points:
    """Components of cases, one a row; all but the first three are read as formulas name them."""

    case: Array  # the row of the sheet
    component: Array
    size: Array  # components of the case
    theta: Array  # where it starts
    before: Array  # the right theta before the last step
    gradient: Array  # there
    first: Array  # the gradient at the start
    right: Array  # the right result
    slope: Array  # of the gradient, where it is affine
    growth: Array  # d right / d theta, there
    rate: Array
    steps: Array
    got: Array
    tolerance: Array
    wrong: Array  # is the case wrong?

    @property
    def step(self) -> Array:
        """What the last step took off."""
        return self.before - self.got

    @property
    def effective(self) -> Array:
        """The gradient that the last step looks as if it had used."""
        return self.step / self.rate

    @property
    def length(self) -> Array:
        """The effective gradient's norm over the components of its case."""
        return self._norm(self.effective)

    @property
    def steep(self) -> Array:
        """The true gradient's norm."""
        return self._norm(self.gradient)

    @property
    def off(self) -> Array:
        return abs(self.got - self.right) > LOOSE * self.tolerance

    @property
    def steady_rate(self) -> Array:
        """The one rate that would end there, where the gradient is affine and theta stays on its side."""
        rest = self.before - self.gradient / self.slope
        left = (self.got - rest) / (self.theta - rest)
        base = np.where(self.steps % 2 == 1, np.sign(left), 1) * abs(left) ** (1 / np.maximum(self.steps, 1))
        return (1 - base) / self.slope

    def _norm(self, values: Array) -> Array:
        return np.sqrt(np.bincount(self.case, weights=values**2))[self.case]

    @cached_property
    def above(self) -> Points:
        """The same with every answer as much higher as rounding may take it."""
        return replace(self, got=self.got + self.tolerance)

    @cached_property
    def below(self) -> Points:
        """Lower by less than that: a formula with |x| in it has two sides that are alike."""
        return replace(self, got=self.got - self.tolerance / 2)

    def only(self, which: Array) -> Points:
        return Points(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class View:
    """The cases of a suite that came back with numbers, as a sheet beside what came."""

    cases: Sheet
    index: Array  # each row's place in the suite
    got: Array
    expected: Array
    wrong: Array
    fresh: Array  # no repeat of another row
    coarse: Array  # what returning a coarser dtype may add, row x 1
    narrow: Array  # came back as float32, row x 1
    dtypes: tuple[str, ...]
    exercise: kits.Exercise

    @cached_property
    def single(self) -> Sheet:
        return self.cases.rows(self.cases.single[:, 0]).in_single()

    @cached_property
    def longest(self) -> int:
        return int(self.cases.steps.max(initial=0))

    @cached_property
    def right(self) -> Array:
        """The path that should have been taken, longer than asked for: some go on."""
        return walk(RIGHT, self.cases, 2 * self.longest + SHORT)

    @cached_property
    def tolerance(self) -> Array:
        largest = np.maximum(abs(self.expected), np.where(np.isfinite(self.got), abs(self.got), 0))
        return rounding(largest, self.cases) + self.coarse

    @cached_property
    def places(self) -> Array:
        """Place on the right path x case: whether the answer equals the theta there."""
        near = (abs(self.right - self.got) <= NEAR_PATH * self.tolerance) | ~self.cases.there
        return np.all(near, axis=2)

    @cached_property
    def on_path(self) -> bool:
        """Whether every answer is a theta that the right run passes: it may have been left too early."""
        reached = np.arange(len(self.places))[:, None] <= self.cases.steps[:, 0]
        return bool((self.places & reached).any(axis=0).all())

    @cached_property
    def first_right(self) -> bool:
        """Whether every single step is right: the mistake shows in later steps alone."""
        return not bool(self.wrong[self.cases.steps[:, 0] == 1].any())

    @cached_property
    def points(self) -> Points:
        row, component = np.nonzero(self.cases.there)
        steps = self.cases.steps[row, 0]
        last = np.maximum(self.cases.steps[:, 0] - 1, 0)
        before = self.right[last, np.arange(len(last))]
        slopes = self.cases.gradient(before)
        slope = self.cases.coefficients[1] if len(self.cases.coefficients) == 2 else np.nan  # noqa: PLR2004 -- affine
        slope = np.broadcast_to(slope, self.cases.theta.shape)
        growth = ((1 - self.cases.rate * slope) ** self.cases.steps)[row, component]
        return Points(
            case=row,
            component=component,
            size=self.cases.there.sum(axis=1)[row],
            theta=self.cases.theta[row, component],
            before=before[row, component],
            gradient=slopes[row, component],
            first=self.cases.gradient(self.cases.theta)[row, component],
            right=self.right[steps, row, component],
            slope=slope[row, component],
            growth=growth,
            rate=self.cases.rate[row, 0],
            steps=steps,
            got=self.got[row, component],
            tolerance=self.tolerance[row, component],
            wrong=self.wrong[row],
        )

    @cached_property
    def ones(self) -> Points:
        """After one step."""
        return self.points.only(self.points.steps == 1)

    @cached_property
    def sloping(self) -> Points:
        """After one step from where there is a slope."""
        return self.ones.only(self.ones.gradient != 0)

    @cached_property
    def twos(self) -> Points:
        """After two steps."""
        return self.points.only(self.points.steps == 2)  # noqa: PLR2004

    # --- what a mistake would have given --------------------------------------------------

    @cached_property
    def _short(self) -> tuple[Array, Sheet]:
        """The rows that are tried first: few steps, wrong ones among them; float64 where there are enough."""
        few = (self.cases.steps[:, 0] <= max(SHORT, self._first_wrong)) & self.fresh
        sharp = few & ~self.cases.single[:, 0]
        which = np.nonzero(sharp if (sharp & self.wrong).sum() >= SHORT else few)[0]
        return which, self.cases.rows(which)

    @cached_property
    def _first_wrong(self) -> int:
        return int(self.cases.steps[self.wrong, 0].min(initial=self.longest))

    def promising(self, descent: Descent, nearby: Descent | None = None) -> bool:
        """Whether the short cases do not contradict it. Loose, and cheap."""
        which, cases = self._short
        value = run(descent, cases)
        allowed = LOOSE * rounding(value, cases, descent.count(cases)) + self.coarse[which]
        if nearby is not None:
            allowed += abs(run(nearby, cases) - value)
        got = self.got[which]
        same = self._same(got, value, allowed) | (cases.single & ~np.isfinite(got))
        return bool((same | ~cases.there).all())

    def agreeing(
        self, descent: Descent, nearby: Descent | None = None, roundoff: float | None = None
    ) -> tuple[Array, Array]:
        """Which rows behave as if this were the mistake, and which of these tell it from no mistake.

        `nearby` is the same mistake with its constant moved by what is not known of it; `roundoff` that of
        a coarser dtype, whose few numbers tell more than how far off they are.
        """
        predicted = predict(descent, self.cases, self.single)
        allowed = predicted.tolerance + self.coarse
        if roundoff is not None:
            allowed = allowed + rounding(predicted.value, self.cases, roundoff=roundoff)
        if nearby is not None:
            allowed = allowed + np.nan_to_num(abs(run(nearby, self.cases) - predicted.value), posinf=0.0)
        astray = ASTRAY * abs(self.cases.theta).max(axis=1, keepdims=True, initial=0.0)
        allowed = allowed + np.where(abs(predicted.value) > astray, ALIKE * abs(predicted.value), 0)
        beyond = predicted.beyond | (self.narrow & (abs(predicted.value) > SQUARED_SINGLE))
        same = self._same(self.got, predicted.value, allowed) | (beyond & ~np.isfinite(self.got))
        agree = np.all(same | ~self.cases.there, axis=1)
        apart = (abs(self.got - self.expected) > TELLING * allowed) & self.cases.there
        telling = agree & self.wrong & self.fresh
        return agree, telling if roundoff is not None else telling & np.any(apart, axis=1)

    @staticmethod
    def _same(got: Array, value: Array, allowed: Array) -> Array:
        return (got == value) | (abs(got - value) <= allowed) | (np.isnan(got) & np.isnan(value))


def view(
    outcomes: ExerciseOutcomes, exercise: kits.Exercise, among: Collection[int] | None = None
) -> View | None:
    """What came back as numbers (`among` these cases); None where there is no landscape or nothing came."""
    if exercise.landscape is None:
        return None
    rows = [
        (one, exercise.cases[one.case], one.answer, one.answer.value)
        for one in outcomes.outcomes
        if isinstance(one.answer, Returned)
        and one.answer.value is not None
        and one.error_over_bound is not None
        and (among is None or one.case in among)
    ]
    if not rows:
        return None
    cases = sheet([case for _, case, _, _ in rows], exercise.landscape, exercise.moves)
    got, expected = np.zeros_like(cases.theta), np.zeros_like(cases.theta)
    coarse = np.zeros_like(cases.rate)
    for i, (_, case, answer, value) in enumerate(rows):
        came, wanted = numbers(value), numbers(case.expected)
        got[i, : len(came)], expected[i, : len(wanted)] = came, wanted
        coarse[i] = _coarseness(answer, value, case, cases.theta[i])
    return View(
        cases,
        index=np.array([one.case for one, *_ in rows]),
        got=got,
        expected=expected,
        wrong=np.array([one.failure is not None for one, *_ in rows]),
        fresh=np.array([case.repeats is None for _, case, _, _ in rows]),
        coarse=coarse,
        narrow=np.array([[value.dtype == "float32"] for *_, value in rows]),
        dtypes=tuple(value.dtype for *_, value in rows),
        exercise=exercise,
    )


def _coarseness(answer: Returned, value: Tensor, case: kits.Case, start: Array) -> float:
    """What coming back in a coarser dtype than the case's may add; plain numbers may have come from any."""
    own = ROUNDOFF.get(case.dtype, 0.0)
    dtype = "float32" if answer.type in PLAIN_TYPES else value.dtype
    u = ROUNDOFF.get(dtype, own)
    largest = float(abs(start).max(initial=0.0))
    return ROUNDING_FACTOR * u * (case.effort + 1) * largest if u > own else 0.0


# --- constants ----------------------------------------------------------------------------

Formula = Callable[[Points], Array]


def agreed(formula: Formula, points: Points) -> tuple[Constant, ...]:
    """The constant that all points agree on, where they do; points that say little of it are left out."""
    values, doubts = readings(formula, points)
    sharp = np.isfinite(values) & (doubts <= SHARP * abs(values))
    values, doubts = values[sharp], doubts[sharp]
    if len(values) < 2:  # noqa: PLR2004 -- one point agrees with itself
        return ()
    best = int(np.argmin(doubts))
    value, doubt = float(values[best]), float(doubts[best])
    if (abs(values - value) > SLACK * (doubts + doubt)).any():
        return ()
    return (Constant(value, SLACK * doubt),)


def readings(formula: Formula, points: Points) -> tuple[Array, Array]:
    """What each point says, and by how much that moves with its rounding."""
    values = formula(points)
    off = np.maximum(abs(formula(points.above) - values), abs(formula(points.below) - values))
    doubts = np.maximum(off, FORMULA_ROUNDING * abs(values))
    return values, np.where(np.isfinite(doubts), doubts, np.inf)


def between(low: float, high: float) -> Constant:
    """The roundest number in (low, high], for a threshold of which nothing more is known."""
    if not (0 < low < high < math.inf):
        return Constant(high)
    first = math.floor(math.log10(low))
    exponents = range(math.floor(math.log10(high)), first - 1, -1)
    for digit in ROUNDEST:
        for exponent in exponents:
            candidate = float(f"{digit}e{exponent}")
            if low < candidate <= high:
                return Constant(candidate)
    return next(
        (Constant(x) for d in range(1, 16) if low < (x := float(f"{math.sqrt(low * high):.{d}e}")) <= high),
        Constant(high),
    )


ROUNDEST: Final = (1, 5, 2, 3, 4, 6, 8, 7, 9, 1.5, 2.5)
FRACTIONS: Final = (3, 6, 7, 9, 11, 12)
PLAIN_DIGITS: Final = 4  # a decimal of more digits than these may be a fraction
KNOWN_DIGITS: Final = 8  # one of more is no round number at all


def rounded(constant: Constant) -> Constant:
    """The roundest number that it may be, without a doubt; or it, as it was read."""
    value, doubt = constant
    if doubt == 0 or not math.isfinite(value):
        return constant
    for digits in range(1, KNOWN_DIGITS):
        candidate = float(f"{value:.{digits - 1}e}")
        if abs(candidate - value) <= doubt:
            return Constant(candidate)
        if digits == PLAIN_DIGITS:
            for below in FRACTIONS:
                candidate = round(value * below) / below
                if candidate and abs(candidate - value) <= doubt:
                    return Constant(candidate)
    return constant


def told(value: float) -> str:
    """A constant for people: 0.05, 1/3, 7, 1e-6."""
    short = f"{value:.6g}"
    if len(short.replace("-", "").replace("0.", "")) > PLAIN_DIGITS and abs(value) < 100:  # noqa: PLR2004
        for below in FRACTIONS:
            above = round(value * below)
            if above and abs(above / below - value) <= 1e-9 * abs(value):
                return f"{above}/{below}"
    return short.replace("e-0", "e-").replace("e+0", "e+")
