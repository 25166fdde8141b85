"""Rules of the number of steps: of the number asked for, or of the path, where a condition ends the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Final

import numpy as np

from grader.descent import reading
from grader.descent.program import Array, Moment
from grader.descent.reading import Reader, Trial, nothing, told, whole
from grader.descent.rule import Rule, worded
from grader.exercises import Landmark

COUNT_HINT: Final = "Count the updates of theta for number_steps = 1, 2 and 3."
_STEPS: Final = ({1.0: "1 step is"}, "{0} steps are")
USED_HINT: Final = "Where in your function is number_steps used?"
ALWAYS_HINT: Final = "Does your function always take number_steps steps? Which line can end the loop?"


def _more(k: float) -> str:
    much, be = ("One step", "is") if abs(k) == 1 else (f"{told(abs(k))} steps", "are")
    return f"{much} too {'many' if k > 0 else 'few'} {be} taken"


def _count(
    name: str, title: str | Callable[[float], str], f: Callable[..., Array], read: Reader, rank: int,
    *samples: tuple[float, ...], hint: str = COUNT_HINT, known: int = 0, teacher: str = "",
    where: Landmark = "loop",
) -> Rule:  # fmt: skip
    return Rule(name, "count", title, hint, f, read, rank=rank, samples=samples or ((),), known=known,
                teacher=teacher, landmark=where)  # fmt: skip


UNASKED: Final = "steps-unasked"
UNENDING: Final = 500  # so many that only what ends the loop shows

COUNTS: Final = (
    _count("no-step", "No step is taken: theta stays as it is", lambda x, at: 0 * x, nothing, 9, known=1,
           hint="Print theta and theta.grad in the loop. Which line is to change theta, and does it run?",
           where="step", teacher="step() is missing or lacks its parentheses, or the loop is never entered."),
    _count("steps-fixed", worded(*_STEPS, "Always {} taken, whatever is passed"), lambda x, at, k: 0 * x + k,
           whole(lambda x, y, at: y), 10, (10,), (1,), (100,), hint=USED_HINT, known=1,
           teacher="The argument never reaches the loop: a number stands in its place."),
    _count("steps-more", _more, lambda x, at, k: np.maximum(x + k, 0), whole(lambda x, y, at: y - x),
           11, (1,), (-1,), (-2,), known=2,
           teacher="range(number_steps + 1), range(1, number_steps), <= for <, or an older theta returned."),
    _count("steps-times", worded({2: "Twice"}, "{0} times", "{} as many steps are taken as asked for"),
           lambda x, at, c: c * x, whole(reading.ratio), 13, (2,), (3,), known=1,
           teacher="Two loops, or loss, backward and step twice in each iteration."),
    _count("steps-over", "Only one step in {0} is taken: number_steps // {0}",
           lambda x, at, c: x // c, Trial(2, 3, 4, 5, 10), 15, (2,), (3,), known=1,
           teacher="number_steps is divided, or a step is taken in every second iteration alone."),
    _count("steps-strided", "The loop counts by {0}, so most steps are left out",
           lambda x, at, c: -(-x // c), Trial(2, 3, 4, 5, 10), 16, (2,), (3,)),
    _count("steps-at-most", worded(*_STEPS, "Never more than {} taken, however many are asked for"),
           lambda x, at, k: np.minimum(x, k), whole(reading.where_changed), 13, (50,), (100,), (1,), known=2,
           hint="Call your function with many steps. How often does the loop run?",
           teacher="A cap such as min(number_steps, 100), or a break; at 1: a return inside the loop."),
    _count("steps-at-least", worded(*_STEPS, "At least {} taken, however few are asked for"),
           lambda x, at, k: np.maximum(x, k), whole(reading.where_changed), 14, (1,), (3,), known=1,
           hint="Call your function with number_steps = 0 and 1.",
           teacher="max(number_steps, 1), or a loop whose condition stands at its end."),
    _count("steps-zero-replaced", worded(*_STEPS, "Where number_steps is 0, {} taken"),
           lambda x, at, k: np.asarray(np.where(x == 0, k, x)),
           whole(lambda x, y, at: np.where((x == 0) & (y > 1), y, np.nan)), 15,
           (10,), (100,), hint="Call your function with number_steps = 0. How often does the loop run?",
           teacher="`number_steps or default` takes 0 for no number at all."),
    _count("steps-left-out", "One step in {0} is left out",
           lambda x, at, k: x - x // k, Trial(*range(3, 11)), 17, (3,), (7,), known=1, teacher="A continue."),
    _count("steps-left-out-first", "One step in {0} is left out, the very first among them",
           lambda x, at, k: x + -x // k, Trial(*range(3, 11)), 18, (7,), (3,), teacher="if i % k: ..."),
    _count("steps-squared", "As many steps are taken as number_steps times number_steps",
           lambda x, at: x * x, nothing, 19, teacher="A loop in a loop."),
    _count(UNASKED, "number_steps is not used: a condition alone ends the loop",
           lambda x, at: 0 * x + UNENDING, nothing, 19, hint=USED_HINT, teacher="while loss > tolerance."),
    _count("steps-of-the-rate", "The learning rate, cut to a whole number, is taken as the number of steps",
           lambda x, at: np.maximum(np.trunc(at.rate), 0), nothing, 20, where="definition",
           hint="In which order does the exercise pass the learning rate and the number of steps?",
           teacher="The two arguments are exchanged."),
)  # fmt: skip


# --- conditions that end the loop -----------------------------------------------------------------

Measure = Callable[[Array, Moment], Array]
"""path, at -> place x call: what the condition looks at there."""


def _loss(path: Array, at: Moment) -> Array:
    return at.objective.value(path)[..., 0]


def _ahead(path: Array, at: Moment) -> Array:
    """Where each place leads: to the next one or, where the path ends, as far as a right step goes."""
    following = np.concatenate([path[1:], np.full_like(path[:1], np.nan)])
    return np.where(np.isnan(following), path - at.rate * at.objective.gradient(path), following)


def _largest(values: Array) -> Array:
    """Of several components; nothing to look at where there is one."""
    return abs(values).max(axis=-1) if values.shape[-1] > 1 else np.full(values.shape[:-1], np.nan)


MEASURES: Final[dict[str, Measure]] = {
    "loss": _loss,
    "gradient": lambda path, at: np.linalg.norm(at.gradient(path), axis=-1),
    "theta": lambda path, at: np.linalg.norm(path, axis=-1),
    "gradient-largest": lambda path, at: _largest(at.gradient(path)),
    "theta-largest": lambda path, at: _largest(path),
    "change": lambda path, at: np.linalg.norm(_ahead(path, at) - path, axis=-1),
    "gain": lambda path, at: abs(_loss(_ahead(path, at), at) - _loss(path, at)),
}


def _left(met: Array, after: int, asked: Array, begin: int = 0) -> Array:
    """The first place from `begin` on where the condition is met, or `after` steps later.

    `begin` -1: no step follows where it is met at the start.
    """
    met = met & (np.arange(len(met)) >= begin)[:, None]
    first = np.where(met.any(axis=0), met.argmax(axis=0), len(met))
    later = np.where((begin < 0) & (first == 0), 0, after)
    return np.minimum((first + later)[:, None], asked)


def _threshold(measure: Measure, after: int, begin: int) -> Reader:
    """Between what the measure has come to where the loop was left, and what it never was before."""

    def read(rows: reading.Rows) -> Iterator[tuple[reading.Estimate, ...]]:
        height = measure(rows.at.path, rows.at)
        met, unmet = [0.0], [np.inf]
        for k, (asked, taken) in enumerate(zip(rows.x[:, 0].tolist(), rows.y[:, 0].tolist(), strict=True)):
            place = int(taken) - (after if begin >= 0 or taken else 0)
            if not taken <= asked or place >= len(height) or (place < begin and taken < asked):
                return
            met += [float(height[place, k])] if taken < asked else []
            unmet.append(float(height[max(begin, 0) : max(place, 0), k].min(initial=np.inf)))
        if len(met) > 1 and max(met) < min(unmet) < np.inf:
            yield (reading.roundest(max(met), min(unmet)),)

    return read


WHEN: Final = (
    ("", "", 0, 0),
    (" after a step", "-after", 0, 1),
    (" before the last step", "-late", 1, 0),
    (" before the last step, or at the start,", "-stale", 1, -1),
)
"""Words, id, steps that follow, the first place that counts."""


def _stops(name: str, words: str, rank: int, known: str = "") -> Iterator[Rule]:
    """The loop looks at it before each step, after each, or at what it was before the step was taken."""
    measure = MEASURES[name]
    for place, (when, suffix, after, begin) in enumerate(WHEN):
        yield Rule(
            f"stops-early-{name}{suffix}", "stop",
            f"The loop ends early, as soon as {words}{when} is below about {{0}}", ALWAYS_HINT,
            lambda x, at, c, after=after, begin=begin: _left(measure(at.path, at) < c, after, x, begin),
            _threshold(measure, after, begin), rank=rank + place, known=int(suffix == known and bool(known)),
            samples=((1.0,), (0.1,), (0.01,)), teacher="How small it has to be is known only roughly.",
        )  # fmt: skip


def _without_gain(at: Moment, gain: float) -> Array:
    """Place x call: for how many steps the loss has not been `gain` below its smallest."""
    loss = _loss(at.path, at)
    best, since = loss[0], np.zeros(loss.shape, dtype=int)
    for place in range(1, len(loss)):
        better = loss[place] < best - gain
        best, since[place] = np.where(better, loss[place], best), np.where(better, 0, since[place - 1] + 1)
    return since


def _patience(rows: reading.Rows) -> Iterator[tuple[reading.Estimate, ...]]:
    """The commonest that leave the loop where it was left."""
    if (rows.y > rows.x).any() or (rows.y == rows.x).all():
        return
    for gain in (0, 1e-3, 1e-4, 1e-2, 1e-6, 1e-5, 1e-8):
        since = _without_gain(rows.at, gain)
        for patience, late in product((1, 2, 3, 5, 10, 4), (0, 1)):
            if (_left(since >= patience, late, rows.x) == rows.y).all():
                yield reading.Estimate(patience), reading.Estimate(gain), reading.Estimate(late)


def _crossed(path: Array) -> Array:
    """Place x call: whether a component has another sign than at the place before."""
    across = np.asarray((path * np.roll(path, 1, axis=0) < 0).any(axis=-1))
    across[:1] = False
    return across


def _late(late: float) -> str:
    return "as soon as" if not late else "one step after"


def _impatient(patience: float, gain: float, late: float) -> str:
    if patience == 1 and not gain:
        return f"The loop ends {_late(late)} the loss no longer falls"
    much = f" by more than about {told(gain)}" if gain else ""
    steps = "a step" if patience == 1 else f"{told(patience)} steps"
    return f"The loop ends {_late(late)} the loss has not fallen{much} for {steps}"


STOPS: Final = (
    Rule("stops-early-rising", "stop", lambda late: f"The loop ends {_late(late)} the loss rises",
         ALWAYS_HINT,
         lambda x, at, late: _left(np.diff(_loss(at.path, at), axis=0, prepend=np.inf) > 0, int(late), x),
         Trial(0, 1), rank=30, samples=((0,), (1,)), known=0, teacher="At a rate above 1 the loss rises."),
    Rule("stops-early-across", "stop", lambda late: f"The loop ends {_late(late)} theta changes its sign",
         ALWAYS_HINT,
         lambda x, at, late: _left(_crossed(at.path), int(late), x),
         Trial(0, 1), rank=32, samples=((0,), (1,)), known=0, teacher="At a rate above 1/2 each step does."),
    Rule("stops-early-patience", "stop", _impatient, ALWAYS_HINT,
         lambda x, at, patience, gain, late: _left(_without_gain(at, gain) >= patience, int(late), x),
         _patience, rank=31, samples=((1, 0, 0), (3, 1e-3, 1), (5, 0, 0)), known=0,
         teacher="Early stopping, as for networks; its numbers are known only roughly."),
    *_stops("loss", "the loss", 30, known="-late"),
    *_stops("gradient", "the gradient", 31),
    *_stops("theta", "|theta|", 32),
    *_stops("gradient-largest", "each component of the gradient", 35),
    *_stops("theta-largest", "each component of theta", 35),
    *_stops("change", "the next change of theta", 34),
    *_stops("gain", "the next change of the loss", 34),
)  # fmt: skip

RULES: Final = (*COUNTS, *STOPS)
