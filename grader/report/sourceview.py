"""The graded source by line: every line has an address, and what a diagnosis quotes is marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from grader.records import Cell
from grader.results import Quote
from grader.text import clean, one_line

LINES: Final = 4000  # of one cell; a submission's source is all in its evidence file
_NAME: Final = 120  # characters of a file's name that are shown
_ESCAPE: Final = 10  # characters that the longest visible escape of one character takes


class SourceView(msgspec.Struct, frozen=True):
    """A file or a notebook's cell. A line's address on the page is `prefix` and its number, from 1."""

    title: str
    prefix: str
    lines: tuple[str, ...]
    quoted: tuple[int, ...]
    more: str


class QuoteView(msgspec.Struct, frozen=True):
    """A line of the student's own; `anchor` is its address on the page, empty where it is not shown."""

    where: str
    text: str
    anchor: str


def sources(cells: Sequence[Cell], quotes: Iterable[Quote]) -> tuple[SourceView, ...]:
    """Every cell; `quotes` are the lines to mark."""
    marked = list(quotes)
    return tuple(_source(cell, index, cells, marked) for index, cell in enumerate(cells))


def quote(found: Quote, cells: Sequence[Cell]) -> QuoteView:
    """The line as it is quoted beside a diagnosis."""
    index = next((i for i, cell in enumerate(cells) if _same(cell, found)), None)
    seen = index is not None and 1 <= found.line <= LINES
    return QuoteView(
        where=f"{place(found.file, found.cell)}, line {found.line}",
        text=one_line(found.text, 300),
        anchor=f"{_prefix(index, cells)}{found.line}" if index is not None and seen else "",
    )


def place(file: str, cell: int | None) -> str:
    """`hw.ipynb, cell 3`."""
    return f"{one_line(file, _NAME)}{f', cell {cell}' if cell is not None else ''}"


def _source(cell: Cell, index: int, cells: Sequence[Cell], quotes: Sequence[Quote]) -> SourceView:
    lines = clean(cell.text, len(cell.text) * _ESCAPE + 100).split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    rest = len(lines) - LINES
    return SourceView(
        title=place(cell.file, cell.cell),
        prefix=_prefix(index, cells),
        lines=tuple(lines[:LINES]),
        quoted=tuple(sorted({one.line for one in quotes if _same(cell, one)})),
        more=f"{rest:,} more lines are not shown." if rest > 0 else "",
    )


def _same(cell: Cell, found: Quote) -> bool:
    return (cell.file, cell.cell) == (found.file, found.cell)


def _prefix(index: int, cells: Sequence[Cell]) -> str:
    """`L` in a submission of one file, else `S2-L`: its address never depends on a name."""
    return "L" if len(cells) == 1 else f"S{index + 1}-L"
