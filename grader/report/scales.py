"""Values -> coordinates inside a frame, whatever the values are.

What a student's function leaves may be nan, infinite or 1e30. Such a value is *cut*: it is drawn at
the edge of the frame and told beside it, so that it neither flattens the rest nor leaves the picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

import msgspec

_LARGEST: Final = 1e100
"""Beyond this nothing is drawn in its place: differences and squares must stay finite."""

_SMALLEST: Final = 1e-100
"""What is less than this is drawn as zero, for the same reason."""

_REACH: Final = 6
"""How many of the reference's own widths a picture follows the student before it cuts."""

_PADDING: Final = 0.06
"""Share of the width that is left free at both ends."""

_NARROWEST: Final = 1e-4
"""Least width beside the values' size, so that the labels of two ticks differ."""


_CLOSE: Final = 0.7
"""How much closer than asked for ticks may stand, to be at rounder numbers."""


class Axis(msgspec.Struct, frozen=True):
    """A linear scale: `low` is drawn at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The coordinate; of a cut value the edge of the frame, of nan that of the upper end."""
        if math.isnan(value) or value >= self.high:
            return self.end
        if value <= self.low:
            return self.start
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def cuts(self, value: float) -> bool:
        return not self.low <= value <= self.high


def domain(trusted: Iterable[float], others: Iterable[float]) -> tuple[float, float]:
    """What an axis should span: all that is trusted, and of the others what is not too far from it."""
    near, far = drawable(trusted), drawable(others)
    anchor = near or far or [0.0]
    low, high = min(anchor), max(anchor)
    size = max(high - low, abs(low), abs(high)) or _usual(far)
    inside = [one for one in far if low - _REACH * size <= one <= high + _REACH * size]
    return _padded(min([low, *inside]), max([high, *inside]))


def ticks(low: float, high: float, wanted: int = 5) -> tuple[float, ...]:
    """Round numbers (1, 2 or 5 times a power of ten apart) from `low` to `high`, about so many."""
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= _CLOSE * raw)
    return tuple(index * step for index in range(math.ceil(low / step), math.floor(high / step) + 1))


def whole_ticks(last: int, wanted: int = 8, first: int = 0) -> tuple[int, ...]:
    """Steps that are worth a label: all of a few, else every second, fifth, tenth ..."""
    gaps = (factor * 10**power for power in range(10) for factor in (1, 2, 5))
    gap = next(gap for gap in gaps if (last - first) // gap <= wanted)
    return tuple(step for step in range(first, last + 1) if step % gap == 0)


def tick_text(value: float) -> str:
    """A label of an axis, with the true sign for minus."""
    return f"{value:.6g}".replace("-", "\N{MINUS SIGN}")


def coordinate(value: float) -> str:
    """One decimal of a pixel is enough, and a whole number needs no point."""
    return f"{value:.1f}".removesuffix(".0")


def drawable(values: Iterable[float]) -> list[float]:
    return [0.0 if abs(one) < _SMALLEST else one for one in values if abs(one) <= _LARGEST]


def _usual(values: Sequence[float]) -> float:
    """A size to go by where the reference stands at zero."""
    sizes = [abs(one) for one in values if one]
    return median(sizes) if sizes else 0.0


def _padded(low: float, high: float) -> tuple[float, float]:
    size = max(abs(low), abs(high))
    if size == 0.0:
        return -1.0, 1.0
    pad = max(_PADDING * (high - low), _NARROWEST * size) if high > low else size / 2
    return low - pad, high + pad
