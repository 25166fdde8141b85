"""What a layout found, into submissions: whose they are, and each one's files in a folder of its own.

Loose files are copied, under the names that the student gave them, so that one imports the other and a
report speaks of `hw.py`. What is no plain file, or too large, is not copied, and told.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from grader.intake import archives, files
from grader.intake.files import Folder, Kind
from grader.intake.layouts.handin import HandIn, Piece
from grader.intake.students import from_folder, from_zip, identity, unread
from grader.records import Submission
from grader.sandbox.scratch import refuse_full

LATE: Final = "Handed in late."
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True)
class Gathered:
    """The submissions of a class, and which students bear one name."""

    submissions: list[Submission]
    alike: list[list[str]]


def gather(handins: Sequence[HandIn], scratch: Path) -> Gathered:
    """Each with a name of its own; of two who bear one name, each with what the system knows it by."""
    names = _apart(handins)
    submissions = [_submission(name, one, scratch) for name, one in zip(names, handins, strict=True)]
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for name, one in zip(names, handins, strict=True):
        alike[_same(one.name)].append(name)
    return Gathered(submissions, [sorted(group) for group in alike.values() if len(group) > 1])


def _apart(handins: Sequence[HandIn]) -> list[str]:
    bearers = Counter(_same(one.name) for one in handins)
    return [_named(one) if bearers[_same(one.name)] > 1 else identity(one.name) for one in handins]


def _same(name: str) -> str:
    """Alike in Unicode's normal form, and where upper and lower case are one."""
    return identity(name).casefold()


def _named(found: HandIn) -> str:
    people = found.origin.people
    number = (people[0].id if len(people) == 1 else "") or found.origin.id
    return identity(f"{found.name} ({number})" if number else found.name)


def _submission(student: str, found: HandIn, scratch: Path) -> Submission:
    notes = [*([LATE] if found.origin.late else []), *found.notes]
    zips = [piece.entry for piece in found.pieces if piece.entry.kind is Kind.ZIP]
    sources = any(piece.entry.kind is Kind.SOURCE for piece in found.pieces)
    if len(zips) == 1 and not sources:
        beside = [piece.entry.shown for piece in found.pieces if piece.entry is not zips[0]]
        notes += [f"{shown} lies beside {zips[0].shown} and is not read." for shown in beside]
        return _of(found, from_zip(student, zips[0], scratch, notes).submission)
    folder = _folder(found, scratch, notes)
    if folder is None:
        problem = found.problem or f"{found.shown}: no file was handed in. {files.HAND_IN}"
        submission = unread(student, found.shown, problem, notes)
    else:
        submission = from_folder(student, folder, notes, scratch).submission
    return _of(found, submission)


def _of(found: HandIn, submission: Submission) -> Submission:
    return msgspec.structs.replace(submission, origin=found.origin)


def _folder(found: HandIn, scratch: Path, notes: list[str]) -> Folder | None:
    """The folder that is read; adds to the notes what is not in it."""
    if found.pieces:
        notes += [f"{other.shown} lies beside it and is not read." for other in found.folders]
        return _assembled(found, scratch, notes)
    if not found.folders:
        return None
    first, *rest = found.folders
    notes += [f"{other.shown} is not read: {first.shown} counts." for other in rest]
    return first


def _assembled(found: HandIn, scratch: Path, notes: list[str]) -> Folder:
    into = Path(tempfile.mkdtemp(dir=scratch))
    refused: dict[Path, str] = {}
    room = archives.STUDENT_LIMIT
    for piece in found.pieces:
        if piece.name in (".", "..") or "/" in piece.name:  # no name that a file can have
            notes.append(f"{piece.entry.shown} has no file name and is not read.")
            continue
        written, why = _taken(piece, into / piece.name, room, scratch)
        room -= written
        if why is not None:
            refused[into / piece.name] = why
    return Folder(into, found.shown, refused)


def _taken(piece: Piece, target: Path, room: int, scratch: Path) -> tuple[int, str | None]:
    """How many bytes were copied, and why it was not; what was unpacked by us is moved."""
    entry = piece.entry
    if entry.problem is not None:
        return 0, entry.problem
    if scratch in entry.path.parents:
        entry.path.rename(target)
        return 0, None
    try:
        with os.fdopen(os.open(entry.path, _FLAGS), "rb") as source:
            found = os.fstat(source.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > room:
                most = archives.STUDENT_LIMIT // archives.MIB
                return 0, f"{entry.shown} is no plain file, or more than a student's {most} MiB."
            with target.open("xb") as sink:
                shutil.copyfileobj(source, sink)
            return found.st_size, None
    except OSError as error:
        refuse_full(error)
        return 0, files.unreadable(entry.shown, error)


def recognised(title: str, handins: Iterable[HandIn]) -> str:
    """`a Canvas download: 38 students, 2 of them late, 3 earlier attempts`."""
    every = [one.origin for one in handins]
    late, earlier = sum(one.late for one in every), sum(len(one.earlier) for one in every)
    told = [f"{len(every)} submission{'s' if len(every) != 1 else ''}"]
    told += [f"{late} late"] if late else []
    told += [f"{earlier} earlier attempt{'s' if earlier != 1 else ''} left out"] if earlier else []
    return f"{title}, {', '.join(told)}"
