"""What a picture is made of: lines, dots and labels whose coordinates stand, and its numbers in a table.

A template only places these. `style` is the name of a rule in student.css.j2; no other text of these
records but labels and cells is ever a student's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from grader.report.scales import coordinate

WIDTH: Final = 440
"""Of every picture, in its own units; a page scales it."""

Point = tuple[float, float]


class Label(msgspec.Struct, frozen=True):
    x: str
    y: str
    style: str
    text: str


class Stroke(msgspec.Struct, frozen=True):
    """A path; one of dots has a subpath without length for each."""

    style: str
    d: str


class Circle(msgspec.Struct, frozen=True):
    x: str
    y: str
    radius: str


class Field(msgspec.Struct, frozen=True):
    """The rectangle that curves are drawn in; its circles are clipped at its edges."""

    x: str
    y: str
    width: str
    height: str
    circles: tuple[Circle, ...] = ()


class Key(msgspec.Struct, frozen=True):
    """A line of the legend."""

    style: str
    text: str


class Numbers(msgspec.Struct, frozen=True):
    """The picture's numbers as a table; `marked` are the rows, from 0, that go wrong."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: tuple[int, ...] = ()
    more: str = ""


class PictureView(msgspec.Struct, frozen=True):
    """`title` names it, `description` says in words what one sees; `caption` is what of it stands below."""

    title: str
    call: str  # empty where it shows more than one call
    description: str
    caption: str
    height: str
    field: Field
    strokes: tuple[Stroke, ...]
    labels: tuple[Label, ...]
    legend: tuple[Key, ...]
    numbers: Numbers
    width: str = str(WIDTH)


def line(points: Iterable[Point]) -> str:
    """A line through the points; empty for none."""
    texts = [f"{coordinate(x)} {coordinate(y)}" for x, y in points]
    return f"M{'L'.join(texts)}" if texts else ""


def dots(points: Iterable[Point]) -> str:
    """Drawn by the round ends of lines without length: the shortest way to write many."""
    return "".join(f"M{coordinate(x)} {coordinate(y)}h0" for x, y in points)


def crosses(points: Iterable[Point]) -> str:
    return "".join(f"M{coordinate(x - 3)} {coordinate(y - 3)}l6 6m0-6l-6 6" for x, y in points)


def label(x: float, y: float, style: str, text: str) -> Label:
    return Label(coordinate(x), coordinate(y), style, text)


def field(x: float, y: float, width: float, height: float, circles: Iterable[Circle] = ()) -> Field:
    return Field(coordinate(x), coordinate(y), coordinate(width), coordinate(height), tuple(circles))
