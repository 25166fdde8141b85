"""One student's files into a submission, not yet read.

Every source at the top of a student's folder is a candidate, all else is the student's own. What cannot
be read is a submission with a `problem`, never an exception.
"""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from grader.intake import archives, files
from grader.intake.files import HAND_IN, Entry, Folder, Kind
from grader.records import Submission
from grader.text import one_line

CANDIDATES: Final = 32  # of one student: each is loaded while a function is missing
TOLD: Final = 5  # problems and refusals told one by one
WRAPPERS: Final = 4  # folders around a student's folder that are looked through
PATH_LIMIT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Reading:
    """One student's folder, read; one without `sources` may be no student's at all."""

    submission: Submission
    sources: bool


def from_sources(
    student: str, shown: str, sources: Sequence[Entry], folder: Path | None = None, notes: Sequence[str] = ()
) -> Submission:
    """A submission of these candidates; those that cannot be read are notes beside those that can."""
    readable = [entry.path for entry in sources if entry.problem is None]
    problems = told([entry.problem for entry in sources if entry.problem is not None])
    if len(readable) > CANDIDATES:
        notes = [*notes, f"{shown} holds {len(readable)} sources; the first {CANDIDATES} by name were read."]
    return Submission(
        student=identity(student),
        path=one_line(shown, PATH_LIMIT),
        files=tuple(readable[:CANDIDATES]),
        folder=folder,
        problem=None if readable else " ".join(problems),
        notes=(*notes, *problems) if readable else tuple(notes),
    )


def unread(student: str, shown: str, problem: str, notes: Sequence[str] = ()) -> Submission:
    return Submission(identity(student), one_line(shown, PATH_LIMIT), problem=problem, notes=tuple(notes))


def from_folder(
    student: str, folder: Folder, notes: Sequence[str] = (), scratch: Path | None = None
) -> Reading:
    """One student's folder: every source at its top is a candidate, all else is the student's own.

    With `scratch`, one zip instead of sources is unpacked there; a zip within it is not.
    """
    try:
        inner, entries = _inner(folder)
    except OSError as error:
        return Reading(unread(student, folder.shown, files.unreadable(folder.shown, error)), sources=False)
    sources = [entry for entry in entries if entry.kind is Kind.SOURCE]
    notes = [*notes, *_refused_below(folder, sources)]
    if sources:
        return Reading(from_sources(student, folder.shown, sources, inner.path, notes), sources=True)
    zips = [entry for entry in entries if entry.kind is Kind.ZIP]
    if scratch is not None and len(zips) == 1:
        packed = from_zip(student, zips[0], scratch, notes)
        path = one_line(folder.shown, PATH_LIMIT)  # what lies beside the zip is the student's, too
        return Reading(msgspec.structs.replace(packed.submission, path=path), packed.sources)
    names = told([entry.path.name for entry in entries])
    found = f"found {one_line(', '.join(names))}" if names else "it is empty"
    problem = f"{inner.shown} has no .py or .ipynb file at its top; {found}. {HAND_IN}"
    return Reading(unread(student, folder.shown, problem, notes), sources=False)


def from_zip(student: str, entry: Entry, scratch: Path, notes: Sequence[str] = ()) -> Reading:
    """A student's zip is a student's folder."""
    if entry.problem is not None:
        return Reading(unread(student, entry.shown, entry.problem, notes), sources=True)
    into = Path(tempfile.mkdtemp(dir=scratch))
    unpacked = archives.unpack(entry.path, entry.shown, into, of_a_class=False)
    if unpacked.problem is not None:
        return Reading(unread(student, entry.shown, unpacked.problem, notes), sources=True)
    folder = Folder(into, entry.shown, unpacked.refused)
    found = from_folder(student, folder, [*notes, *unpacked.outside.values()])
    return Reading(found.submission, sources=unpacked.sources > 0)


def _inner(folder: Folder) -> tuple[Folder, list[Entry]]:
    """Look through a folder that holds one folder and nothing else, as unpacking a zip often makes."""
    entries = files.entries(folder)
    for _ in range(WRAPPERS):
        if len(entries) != 1 or not is_plain_folder(entries[0]):
            break
        folder = Folder(entries[0].path, entries[0].shown, folder.refused)
        entries = files.entries(folder)
    return folder, entries


def is_plain_folder(entry: Entry) -> bool:
    return entry.kind is Kind.FOLDER and entry.problem is None and not entry.path.name.startswith(".")


def _refused_below(folder: Folder, sources: Sequence[Entry]) -> list[str]:
    candidates = {entry.path for entry in sources}
    return told(
        [
            why
            for path, why in folder.refused.items()
            if folder.path in path.parents and path not in candidates
        ]
    )


def told(texts: Sequence[str]) -> list[str]:
    rest = len(texts) - TOLD
    return [*texts[:TOLD], f"and {rest} more"] if rest > 0 else list(texts)


def identity(name: str) -> str:
    return one_line(unicodedata.normalize("NFC", name)) or "unnamed"
