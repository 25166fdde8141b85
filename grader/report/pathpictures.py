"""A run as a picture: what is moved over the steps, its path in the plane, or its norm over the steps.

Which of them depends on how many components it has, never on the exercise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from grader.report.drawing import (
    WIDTH,
    Circle,
    Field,
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
from grader.report.pathwords import described, height, numbers, shown
from grader.report.scales import Axis, coordinate, domain, drawable, tick_text, ticks, whole_ticks
from grader.report.trajectory import Run, Vector
from grader.text import one_line

_CALL: Final = 300  # characters of the call that a picture shows
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, WIDTH - 10.0, 20.0, 230.0  # of the field
_FLOOR: Final = 330.0  # the lower end of the field in the plane, which is nearly square
_BELOW: Final = 38.0  # from the field to the picture's end: ticks and the axis's name
_ROOM: Final = 6.0  # between a label and what it belongs to
_PLANE: Final = 2  # components
_FAR: Final = 8  # how many times its own width a path may lie from the origin that is still shown
_KEYS: Final = (Key("yours", "your function"), Key("reference", "the reference"))


class Curve(msgspec.Struct, frozen=True):
    """One function's run as points; `cut` are those that stand for a value outside of the frame."""

    points: tuple[Point, ...]
    cut: frozenset[int]


def picture(run: Run, moved: str) -> PictureView:
    """The picture that fits how many components there are of what is `moved`, which is its name."""
    if run.components == _PLANE:
        return _plane(run)
    return _over_steps(run, one_line(moved))


# --- one number over the steps ------------------------------------------------------------


def _over_steps(run: Run, moved: str) -> PictureView:
    mine, theirs = [height(vector) for vector in run.mine], [height(vector) for vector in run.reference]
    last = run.first + max(len(mine), len(theirs), 2) - 1
    across = Axis(run.first, last, _LEFT + 10, _RIGHT - 10)
    up = Axis(*domain(theirs, mine), start=_BOTTOM, end=_TOP)
    curves = [_over(values, run.first, across, up) for values in (mine, theirs)]
    levels = ticks(up.low, up.high)
    grid = "".join(line([(_LEFT, up.at(y)), (_RIGHT, up.at(y))]) for y in levels)
    labels = [
        *(label(_LEFT - _ROOM, up.at(y) + 4, "end", tick_text(y)) for y in levels),
        *(label(across.at(x), _BOTTOM + 17, "middle", str(x)) for x in whole_ticks(last, 8, run.first)),
        label((_LEFT + _RIGHT) / 2, _BOTTOM + 34, "middle", "step"),
        *_cut_label(curves[0], [tick_text(value) for value in mine]),
    ]
    x = across.at(run.diverges) if run.diverges is not None else None
    told = moved if run.components == 1 else f"the norm of {moved}"
    return _drawn(
        run,
        f"{told[:1].upper()}{told[1:]} over the steps",
        field(_LEFT, _TOP, _RIGHT - _LEFT, _BOTTOM - _TOP),
        _BOTTOM + _BELOW,
        [Stroke("grid", grid), *_left_at(x), *_strokes(curves)],
        [*labels, *_left_label(x)],
        numbers(run),
    )


def _over(values: Sequence[float], first: int, across: Axis, up: Axis) -> Curve:
    points = [(across.at(first + step), up.at(value)) for step, value in enumerate(values)]
    return Curve(tuple(points), frozenset(i for i, value in enumerate(values) if up.cuts(value)))


def _left_at(x: float | None) -> Iterator[Stroke]:
    if x is not None:
        yield Stroke("leaves", line([(x, _TOP), (x, _BOTTOM)]))


def _left_label(x: float | None) -> Iterator[Label]:
    """Above the field, on the side of the mark where there is room."""
    if x is not None:
        style = "end bad" if x > (_LEFT + _RIGHT) / 2 else "bad"
        yield label(x, _TOP - _ROOM, style, "leaves the reference")


# --- the path in the plane ----------------------------------------------------------------


def _plane(run: Run) -> PictureView:
    centre, told = _centre(run)
    across, up = _axes(run, centre)
    curves = [_path(vectors, across, up) for vectors in (run.mine, run.reference)]
    start = curves[0].points[0]
    rising = (start[0] - across.at(centre[0])) * (start[1] - up.at(centre[1])) <= 0  # y counts downwards
    columns, levels = ticks(across.low, across.high), ticks(up.low, up.high)
    labels = [
        *(label(_LEFT - _ROOM, up.at(y) + 4, "end", tick_text(y)) for y in levels),
        *(label(across.at(x), _FLOOR + 17, "middle", tick_text(x)) for x in columns),
        label((_LEFT + _RIGHT) / 2, _FLOOR + 34, "middle", "first component"),
        label(4, _TOP - _ROOM, "", "second component"),
        *_beside(start, "", "start" if run.first == 0 else f"step {run.first}", rising=rising),
        *_cut_label(curves[0], [shown(vector) for vector in run.mine]),
    ]
    at = _left_in_plane(run, curves)
    return _drawn(
        run,
        f"The path in the plane, over {told}",
        field(_LEFT, _TOP, _RIGHT - _LEFT, _FLOOR - _TOP, _circles(centre, across, up)),
        _FLOOR + _BELOW,
        [*([Stroke("ring", dots([at])), Stroke("hole", dots([at]))] if at else []), *_strokes(curves)],
        [*labels, *(_beside(at, "bad", f"step {run.diverges}", rising=rising) if at else ())],
        numbers(run),
    )


