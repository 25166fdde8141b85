"""What a decision of a run was found to be, and the words for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from grader.exercises import Landmark
from grader.judging.readings import told
from grader.judging.walks import Taken, Vector, Walk, alike, close
from grader.records import Record

Decision = Literal["options", "start", "backward", "gradient", "rate", "between", "count", "result"]


class Reading(Record, frozen=True):
    """A decision that was taken otherwise.

    `sure`: every traced step follows what the title says.
    """

    decision: Decision
    id: str
    title: str
    hint: str
    where: Landmark
    teacher: str = "Read from the traces: every other decision of the run is as in the reference."
    sure: bool = True


class Point(NamedTuple):
    """A step, and the call that it belongs to."""

    walk: Walk
    taken: Taken


DRAWS: Final = ", and the function draws random numbers"
ENOUGH: Final = 3  # steps that a rule has to hold in
DIGITS: Final = 6


def points(walks: Iterable[Walk]) -> list[Point]:
    return [Point(walk, taken) for walk in walks for taken in walk.taken]


def constant(values: Sequence[float]) -> float | None:
    """The one value that they all are, as round as it may be."""
    if not values or not all(close(one, values[0]) for one in values):
        return None
    return _rounded(values[0])


def _rounded(value: float) -> float:
    return next(
        (short for digits in range(1, DIGITS) if close(short := float(f"{value:.{digits}g}"), value)), value
    )


def number(value: float) -> str:
    """For people: `0.693`, `2`, `1/3`."""
    rounded = _rounded(value)
    return told(rounded) if len(f"{abs(rounded):g}") <= DIGITS else f"{value:.4g}"


def vector(values: Vector) -> str:
    return number(values[0]) if len(values) == 1 else f"[{', '.join(map(number, values))}]"


def plainness(values: Vector) -> tuple[int, float]:
    """The lower, the easier to reckon with."""
    return sum(len(f"{abs(x):.6g}") for x in values) + 3 * sum(x < 0 for x in values), sum(map(abs, values))


def same(one: Vector, other: Vector) -> bool:
    """Whether two thetas are one, up to the rounding of their largest component."""
    return alike(one, other, [max(map(abs, (*one, *other)), default=0.0)] * len(one))


def ratio(one: Sequence[float], other: Sequence[float]) -> float | None:
    """The number that makes the one of the other; None where there is none, or the other is 0."""
    largest = max(range(len(other)), key=lambda i: abs(other[i]), default=0)
    if not any(other) or len(one) != len(other):
        return None
    factor = one[largest] / other[largest]
    size = abs(one[largest])
    return factor if alike(one, [factor * x for x in other], [size] * len(one)) else None


def by_arguments(pairs: Sequence[tuple[Walk, float]]) -> Iterator[tuple[str, str]]:
    """How a factor hangs on one argument: ("divided by", "number_steps")."""
    names = pairs[0][0].arguments if pairs else {}
    for name in names:
        given = [walk.arguments.get(name, 0.0) for walk, _ in pairs]
        factors = [factor for _, factor in pairs]
        if len({round(x, DIGITS) for x in given}) < 2:  # noqa: PLR2004 -- one value is a constant
            continue
        if alike(factors, given):
            yield "multiplied by", name
        if all(given) and alike(factors, [1 / x for x in given]):
            yield "divided by", name
        if alike(factors, [x + 1 for x in given]):
            yield "multiplied by", f"{name} + 1"
        if all(x > -1 for x in given) and alike(factors, [1 / (x + 1) for x in given]):
            yield "divided by", f"{name} + 1"
