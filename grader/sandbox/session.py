"""Child side: what an interactive session defines, as `loading` gives it of files.

Nothing is run anew. A function's source is the cell that it was compiled from; the cells of the helpers that
it names are read with it, so what was rerun in another order is what counts. Cells are called as IPython's
tracebacks call them.
"""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final

from grader.records import Cell, Place
from grader.sandbox.landmarks import landmarks
from grader.sandbox.loading import Function, Loaded
from grader.sandbox.remains import Space
from grader.sandbox.sources import SOURCE_LIMIT, Program, Statement, parse, statements

_FILES: Final = 20  # that one function is followed into
_OLDER: Final = re.compile(r"<ipython-input-(\d+)-")


class Session:
    """The names that are bound in a session, now."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._shell = _shell()
        self._own: dict[str, str] = {}  # of each file that a function stands in, what it is called

    def loaded(self, functions: Mapping[str, Function], wanted: tuple[str, ...]) -> Loaded:
        """These functions, each by the name that an exercise has for it."""
        found = Loaded(wanted)
        hidden = frozenset(getattr(self._shell, "user_ns_hidden", ()))
        found.spaces.append(Space("__main__", self._names, hidden))
        found.functions |= functions
        for name, function in functions.items():
            program = self._program(function)
            called = getattr(function, "__name__", name)
            found.landmarks[name] = landmarks(program, called) or landmarks(program, name)
        return found

    def cells(self) -> tuple[Cell, ...]:
        """The source of what was loaded."""
        return tuple(Cell(name, None, _text(file)[:SOURCE_LIMIT]) for file, name in self._own.items())

    def named(self, filename: str) -> str | None:
        """What a cell, or a file of the student's, is called."""
        return self._own.get(filename) or self._cell(filename)

    def _cell(self, filename: str) -> str | None:
        told = getattr(getattr(self._shell, "compile", None), "format_code_name", lambda _: None)(filename)
        if told is not None:
            return " ".join(told)
        older = _OLDER.match(filename)
        return f"Cell In[{older[1]}]" if older else None

    def _program(self, function: Function) -> Program:
        """What a function consists of: its own file or cell, which is the last, and those of its helpers."""
        files = list(dict.fromkeys(self._reached(function)))[:_FILES]
        parts = [one for file in reversed(files) for one in self._statements(file)]
        return Program("__main__", (), tuple(parts), ())

    def _reached(self, function: Function) -> Iterator[str]:
        waiting: list[Any] = [function]
        seen: set[int] = set()
        while waiting and len(seen) < _FILES * _FILES:
            one = waiting.pop(0)
            if id(one) in seen:
                continue
            seen.add(id(one))
            for code in _codes(one):
                if self._is_own(code.co_filename):
                    yield code.co_filename
                    waiting += [self._names[name] for name in code.co_names if name in self._names]

    def _is_own(self, filename: str) -> bool:
        """A cell, or a file beside the notebook: no library's."""
        if filename not in self._own:
            name = self._cell(filename)
            path = Path(filename).absolute()
            near = path.is_relative_to(Path.cwd()) and "site-packages" not in path.parts
            if name is None and near and linecache.getlines(filename):
                name = path.name
            if name is None:
                return False
            self._own[filename] = name
        return True

    def _statements(self, filename: str) -> list[Statement]:
        name = self._own[filename]
        try:
            tree = parse(_text(filename), filename)
        except SyntaxError:  # it was another text when it ran
            return []
        made = statements(tree, filename, None, name)
        return [Statement(one.node, name, one.flags, Place(name, None, one.place.line)) for one in made]


def _shell() -> Any:
    """IPython's, where there is one. Its class is asked: a name in the session may be the student's."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


@contextmanager
def shown_to_nobody() -> Iterator[None]:
    """What calls display, or draw and leave open, is not shown below the cell: there are hundreds of them."""
    shell, figures = _shell(), _figures()
    before = getattr(shell, "display_pub", None)
    if before is not None:
        from IPython.core.displaypub import CapturingDisplayPublisher  # noqa: PLC0415 -- it is running

        shell.display_pub = CapturingDisplayPublisher()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if before is not None:
            shell.display_pub = before
        for number in _figures() - figures:
            sys.modules["matplotlib.pyplot"].close(number)


def _figures() -> set[int]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot is not None else set()


def _text(filename: str) -> str:
    return "".join(linecache.getlines(filename))


def _codes(value: Any) -> Iterator[CodeType]:
    """Of a function, what it wraps, or the methods of a class, with those inside them."""
    waiting: list[Any] = [value]
    depth = 0
    while waiting and depth < _FILES * _FILES:
        depth += 1
        one = waiting.pop(0)
        if isinstance(one, CodeType):
            yield one
            waiting += [inner for inner in one.co_consts if isinstance(inner, CodeType)]
        elif isinstance(one, FunctionType):
            waiting += [one.__code__, *filter(None, [vars(one).get("__wrapped__")])]
        elif isinstance(one, type):
            waiting += [inner for inner in vars(one).values() if isinstance(inner, FunctionType)]
        elif hasattr(one, "__func__") or hasattr(one, "func"):  # a method; a partial
            waiting.append(getattr(one, "__func__", None) or getattr(one, "func", None))
