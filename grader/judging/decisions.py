"""Traced calls -> the decisions of the run that were taken otherwise, the most fundamental first.

A descent is a few decisions: where it starts, which gradient a step uses, with which rate, what happens to
theta between the steps, how many there are, and what comes back. The values of a suite show only what all of
them came to: a halved loss and a halved rate end at the same theta. A trace shows each on its own. Where
exactly one differs in the traced calls, it is the mistake; where two do, both are told, and the finding is
partial.

Traces are claims by untrusted code, so all of this is a pointer: what cannot be read is passed over, and
marks never depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec

from grader import kit as kits
from grader.diagnosis.candidates import Candidate
from grader.diagnosis.optimisation import by_the_one_asked_for, odd_options, options_told
from grader.diagnosis.seen import Seen
from grader.judging import slopes
from grader.judging.between import between, by_hand_before
from grader.judging.family import OPTIONS_HINT
from grader.judging.handed_back import result
from grader.judging.reading import (
    DRAWS,
    Point,
    Reading,
    constant,
    number,
    plainness,
    points,
    ratio,
    same,
    vector,
)
from grader.judging.recorded import Recorded
from grader.judging.walks import Taken, Walk, alike, close, handed_on
from grader.tensors import floats

RANK: Final = 60
FEW: Final = 2  # traced calls that a decision has to be seen in
TWO: Final = "Read from the traces: two decisions of the run are not as in the reference."
MOST: Final = 2  # decisions that are told; more of them may be no reading of this run

_START: Final = "Print theta just before the first step. Where does it come from?"
_RATE: Final = "Print the lr of your optimiser before each step, and compare it with the rate that is passed."
_COUNT: Final = "Count how often step() runs. What ends your loop?"


class Shown:
    """What the traces of one exercise show, read once and only where it is asked for."""

    def __init__(self, seen: Seen, recorded: Recorded) -> None:
        self.seen, self.recorded = seen, recorded

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        seen, asked = self.seen, _asked(self.seen.exercise)
        if asked is None or not seen.broken["values"]:
            return ()
        if not by_the_one_asked_for(seen.traces, asked):
            return ()
        read = self.recorded.walks
        found = readings(seen.exercise, read, asked, seen.wrong, draws=seen.draws)
        return found[:MOST] if len(found) <= MOST or all(map(self.recorded.is_of_theta, read)) else ()

    @cached_property
    def sure(self) -> bool:
        return len(self.readings) == 1 and self.readings[0].sure


def _asked(exercise: kits.Exercise) -> str | None:
    return next((one.optimiser for one in exercise.rubric if one.optimiser), None)


def candidates(shown: Shown, *, sure: bool) -> tuple[Candidate, ...]:
    """The decision behind wrong values: where it is `sure`, or where it is told by its numbers alone."""
    if not shown.readings or shown.sure != sure:
        return ()
    return (_candidate(shown),)


def _candidate(given: Shown) -> Candidate:
    first, *others = given.readings
    besides = "".join(f"; besides, {one.title[:1].lower()}{one.title[1:]}" for one in others)
    return Candidate(
        id=first.id,
        title=first.title + besides,
        hint=first.hint,
        explained=given.seen.broken["values"],
        whole=first.sure and not others,
        rank=RANK,
        evidence="trace",
        calls=sum(bool(one.taken) for one in given.recorded.walks),
        teacher=first.teacher if not others else TWO,
        where=first.where,
    )


def readings(
    exercise: kits.Exercise,
    read: Sequence[Walk],
    asked: str,
    wrong: frozenset[int],
    *,
    draws: bool = False,
) -> tuple[Reading, ...]:
    """The decisions that differ; none where too little can be read, or a wrong call shows none of them."""
    options = odd_options(exercise, read)
    if options is None:
        return ()
    odd = {walk.case for walk in read if options or any(differs(walk) for differs in _DIFFERS)}
    if len(odd) < FEW or not any(walk.taken for walk in read):
        return ()
    if any(walk.case in wrong and walk.case not in odd and _far_off(walk, exercise) for walk in read):
        return ()
    by_hand = by_hand_before(read)
    if by_hand is not None:
        return (by_hand,)  # where steps begin, and with which gradient, only follows from it
    rules = (lambda _: _options(asked, options), *_rules(draws=draws))
    return tuple(one for rule in rules if (one := rule(read)) is not None)


def _far_off(walk: Walk, exercise: kits.Exercise) -> bool:
    """Whether it is wrong by more than is read as a difference: small noise is lost in a large theta."""
    return walk.result is not None and not same(walk.result, floats(exercise.cases[walk.case].expected))


def _rules(*, draws: bool) -> Iterator[Callable[[Sequence[Walk]], Reading | None]]:
    yield lambda read: _start(read, draws=draws)
    yield lambda read: None if _made_up(read) else slopes.read(read, draws=draws)
    yield lambda read: None if _made_up(read) else _rate(read)
    yield lambda read: between(read, draws=draws)
    yield _count
    yield lambda read: _result(read, draws=draws)


def _result(read: Sequence[Walk], *, draws: bool) -> Reading | None:
    """Another start comes back where there is no step; what is done after each step, after the last."""
    if any(map(_moved_between, read)):
        return None
    own_start = any(map(_starts_elsewhere, read))
    return result([walk for walk in read if walk.taken or not own_start], draws=draws)


# --- which calls differ ---------------------------------------------------------------------------


def _starts_elsewhere(walk: Walk) -> bool:
    return bool(walk.taken) and not handed_on(walk.taken[0].before, walk.start)


def _steps_otherwise(walk: Walk) -> bool:
    return any(not close(one.rate, one.passed) or _odd_gradient(walk, one) for one in walk.taken)


def _odd_gradient(walk: Walk, one: Taken) -> bool:
    return slopes.wrong(Point(walk, one))


def _moved_between(walk: Walk) -> bool:
    return any(
        not handed_on(two.before, one.after) for one, two in zip(walk.taken, walk.taken[1:], strict=False)
    )


def _another_count(walk: Walk) -> bool:
    return len(walk.taken) != walk.asked


def _comes_back_otherwise(walk: Walk) -> bool:
    return walk.result is not None and not handed_on(walk.result, walk.left)


_DIFFERS: Final = (
    _starts_elsewhere, _steps_otherwise, _moved_between, _another_count, _comes_back_otherwise,
)  # fmt: skip


def _made_up(read: Sequence[Walk]) -> bool:
    """Whether rate and gradient make up for each other in every step: half the loss, twice the rate."""
    return all(
        one.gradient is not None
        and one.right is not None
        and alike([one.rate * x for x in one.gradient], [one.passed * x for x in one.right], one.before)
        for _, one in points(read)
    )


# --- the options ----------------------------------------------------------------------------------


def _options(asked: str, options: Mapping[str, float]) -> Reading | None:
    if not options:
        return None
    title = f"{asked} runs with {options_told(options)}"
    return Reading("options", "optimiser-options", title, OPTIONS_HINT, "optimiser")


# --- the start ------------------------------------------------------------------------------------


def _start(read: Sequence[Walk], *, draws: bool) -> Reading | None:
    begun = [walk for walk in read if walk.taken]
    odd = [walk for walk in begun if _starts_elsewhere(walk)]
    if not odd:
        return None
    if len({len(walk.start) for walk in begun}) == 1 and all(
        same(walk.taken[0].before, odd[0].taken[0].before) for walk in begun
    ):
        at = vector(odd[0].taken[0].before)
        return _start_reading("start-fixed", f"The descent starts at {at}, whatever is passed")
    pairs = [(walk.taken[0].before, walk.start) for walk in begun if any(walk.start)]
    lengths = constant([sum(x * x for x in before) for before, _ in pairs])
    directions = [ratio(before, start) for before, start in pairs]
    if lengths and all(one is not None and one > 0 for one in directions):
        title = f"The initial theta is scaled to length {number(lengths**0.5)} before the first step"
        return _start_reading("start-normalised", title)
    factor = constant([one for one in directions if one is not None])
    if factor is not None and None not in directions:
        title = f"The descent starts at {number(factor)} times the initial theta"
        return _start_reading("start-scaled", title)
    return _random_start(odd) if draws else _another_start(odd)


def _random_start(odd: Sequence[Walk]) -> Reading:
    title = f"The first step does not begin at the theta that is passed{DRAWS}: {_begins(odd)}"
    return _start_reading("start-random", title)


def _another_start(odd: Sequence[Walk]) -> Reading:
    title = f"The first step does not begin at the theta that is passed: {_begins(odd)}"
    return _start_reading("start-elsewhere", title, sure=False)


def _begins(odd: Sequence[Walk]) -> str:
    walk = min(odd, key=lambda one: (not any(one.start), plainness(one.start)))
    return f"at {vector(walk.taken[0].before)}, where {vector(walk.start)} is passed"


def _start_reading(id_: str, title: str, *, sure: bool = True) -> Reading:
    return Reading("start", id_, title, _START, "optimiser", sure=sure)


# --- the rate -------------------------------------------------------------------------------------


def _rate(read: Sequence[Walk]) -> Reading | None:
    every = points(read)
    odd = [one for _, one in every if not close(one.rate, one.passed)]
    if not odd:
        return None
    fixed = constant([one.rate for _, one in every])
    if fixed is not None:
        return _rate_reading("rate-fixed", f"Every step uses the rate {number(fixed)}, whatever is passed")
    if any(one.rate for _, one in every if not one.passed):
        return _another_rate(odd)
    factors = [(walk, one, one.rate / one.passed) for walk, one in every if one.passed]
    factor = constant([x for _, _, x in factors])
    if factor is not None:
        return _rate_reading("rate-scaled", f"The learning rate is {number(factor)} times the one passed")
    return _rate_in_one_step(factors) or _another_rate(odd)


def _rate_in_one_step(factors: Sequence[tuple[Walk, Taken, float]]) -> Reading | None:
    for name, place in (("first", 0), ("last", -1)):
        inside = [x for walk, one, x in factors if one is walk.taken[place]]
        outside = [x for walk, one, x in factors if one is not walk.taken[place]]
        factor = constant(inside)
        if factor is not None and len(outside) >= FEW and constant(outside) == 1:
            title = f"In the {name} step the learning rate is {number(factor)} times the one passed"
            return _rate_reading("rate-in-one-step", title)
    return None


def _another_rate(odd: Sequence[Taken]) -> Reading:
    one = min(odd, key=lambda taken: (taken.number, plainness([taken.passed])))
    title = (
        f"The optimiser's learning rate is not the one passed: {number(one.rate)} in step {one.number + 1}, "
        f"where {number(one.passed)} is passed"
    )
    return _rate_reading("another-rate", title, sure=False)


def _rate_reading(id_: str, title: str, *, sure: bool = True) -> Reading:
    return Reading("rate", id_, title, _RATE, "optimiser", sure=sure)


# --- how many steps -------------------------------------------------------------------------------


def _count(read: Sequence[Walk]) -> Reading | None:
    odd = [walk for walk in read if _another_count(walk)]
    if not odd:
        return None
    pairs = [(len(walk.taken), walk.asked) for walk in read]
    more = {own - asked for own, asked in pairs}
    own, asked = min(
        ((len(walk.taken), walk.asked) for walk in odd), key=lambda pair: (pair[1] < FEW, pair[1])
    )
    few = own < asked
    if more <= {min(more), 0} and len(odd) < len(read) - len([1 for _, wanted in pairs if not wanted]):
        title = (
            f"Some calls end {'early' if few else 'late'}: after {_steps(own)}, where {asked} are asked for"
        )
    else:
        title = f"Another number of steps is taken than asked for: {own} in place of {asked}, for instance"
    return Reading("count", "another-count", title, _COUNT, "loop", sure=False)


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"


# --- beside a name that the values alone bear out -------------------------------------------------


def preciser(found: tuple[Candidate, ...], shown: Shown) -> tuple[Candidate, ...]:
    """A finding about how long steps are, with the decision first that the traces show to make them so.

    Values alone cannot tell a halved loss from a halved rate. Where the traces can, the name that fits the
    values alone stands second; that every value is as long is proven all the same.
    """
    if not found or not found[0].lengths or not shown.sure or shown.readings[0].decision not in _LENGTHS:
        return found
    first = msgspec.structs.replace(
        _candidate(shown),
        explained=found[0].explained,
        kinds=found[0].kinds,
        evidence=found[0].evidence,
    )
    return (first, *found)


_LENGTHS: Final = ("rate", "gradient")
