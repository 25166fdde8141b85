"""What an interruption keeps: one JSON line a finished submission, on the disk before the next is begun.

The first line is a header: what the results depend on besides the submissions. Results come back
only under an equal header, so a resumed run never mixes two suites or two sets of limits. Every
line is written at once and ends with a newline: one without is torn and does not count.
A submission's evidence must be on the disk before its line is. Whoever writes holds the file's lock, which
the kernel lets go of when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import threading
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Final

import msgspec

from grader import decoders
from grader.errors import GraderError, unwritable_told
from grader.kept import ByStudent, Kept
from grader.results import Stored, SubmissionResult
from grader.store import encode

SCHEMA: Final = "grader/journal/v1"
JOURNAL_FILE: Final = "journal.jsonl"


class Header(Stored, frozen=True):
    """What the results of one run depend on; `settings` is whatever else changes a result."""

    kit: str  # its digest
    devices: tuple[str, ...]
    limits: dict[str, float]
    settings: dict[str, str] = msgspec.field(default_factory=dict)
    schema: str = SCHEMA


class Journal:
    """An open journal. `append` returns when the line is on the disk; any thread may call it."""

    def __init__(self, path: Path, file: FileIO) -> None:
        self._path = path
        self._file = file
        self._turn = threading.Lock()

    def append(self, result: SubmissionResult) -> None:
        """Raises GraderError where the disk is full."""
        line = encode(result) + b"\n"
        with self._turn, unwritable_told(self._path):
            _write(self._file, line)


@contextmanager
def keep(path: Path, header: Header, *, resume: bool) -> Iterator[Journal]:
    """Open a journal for appending; begin anew unless `resume` and the one there has this header.

    Raises GraderError where it cannot be written, or where another run is writing it.
    """
    if held(path):
        raise GraderError(
            f"{path}: another grader is at work there.",
            "Wait for its end, which grader status DIR tells, or name another folder: -o DIR.",
        )
    with unwritable_told(path):
        file = _opened(path, header, resume=resume)
    with suppress(OSError):  # a file system without locks
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with file:
        yield Journal(path, file)


def read(path: Path, header: Header) -> ByStudent | dict[str, SubmissionResult]:
    """What is finished under this header, by student; the last line of a student counts.

    Whether a submission is still the same file is for the caller to see: compare `sha256`. The results stay
    in the file.
    """
    begins, sizes, places = array("Q"), array("L"), {}
    try:
        with FileIO(path, opener=_not_followed) as raw, BufferedReader(raw) as file:
            line = file.readline()
            if _header(line) != header:
                return {}
            begin = len(line)
            for line in file:
                result = _decode(line) if line.endswith(b"\n") else None
                if result is not None:
                    places[result.student] = len(begins)
                    begins.append(begin)
                    sizes.append(len(line))
                begin += len(line)
        return ByStudent(Kept(path, begins, sizes), places)
    except OSError:
        return {}


def held(path: Path) -> bool:
    """Whether a run is writing this journal now."""
    try:
        with FileIO(path, opener=_not_followed) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _opened(path: Path, header: Header, *, resume: bool) -> FileIO:
    """Unbuffered, so that nothing is left to be written when it is closed."""
    first, end = _whole(path) if resume else (b"", 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    if _header(first) == header:
        file = FileIO(path, "r+", opener=_not_followed)
        file.seek(end)
        file.truncate()  # a torn line, or the next one would be glued to it
        return file
    if path.is_symlink() or path.is_file():
        path.unlink()  # what the name leads to, or has another name too, stays as it is
    file = FileIO(path, "w", opener=_not_followed)
    with _closed_on_error(file):
        _write(file, encode(header) + b"\n")
    return file


def _not_followed(path: str, flags: int) -> int:
    """Open a file, but none that a link leads to: whoever laid it means another file than the journal."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


@contextmanager
def _closed_on_error(file: FileIO) -> Iterator[None]:
    try:
        yield
    except OSError:
        file.close()
        raise


def _write(file: FileIO, line: bytes) -> None:
    while line:
        line = line[file.write(line) :]
    os.fsync(file.fileno())


def _whole(path: Path) -> tuple[bytes, int]:
    """The first of the lines that end, and where the last of them does; nothing where there is no journal."""
    first, end = b"", 0
    with suppress(OSError), FileIO(path, opener=_not_followed) as raw, BufferedReader(raw) as file:
        for line in file:
            if line.endswith(b"\n"):
                first, end = first or line, end + len(line)
    return first, end


def _header(line: bytes) -> Header | None:
    try:
        return decoders.json(Header).decode(line)
    except decoders.BROKEN:
        return None


def _decode(line: bytes) -> SubmissionResult | None:
    """None for a damaged line: that submission is graded again."""
    try:
        return decoders.json(SubmissionResult).decode(line)
    except decoders.BROKEN:
        return None
