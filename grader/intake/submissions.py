"""Find the submissions in what an instructor or a student names: a file, a folder, a zip.

Files go in, `Submission`s come out, in a stable order and not yet read: no line of a student's is
parsed here. Nobody is dropped silently: what the system makes by itself is skipped (`archives.JUNK`),
everything else is in exactly one submission or listed as unmatched. What cannot be read is a
submission with a `problem`, never an exception.

How a folder is read depends on who asks, for nobody can tell a class of flat files from one student's
files: `grade` reads a class (each source file and each folder a student), `check` reads one student.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Final

import msgspec

from grader.errors import GraderError, NothingToGrade
from grader.intake import archives, files, gathering, layouts, roster
from grader.intake.files import HAND_IN, Entry, Folder, Kind
from grader.intake.layouts.gradescope import EXPORT
from grader.intake.layouts.handin import Layout, Read, is_set_aside
from grader.intake.students import (
    PATH_LIMIT,
    Reading,
    from_folder,
    from_sources,
    from_zip,
    is_plain_folder,
    told,
    unread,
)
from grader.kept import Found
from grader.records import Record, Submission
from grader.sandbox.scratch import Scratch, refuse_full
from grader.text import one_line


class Discovery(Record, frozen=True):
    """What was found, sorted by student."""

    submissions: Found
    unmatched: tuple[str, ...] = ()  # paths that belong to no submission; a folder stands for all in it
    notes: tuple[str, ...] = ()
    alike: tuple[tuple[str, ...], ...] = ()  # students whose names differ in case or in what is not seen
    recognised: str = ""  # whose download it is, and how many handed in; empty for plain files and folders


@dataclass(frozen=True)
class Asked:
    """How a class is to be read: as which layout (empty: as what it is), under which names."""

    layout: str = ""
    roster: Path | None = None


AS_IT_IS: Final = Asked()


@contextmanager
def open_submissions(
    path: Path, *, one: bool = False, output: Path | None = None, asked: Asked = AS_IT_IS
) -> Iterator[Discovery]:
    """Find the submissions at `path`; with `one`, a folder or zip holds a single student's files.

    `output` is where results go: within a class that folder is no student's.

    The files of a zip stand in a temporary folder that lives as long as the context. Raises
    GraderError where there is nothing at `path`, NothingToGrade where no submission is found.
    """
    with Scratch() as scratch:
        yield _discover(path, scratch, one, output and output.resolve(), asked)


# --- a class --------------------------------------------------------------------------------


@dataclass
class _Found:
    """What a class comes to while it is read; never leaves this module."""

    submissions: list[Submission] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    alike: list[list[str]] = field(default_factory=list)
    recognised: str = ""


def _discover(path: Path, scratch: Path, one: bool, output: Path | None, asked: Asked) -> Discovery:
    known = None if asked.roster is None else roster.read(asked.roster)
    shown = one_line(str(path), PATH_LIMIT)
    try:
        real = path.resolve(strict=True)  # what the user names may be a link; what students hand in may not
        found = _found(path.name or real.name, real, shown, scratch, one, output, asked.layout)
    except (OSError, RuntimeError, ValueError) as error:  # the last two: links in a circle, a null byte
        refuse_full(error)
        why = one_line(getattr(error, "strerror", None) or str(error))
        what = "Name a .py or .ipynb file, a folder or a zip of them."
        raise GraderError(f"{shown} cannot be read: {why}.", what) from None
    if not found.submissions:
        others = f" Found {', '.join(told(found.unmatched))}." if found.unmatched else ""
        raise NothingToGrade(
            f"{shown}: no submission found. Looked for .py and .ipynb files, "
            f"and for folders and zips that hold some.{others}",
            "Name a file, or the folder that holds one file or one folder for each student.",
        )
    if known is not None:
        _name(found, known)
    return Discovery(
        Found(_apart(found)),
        tuple(sorted(found.unmatched)),
        tuple(found.notes),
        tuple(map(tuple, found.alike)),
        found.recognised,
    )


def _name(found: _Found, known: roster.Roster) -> None:
    """Call them as the roster does; whom it tells apart is no longer alike."""
    named = roster.known(found.submissions, known)
    found.submissions = named.submissions
    found.notes += named.notes
    left = [[one for one in group if one not in named.renamed] for group in found.alike]
    found.alike = [group for group in left if len(group) > 1]


def _found(
    name: str, real: Path, shown: str, scratch: Path, one: bool, output: Path | None, layout: str
) -> _Found:
    if real.is_dir():
        folder = Folder(real, shown.rstrip("/"), output=output)
        return _one(real.name, folder) if one else _class([folder, *_export(folder)], scratch, layout)
    if files.named_kind(real.name) is Kind.ZIP and real.is_file():
        return _zip(Path(name).stem, real, shown, scratch, one, layout)
    if layout not in ("", layouts.FILES):
        raise layouts.refusal(shown, layout)
    entry = files.entry(real, shown)
    if entry.kind is not Kind.SOURCE:
        entry = Entry(real, shown, entry.kind, f"{shown} is neither a .py nor an .ipynb file. {HAND_IN}")
    return _Found([from_sources(Path(name).stem, shown, [entry])])


def _one(student: str, folder: Folder, notes: Sequence[str] = ()) -> _Found:
    reading = from_folder(student, folder, notes)
    if reading.sources:
        return _Found([reading.submission])
    return _Found(unmatched=[entry.shown for entry in files.entries(folder)])


def _zip(student: str, real: Path, shown: str, scratch: Path, one: bool, layout: str) -> _Found:
    into = scratch / "named"
    into.mkdir()
    unpacked = archives.unpack(real, shown, into, of_a_class=not one)
    if unpacked.problem is not None:
        raise GraderError(unpacked.problem)
    folder = Folder(into, shown, unpacked.refused)
    if one:
        return _one(student, folder, list(unpacked.outside.values()))
    found = _class([folder, *_sole(folder)], scratch, layout, _class_folder(folder))
    found.unmatched += unpacked.outside
    found.notes += unpacked.outside.values()
    return found


def _sole(folder: Folder) -> list[Folder]:
    """The folder that is all there is in this one."""
    with os.scandir(folder.path) as named:  # a class of many is not looked through for this
        few = list(itertools.islice((one for one in named if not archives.is_junk(one.name)), 2))
    if len(few) != 1:
        return []
    entries = files.entries(folder)
    if len(entries) != 1 or not is_plain_folder(entries[0]):
        return []
    return [Folder(entries[0].path, entries[0].shown, folder.refused, folder.output)]


def _export(folder: Folder) -> list[Folder]:
    """What a system's own zip was unpacked into, where it is named so that no student can have named it."""
    return [one for one in _sole(folder) if EXPORT.fullmatch(one.path.name)]


