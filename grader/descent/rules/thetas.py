"""Rules of theta at the start, after each step and at the end: one table of maps for the three places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from grader.descent import reading
from grader.descent.program import Array, Moment, Slot
from grader.descent.reading import Reader, each, nothing, ratio, shifted, told
from grader.descent.rule import Rule

RETURN_HINT: Final = "Print theta in the last line of the loop, and what the function returns."
START_HINT: Final = "Print theta before the first step: is it the initial theta?"
STEP_HINT: Final = "Print theta after step() and again before the next one. Which line changes it?"


class Place(NamedTuple):
    """Where a map is applied, how that is told, and how much less plain the same map is here."""

    slot: Slot
    noun: str
    when: str
    hint: str
    later: int


PLACES: Final = (
    Place("start", "the initial theta", "before the first step", START_HINT, 2),
    Place("between", "theta after each step", "after each step", STEP_HINT, 4),
    Place("result", "the theta that is returned", "before it is returned", RETURN_HINT, 0),
)

Words = Callable[..., str]
"""place, *constants -> the title."""


def _maps(
    name: str, words: str | Words, f: Callable[..., Array], read: Reader, rank: int,
    *samples: tuple[float, ...], known: str = "", teacher: str = "",
) -> Iterator[Rule]:  # fmt: skip
    """One map at each place; `known`: the slots in which the freezer runs its first sample."""
    for place in PLACES:
        title = partial(words, place) if callable(words) else words.replace("{when}", place.when)
        rank_here = rank + place.later
        yield Rule(f"{place.slot}-{name}", place.slot, title, place.hint, f, read, teacher, rank_here,
                   samples or ((),), known=int(place.slot in known))  # fmt: skip


# --- words ------------------------------------------------------------------------------------


def _offset(place: Place, c: float) -> str:
    verb, to = ("added", "to") if c > 0 else ("subtracted", "from")
    return f"{told(abs(c))} is {verb} {to} {place.noun}"


def _scaled(place: Place, c: float) -> str:
    if c == -1:
        return f"The sign of theta is turned round {place.when}"
    return f"Theta is multiplied by {told(c)} {place.when}"


def _fixed(place: Place, *values: float) -> str:
    value = told(values[0]) if len(values) == 1 else f"[{', '.join(map(told, values))}]"
    return {
        "start": f"The descent starts at {value}, whatever is passed",
        "between": f"Theta is set to {value} after each step",
    }.get(place.slot, f"{value} is returned, whatever is passed")


def _clamped(place: Place, low: float, high: float) -> str:
    if low == 0 and np.isinf(high):
        return f"Negative values of theta are set to 0 {place.when}"
    where = f"at or below {told(high)}" if np.isinf(low) else f"within [{told(low)}, {told(high)}]"
    where = f"at or above {told(low)}" if np.isinf(high) else where
    return f"Theta is kept {where} {place.when}"


def _rounded(place: Place, digits: float) -> str:
    much = ("a whole number", "1 decimal")[int(digits)] if digits < 2 else f"{told(digits)} decimals"
    return f"Theta is rounded to {much} {place.when}"


# --- functions --------------------------------------------------------------------------------


def component(x: Array, k: float) -> Array:
    return x[:, [int(k) % x.shape[1]]]


def nth(k: float) -> str:
    return {-1: "last", 0: "first", 1: "second", 2: "third"}[int(k)] + " one"


# --- readers ----------------------------------------------------------------------------------


def _values(rows: reading.Rows) -> Iterator[tuple[reading.Estimate, ...]]:
    """One for all components, or one for each."""
    cuts = [np.s_[:, k : k + 1] for k in range(rows.y.shape[1])]
    columns = [
        list(reading.fixed(reading.Rows(rows.x[cut], rows.y[cut], rows.at, rows.doubt[cut]))) for cut in cuts
    ]
    if all(columns):
        firsts = tuple(one[0][0] for one in columns)
        yield firsts if len({one.value for one in firsts}) > 1 else firsts[:1]


def _bounds(rows: reading.Rows) -> Iterator[tuple[reading.Estimate, ...]]:
    """[low, high], either may be missing: where what is too small, or too large, has come to."""
    lows = reading.estimates(rows, lambda x, y, _: np.where(y - x > rows.doubt + 1e-6 * abs(x), y, np.nan))
    highs = reading.estimates(rows, lambda x, y, _: np.where(x - y > rows.doubt + 1e-6 * abs(x), y, np.nan))
    if lows and highs and lows[0].value < highs[0].value:
        yield lows[0], highs[0]
    for high in highs[:1] * (not lows):
        yield from ((reading.Estimate(low), high) for low in (-np.inf, -high.value))
    for low in lows[:1] * (not highs):
        yield from ((low, reading.Estimate(high)) for high in (np.inf, -low.value))


def _decimals(rows: reading.Rows) -> Iterator[tuple[reading.Estimate, ...]]:
    for digits in range(7):
        if (abs(rows.y - np.round(rows.y, digits)) <= rows.doubt).all():
            yield (reading.Estimate(float(digits)),)
            return


def _zeroed(rows: reading.Rows) -> Iterator[tuple[reading.Estimate, ...]]:
    """Zeros where theta is small, and none where it is not."""
    if rows.x.shape != rows.y.shape:
        return
    gone, kept = abs(rows.x[(rows.y == 0) & (rows.x != 0)]), abs(rows.x[rows.y != 0])
    if len(gone) and len(kept) and gone.max() < kept.min():
        yield (reading.roundest(float(gone.max()), float(kept.min())),)


# --- the table --------------------------------------------------------------------------------

COMPONENTS: Final = reading.Trial(0, -1, 1, 2)

MAPS: Final = (
    *_maps("fixed", _fixed,
           lambda x, at, *c: np.broadcast_to(np.resize(np.array(c, x.dtype), x.shape[-1]), x.shape),
           _values, 10, (1.0,), (0.0,), (1.0, 2.0), known="start",
           teacher="Theta is made anew: torch.ones, torch.zeros, torch.tensor(...)."),
    *_maps("offset", _offset, lambda x, at, c: x + c, shifted, 14, (1.0,), (-0.5,), known="start result",
           teacher="A constant is added to theta itself, not to its gradient or to the loss."),
    *_maps("scaled", _scaled, lambda x, at, c: c * x, reading.scaled, 15, (2.0,), (-1.0,), (0.9,),
           known="start between result", teacher="A factor, or a minus, stands before theta itself."),
    *_maps("clamped", _clamped, lambda x, at, low, high: np.clip(x, low, high), _bounds, 20,
           (-1.0, 1.0), (0.0, np.inf), (-np.inf, 0.5), known="between result",
           teacher="clamp(), clip(), relu(), min() or max() on theta."),
    *_maps("rounded", _rounded, lambda x, at, digits: x.round(int(digits)), _decimals, 18, (2,), (3,), (0,),
           known="between result", teacher="round() on theta; only what is printed should be rounded."),
    *_maps("cut", "Theta is cut to a whole number {when}", lambda x, at: np.trunc(x), nothing, 19,
           teacher="int(), .int() or .long()."),
    *_maps("absolute", "The absolute value of theta is taken {when}", lambda x, at: abs(x), nothing, 20,
           known="result", teacher="abs() on theta, or the root of its square."),
    *_maps("normalised", "Theta is divided by its length {when}",
           lambda x, at: x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12), nothing, 22),
    *_maps("centred", "The mean of its components is subtracted from theta {when}",
           lambda x, at: x - x.mean(axis=-1, keepdims=True), nothing, 23,
           teacher="Data would be centred; theta is none."),
    *_maps("small-zeroed", "Values of theta below about {0} in size are set to 0 {when}",
           lambda x, at, c: np.where(abs(x) < c, 0.0, x), _zeroed, 24, (0.1,), (0.01,),
           teacher="How small they have to be is known only roughly."),
    *_maps("reversed", "The components of theta are put in the reverse order {when}",
           lambda x, at: x[:, ::-1], nothing, 24),
    *_maps("one-for-all", lambda place, k: f"Every component of theta becomes the {nth(k)} {place.when}",
           lambda x, at, k: np.broadcast_to(component(x, k), x.shape), COMPONENTS, 25, (0,), (-1,)),
)  # fmt: skip


# --- between the steps alone --------------------------------------------------------------------


def _starts_again(x: Array, at: Moment) -> Array:
    """Theta is made in the loop: what the last step left is not made anew."""
    if len(at.count) != len(x):  # rows between two steps
        return at.initial
    return np.where(at.i + 1 >= at.count[:, None], x, at.initial)


def _beside(rows: reading.Rows) -> Iterator[tuple[reading.Estimate, ...]]:
    """By hand after step(), with its gradient; or before step(): then the next begins where its own leads."""
    yield from each(lambda x, y, at: ratio(x - at.theta, y - x, at))(rows)
    yield from each(lambda x, y, at: ratio(at.rate * at.objective.gradient(x), x - y, at))(rows)


def _beside_title(c: float) -> str:
    if c == -1:
        return "Each step of the optimiser is taken back by hand"
    if c == -0.5:
        return "After each step theta is the mean of what it was before and after"
    much = "twice" if c == 1 else f"{told(1 + c)} times as far"
    return f"A step by hand is taken beside the optimiser's: theta moves {much} in each iteration"


RULES: Final = (
    *MAPS,
    Rule("start-of-the-rate", "start", "The descent starts at the learning rate, not at theta",
         "In which order does the exercise pass theta and the learning rate?",
         lambda x, at: np.broadcast_to(at.rate.astype(x.dtype), x.shape), rank=20, known=0,
         teacher="The two parameters are exchanged."),
    Rule("starts-again", "between", "Every iteration starts again from the initial theta",
         "Which lines are there to run once, and which once a step?", _starts_again,
         teacher="Theta is made inside the loop.", rank=12, landmark="loop"),
    Rule("step-by-hand-beside", "between", _beside_title, STEP_HINT, lambda x, at, c: x + c * (x - at.theta),
         _beside, rank=16, remembers=True, samples=((1.0,), (-1.0,), (-0.5,)),
         teacher="theta -= learning_rate * theta.grad, before or after step().",
         spreads=lambda rows: "between" in rows and not rows["between"].right),
)  # fmt: skip
