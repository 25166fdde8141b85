"""What stands in a folder, as found on the disk and not yet read: sources, zips, folders, the rest.

Links, pipes and devices, files too large or without the right to read them are entries with a `problem`
that says what, where, and what to do. Nothing here follows a link or waits for a pipe.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Final

from grader.intake import archives
from grader.text import one_line, opens_json

LIMITS: Final = {".py": archives.MIB, ".ipynb": archives.FILE_LIMIT, ".zip": archives.STUDENT_LIMIT}
"""Bytes of a file. A .py over a MiB is data or an attack on the compiler; a notebook holds its outputs."""

HAND_IN: Final = "Hand in a .py or .ipynb file."


_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Kind(Enum):
    SOURCE = auto()  # named like a .py or .ipynb file and no folder
    ZIP = auto()
    FOLDER = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Folder:
    path: Path
    shown: str  # as the user would type it
    refused: Mapping[Path, str] = field(default_factory=dict)  # what of a zip is not on the disk, and why
    output: Path | None = None  # where results go: no student's, unless it holds sources


@dataclass(frozen=True, slots=True)
class Entry:
    path: Path
    shown: str
    kind: Kind
    problem: str | None = None  # why it cannot be read: what, where, what to do


def entries(folder: Folder) -> list[Entry]:
    """What stands in a folder and what its zip was refused, sorted by name, without junk. Raises OSError."""
    paths = {Path(entry.path) for entry in os.scandir(folder.path)}
    paths.update(path for path in folder.refused if path.parent == folder.path)
    return [
        entry(path, f"{folder.shown}/{one_line(path.name)}", folder.refused.get(path))
        for path in sorted(paths)
        if not archives.is_junk(path.name)
    ]


def entry(path: Path, shown: str, refusal: str | None = None) -> Entry:
    named = named_kind(path.name)
    if refusal is not None:
        return Entry(path, shown, named, refusal)
    try:
        status = path.lstat()
    except OSError as error:
        return Entry(path, shown, named, unreadable(shown, error))
    if stat.S_ISDIR(status.st_mode):
        return Entry(path, shown, Kind.FOLDER)
    if stat.S_ISLNK(status.st_mode):
        kind = Kind.FOLDER if named is Kind.OTHER and path.is_dir() else named
        return Entry(path, shown, kind, f"{shown} is a symbolic link, which could point anywhere. {HAND_IN}")
    return Entry(path, shown, named, None if named is Kind.OTHER else _file_problem(path, shown, status))


def named_kind(name: str) -> Kind:
    suffix = "" if name.startswith(".") else Path(name).suffix.lower()
    return Kind.SOURCE if suffix in archives.SOURCES else Kind.ZIP if suffix == ".zip" else Kind.OTHER


def _file_problem(path: Path, shown: str, status: os.stat_result) -> str | None:
    """Why a file cannot be read. It is opened, as rights can be more than the mode's bits."""
    if not stat.S_ISREG(status.st_mode):
        return f"{shown} is a pipe or a device, not a file. {HAND_IN}"
    suffix = path.suffix.lower()
    limit = LIMITS.get(suffix)
    if suffix == ".py" and limit is not None and status.st_size > limit and _opens_json(path):
        limit = LIMITS[".ipynb"]  # a notebook that was saved under another name
    if limit is not None and status.st_size > limit:
        return (
            f"{shown} has {status.st_size / archives.MIB:,.1f} MiB; a {suffix} file may have "
            f"{limit // archives.MIB}. Take out data and large outputs and hand it in again."
        )
    try:
        os.close(os.open(path, _FLAGS))
    except OSError as error:
        return unreadable(shown, error)
    return None


def _opens_json(path: Path) -> bool:
    try:
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            return opens_json(file.read(64))
    except OSError:  # told as what it is, when it is read
        return False


def unreadable(shown: str, error: OSError) -> str:
    return f"{shown} cannot be read: {error.strerror or error}. Check its rights, or hand it in again."
