"""Evidence and pages of students who are no longer in the results: made by an earlier run into the folder.

Only files that we made are removed: an evidence file says whose it is, and `store.file_name` makes its
name of that. A student's page has the same name. Whatever else lies in the folder stays.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from grader import decoders, store
from grader.report.html import STUDENTS_FOLDER
from grader.results import EVIDENCE_SCHEMA

_MOST: Final = 1 << 28  # bytes: our evidence is never as long


class _Whose(msgspec.Struct):
    schema: str
    student: str


def remove(folder: Path, students: Iterable[str]) -> tuple[str, ...]:
    """Remove what was made of others than these; returns who they were."""
    stems = frozenset(store.file_name(student) for student in students)
    gone = dict(_others(store.own_folder(folder, store.EVIDENCE_FOLDER), stems))
    for file, stem in gone.items():
        with suppress(OSError):  # not ours to remove after all
            file.unlink()
            (store.own_folder(folder, STUDENTS_FOLDER) / f"{stem}.html").unlink(missing_ok=True)
    return tuple(gone.values())


def _others(folder: Path, stems: frozenset[str]) -> Iterator[tuple[Path, str]]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as every:
        others = [Path(one.path) for one in every if one.name.removesuffix(".json") not in stems]
    for file in sorted(others):
        if file.suffix == ".json" and _is_ours(file):
            yield file, file.stem


def _is_ours(file: Path) -> bool:
    """Whether its name is the one that we give to the student whom it names."""
    try:
        if not file.is_file() or file.is_symlink() or file.stat().st_size > _MOST:
            return False
        whose = decoders.json(_Whose).decode(file.read_bytes())
    except (OSError, *decoders.BROKEN):
        return False
    return whose.schema == EVIDENCE_SCHEMA and store.file_name(whose.student) == file.stem