def _class_folder(folder: Folder) -> Folder:
    """Where a zip holds one folder, that is the class, unless it looks like its only student's."""
    for inner in _sole(folder):
        stems = {entry.path.stem for entry in files.entries(inner) if entry.kind is Kind.SOURCE}
        return folder if len(stems) == 1 else inner
    return folder


def _class(folders: Sequence[Folder], scratch: Path, wanted: str, plain: Folder | None = None) -> _Found:
    """As a learning system wrote it, if one of `folders` looks so; else as plain files and folders."""
    plain = plain or folders[0]
    entries = {folder.path: files.entries(folder) for folder in folders}
    if wanted in (layouts.FOLDERS, layouts.FILES):
        found = _plain(plain, entries[plain.path], scratch, wanted)
        if not found.submissions:
            raise layouts.refusal(plain.shown, wanted)
        return found
    for folder in folders:
        recognised = layouts.recognised(folder, entries[folder.path], wanted)
        recognised = recognised or _packed(entries[folder.path], scratch, wanted)
        if recognised is not None:
            return _recognised(*recognised, scratch)
    if wanted:
        raise layouts.refusal(folders[0].shown, wanted)
    found = _plain(plain, entries[plain.path], scratch)
    found.notes += [told for folder in folders for told in layouts.guessed(folder, entries[folder.path])]
    found.notes += _sole_zip(entries[plain.path], found)
    return found


def _sole_zip(entries: Sequence[Entry], found: _Found) -> Iterator[str]:
    """A zip that is all there is may be the class, and was read as a student's."""
    if len(entries) == 1 and entries[0].kind is Kind.ZIP and found.submissions:
        stems = {path.stem for path in found.submissions[0].files}
        if len(stems) > 1:
            yield f"{entries[0].shown} was read as one student's; if it holds a class, grade that zip."


def _packed(entries: Sequence[Entry], scratch: Path, wanted: str) -> tuple[Layout, Read] | None:
    """A download that lies in a folder, or in another zip, as the zip that it came as, and nothing else."""
    if len(entries) != 1 or entries[0].kind is not Kind.ZIP or entries[0].problem is not None:
        return None
    into = Path(tempfile.mkdtemp(dir=scratch))
    unpacked = archives.unpack(entries[0].path, entries[0].shown, into, of_a_class=True)
    folder = Folder(into, entries[0].shown, unpacked.refused)
    for one in (folder, *_sole(folder)):
        found = layouts.recognised(one, files.entries(one), wanted)
        if found is not None:
            layout, read = found
            return layout, replace(read, notes=(*read.notes, *unpacked.outside.values()))
    return None


