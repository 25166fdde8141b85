"""Child side: what an exception says, in terms of the student's own files.

A student's code is compiled under names such as `s01.py` or `s01.ipynb[cell 3]`, which are no
absolute paths, so their frames are told apart from the grader's and from the libraries'.
"""

from __future__ import annotations

import linecache
import os
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import Final

from grader.records import Place

MAX_MESSAGE: Final = 2_000
MAX_FRAMES: Final = 12  # of the outermost and of the innermost: enough to see a recursion
_GRADER: Final = str(Path(__file__).parents[1]) + os.sep
NAMED: Final = ContextVar[Callable[[str], str | None]]("NAMED", default=lambda _: None)
"""What a file is to its student that code was compiled under, where that is not its name: a kernel's cell."""

_CELL: Final = re.compile(r"^(?P<file>.*)\[cell (?P<cell>\d+)\]$", re.DOTALL)


def place_of(filename: str, line: int) -> Place:
    """The place that a compiled file name and a line stand for."""
    match = _CELL.match(filename)
    if match:
        return Place(file=match["file"], cell=int(match["cell"]), line=line)
    return Place(file=filename, cell=None, line=line)


def name_of(filename: str) -> str:
    """What to call the file in which a student's function stands."""
    return NAMED.get()(filename) or Path(filename).name


def own_file(filename: str) -> str | None:
    """The name of a student's file that code was compiled under; None for the libraries' and the grader's."""
    known = NAMED.get()(filename)
    if known is not None:
        return known
    name = filename.removeprefix(str(Path.cwd()) + os.sep)  # modules of the student's own folder
    own = not Path(name).is_absolute() and not name.startswith("<frozen ")
    return name if own and not filename.startswith(_GRADER) else None


def message(error: BaseException) -> str:
    """str(error), which may itself fail where the student wrote the class."""
    try:
        return str(error)[:MAX_MESSAGE]
    except BaseException:  # noqa: BLE001 -- the student's __str__
        return "(its message cannot be printed)"


def student_lines(error: BaseException) -> tuple[str, Place | None]:
    """The traceback's lines in the student's files, and the innermost of them."""
    frames = list(_student_frames(error.__traceback__))
    if not frames:
        return "", None
    lines = [_format(*frame) for frame in frames[:MAX_FRAMES]]
    if len(frames) > 2 * MAX_FRAMES:
        lines.append(f"  ... {len(frames) - 2 * MAX_FRAMES} more ...\n")
    lines += [_format(*frame) for frame in frames[max(MAX_FRAMES, len(frames) - MAX_FRAMES) :]]
    filename, line, *_ = frames[-1]
    return "".join(lines), place_of(filename, line)


def _student_frames(traceback: TracebackType | None) -> Iterator[tuple[str, int, str, str]]:
    while traceback is not None:
        code = traceback.tb_frame.f_code
        filename = own_file(code.co_filename)
        if filename is not None:
            source = linecache.getline(code.co_filename, traceback.tb_lineno).strip()
            yield filename, traceback.tb_lineno, code.co_name, source
        traceback = traceback.tb_next


def _format(filename: str, line: int, function: str, source: str) -> str:
    head = f'  File "{filename}", line {line}, in {function}\n'
    return f"{head}    {source}\n" if source else head
