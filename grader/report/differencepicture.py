"""Where a result with many numbers differs: a map of a matrix, else how many numbers are how far off.

A matrix is one of two sides or more, the leading ones one under the other. Which number is wrong was judged
beside its own bound; here only how far off it is becomes a shade.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from grader.report.drawing import WIDTH, Key, Label, Numbers, PictureView, Stroke, field, label, line
from grader.report.figures import magnitude, plural
from grader.report.scales import Axis, coordinate, domain, tick_text, ticks, whole_ticks
from grader.results import Difference, as_float
from grader.text import one_line

SIDE: Final = 64  # rows or columns of a map, at most: beyond it the numbers are counted instead
LISTED: Final = 12  # numbers in the table, the furthest off first
LEVELS: Final = 4  # shades of what is wrong
BINS: Final = 24
_PART: Final = 120  # characters of a part's name

_LEFT, _TOP, _RIGHT = 54.0, 34.0, WIDTH - 10.0  # of the field
_WIDE, _HIGH, _TALL = 34.0, 24.0, 300.0  # of a cell, at most; of a map
_BOTTOM: Final = 220.0  # of the bars
_LEAST: Final = 2.0  # the height of a bar of one among thousands


class _Number(msgspec.Struct, frozen=True):
    index: int
    expected: float
    got: float

    @property
    def off(self) -> float:
        return self.got - self.expected if self.got != self.expected else 0.0

    @property
    def size(self) -> float:
        """How far off; infinite where one of the two is no number."""
        return math.inf if math.isnan(self.off) else abs(self.off)


def picture(found: Difference) -> PictureView:
    """A map where there are rows and columns, few enough to be seen; else a histogram."""
    pairs = zip(found.expected, found.got, strict=True)
    numbers = [_Number(i, as_float(expected), as_float(got)) for i, (expected, got) in enumerate(pairs)]
    rows = math.prod(found.shape[:-1])
    few = len(found.shape) > 1 and rows <= SIDE and found.shape[-1] <= SIDE
    return _map(found, numbers, rows) if few else _histogram(found, numbers)


def _drawn(
    found: Difference,
    numbers: Sequence[_Number],
    title: str,
    caption: str,
    strokes: Iterable[Stroke],
    labels: Iterable[Label],
    legend: Sequence[Key],
    bottom: float,
    width: float,
) -> PictureView:
    told = f"{_counted(found)} {_worst(found, numbers)}"
    return PictureView(
        title=title,
        call="",
        description=f"{told} {caption}",
        caption=told,
        height=coordinate(bottom + 40),
        field=field(_LEFT, _TOP, width, bottom - _TOP),
        strokes=tuple(one for one in strokes if one.d),
        labels=tuple(labels),
        legend=tuple(legend),
        numbers=_table(found, numbers),
    )


# --- the map ------------------------------------------------------------------------------


def _map(found: Difference, numbers: Sequence[_Number], rows: int) -> PictureView:
    columns = found.shape[-1]
    width, height = min(_WIDE, (_RIGHT - _LEFT) / columns), min(_HIGH, _TALL / rows)
    largest = max((one.size for one in numbers if one.size < math.inf), default=0.0)
    wrong = set(found.wrong)
    levels: dict[int, list[int]] = defaultdict(list)
    for one in numbers:
        levels[_level(one.size, largest) if one.index in wrong else 0].append(one.index)
    bottom = _TOP + height * rows
    strokes = [
        Stroke(f"heat{level}", "".join(_cells(own, columns, width, height)))
        for level, own in sorted(levels.items())
    ]
    name = one_line(found.part, _PART)
    return _drawn(
        found,
        numbers,
        f"Where {name} differs",
        "Each cell is a number of it; the darker, the further off.",
        strokes,
        _sides(rows, columns, width, height),
        [Key(f"heat{level}", _shade(level, largest) if level else "right") for level in sorted(levels)],
        bottom - 20,
        width * columns,
    )


def _level(size: float, largest: float) -> int:
    if not size < math.inf or not largest:
        return LEVELS
    return max(1, math.ceil(LEVELS * size / largest))


def _shade(level: int, largest: float) -> str:
    return f"off by up to {magnitude(largest * level / LEVELS)}" if largest else "no number"


def _cells(own: Sequence[int], columns: int, width: float, height: float) -> Iterator[str]:
    """Neighbours in a row are one rectangle."""
    begin = last = own[0]
    for index in (*own[1:], -1):
        if index == last + 1 and index % columns:
            last = index
            continue
        row, column = divmod(begin, columns)
        x, y, wide = _LEFT + column * width, _TOP + row * height, (last - begin + 1) * width
        yield _box(x, y, wide, height)
        begin = last = index


def _sides(rows: int, columns: int, width: float, height: float) -> Iterator[Label]:
    for row in whole_ticks(rows - 1):
        yield label(_LEFT - 6, _TOP + (row + 0.5) * height + 4, "end", str(row))
    for column in whole_ticks(columns - 1):
        yield label(_LEFT + (column + 0.5) * width, _TOP - 6, "middle", str(column))
    yield label(4, 14, "", "row")
    yield label(_LEFT, 14, "", "column")


# --- the histogram ------------------------------------------------------------------------


def _histogram(found: Difference, numbers: Sequence[_Number]) -> PictureView:
    finite = [one for one in numbers if one.size < math.inf]
    across = Axis(*domain([0.0], [one.off for one in finite]), start=_LEFT, end=_RIGHT)
    wrong = set(found.wrong)
    right, off = Counter[int](), Counter[int]()
    for one in finite:
        (off if one.index in wrong else right)[_bin(one.off, across)] += 1
    most = max((right + off).values(), default=1)
    up = Axis(0.0, most, _BOTTOM, _TOP)
    levels = [level for level in ticks(0.0, most, 4) if level == int(level)]
    strokes = [
        Stroke("grid", "".join(line([(_LEFT, up.at(y)), (_RIGHT, up.at(y))]) for y in levels)),
        Stroke("heat0", "".join(_bar(index, 0, count, up) for index, count in sorted(right.items()))),
        Stroke(
            "heat4", "".join(_bar(index, right[index], count, up) for index, count in sorted(off.items()))
        ),
        Stroke("bound", line([(across.at(0.0), _TOP), (across.at(0.0), _BOTTOM)])),
    ]
    lost = len(numbers) - len(finite)
    labels = [
        *(label(_LEFT - 6, up.at(y) + 4, "end", tick_text(y)) for y in levels),
        *(label(across.at(x), _BOTTOM + 17, "middle", tick_text(x)) for x in ticks(across.low, across.high)),
        label((_LEFT + _RIGHT) / 2, _BOTTOM + 34, "middle", "got minus expected"),
        label(4, 14, "", "numbers"),
        *([label(_RIGHT, 14, "end bad", f"{lost} not finite")] if lost else []),
    ]
    return _drawn(
        found,
        numbers,
        f"How far off {one_line(found.part, _PART)} is",
        "The higher a bar, the more numbers are so far off.",
        strokes,
        labels,
        [Key("heat0", "right"), Key("heat4", "wrong")],
        _BOTTOM,
        _RIGHT - _LEFT,
    )


def _bin(off: float, across: Axis) -> int:
    share = (across.at(off) - across.start) / (across.end - across.start)
    return min(int(share * BINS), BINS - 1)


def _bar(index: int, below: int, count: int, up: Axis) -> str:
    wide = (_RIGHT - _LEFT) / BINS
    ground, top = up.at(below), up.at(below + count)
    high = max(ground - top, _LEAST)
    x = _LEFT + index * wide + 1
    return _box(x, ground, wide - 2, -high)


def _box(x: float, y: float, wide: float, high: float) -> str:
    left, top, right, down, back = map(coordinate, (x, y, wide, high, -wide))
    return f"M{left} {top}h{right}v{down}h{back}z"


# --- in words -----------------------------------------------------------------------------


def _counted(found: Difference) -> str:
    """How many are wrong, and where they lie if that is one row or one column."""
    wrong = found.wrong
    verb = "is" if len(wrong) == 1 else "are"
    many = f"{len(wrong):,} of {plural(len(found.expected), 'number')} {verb} wrong"
    if len(found.shape) < 2 or len(wrong) == 1:  # noqa: PLR2004 -- a matrix has two sides
        return f"{many}."
    rows, columns = (
        {index // found.shape[-1] for index in wrong},
        {index % found.shape[-1] for index in wrong},
    )
    if len(rows) == 1:
        return f"{many}, all in row {rows.pop()}."
    return f"{many}, all in column {columns.pop()}." if len(columns) == 1 else f"{many}."


def _worst(found: Difference, numbers: Sequence[_Number]) -> str:
    worst = numbers[found.wrong[0]]
    size = "no number" if worst.size == math.inf else f"off by {magnitude(worst.size)}"
    one = "It" if len(found.wrong) == 1 else "The furthest"
    return f"{one}, at {_place(worst.index, found.shape)}, is {size}."


def _place(index: int, shape: Sequence[int]) -> str:
    indices = []
    for side in reversed(shape):
        index, rest = divmod(index, side)
        indices.append(rest)
    return str(indices[::-1])


def _table(found: Difference, numbers: Sequence[_Number]) -> Numbers:
    ordered = sorted(found.wrong, key=lambda index: -numbers[index].size)
    more = len(ordered) - LISTED
    return Numbers(
        headings=("place", "expected", "got", "difference"),
        rows=tuple(
            (_place(index, found.shape), *(f"{x:.6g}" for x in (one.expected, one.got, one.off)))
            for index in ordered[:LISTED]
            for one in (numbers[index],)
        ),
        more=f"{plural(more, 'more number')} {'is' if more == 1 else 'are'} wrong." if more > 0 else "",
    )
