"""Tables of other programs (CSV), cell by cell, so that some are filled and every other byte is kept.

A gradebook goes back to where it came from, so its byte order mark, line ends, quotes, delimiter and
encoding stay as they are: cells are replaced in the text, the table is never written anew. What is no
table is refused with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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
        parts = [(*self._spliced(self.rows[row], column, text),) for (row, column), text in changes.items()]
        pieces, done = [], 0
        for start, end, text in sorted(parts):
            pieces += [self.text[done:start], text]
            done = end
        return "".join([*pieces, self.text[done:]]).encode(self.encoding, "strict")

    def shown(self, row: Row, column: int | None = None, text: str = "") -> str:
        """A row as it stands in the file, or with this text in this column."""
        before, after = row.cells[0].start, row.cells[-1].end
        if column is None:
            return self.text[before:after]
        start, end, new = self._spliced(row, column, text)
        return self.text[before:start] + new + self.text[end:after]

    def _spliced(self, row: Row, column: int, text: str) -> tuple[int, int, str]:
        if column < len(row.cells):
            cell = row.cells[column]
            return cell.start, cell.end, self._quoted(text, self.text[cell.start : cell.start + 1] == '"')
        end = row.cells[-1].end  # a row that was cut short, as spreadsheets do at its end
        return end, end, self.delimiter * (column + 1 - len(row.cells)) + self._quoted(text, quoted=False)

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
    """A table in UTF-8, or as spreadsheets on Windows save it. Raises GraderError for what is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"PK\x03\x04")) or b"\0" in data[:4096]:
        raise GraderError(
            f"{name}: this is no CSV file; a workbook, or a text in UTF-16.",
            "Download it again as CSV, and do not save it from a spreadsheet.",
        )
    text, encoding = _decoded(data)
    start = len(_BOM) if text.startswith(_BOM) else 0
    delimiter = max(DELIMITERS, key=_first_line(text[start:]).count)
    rows = tuple(row for row in _rows(text, start, delimiter, name) if any(cell.value for cell in row.cells))
    if not rows:
        raise GraderError(f"{name}: the file is empty.", "Download it again.")
    return Sheet(name, text, encoding, delimiter, rows)


def _decoded(data: bytes) -> tuple[str, str]:
    """Every one of these gives back the same bytes."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"


def _first_line(text: str) -> str:
    """Up to the first end of a line, without what is quoted."""
    return re.split(r"[\r\n]", re.sub(r'"(?:[^"]|"")*+"', "", text[: 1 << 16]), maxsplit=1)[0]


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


def column(sheet: Sheet, names: Sequence[str]) -> int | None:
    """The first column that bears one of these names, in any case."""
    wanted = [name.casefold() for name in names]
    return next((i for i, one in enumerate(sheet.columns) if one.casefold() in wanted), None)
