"""Temporary folders that the next run removes where this one was killed.

A folder is abandoned when nobody holds the lock in it: the kernel lets go of a lock with the last process
that has the file open, so neither a process number that is used again nor a run that lives on is mistaken
for another. Only folders of this user, with a lock in them, are looked at; the temporary folder is shared.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Final

from grader.errors import GraderError
from grader.sandbox import folders

_PREFIX: Final = "grader-"
_LOCK: Final = ".torch-grader.lock"
_WRITABLE: Final = stat.S_IWGRP | stat.S_IWOTH
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_OPEN: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Scratch:
    """A temporary folder, there until it is closed; a context manager. Raises OSError."""

    def __init__(self) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
        self.lock = _locked(self.path)  # kept open by whoever may work in the folder after this process, too

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with suppress(OSError):
            _remove(str(self.path))
        self.lock.close()


def refuse_full(error: Exception) -> None:
    """Raises GraderError where a disk is full: no student's mistake, so nothing that costs one a point."""
    if isinstance(error, OSError) and (refusal := full(error)):
        raise refusal from None


def full(error: OSError) -> GraderError | None:
    """What to say where it is a full disk."""
    if error.errno not in _FULL:
        return None
    return GraderError(
        f"{tempfile.gettempdir()}: no room for temporary files: {error.strerror}.",
        "Make room there, or name another folder in the environment: TMPDIR=DIR.",
    )


def sweep() -> None:
    """Remove what runs of this user that were killed have left."""
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX):
                with suppress(OSError):
                    _remove_abandoned(entry.path)


def _locked(folder: Path) -> FileIO:
    """The lock's file, which has its name when it is locked: one that is found unlocked is abandoned."""
    new = folder / f"{_LOCK}.new"
    lock = FileIO(os.open(new, _OPEN | os.O_CREAT | os.O_EXCL, 0o600), "r+")
    with suppress(OSError):  # a file system without locks: what lies there is never swept
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        new.rename(folder / _LOCK)
    return lock


def _remove_abandoned(path: str) -> None:
    """Raises OSError where it is none of ours, or somebody's still."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not _is_own(os.fstat(folder), stat.S_ISDIR):
            return
        lock = os.open(_LOCK, _OPEN, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        if _is_own(os.fstat(lock), stat.S_ISREG):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(path)
    finally:
        os.close(lock)


def _is_own(found: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Of this kind, made by this user, and nobody else may write to it."""
    return is_kind(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & _WRITABLE


def _remove(path: str) -> None:
    """The lock last: where this is interrupted, the next run goes on."""
    with os.scandir(path) as entries:
        inner = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    for one in (*inner, path):
        folders.remove(one)
