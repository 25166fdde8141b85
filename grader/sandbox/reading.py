"""Parent side: a submission's files as bytes. The parent opens them with care and never parses them."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from grader.records import Carried, Note, Submission
from grader.sandbox import limits
from grader.sandbox.jobs import File
from grader.text import clean, one_line, opens_json

_FLAGS: Final = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
)
_PIECE: Final = 1 << 20
_NAME: Final = 2_000  # more than any file name has, its bytes escaped
_SKIPPED_FOLDERS: Final = frozenset({"__pycache__", "node_modules", "venv"})


class Unreadable(Exception):
    """A file that cannot be read: what was found, where, what to do."""


@dataclass(frozen=True)
class Content:
    """What was read."""

    files: tuple[File, ...]
    sha256: str
    notes: tuple[Note, ...]
    problem: str | None  # why there is no file at all


def read(submission: Submission) -> Content:
    """Every candidate that can be read; one that cannot is a note, unless none can."""
    if (given := submission.carried) is not None:
        return Content(tuple(File(*one) for one in given.files), given.sha256, given.notes, given.problem)
    files: list[File] = []
    problems: list[str] = [submission.problem] if submission.problem else []
    digest = hashlib.sha256()
    for path in submission.files:
        try:
            data = read_file(path)
        except Unreadable as error:
            problems.append(str(error))
            continue
        files.append(File(one_line(path.name, _NAME), data))
        digest.update(data)
    if submission.folder is not None:
        _add_further(submission.folder, frozenset(submission.files), digest)
    problem = None if files else next(iter(problems), f"{submission.path}: there is no file to grade.")
    notes = tuple(Note(clean(text, limits.MESSAGE)) for text in problems) if files else ()
    return Content(tuple(files), digest.hexdigest(), notes, problem)


def carried(submission: Submission) -> Submission:
    """The same without a path: what a machine needs that has none of its files."""
    content = read(submission)
    further: list[tuple[bytes, bytes]] = []
    whole = submission.folder is None or _collect(submission.folder, further)
    given = Carried(
        files=tuple((one.name, one.data) for one in content.files),
        further=tuple(further),
        whole=whole,
        sha256=content.sha256,
        notes=content.notes,
        problem=content.problem,
        gone=gone(submission),
    )
    return replace(submission, files=(), folder=None, carried=given)


def gone(submission: Submission) -> bool:
    """Whether its files were found and are not there any more."""
    if submission.carried is not None:
        return submission.carried.gone
    return submission.problem is None and not any(map(os.path.lexists, submission.files))


def _collect(folder: Path, further: list[tuple[bytes, bytes]]) -> bool:
    """Add a student's own files; False where a cap cut them."""
    for path in _within_caps(folder):
        if path is None:
            return False
        # Gone or unreadable meanwhile: the code that needs it will say so.
        with suppress(OSError), os.fdopen(os.open(path, _FLAGS), "rb") as file:
            further.append((os.fsencode(path.relative_to(folder)), file.read()))
    return True


def _within_caps(folder: Path) -> Iterator[Path | None]:
    """The regular files below, as many as a submission may have; None at the end where there are more."""
    room, count = limits.FOLDER_BYTES, limits.FOLDER_FILES
    for path, size in _regular_files(folder):
        room, count = room - size, count - 1
        if room < 0 or count < 0:
            yield None
            return
        yield path


def _add_further(folder: Path, candidates: frozenset[Path], digest: hashlib._Hash) -> None:
    """What a student's code may import or read is part of the submission: with it, results change."""
    for path in _within_caps(folder):
        if path is not None and path not in candidates:  # beyond the caps no more is copied either
            digest.update(os.fsencode(path.relative_to(folder)) + b"\0")
            with suppress(OSError), os.fdopen(os.open(path, _FLAGS), "rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())


def read_file(path: Path) -> bytes:
    """A regular file's bytes. Raises Unreadable; follows no link and waits for no writer."""
    try:
        fd = os.open(path, _FLAGS)
    except OSError as error:
        raise Unreadable(f"{path.name}: {_reason(error)}") from None
    try:
        cap = _cap(path, fd, os.fstat(fd))
        data = _read(fd, cap + 1)
    finally:
        os.close(fd)
    if len(data) > cap:
        raise Unreadable(_too_large(path, len(data), cap))
    return data


def _read(fd: int, most: int) -> bytes:
    """Up to `most` bytes: the file may grow while it is read."""
    pieces: list[bytes] = []
    while most > 0 and (piece := os.read(fd, min(most, _PIECE))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def _cap(path: Path, fd: int, found: os.stat_result) -> int:
    """How large a regular file may be. Raises Unreadable for one that is larger, and for what is none."""
    if stat.S_ISDIR(found.st_mode):
        raise Unreadable(f"{path.name} is a folder, not a file; submit the file itself.")
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable(
            f"{path.name} is no regular file (a pipe, socket or device); submit the file itself."
        )
    notebook = path.suffix.lower() == ".ipynb" or opens_json(os.pread(fd, 64, 0))
    cap = limits.NOTEBOOK if notebook else limits.PYTHON_FILE
    if found.st_size > cap:
        raise Unreadable(_too_large(path, found.st_size, cap))
    return cap


def _too_large(path: Path, size: int, cap: int) -> str:
    notebook = path.suffix.lower() == ".ipynb"
    advice = "clear its outputs and save it again" if notebook else "submit only the code"
    return f"{path.name} has {size / (1 << 20):.1f} MiB, more than the {cap >> 20} MiB allowed; {advice}."


def _reason(error: OSError) -> str:
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return "a symbolic link; submit the file itself."
    return f"cannot be read ({error.strerror}); check that it is there and readable."


def copy_folder(submission: Submission, target: Path) -> bool:
    """Copy a student's own files, so that the code finds its modules and data; False where a cap cut it."""
    if submission.carried is not None:
        return _unpack(submission.carried, target)
    if submission.folder is None:
        return True
    for path in _within_caps(submission.folder):
        if path is None:
            return False
        copy = target / path.relative_to(submission.folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        _copy(path, copy)
    return True


def _unpack(given: Carried, target: Path) -> bool:
    for path, data in given.further:
        copy = target / os.fsdecode(path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data)
    return given.whole


def _regular_files(folder: Path, depth: int = limits.FOLDER_DEPTH) -> Iterator[tuple[Path, int]]:
    """Every regular file below, in a stable order; links and hidden folders are left out.

    What lies too deep counts as too large: a folder can be nested deeper than Python calls.
    """
    if not depth:
        yield folder, limits.FOLDER_BYTES + 1
        return
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:  # not readable: the code that needs it will say so
        return
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith(".") and entry.name not in _SKIPPED_FOLDERS:
                yield from _regular_files(Path(entry.path), depth - 1)
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path), entry.stat(follow_symlinks=False).st_size


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target, follow_symlinks=False)
    except OSError:  # gone or unreadable meanwhile: the code that needs it will say so
        return
