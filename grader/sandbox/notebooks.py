"""Child side: a notebook of any version that nbformat upgrades, into statements.

Outputs are dropped before anything else looks at the document: they may be megabytes of pictures,
and nothing of them is code.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any, Final

from nbformat import convert, reader

from grader.records import Cell, Note, Place
from grader.sandbox import magics
from grader.sandbox.jobs import File
from grader.sandbox.sources import (
    SOURCE_LIMIT,
    Program,
    Statement,
    Unreadable,
    explain,
    future_flags,
    remember,
    statements,
)

SKIP_TAGS: Final = frozenset({"skip", "skip-execution", "skip_execution"})
PYTHON: Final = frozenset({"python", "python3", "ipython", "ipython3", "python2"})
_AGAIN: Final = "Open it in Jupyter, save it again as .ipynb and submit that."


def read_notebook(file: File) -> Program:
    """A notebook's code cells in document order. Raises Unreadable."""
    document = _load(file)
    _check_language(document, file)
    reader = _Cells(file.name)
    parts = [part for cell in document.get("cells", []) for part in reader.read(cell)]
    if reader.failed and not parts:
        text, place = reader.failed[0]
        message = (
            f"No code cell of the notebook can run. The first: {text}. Correct the cells and submit again."
        )
        raise Unreadable(message, place)
    if not file.named_notebook:
        text = f"{file.name} holds a notebook, no Python text; it was read as the notebook that it is."
        reader.notes.insert(0, Note(f"{text} Hand in the .ipynb file next time."))
    if not reader.number:
        reader.notes.append(Note(f"{file.name} has no code cells."))
    return Program("__main__", tuple(reader.cells), tuple(parts), tuple(reader.notes))


class _Cells:
    """Code cells one after another: their numbers, source and notes."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._room = SOURCE_LIMIT
        self._flags = 0
        self.number = 0
        self.cells: list[Cell] = []
        self.notes: list[Note] = []
        self.failed: list[tuple[str, Place]] = []

    def read(self, cell: Any) -> Iterator[Statement]:
        if cell.get("cell_type") != "code":
            return
        self.number += 1
        text = str(cell.get("source", ""))
        self.cells.append(Cell(self._file, self.number, text[: self._room]))
        self._room -= len(self.cells[-1].text)
        tags = SKIP_TAGS & {str(tag) for tag in cell.get("metadata", {}).get("tags", [])}
        if tags:
            self._say(f"This cell was skipped: it carries the tag {min(tags)!r}.", 1)
        elif text.strip():
            yield from self._parse(text)

    def _parse(self, text: str) -> Iterator[Statement]:
        filename = f"{self._file}[cell {self.number}]"
        remember(filename, text)
        try:
            tree, notes = magics.plain(text, filename, self._file, self.number)
        except SyntaxError as error:
            place = Place(self._file, self.number, error.lineno or 1)
            self.failed.append((explain(error), place))
            self._say(f"This cell was skipped: {explain(error)}.", place.line)
            return
        self.notes.extend(notes)
        yield from statements(tree, filename, self.number, self._file, self._flags)
        self._flags |= future_flags(tree.body)

    def _say(self, text: str, line: int) -> None:
        self.notes.append(Note(text, Place(self._file, self.number, line)))


def _load(file: File) -> Any:
    try:
        raw = json.loads(file.data)
    except UnicodeDecodeError:
        raise Unreadable(f"This is no notebook: its text is not UTF-8. {_AGAIN}") from None
    except json.JSONDecodeError as error:
        text = f"This is no notebook: invalid JSON ({error.msg}). {_AGAIN}"
        raise Unreadable(text, Place(file.name, None, error.lineno)) from None
    except RecursionError:
        raise Unreadable(f"This is no notebook: its JSON is nested too deeply. {_AGAIN}") from None
    if not isinstance(raw, dict) or not {"cells", "worksheets"} & raw.keys():
        raise Unreadable(f"This is JSON, but no notebook: it has no cells. {_AGAIN}")
    return _upgrade(raw)


def _upgrade(raw: dict[str, Any]) -> Any:
    _drop_outputs(raw)
    logging.disable()  # nbformat logs what does not follow the schema, and reads it all the same
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Not nbformat.reads: it compiles the schema, to log what breaks it.
            return convert(reader.reads(json.dumps(raw)), 4)  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001 -- on a broken document nbformat raises whatever meets it first
        found = f"{type(error).__name__}: {error}"[:200]
        raise Unreadable(f"This notebook cannot be read ({found}). {_AGAIN}") from None
    finally:
        logging.disable(logging.NOTSET)


def _drop_outputs(raw: dict[str, Any]) -> None:
    sheets = [raw, *(sheet for sheet in _list(raw.get("worksheets")) if isinstance(sheet, dict))]
    for cell in (cell for sheet in sheets for cell in _list(sheet.get("cells"))):
        if not isinstance(cell, dict):
            continue
        cell.pop("attachments", None)
        if "outputs" in cell:
            cell["outputs"] = []


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _check_language(document: Any, file: File) -> None:
    metadata = document.get("metadata", {})
    names = (
        metadata.get("kernelspec", {}).get("language"),
        metadata.get("language_info", {}).get("name"),
    )
    found = next((str(name) for name in names if name), "python")
    if found.lower() not in PYTHON:
        text = f"The notebook is written for {found}, the exercises are in Python. Submit a Python notebook."
        raise Unreadable(text, Place(file.name, None, 1))
