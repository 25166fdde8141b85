"""Folders that a submission has written into: measured while it runs, removed when it has ended.

Whatever it made of them is expected: thousands of files, folders nested deeper than a path can
name, folders that nobody may enter. Neither the grader's stack nor its time grows with them.
"""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

_BLOCK: Final = 512  # bytes, whatever the file system's own blocks are
_HIDDEN: Final = (errno.ENAMETOOLONG, errno.EACCES, errno.EPERM)


class Hidden(Exception):
    """A folder that cannot be looked into: too deep, or closed by its owner."""


def occupied(folder: str, most: int) -> tuple[int, int]:
    """Bytes on the disk, and files and folders; counted no further than just over `most` of these.

    Raises Hidden. What vanishes while it is counted, as in a program that clears up, is not counted.
    """
    size, number, waiting = 0, 0, [folder]
    while waiting and number <= most:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    number += 1
                    if number > most:
                        break
                    size += _size(entry)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError as error:
            if error.errno in _HIDDEN:
                raise Hidden from None
    return size, number


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_blocks * _BLOCK
    except OSError as error:
        if error.errno in _HIDDEN:
            raise
        return 0


def remove(folder: str) -> None:
    """All of it, as far as this user may; nobody writes to it any more.

    Folders within folders are moved up first, so that no path grows longer than any name is.
    """
    waiting = [folder]
    while waiting:
        one = waiting.pop()
        with suppress(OSError):
            Path(one).chmod(0o700)
        for inner in _folders(one):
            with suppress(OSError):
                waiting.append(inner if one == folder else _moved(inner, folder))
        if one != folder:
            with suppress(OSError):
                Path(one).rmdir()
    with suppress(OSError):
        Path(folder).rmdir()


def _folders(folder: str) -> list[str]:
    """Those that are in it; all else is removed."""
    found: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                found.append(entry.path)
            else:
                with suppress(OSError):
                    Path(entry.path).unlink()
    return found


def _moved(inner: str, folder: str) -> str:
    """A folder with a name of ours, which no submission can guess and take."""
    Path(inner).chmod(0o700)  # its entry for the folder above is written anew
    moved = f"{folder}/{secrets.token_hex(8)}"
    Path(inner).rename(moved)
    return moved
