"""What comes back beside what the last traced step left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from grader.judging.reading import DRAWS, Reading, constant, number, plainness, ratio, vector
from grader.judging.walks import Vector, Walk, alike, close, handed_on

FEW: Final = 2
PLACES: Final = 6  # decimals that theta may be rounded to
_HINT: Final = (
    "Print theta after the loop, and what your function returns. Which line makes the one of the other?"
)

Pair = tuple[Walk, Vector]
"""A call, and what it returned."""


def result(read: Sequence[Walk], *, draws: bool) -> Reading | None:
    """What is done to theta after the last step; None where every call returns what that left."""
    pairs = [(walk, walk.result) for walk in read if walk.result is not None]
    odd = [(walk, got) for walk, got in pairs if not handed_on(got, walk.left)]
    if len(odd) < FEW:
        return None
    title = next(_titles(pairs), None)
    if title is not None:
        return _reading("result-changed", title)
    walk, got = min(odd, key=lambda pair: (not pair[0].taken, plainness(pair[0].left)))
    noise = DRAWS if draws else ""
    title = (
        f"What comes back is not what the steps left{noise}: "
        f"{vector(got)}, where they left {vector(walk.left)}, for instance"
    )
    return _reading("another-result", title, sure=draws)


def _reading(id_: str, title: str, *, sure: bool = True) -> Reading:
    return Reading("result", id_, title, _HINT, "return", sure=sure)


def _same(one: Vector, other: Vector) -> bool:
    return alike(one, other, _size(other))


def _size(values: Vector) -> Vector:
    return [max(map(abs, values), default=0.0)] * len(values)


def _titles(pairs: Sequence[Pair]) -> Iterator[str]:
    yield from _argument_added(pairs)
    yield from _zeroed(pairs)
    yield from _rounded(pairs)
    yield from _shifted(pairs)
    yield from _scaled(pairs)
    yield from _earlier(pairs)


def _argument_added(pairs: Sequence[Pair]) -> Iterator[str]:
    for name in pairs[0][0].arguments:
        given = [walk.arguments.get(name, 0.0) for walk, _ in pairs]
        if len(set(given)) > 1:
            if _all_moved(pairs, given):
                yield f"{name} is added to the theta that is returned"
            if _all_moved(pairs, [-x for x in given]):
                yield f"{name} is subtracted from the theta that is returned"


def _all_moved(pairs: Sequence[Pair], offsets: Sequence[float]) -> bool:
    return all(
        _same(got, [x + offset for x in walk.left])
        for (walk, got), offset in zip(pairs, offsets, strict=True)
    )


def _zeroed(pairs: Sequence[Pair]) -> Iterator[str]:
    """Small components come back as 0, all others as they are."""
    rows = [row for walk, got in pairs for row in zip(got, walk.left, strict=True)]
    gone = [abs(left) for got, left in rows if got == 0 != left]
    kept = [abs(left) for got, left in rows if got]
    if gone and kept and max(gone) < min(kept) and all(close(got, left) for got, left in rows if got):
        small, large = number(max(gone)), number(min(kept))
        yield f"Small values of theta are returned as 0: {small} becomes 0, {large} stays"


def _rounded(pairs: Sequence[Pair]) -> Iterator[str]:
    """Every call returns theta to so many decimals, as exactly as its dtype can."""
    rows = [row for walk, got in pairs for row in zip(got, walk.left, strict=True)]
    for places in range(PLACES + 1):
        unit = 10.0**-places
        if all(abs(got - left) <= 0.51 * unit + 1e-6 * abs(left) for got, left in rows) and all(
            close(got, round(got, places)) for got, _ in rows
        ):
            decimals = {0: "a whole number", 1: "1 decimal"}.get(places, f"{places} decimals")
            yield f"Theta is rounded to {decimals} before it is returned"


def _shifted(pairs: Sequence[Pair]) -> Iterator[str]:
    offset = _plain_offset(pairs)
    if offset and _all_moved(pairs, [offset] * len(pairs)):
        yield f"{number(offset)} is added to the theta that is returned"


def _plain_offset(pairs: Sequence[Pair]) -> float | None:
    """Read where theta is smallest, for there it is sharpest."""
    walk, got = min(pairs, key=lambda pair: max(map(abs, pair[0].left), default=0.0))
    return constant([g - x for g, x in zip(got, walk.left, strict=True)])


def _scaled(pairs: Sequence[Pair]) -> Iterator[str]:
    ratios = [ratio(got, walk.left) for walk, got in pairs if any(walk.left)]
    factor = constant([one for one in ratios if one is not None])
    if factor is not None and None not in ratios:
        yield f"What is returned is theta times {number(factor)}"


def _earlier(pairs: Sequence[Pair]) -> Iterator[str]:
    """Something else that the walk passed."""
    long = [(walk, got) for walk, got in pairs if walk.taken]
    if len(long) < FEW:
        return
    if all(_same(got, walk.taken[-1].before) for walk, got in long):
        yield "The theta before the last step is returned"
    elif all(_same(got, walk.start) for walk, got in long):
        yield "The initial theta is returned, not what the steps made of it"
    elif all(_same(got, walk.taken[-1].gradient or []) for walk, got in long):
        yield "The last gradient is returned, not theta"
