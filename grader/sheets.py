"""Tables of other programs (CSV), cell by cell, so that some are filled and every other byte is kept.

A gradebook goes back to where it came from, so its byte order mark, line ends, quotes, delimiter and
encoding stay as they are: cells are replaced in the text, the table is never written anew. What is no
table is refused with its line.
"""

from __future__ import annotations

import codecs
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from grader.errors import GraderError
from grader.text import one_line

LIMIT: Final = 64 << 20  # bytes: a gradebook of 100,000 rows has a tenth
DELIMITERS: Final = ",;\t"
_BOM: Final = "\ufeff"
_FORMULA: Final = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20|%]")
"""What begins a formula, also in full width (as spreadsheets in East Asia read it) and behind spaces."""


def harmless(text: str) -> str:
    """Text that no spreadsheet computes."""
    return f"'{text}" if _FORMULA.match(text) else text


@dataclass(frozen=True)
class Cell:
    """Its text without quotes, and where it stands, quotes included."""

    text: str
    start: int
    end: int

    @property
    def value(self) -> str:
        return self.text.strip()


@dataclass(frozen=True)
class Row:
    line: int  # that it begins in, from 1
    cells: tuple[Cell, ...]

    def value(self, column: int | None) -> str:
        """Empty where the row is too short, or there is no such column."""
        return self.cells[column].value if column is not None and column < len(self.cells) else ""


@dataclass(frozen=True)
class Sheet:
    """A whole file. `rows` are those with something in them, the header first."""

    name: str
    text: str
    encoding: str
    delimiter: str
    rows: tuple[Row, ...]

    @property
    def header(self) -> Row:
        return self.rows[0]

    @property
    def columns(self) -> list[str]:
        return [cell.value for cell in self.header.cells]

    def filled(self, changes: Mapping[tuple[int, int], str]) -> bytes:
        """The file with these texts in these cells, by the row's place and the column; all else as it is."""
        rows: defaultdict[int, dict[int, str]] = defaultdict(dict)
        for (row, column), text in changes.items():
            rows[row][column] = text
        parts = [part for row, texts in rows.items() for part in self._spliced(self.rows[row], texts)]
        return self._with(parts, 0, len(self.text)).encode(self.encoding, "strict")

    def shown(self, row: Row, texts: Mapping[int, str] = MappingProxyType({})) -> str:
        """A row as it stands in the file, or with these texts in these columns."""
        return self._with(self._spliced(row, texts), row.cells[0].start, row.cells[-1].end)

    def spelled(self, text: str) -> str:
        """HTML that the file's encoding can hold."""
        return text.encode(self.encoding, "xmlcharrefreplace").decode(self.encoding)

    def _with(self, parts: Iterable[tuple[int, int, str]], start: int, end: int) -> str:
        """The text from `start` to `end` with these parts of it replaced."""
        pieces, done = [], start
        for begin, finish, text in sorted(parts):
            pieces += [self.text[done:begin], text]
            done = finish
        return "".join([*pieces, self.text[done:end]])

    def _spliced(self, row: Row, texts: Mapping[int, str]) -> Iterator[tuple[int, int, str]]:
        there = len(row.cells)
        for column, text in texts.items():
            if column < there:
                cell = row.cells[column]
                yield cell.start, cell.end, self._quoted(text, self.text[cell.start : cell.start + 1] == '"')
        beyond = range(there, max(texts, default=0) + 1)
        if beyond:  # a row that was cut short, as spreadsheets do at its end
            cells = [self._quoted(texts.get(column, ""), quoted=False) for column in beyond]
            end = row.cells[-1].end
            yield end, end, self.delimiter + self.delimiter.join(cells)

    def _quoted(self, text: str, quoted: bool) -> str:
        if quoted or any(one in text for one in (self.delimiter, '"', "\r", "\n")):
            return '"' + text.replace('"', '""') + '"'
        return text


def read(path: Path) -> Sheet:
    """Raises GraderError where there is no file, or none that is a table."""
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except OSError as error:
        raise GraderError(
            f"{path}: cannot be read: {error.strerror}.", "Name the file as you downloaded it."
        ) from None
    if len(data) > LIMIT:
        raise GraderError(f"{path}: has more than {LIMIT >> 20} MiB.", "Name a table of students.")
    return parse(data, str(path))


def parse(data: bytes, name: str) -> Sheet:
    """A table in UTF-8, or as Blackboard and spreadsheets on Windows save it.

    Raises GraderError for what is none.
    """
    text, encoding = _decoded(data)
    if data.startswith(b"PK\x03\x04") or "\0" in text[:4096]:
        raise GraderError(
            f"{name}: this is no CSV file; is it a workbook?",
            "Download it again as CSV, and do not save it from a spreadsheet.",
        )
    start = len(_BOM) if text.startswith(_BOM) else 0
    delimiter = _delimiter(text[start:])
    rows = tuple(row for row in _rows(text, start, delimiter, name) if any(cell.value for cell in row.cells))
    if not rows:
        raise GraderError(f"{name}: the file is empty.", "Download it again.")
    return Sheet(name, text, encoding, delimiter, rows)


def _decoded(data: bytes) -> tuple[str, str]:
    """Every one of these gives back the same bytes."""
    wide = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(data[:2], "utf-8")
    for encoding in (wide, "utf-8", "cp1252"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"


def _delimiter(text: str) -> str:
    """What both of the first two lines have most of: a title may hold the others."""
    plain = re.sub(r'"(?:[^"]|"")*+"', "", text[: 1 << 16])  # without what is quoted
    first, second, *_ = [*re.split(r"[\r\n]+", plain.lstrip("\r\n"), maxsplit=2), ""]
    return max(DELIMITERS, key=lambda one: (min(first.count(one), second.count(one)), first.count(one)))


def _rows(text: str, start: int, delimiter: str, name: str) -> Iterator[Row]:
    cell = re.compile(rf'(?P<quoted>"(?:[^"]|"")*+")|(?P<plain>(?!")[^{re.escape(delimiter)}\r\n]*+)')
    cells: list[Cell] = []
    line = first = 1
    while start < len(text) or cells:
        found = cell.match(text, start)
        end = found.end() if found else start
        after = text[end : end + 1]
        if found is None or after not in ("", delimiter, "\r", "\n"):
            raise GraderError(
                f"{name}, line {line}: no cell of a table: {one_line(text[start : start + 40])!r}.",
                "A quote is not closed, or something follows it. Download the file again.",
            )
        cells.append(Cell(_unquoted(found[0]), start, end))
        line += len(re.findall(r"\r\n|\r|\n", found[0]))
        start = end + len(after)
        if after == delimiter:
            continue
        yield Row(first, tuple(cells))
        cells = []
        start += after == "\r" and text[start : start + 1] == "\n"
        line = first = line + 1


def _unquoted(raw: str) -> str:
    return raw[1:-1].replace('""', '"') if raw.startswith('"') else raw


def column(sheet: Sheet, name: str) -> int | None:
    """The first column of this name, in any case."""
    return next(iter(columns(sheet, name)), None)


def columns(sheet: Sheet, name: str) -> list[int]:
    """Every column of this name, in any case."""
    return [i for i, one in enumerate(sheet.columns) if one.casefold() == name.casefold()]
