"""A family of mistakes: one decision taken otherwise, with a constant that nobody listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from grader.exercises import Landmark
from grader.judging.descent import Descent
from grader.judging.readings import Constant, View, told

OPTIONS_HINT: Final = "Print your optimiser: which options differ from their defaults?"

When = Literal["first", "later", "idle", "any"]
"""Where a family shows: in the first step already, only after a right first step, without a step
too, or anywhere. What cannot be is not tried."""

Guess = tuple[Constant, ...]


@dataclass(frozen=True)
class Family:
    """`title` has {0}, {1} for the constants, or makes the sentence of them itself.

    `guess` reads constants off the outputs, as many guesses as there are ways to read them;
    `descent` is the run with these constants. `samples` are constants that the suite has to tell.
    """

    id: str
    title: str | Callable[..., str]
    hint: str
    when: When
    guess: Callable[[View], Iterable[Guess]]
    descent: Callable[..., Descent]
    rank: int = 50
    teacher: str = ""
    where: Landmark | None = None
    samples: tuple[tuple[float, ...], ...] = ()
    roundoff: float | None = None  # of the coarser dtype that the mistake is; its digits then are the proof
    options: Callable[..., Mapping[str, float]] = lambda *_: {}  # of the optimiser, that the title speaks of
    lengths: bool = False  # the title speaks of how long steps are, not of what makes them so


def named(general: str, special: Mapping[float, str]) -> Callable[[float], str]:
    """A title for constants that have a name of their own, and one for all others."""
    return lambda c: special.get(c, general.format(told(c)))


def decided(_: View) -> tuple[Guess, ...]:
    """No constant: the decision is all."""
    return ((),)


def single(found: Iterable[Constant]) -> tuple[Guess, ...]:
    return tuple((one,) for one in found)
