"""Long runs, where a mistake that begins late shows: a schedule, a cap on the rounds, a number that fades.

Short runs are cheap and tell nearly everything, but what begins in round 30 they never see. So inputs that
Hypothesis drew are run far, too, wherever what a call costs (its `effort`) grows with one of its ints:
nothing more is asked of an exercise. Most of these runs have long converged, and then the end says nothing
of the way. Kept are some whose last round still counts: of each shape and dtype, some that glide and some
that jump from side to side, and apart from these some that run away.

How late a mistake may begin to be caught is then tried, not assumed: the reference itself makes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np
from msgspec.structs import replace

from grader import kit, tensors
from grader.errors import GraderError
from grader.exercises import Exercise
from grader.freezing.casting import in_double
from grader.freezing.choose import group, shape_of
from grader.freezing.oracle import finite, reference_value
from grader.freezing.trials import Trials
from grader.records import Tensor, Value

FAR: Final = range(101, 111)  # rounds: a loop that ends after a hundred falls short of it
EARLY: Final = 8  # rounds: one that has shrunk to a tenth by then converges long before the end
AWAY: Final = range(31, 41)  # enough for what begins there at once, and few enough to stay finite
LOOKED_AT: Final = 300  # of the inputs drawn: one in twenty is of use
ENOUGH: Final = 6  # runs to choose from
RUNS: Final = 3  # that have not converged, those that run away not counted
COUNTS: Final = 1e-3  # of what an early round moves: a last one that moves less is of a converged run
EVERY: Final = 10  # rounds between two onsets that are tried
NUDGE: Final = 1e-3  # of the value there

Arguments = Mapping[str, Value]


@dataclass(frozen=True)
class _Run:
    """A long run and what it is wanted for. Its oracle is asked only where it is chosen."""

    arguments: dict[str, Value]
    effort: float
    wanted: frozenset[tuple[str, object]]

    @property
    def away(self) -> bool:
        return any(name == "away" for name, _ in self.wanted)


def counter(trials: Trials, arguments: Arguments) -> str | None:
    """The int that says how far a call runs: one more of it costs more. None where there is none."""
    numbers = [(name, value) for name, value in arguments.items() if isinstance(value, int)]
    cost = trials.effort(arguments)
    return next((n for n, value in numbers if trials.effort({**arguments, n: value + 1}) > cost), None)


# --- which are taken ----------------------------------------------------------------------


def long_runs(trials: Trials, drawn: Sequence[dict[str, Value]], seed: int, budget: float) -> list[kit.Case]:
    """Some runs that go far and have not converged, and some that run away, within the budget."""
    count = counter(trials, drawn[0])
    if count is None:
        return []
    random = Random(seed)  # noqa: S311 -- chooses lengths, guards nothing
    found: list[_Run] = []
    ordinary = _ordinary(trials, drawn[:LOOKED_AT], count)
    shapes = {shape_of(one, trials.exercise) for one in ordinary}
    for arguments in ordinary:
        near, far = random.choice(AWAY), random.choice(FAR)
        kinds = {kind for one in found for kind in one.wanted}
        enough = all(("shape", shape) in kinds for shape in shapes) and (
            sum(not one.away for one in found) >= ENOUGH
        )
        if enough and all(("away", shape) in kinds for shape in shapes):
            break
        way = _Way(trials.exercise, arguments, count)
        run = _unsettled(trials, way, near, None if enough else far)
        if run is not None:
            found.append(run)
    return _affordable(_chosen(trials, found), budget)


def _ordinary(trials: Trials, drawn: Iterable[dict[str, Value]], count: str) -> list[dict[str, Value]]:
    """The inputs that belong, run far, to the criterion of most of them: special ones are judged apart."""
    own = [(one, _criterion(trials, {**one, count: FAR.start})) for one in drawn]
    counted = Counter(criterion for _, criterion in own if criterion)
    return [one for one, criterion in own if counted and criterion == counted.most_common(1)[0][0]]


def _criterion(trials: Trials, arguments: Arguments) -> str:
    """Empty where none judges so long a run: the rubric may end before."""
    try:
        return trials.criterion(arguments)
    except GraderError:
        return ""


def _unsettled(trials: Trials, way: _Way, near: int, far: int | None) -> _Run | None:
    """The run, if it runs away or if its last round still counts; None for one that has converged.

    Without `far` only whether it runs away is asked: many rounds cost.
    """
    try:
        first = way.moved(2)
        if _shrunken(way.moved(EARLY), first, 0.1):
            return None
        for number, away in ((near, True), (far, False)):
            if number is None:
                break
            last = way.moved(number)
            if _shrunken(last, first, COUNTS):
                return None
            if _shrunken(last, first, 1) != away:
                return _run(trials, way, number, away=away)
    except GraderError:  # the reference refuses so long a run
        return None
    return None


def _shrunken(last: np.ndarray, first: np.ndarray, share: float) -> bool:
    """Whether a round moves no more than this share of another; one that moves nothing does."""
    return not np.linalg.norm(last) > share * np.linalg.norm(first)


def _run(trials: Trials, way: _Way, number: int, *, away: bool) -> _Run | None:
    arguments = {**way.arguments, way.count: number}
    shape = shape_of(arguments, trials.exercise)
    if away:
        wanted: set[tuple[str, object]] = {("away", shape)}
    else:
        dtypes = tuple(one.dtype for one in arguments.values() if isinstance(one, Tensor))
        jumps = bool(np.dot(way.moved(number), way.moved(number - 1)) < 0)
        wanted = {("shape", shape), ("dtype", dtypes), ("jumps", jumps)}
    run = _Run(arguments, trials.effort(arguments), frozenset(wanted))
    return None if away and _case(trials, run) is None else run


def _case(trials: Trials, run: _Run) -> kit.Case | None:
    """The run with its oracle; None where no dtype holds what comes of it."""
    case = replace(trials.case(run.arguments), origin="chosen")
    return case if finite(case) and held(case) else None


def held(case: kit.Case) -> bool:
    """Whether the dtype can hold the result and its square, which is what a loss makes of it."""
    with np.errstate(over="ignore"):
        squared = np.square(tensors.numbers(case.expected).astype(case.dtype))
    return bool(np.isfinite(squared).all())


def _chosen(trials: Trials, found: list[_Run]) -> list[kit.Case]:
    """The fewest that are of every kind there is, then more of those that do not run away."""
    taken = _covering(found)
    staying = [run for run in found if not run.away]
    more = sorted((run for run in staying if run not in taken), key=lambda run: run.effort)
    taken += more[: max(RUNS - sum(run in taken for run in staying), 0)]
    cases = [(run, _case(trials, run)) for run in taken]
    unfit = [run for run, case in cases if case is None]
    if unfit:
        return _chosen(trials, [run for run in found if run not in unfit])
    return [case for _, case in cases if case is not None]


def _covering(found: list[_Run]) -> list[_Run]:
    open_kinds = {kind for run in found for kind in run.wanted}
    taken: list[_Run] = []
    while open_kinds:
        best = max(found, key=lambda run: (len(run.wanted & open_kinds), -run.effort))
        taken.append(best)
        open_kinds -= best.wanted
    return taken


def _affordable(cases: list[kit.Case], budget: float) -> list[kit.Case]:
    fitting: list[kit.Case] = []
    for case in cases:
        if case.effort <= budget - sum(one.effort for one in fitting):
            fitting.append(case)
    return fitting


# --- how late a mistake is caught ---------------------------------------------------------


def reach(trials: Trials, cases: Sequence[kit.Case]) -> kit.Late | None:
    """After how many right rounds a mistake may begin and is caught still; None where nothing is counted.

    Every tenth round is tried, for a run that ends there, one whose other numbers are halved from
    there on, and one that is nudged there. Each has to be caught by some case, and in each shape, where the
    better one counts.
    """
    count = counter(trials, cases[0].arguments)
    if count is None:
        return None
    own = [case for case in cases if case.repeats is None and _number(case.arguments, count) > 1]
    wanted = {
        (shape, kind)
        for shape in {group(case, trials.exercise)[1] for case in own}
        for kind in _kinds(own[0])
    }
    caught = 0
    for onset in range(EVERY, max((_number(case.arguments, count) for case in own), default=0), EVERY):
        running = [case for case in own if _number(case.arguments, count) > onset]
        if not wanted <= {one for case in running for one in _caught(trials.exercise, case, count, onset)}:
            break
        caught = onset
    return kit.Late(count, caught)


def _caught(exercise: Exercise, case: kit.Case, count: str, onset: int) -> Iterable[tuple[str, str]]:
    """The kinds of mistake that the case catches if they begin after so many rounds, with its shape."""
    moves = next(name for name, value in case.arguments.items() if isinstance(value, Tensor))
    arguments = in_double(case.arguments)
    there = reference_value(exercise, {**arguments, count: onset})
    rest = {**arguments, moves: there, count: _number(arguments, count) - onset}
    for kind, mistaken in _kinds(case).items():
        wrong = mistaken(exercise, rest, moves)
        off = abs(tensors.numbers(wrong) - tensors.numbers(case.expected))
        if not (off <= tensors.numbers(case.bounds[case.dtype])).all():
            yield group(case, exercise)[1], kind


Mistaken = Callable[[Exercise, dict[str, Value], str], Tensor]


def _kinds(case: kit.Case) -> dict[str, Mistaken]:
    """What the reference can do otherwise from a round on."""
    halved = {name: _halving(name) for name, value in case.arguments.items() if isinstance(value, float)}
    return {"ends": _ending, "nudged": _nudging, **halved}


def _ending(_: Exercise, rest: dict[str, Value], moves: str) -> Tensor:
    there = rest[moves]
    assert isinstance(there, Tensor)
    return there


def _nudging(exercise: Exercise, rest: dict[str, Value], moves: str) -> Tensor:
    there = rest[moves]
    assert isinstance(there, Tensor)
    nudged = tensors.float64(tensors.numbers(there) * (1 + NUDGE), there.shape)
    return reference_value(exercise, {**rest, moves: nudged})


def _halving(name: str) -> Mistaken:
    def halved(exercise: Exercise, rest: dict[str, Value], _: str) -> Tensor:
        value = rest[name]
        assert isinstance(value, float)
        return reference_value(exercise, {**rest, name: value / 2})

    return halved


# --- a run in parts -----------------------------------------------------------------------


def _number(arguments: Arguments, count: str) -> int:
    value = arguments[count]
    assert isinstance(value, int)
    return value


class _Way:
    """What comes of one input after any number of rounds; nothing is run twice."""

    def __init__(self, exercise: Exercise, arguments: dict[str, Value], count: str) -> None:
        self.arguments = arguments
        self.count = count
        self._exercise = exercise
        self._ends: dict[int, np.ndarray] = {}

    def moved(self, number: int) -> np.ndarray:
        """By what the round of this number moves the result."""
        moved: np.ndarray = self._end(number) - self._end(number - 1)
        return moved

    def _end(self, rounds: int) -> np.ndarray:
        if rounds not in self._ends:
            given = {**in_double(self.arguments), self.count: rounds}
            self._ends[rounds] = tensors.numbers(reference_value(self._exercise, given))
        return self._ends[rounds]
