"""Child side: a student's file into statements that can run one by one, with true line numbers.

Code is compiled under the name that a person knows: `s01.py`, or `s01.ipynb[cell 3]`, where code
cells are counted from 1 in document order (execution counts depend on what the student last ran).
"""

from __future__ import annotations
import __future__

import ast
import codecs
import io
import linecache
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from types import CodeType
from typing import Final

from grader.records import Cell, Note, Place
from grader.sandbox.jobs import File

SOURCE_LIMIT: Final = 2 << 20  # characters of source that are sent to be shown
_FUTURE: Final = {name: getattr(__future__, name).compiler_flag for name in __future__.all_feature_names}
_DEFINED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_AGAIN: Final = "Nothing of the file could run; correct this and submit again."


class Unreadable(Exception):
    """Nothing of a file can run: what was found, where, what to do."""

    def __init__(self, text: str, place: Place | None = None, cells: tuple[Cell, ...] = ()) -> None:
        super().__init__(text)
        self.text = text
        self.place = place
        self.cells = cells  # the source, where it is text: a report shows the line all the same


@dataclass(frozen=True)
class Statement:
    """One top-level statement, ready to be compiled."""

    node: ast.stmt
    filename: str
    flags: int
    place: Place


@dataclass(frozen=True)
class Program:
    """A file that can run."""

    name: str  # the module's: the stem of a .py, "__main__" for a notebook
    cells: tuple[Cell, ...]  # as the student wrote them
    statements: tuple[Statement, ...]
    notes: tuple[Note, ...]

    def defines(self, names: Iterable[str]) -> set[str]:
        """Which of these names its top level binds, as far as can be seen without running it."""
        bound = {name for statement in self.statements for name in _bound(statement.node)}
        return bound & set(names)

    def writes(self, names: Iterable[str]) -> set[str]:
        """Which of these names it defines by a `def` or a `class` of its own."""
        own = {one.node.name for one in self.statements if isinstance(one.node, _DEFINED)}
        return own & set(names)


def read_python(file: File) -> Program:
    """A .py file, which runs only if it parses as a whole. Raises Unreadable."""
    text, notes = decode(file)
    cells = (Cell(file.name, None, text[:SOURCE_LIMIT]),)
    try:
        tree = parse(text, file.name)
    except SyntaxError as error:
        place = Place(file.name, None, error.lineno or 1)
        raise Unreadable(f"{explain(error)}. {_AGAIN}", place, cells) from None
    remember(file.name, text)
    if not text.strip():
        notes = [*notes, Note(f"{file.name} is empty.", None)]
    return Program(
        name=PurePath(file.name).stem,
        cells=cells,
        statements=tuple(statements(tree, file.name, None, file.name)),
        notes=tuple(notes),
    )


def decode(file: File) -> tuple[str, list[Note]]:
    """The text of a .py file in the encoding that it declares. Raises Unreadable."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if file.data.startswith(mark):
            text = file.data.decode(encoding, "replace")
            return text, [
                Note(f"{file.name} is saved as UTF-16, which Python does not run; save it as UTF-8.")
            ]
    if b"\0" in file.data:
        line = file.data[: file.data.index(b"\0")].count(b"\n") + 1
        place = Place(file.name, None, line)
        raise Unreadable("The file holds null bytes, so it is no Python text; save it as UTF-8 text.", place)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(file.data).readline)
        return file.data.decode(encoding), []
    except SyntaxError as error:  # an unknown name in the coding cookie, or no UTF-8 in its first lines
        if not str(error).startswith("invalid or missing"):
            place = Place(file.name, None, 1)
            raise Unreadable(
                f"{error}: Python knows no such encoding; save the file as UTF-8.", place
            ) from None
    except UnicodeDecodeError:
        pass
    text = file.data.decode("latin-1")
    return text, [Note(f"{file.name} is not UTF-8 and declares no encoding; it was read as Latin-1.")]


def parse(text: str, filename: str) -> ast.Module:
    """Parse and compile as a whole, as Python would. Raises SyntaxError for whatever it refuses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the statements warn when they are compiled to run
            tree = ast.parse(text, filename)
            compile(tree, filename, "exec", dont_inherit=True)
    except (RecursionError, MemoryError):
        raise SyntaxError("the code is nested too deeply for Python to read") from None
    except ValueError as error:  # null bytes, and lone surrogates in a notebook's text
        raise SyntaxError(str(error)) from None
    return tree


def explain(error: SyntaxError) -> str:
    return f"{type(error).__name__}: {error.msg}"


def statements(
    tree: ast.Module, filename: str, cell: int | None, file: str, flags: int = 0
) -> Iterator[Statement]:
    """The top-level statements; `from __future__` holds for those below it, too."""
    for node in tree.body:
        flags |= future_flags([node])
        yield Statement(node, filename, flags, Place(file, cell, node.lineno))


def compiled(statement: Statement) -> CodeType:
    body = ast.Module([statement.node], type_ignores=[])
    code: CodeType = compile(body, statement.filename, "exec", flags=statement.flags, dont_inherit=True)
    return code


def future_flags(nodes: Iterable[ast.stmt]) -> int:
    flags = 0
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__" and not node.level:
            for name in node.names:
                flags |= _FUTURE.get(name.name, 0)
    return flags


def remember(filename: str, text: str) -> None:
    """So that tracebacks can show the line."""
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, _DEFINED):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (name.asname or name.name for name in node.names)
