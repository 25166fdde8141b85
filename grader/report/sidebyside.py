"""Two submissions side by side: the lines that they share, each with its place in the other one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import numpy as np

from grader.records import Record
from grader.report.sourceview import place
from grader.similar.pairs import Compared
from grader.similar.reading import Read

LINES: Final = 300  # of one side
AROUND: Final = 2  # lines that are shown before and after those that are shared

State = Literal["rare", "common", ""]
Mark = tuple[float, int]  # what the line's rarest fingerprint counts, and its line in the other one


class LineView(Record, frozen=True):
    """A line; or, where `gap` says so, lines that are left out."""

    number: int
    text: str = ""
    state: State = ""  # rare: hardly anybody else has it
    partner: int = 0
    gap: str = ""


class PartView(Record, frozen=True):
    title: str
    lines: tuple[LineView, ...]


class SideView(Record, frozen=True):
    student: str
    parts: tuple[PartView, ...]
    more: str


def sides(one: Read, other: Read, compared: Compared) -> tuple[SideView, ...]:
    """Both, each with the files and cells in which something is shared."""
    return tuple(_side(here, there, compared) for here, there in ((one, other), (other, one)))


def _side(here: Read, there: Read, compared: Compared) -> SideView:
    marks = _marks(here, there, compared)
    parts: list[PartView] = []
    room = LINES
    for index, part in enumerate(here.parts):
        if marks.get(index):
            lines = tuple(_lines(part.text.split("\n"), marks[index], compared.rare))
            parts.append(PartView(place(part.file, part.cell), lines[: max(room, 0)]))
            room -= len(lines)
    return SideView(here.student, tuple(parts), f"{-room:,} more lines are not shown." if room < 0 else "")


def _marks(here: Read, there: Read, compared: Compared) -> dict[int, dict[int, Mark]]:
    """Of each part the lines that are shared."""
    places = {value: at for at, value in reversed(list(enumerate(there.hashes.tolist())))}
    marks: dict[int, dict[int, Mark]] = {}
    for at in np.flatnonzero(np.isin(here.hashes, there.hashes)).tolist():
        value, (index, first, last) = int(here.hashes[at]), here.spans[at].tolist()
        weight = compared.weights.get(value)
        if weight is None or index >= len(here.parts):  # starter code; or no such part
            continue
        _, start, end = there.spans[places[value]].tolist()
        found = marks.setdefault(index, {})
        for line in range(first, min(last, here.parts[index].text.count("\n") + 1) + 1):
            mark = (weight, min(start + line - first, end))
            found[line] = max(found.get(line, mark), mark, key=lambda one: one[0])
    return marks


def _lines(lines: list[str], marks: Mapping[int, Mark], rare: float) -> Iterator[LineView]:
    """Those that are shared and some around them."""
    left_out = 0
    for number, text in enumerate(lines, 1):
        if not any(near in marks for near in range(number - AROUND, number + AROUND + 1)):
            left_out += 1
            continue
        if left_out:
            yield _gap(number, left_out)
            left_out = 0
        weight, partner = marks.get(number, (0.0, 0))
        state: State = "" if not partner else "rare" if weight >= rare else "common"
        yield LineView(number, text, state, partner)
    if left_out and any(text.strip() for text in lines[-left_out:]):
        yield _gap(len(lines), left_out)


def _gap(number: int, lines: int) -> LineView:
    return LineView(number, gap="one other line" if lines == 1 else f"{lines:,} other lines")
