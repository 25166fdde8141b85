"""The error of every case over what honest rounding can explain, on a log axis: a strip a criterion.

Left of the line at 1 lies what is right. Errors of exactly 0 have no logarithm and stand in a place of
their own at the left; nan, infinity and calls that gave no number at all stand in one at the right.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from textwrap import shorten
from typing import Final, Literal

import msgspec

from grader.report.drawing import (
    Key,
    Label,
    Numbers,
    PictureView,
    Point,
    Stroke,
    crosses,
    dots,
    field,
    label,
    line,
)
from grader.report.figures import magnitude, plural, short, together
from grader.report.scales import Axis, coordinate
from grader.results import CaseEvidence, CriterionResult, ExerciseEvidence, as_float
from grader.text import one_line

MANY: Final = 240  # cases of a picture that are drawn, the same number of each strip
_CELLS: Final = 160  # numbers in the table, the same number of each criterion
_STRIPS: Final = 8  # criteria, on each device, that are drawn
_TITLE: Final = 120  # characters of a criterion's title
_FITS: Final = 42  # characters of it that fit above a strip

_TOP, _STRIP, _PITCH = 26.0, 61.0, 6.0  # of the first strip; of each; of dots that stand on each other
_ZERO, _LEFT, _RIGHT, _NONE, _END = 14.0, 86.0, 352.0, 376.0, 430.0  # where the three places begin and end
_STACK: Final = 30.0  # the height in which the dots of one place are stacked
_FOOT: Final = 10.0  # from the lowest dots to the next strip
_ABREAST: Final = 8  # dots in a row, where all stand for one number
_SMALL, _LARGE = -4, 21  # powers of ten: what lies beyond is drawn at the end
_UNITS: Final = "Each mark is a case: how far off it is, in units of what honest rounding can explain."
_SUPERSCRIPT: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Strip(msgspec.Struct, frozen=True):
    """The cases of one criterion on one device."""

    title: str
    cases: tuple[CaseEvidence, ...]

    @property
    def failed(self) -> int:
        return sum(case.failure is not None for case in self.cases)


class Places(msgspec.Struct, frozen=True):
    """Where on the line a number stands; zeros and what is no number get room only where there are some."""

    log: Axis  # of the power of ten
    zero: bool
    none: bool

    def column(self, case: CaseEvidence) -> float:
        """So coarse that dots which would lie on each other are stacked instead."""
        x = self.log.at(math.log10(_ratio(case)))
        return self.log.start + _PITCH * round((x - self.log.start) / _PITCH)


def picture(
    rows: Sequence[CriterionResult], evidence: ExerciseEvidence, *, several: bool
) -> PictureView | None:
    """None where no case has an error that may be told; `several`: on more than one device."""
    every = _strips(rows, evidence.cases, several=several)
    strips = every[:_STRIPS]
    if all(case.error_over_bound is None for strip in strips for case in strip.cases):
        return None
    places = _places([case for strip in strips for case in strip.cases])
    bottom = _TOP + _STRIP * len(strips)
    drawn = MANY // len(strips)
    marks = [mark for index, strip in enumerate(strips) for mark in _stacked(strip, places, index, drawn)]
    more = len(every) - len(strips)
    return PictureView(
        title="Errors against the bound",
        call="",
        description=_described(strips),
        caption=_caption(strips, drawn),
        height=coordinate(bottom + 24),
        field=field(_ZERO - 6, _TOP, _END - _ZERO + 12, bottom - _TOP),
        strokes=tuple(one for one in (*_frame(places, len(strips)), *_marks(marks)) if one.d),
        labels=tuple(_labels(strips, places, bottom)),
        legend=(Key("right", "a case within the bound"), Key("wrong", "a case that fails")),
        numbers=Numbers(
            headings=("criterion", "fail", "error / bound, case by case"),
            rows=tuple(
                (one.title, f"{one.failed} of {len(one.cases)}", _listed(one.cases, _CELLS // len(strips)))
                for one in strips
            ),
            marked=tuple(i for i, one in enumerate(strips) if one.failed),
            more=f"{plural(more, 'more criterion')} not shown." if more else "",
        ),
    )


def _strips(
    rows: Sequence[CriterionResult], cases: Sequence[CaseEvidence], *, several: bool
) -> tuple[Strip, ...]:
    """Those that judge values, in the rubric's order."""
    grouped: dict[tuple[str, str], list[CaseEvidence]] = defaultdict(list)
    for case in cases:
        grouped[case.criterion, case.device].append(case)
    return tuple(
        Strip(_title(row, several=several), tuple(grouped[row.id, row.device]))
        for row in rows
        if row.kind == "values" and (row.id, row.device) in grouped
    )


def _title(row: CriterionResult, *, several: bool) -> str:
    where = f" ({one_line(row.device, _TITLE)})" if several else ""
    return f"{one_line(row.title, _TITLE)}{where}"


def _ratio(case: CaseEvidence) -> float:
    """Error over bound; nan where there is no number."""
    return math.nan if case.error_over_bound is None else as_float(case.error_over_bound)


def _kind(ratio: float) -> Literal["zero", "log", "none"]:
    if ratio == 0:
        return "zero"
    return "log" if 0 < ratio < math.inf else "none"