def _centre(run: Run) -> tuple[Point, str]:
    """The origin where the path is not too far from it to be seen beside it, else where it should end."""
    width = max(_width(run, 0), _width(run, 1))
    references = [vector for vector in run.reference if len(drawable(vector)) == len(vector)]
    vectors = references + [vector for vector in run.mine if len(drawable(vector)) == len(vector)]
    if not vectors or width == 0 or max(abs(x) for x in vectors[0]) <= _FAR * width:
        return (0.0, 0.0), "circles of equal norm"
    end = (references or vectors)[-1]
    whose = "the reference ends" if run.reference else "it ends"
    return (end[0], end[1]), f"circles of equal distance from where {whose}"


def _width(run: Run, component: int) -> float:
    low, high = domain(_component(run.reference, component), _component(run.mine, component))
    return high - low


def _axes(run: Run, centre: Point) -> tuple[Axis, Axis]:
    """Both with one unit, so that circles are circles; the component that varies less has room to spare."""
    spans = [domain([*_component(run.reference, i), centre[i]], _component(run.mine, i)) for i in (0, 1)]
    sides = (_RIGHT - _LEFT, _FLOOR - _TOP)
    unit = max((high - low) / side for (low, high), side in zip(spans, sides, strict=True))
    middles = [low + (high - low) / 2 for low, high in spans]
    ends = [(m - unit * side / 2, m + unit * side / 2) for m, side in zip(middles, sides, strict=True)]
    return Axis(*ends[0], start=_LEFT, end=_RIGHT), Axis(*ends[1], start=_FLOOR, end=_TOP)


def _component(vectors: Sequence[Vector], index: int) -> list[float]:
    return [vector[index] for vector in vectors]


def _path(vectors: Sequence[Vector], across: Axis, up: Axis) -> Curve:
    points = tuple((across.at(x), up.at(y)) for x, y in vectors)
    return Curve(points, frozenset(i for i, (x, y) in enumerate(vectors) if across.cuts(x) or up.cuts(y)))


def _circles(centre: Point, across: Axis, up: Axis) -> Iterator[Circle]:
    """Within the field, whose upper left corner is their origin."""
    unit = (across.end - across.start) / (across.high - across.low)
    x, y = across.start + (centre[0] - across.low) * unit, up.start - (centre[1] - up.low) * unit
    corner = math.hypot(
        max(abs(across.low - centre[0]), abs(across.high - centre[0])),
        max(abs(up.low - centre[1]), abs(up.high - centre[1])),
    )
    for radius in ticks(0.0, corner, 8)[1:]:
        yield Circle(*map(coordinate, (x - _LEFT, y - _TOP, radius * unit)))


def _left_in_plane(run: Run, curves: Sequence[Curve]) -> Point | None:
    """Where the step that leaves the reference ends; where it is missing, where it should have ended."""
    if run.diverges is None:
        return None
    step = run.diverges - run.first
    return next((curve.points[step] for curve in curves if step < len(curve.points)), None)


# --- common to all ------------------------------------------------------------------------


def _strokes(curves: Sequence[Curve]) -> Iterator[Stroke]:
    """Above the reference's rings the student's dots: where both agree a dot fills a ring."""
    mine, theirs = curves
    if theirs.points:
        yield Stroke("line reference", _line(theirs))
        yield Stroke("dot reference", dots(theirs.points))
        yield Stroke("hole", dots(theirs.points))
    yield Stroke("line yours", _line(mine))
    yield Stroke("dot yours", dots(at for i, at in enumerate(mine.points) if i not in mine.cut))
    if mine.cut:
        yield Stroke("cut yours", crosses(mine.points[i] for i in sorted(mine.cut)))


def _line(curve: Curve) -> str:
    """Up to the frame where a value lies beyond it, never along the frame."""
    pairs = enumerate(zip(curve.points, curve.points[1:], strict=False))
    kept = [pair for i, pair in pairs if not {i, i + 1} <= curve.cut]
    return "".join(map(line, kept)) if curve.cut else line(curve.points)


def _beside(at: Point, style: str, text: str, *, rising: bool = True) -> Iterator[Label]:
    """A label next to a point, on the side where there is room, and off a line that rises to the right."""
    left = at[0] > (_LEFT + _RIGHT) / 2
    y = at[1] - 10 if left == rising else at[1] + 22
    yield label(at[0] - 12 if left else at[0] + 12, y, f"end {style}".strip() if left else style, text)


def _cut_label(curve: Curve, texts: Sequence[str]) -> Iterator[Label]:
    """The first value that is off the scale; the table has the others."""
    if curve.cut:
        first = min(curve.cut)
        yield from _beside(curve.points[first], "cut", f"{texts[first]}, off the scale")


def _drawn(
    run: Run,
    title: str,
    area: Field,
    height: float,
    strokes: Sequence[Stroke],
    labels: Sequence[Label],
    table: Numbers,
) -> PictureView:
    told = described(run)
    return PictureView(
        title=title,
        call=one_line(run.call, _CALL),
        description=told,
        caption=told,
        height=coordinate(height),
        field=area,
        strokes=tuple(one for one in strokes if one.d),
        labels=tuple(labels),
        legend=_KEYS if run.reference else _KEYS[:1],
        numbers=table,
    )