def _recognised(layout: Layout, read: Read, scratch: Path) -> _Found:
    gathered = gathering.gather(read.handins, scratch)
    found = _Found(gathered.submissions, notes=list(read.notes), alike=gathered.alike)
    found.recognised = gathering.recognised(layout.title, read.handins)
    for entry in read.unmatched:
        _add_unmatched(found, entry)
    return found


def _plain(folder: Folder, entries: Sequence[Entry], scratch: Path, wanted: str = "") -> _Found:
    """Each source file, folder and zip with sources at the top is a student; a file by its stem."""
    found = _Found()
    flat: defaultdict[str, list[Entry]] = defaultdict(list)
    folders: list[Entry] = []
    zips: list[Entry] = []
    for entry in entries:
        if wanted and (wanted == layouts.FOLDERS) != (entry.kind is Kind.FOLDER):
            _add_unmatched(found, entry)
        elif entry.kind is Kind.SOURCE:
            flat[entry.path.stem].append(entry)
        elif entry.kind is Kind.ZIP:
            zips.append(entry)
        elif entry.kind is Kind.FOLDER and not is_set_aside(entry.path.name):
            folders.append(entry)
        else:
            _add_unmatched(found, entry)
    found.submissions += [from_sources(stem, group[0].shown, group) for stem, group in flat.items()]
    _add_zips(found, zips, scratch)
    _add_folders(found, folders, folder, scratch)
    return found


def _add_unmatched(found: _Found, entry: Entry) -> None:
    found.unmatched.append(entry.shown)
    if entry.problem is not None:
        found.notes.append(entry.problem)


def _add_zips(found: _Found, entries: Sequence[Entry], scratch: Path) -> None:
    """One without sources is a student who handed in something else, if zips are students."""
    readings = [(entry, from_zip(entry.path.stem, entry, scratch)) for entry in entries]
    zips_are_students = any(reading.sources for _, reading in readings)
    for entry, reading in readings:
        if zips_are_students:
            found.submissions.append(reading.submission)
        else:
            _add_unmatched(found, entry)


def _add_folders(found: _Found, entries: Sequence[Entry], folder: Folder, scratch: Path) -> None:
    """A folder without sources is a student who handed in something else, if folders are students."""
    every = [(entry, _read(entry, folder.refused, scratch)) for entry in entries]
    readings = [(entry, one) for entry, one in every if one.sources or entry.path != folder.output]
    folders_are_students = any(reading.sources for _, reading in readings)
    for entry, reading in readings:
        if reading.sources or folders_are_students or files.named_kind(entry.path.name) is not Kind.OTHER:
            found.submissions.append(reading.submission)
        else:
            _add_unmatched(found, entry)


def _read(entry: Entry, refused: Mapping[Path, str], scratch: Path) -> Reading:
    if entry.problem is not None:
        return Reading(unread(entry.path.name, entry.shown, entry.problem), sources=False)
    return from_folder(entry.path.name, Folder(entry.path, entry.shown, refused), scratch=scratch)


# --- names ----------------------------------------------------------------------------------


def _apart(found: _Found) -> list[Submission]:
    """A name that stands as it was handed in is its student's; what only comes to the same is numbered."""
    ordered = sorted(
        found.submissions, key=lambda each: (not _is_exact(each), each.student, each.path, each.files)
    )
    taken = {each.student.casefold() for each in ordered}
    alike: defaultdict[str, list[str]] = defaultdict(list)
    kept = []
    for each in ordered:
        others = alike[each.student.casefold()]
        if each.student in others or (others and not _is_exact(each)):
            named = _renamed(each, taken)
            found.notes.append(named.notes[-1])
            taken.add(named.student.casefold())
        else:
            named = each
        others.append(named.student)
        kept.append(named)
    found.alike += [others for others in alike.values() if len(others) > 1]
    return sorted(kept, key=lambda each: each.student)


def _is_exact(each: Submission) -> bool:
    """Whether the file or folder bears the very name of the student."""
    path = PurePath(each.path)
    return each.student in (path.name, path.stem)


def _renamed(each: Submission, taken: set[str]) -> Submission:
    student = _numbered(each.student, taken)
    note = f"{each.path}: another submission is named {each.student!r} too; this one is {student!r}."
    return msgspec.structs.replace(each, student=student, notes=(*each.notes, note))


def _numbered(student: str, taken: set[str]) -> str:
    """Apart from all others also where upper and lower case are one."""
    numbers = (f"{student}-{number}" for number in itertools.count(2))
    return next(name for name in numbers if name.casefold() not in taken)