def _places(cases: Sequence[CaseEvidence]) -> Places:
    kinds = {_kind(_ratio(case)) for case in cases}
    powers = [math.log10(_ratio(case)) for case in cases if _kind(_ratio(case)) == "log"]
    low = max(_SMALL, min([-1, *map(math.floor, powers)]))
    high = min(_LARGE, max([1, *map(math.ceil, powers)]))
    start = _LEFT if "zero" in kinds else _ZERO
    end = _RIGHT if "none" in kinds else _END
    return Places(Axis(low, high, start, end), zero="zero" in kinds, none="none" in kinds)


def _stacked(strip: Strip, places: Places, index: int, most: int) -> Iterator[tuple[CaseEvidence, Point]]:
    """A place for each case: a column for each number, rows of eight where all numbers are one."""
    columns: dict[float, list[CaseEvidence]] = defaultdict(list)
    blocks: dict[float, list[CaseEvidence]] = defaultdict(list)
    for case in strip.cases[:most]:
        kind = _kind(_ratio(case))
        if kind == "log":
            columns[places.column(case)].append(case)
        else:
            blocks[_ZERO if kind == "zero" else _NONE].append(case)
    ground = _TOP + _STRIP * (index + 1) - _FOOT
    for x, stack in columns.items():
        yield from zip(stack, _block(x, ground, len(stack), 1), strict=True)
    for x, block in blocks.items():
        yield from zip(block, _block(x, ground, len(block), _ABREAST), strict=True)


def _marks(marks: Sequence[tuple[CaseEvidence, Point]]) -> Iterator[Stroke]:
    yield Stroke("dot right", dots(at for case, at in marks if case.failure is None))
    yield Stroke("cross wrong", crosses(at for case, at in marks if case.failure is not None))


def _block(x: float, ground: float, count: int, abreast: int) -> Iterator[Point]:
    """`count` points, `abreast` in a row, from the ground up; closer where they are many."""
    pitch = min(_PITCH, _STACK / math.ceil(count / abreast))
    for index in range(count):
        yield x + _PITCH * (index % abreast), ground - pitch * (index // abreast)


def _frame(places: Places, strips: int) -> Iterator[Stroke]:
    grounds = [_TOP + _STRIP * (index + 1) - _FOOT + 6 for index in range(strips)]
    spans = [(places.log.start - 6, places.log.end + 6)]
    spans += [(_ZERO - 6, _LEFT - 22)] if places.zero else []
    spans += [(_NONE - 6, _END + 6)] if places.none else []
    yield Stroke("grid", "".join(line([(a, y), (b, y)]) for y in grounds for a, b in spans))
    gaps = [_LEFT - 14] * places.zero + [_RIGHT + 12] * places.none
    yield Stroke(
        "gap",
        "".join(
            line([(x - 4, y + 5), (x, y - 5)]) + line([(x, y + 5), (x + 4, y - 5)])
            for y in grounds
            for x in gaps
        ),
    )
    x = places.log.at(0)
    yield Stroke("bound", "".join(line([(x, y - _STACK - 4), (x, y)]) for y in grounds))


def _labels(strips: Sequence[Strip], places: Places, bottom: float) -> Iterator[Label]:
    yield label(places.log.at(0), _TOP - 8, "middle strong", "the bound")
    for index, strip in enumerate(strips):
        y = _TOP + _STRIP * index + 17
        yield label(_ZERO - 1, y, "", shorten(strip.title, _FITS, placeholder="…"))
        yield label(_END + 1, y, "end bad" if strip.failed else "end", _counted(strip))
    for power in _decades(places.log):
        yield label(places.log.at(power), bottom + 16, "middle", _power(power))
    if places.zero:
        yield label(_ZERO + 3.5 * _PITCH, bottom + 16, "middle", "exact")
    if places.none:
        yield label(_NONE + 3.5 * _PITCH, bottom + 16, "middle", "no number")


def _decades(axis: Axis) -> range:
    """Powers of ten with a label; 0, the bound, is among them."""
    gap = math.ceil((axis.high - axis.low) / 6)
    return range(-gap * int(-axis.low // gap), int(axis.high) + 1, gap)


def _power(power: int) -> str:
    return "1" if power == 0 else f"10{str(power).translate(_SUPERSCRIPT)}"


def _counted(strip: Strip) -> str:
    count = len(strip.cases)
    if strip.failed in (0, count):
        return f"all {count} {'fail' if strip.failed else 'right'}"
    return f"{strip.failed} of {count} fail"


def _described(strips: Sequence[Strip]) -> str:
    told = together(f"{strip.title}: {_counted(strip)}{_worst(strip.cases)}" for strip in strips)
    return f"{_UNITS} {told}."


def _caption(strips: Sequence[Strip], drawn: int) -> str:
    cut = any(len(strip.cases) > drawn for strip in strips)
    return f"{_UNITS} Drawn are the first {drawn} of a criterion." if cut else _UNITS


def _worst(cases: Iterable[CaseEvidence]) -> str:
    ratios = [_ratio(case) for case in cases if _kind(_ratio(case)) == "log"]
    return f", the worst at {magnitude(max(ratios))}" if ratios else ""


def _listed(cases: Sequence[CaseEvidence], most: int) -> str:
    rest = len(cases) - most
    numbers = ", ".join(short(case.error_over_bound) for case in cases[:most])
    return f"{numbers} and {rest:,} more" if rest > 0 else numbers
