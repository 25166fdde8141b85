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
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Final

import msgspec

from grader.errors import GraderError, NothingToGrade
from grader.intake import archives, files
from grader.intake.files import HAND_IN, Entry, Folder, Kind
from grader.records import Record, Submission
from grader.sandbox.scratch import Scratch
from grader.text import one_line

CANDIDATES: Final = 32  # of one student: each is loaded while a function is missing
TOLD: Final = 5  # problems and refusals told one by one
WRAPPERS: Final = 4  # folders around a student's folder that are looked through
PATH_LIMIT: Final = 1_000


class Discovery(Record, frozen=True):
    """What was found, sorted by student."""

    submissions: tuple[Submission, ...]
    unmatched: tuple[str, ...] = ()  # paths that belong to no submission; a folder stands for all in it
    notes: tuple[str, ...] = ()
    alike: tuple[tuple[str, ...], ...] = ()  # students whose names differ in case or in what is not seen


@contextmanager
def open_submissions(path: Path, *, one: bool = False, output: Path | None = None) -> Iterator[Discovery]:
    """Find the submissions at `path`; with `one`, a folder or zip holds a single student's files.

    `output` is where results go: within a class that folder is no student's.

    The files of a zip stand in a temporary folder that lives as long as the context. Raises
    GraderError where there is nothing at `path`, NothingToGrade where no submission is found.
    """
    with Scratch() as scratch:
        yield _discover(path, scratch, one, output and output.resolve())


# --- one student ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reading:
    """One student's folder, read; one without `sources` may be no student's at all."""

    submission: Submission
    sources: bool


def _from_sources(
    student: str, shown: str, sources: Sequence[Entry], folder: Path | None = None, notes: Sequence[str] = ()
) -> Submission:
    """A submission of these candidates; those that cannot be read are notes beside those that can."""
    readable = [entry.path for entry in sources if entry.problem is None]
    problems = _told([entry.problem for entry in sources if entry.problem is not None])
    if len(readable) > CANDIDATES:
        notes = [*notes, f"{shown} holds {len(readable)} sources; the first {CANDIDATES} by name were read."]
    return Submission(
        student=_identity(student),
        path=one_line(shown, PATH_LIMIT),
        files=tuple(readable[:CANDIDATES]),
        folder=folder,
        problem=None if readable else " ".join(problems),
        notes=(*notes, *problems) if readable else tuple(notes),
    )


def _unread(student: str, shown: str, problem: str, notes: Sequence[str] = ()) -> Submission:
    return Submission(_identity(student), one_line(shown, PATH_LIMIT), problem=problem, notes=tuple(notes))


def _from_folder(student: str, folder: Folder, notes: Sequence[str] = ()) -> _Reading:
    """One student's folder: every source at its top is a candidate, all else is the student's own."""
    try:
        inner, entries = _inner(folder)
    except OSError as error:
        return _Reading(_unread(student, folder.shown, files.unreadable(folder.shown, error)), sources=False)
    sources = [entry for entry in entries if entry.kind is Kind.SOURCE]
    notes = [*notes, *_refused_below(folder, sources)]
    if sources:
        return _Reading(_from_sources(student, folder.shown, sources, inner.path, notes), sources=True)
    names = _told([entry.path.name for entry in entries])
    found = f"found {one_line(', '.join(names))}" if names else "it is empty"
    problem = f"{inner.shown} has no .py or .ipynb file at its top; {found}. {HAND_IN}"
    return _Reading(_unread(student, folder.shown, problem, notes), sources=False)


def _inner(folder: Folder) -> tuple[Folder, list[Entry]]:
    """Look through a folder that holds one folder and nothing else, as unpacking a zip often makes."""
    entries = files.entries(folder)
    for _ in range(WRAPPERS):
        if len(entries) != 1 or not _is_plain_folder(entries[0]):
            break
        folder = Folder(entries[0].path, entries[0].shown, folder.refused)
        entries = files.entries(folder)
    return folder, entries


def _is_plain_folder(entry: Entry) -> bool:
    return entry.kind is Kind.FOLDER and entry.problem is None and not entry.path.name.startswith(".")


def _refused_below(folder: Folder, sources: Sequence[Entry]) -> list[str]:
    candidates = {entry.path for entry in sources}
    return _told(
        [
            why
            for path, why in folder.refused.items()
            if folder.path in path.parents and path not in candidates
        ]
    )


def _told(texts: Sequence[str]) -> list[str]:
    rest = len(texts) - TOLD
    return [*texts[:TOLD], f"and {rest} more"] if rest > 0 else list(texts)


# --- a class --------------------------------------------------------------------------------


@dataclass
class _Found:
    """What a class comes to while it is read; never leaves this module."""

    submissions: list[Submission] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    alike: list[list[str]] = field(default_factory=list)


def _discover(path: Path, scratch: Path, one: bool, output: Path | None) -> Discovery:
    shown = one_line(str(path), PATH_LIMIT)
    try:
        real = path.resolve(strict=True)  # what the user names may be a link; what students hand in may not
        found = _found(path.name or real.name, real, shown, scratch, one, output)
    except (OSError, RuntimeError, ValueError) as error:  # the last two: links in a circle, a null byte
        why = one_line(getattr(error, "strerror", None) or str(error))
        what = "Name a .py or .ipynb file, a folder or a zip of them."
        raise GraderError(f"{shown} cannot be read: {why}.", what) from None
    if not found.submissions:
        others = f" Found {', '.join(_told(found.unmatched))}." if found.unmatched else ""
        raise NothingToGrade(
            f"{shown}: no submission found. Looked for .py and .ipynb files, "
            f"and for folders and zips that hold some.{others}",
            "Name a file, or the folder that holds one file or one folder for each student.",
        )
    submissions = tuple(_apart(found))
    return Discovery(
        submissions, tuple(sorted(found.unmatched)), tuple(found.notes), tuple(map(tuple, found.alike))
    )


def _found(name: str, real: Path, shown: str, scratch: Path, one: bool, output: Path | None) -> _Found:
    if real.is_dir():
        folder = Folder(real, shown.rstrip("/"), output=output)
        return _one(real.name, folder) if one else _class(folder, scratch)
    if files.named_kind(real.name) is Kind.ZIP and real.is_file():
        return _zip(Path(name).stem, real, shown, scratch, one)
    entry = files.entry(real, shown)
    if entry.kind is not Kind.SOURCE:
        entry = Entry(real, shown, entry.kind, f"{shown} is neither a .py nor an .ipynb file. {HAND_IN}")
    return _Found([_from_sources(Path(name).stem, shown, [entry])])


def _one(student: str, folder: Folder, notes: Sequence[str] = ()) -> _Found:
    reading = _from_folder(student, folder, notes)
    if reading.sources:
        return _Found([reading.submission])
    return _Found(unmatched=[entry.shown for entry in files.entries(folder)])


def _zip(student: str, real: Path, shown: str, scratch: Path, one: bool) -> _Found:
    into = scratch / "named"
    into.mkdir()
    unpacked = archives.unpack(real, shown, into, of_a_class=not one)
    if unpacked.problem is not None:
        raise GraderError(unpacked.problem)
    folder = Folder(into, shown, unpacked.refused)
    if one:
        return _one(student, folder, list(unpacked.outside.values()))
    found = _class(_class_folder(folder), scratch)
    found.unmatched += unpacked.outside
    found.notes += unpacked.outside.values()
    return found


def _class_folder(folder: Folder) -> Folder:
    """Where a zip holds one folder, that is the class, unless it looks like its only student's."""
    entries = files.entries(folder)
    if len(entries) != 1 or not _is_plain_folder(entries[0]):
        return folder
    inner = Folder(entries[0].path, entries[0].shown, folder.refused)
    stems = {entry.path.stem for entry in files.entries(inner) if entry.kind is Kind.SOURCE}
    return folder if len(stems) == 1 else inner


def _class(folder: Folder, scratch: Path) -> _Found:
    """Each source file, folder and zip with sources at the top is a student; a file by its stem."""
    found = _Found()
    flat: defaultdict[str, list[Entry]] = defaultdict(list)
    folders: list[Entry] = []
    for entry in files.entries(folder):
        if entry.kind is Kind.SOURCE:
            flat[entry.path.stem].append(entry)
        elif entry.kind is Kind.ZIP:
            _add_zip(found, entry, scratch)
        elif entry.kind is Kind.FOLDER and not _is_set_aside(entry.path.name):
            folders.append(entry)
        else:
            _add_unmatched(found, entry)
    found.submissions += [_from_sources(stem, group[0].shown, group) for stem, group in flat.items()]
    _add_folders(found, folders, folder)
    return found


def _is_set_aside(name: str) -> bool:
    """Hidden folders are tools'; `reference` is where an assignment keeps its exercises."""
    return name.startswith(".") or name == "reference"


def _add_unmatched(found: _Found, entry: Entry) -> None:
    found.unmatched.append(entry.shown)
    if entry.problem is not None:
        found.notes.append(entry.problem)


def _add_zip(found: _Found, entry: Entry, scratch: Path) -> None:
    """A student's zip is a student's folder; one without sources is no submission."""
    if entry.problem is not None:
        found.submissions.append(_unread(entry.path.stem, entry.shown, entry.problem))
        return
    into = Path(tempfile.mkdtemp(dir=scratch))
    unpacked = archives.unpack(entry.path, entry.shown, into, of_a_class=False)
    if unpacked.problem is not None:
        found.submissions.append(_unread(entry.path.stem, entry.shown, unpacked.problem))
    elif unpacked.sources:
        folder = Folder(into, entry.shown, unpacked.refused)
        found.submissions.append(
            _from_folder(entry.path.stem, folder, list(unpacked.outside.values())).submission
        )
    else:
        _add_unmatched(found, entry)


def _add_folders(found: _Found, entries: Sequence[Entry], folder: Folder) -> None:
    """A folder without sources is a student who handed in something else, if folders are students."""
    every = [(entry, _read(entry, folder.refused)) for entry in entries]
    readings = [(entry, one) for entry, one in every if one.sources or entry.path != folder.output]
    folders_are_students = any(reading.sources for _, reading in readings)
    for entry, reading in readings:
        if reading.sources or folders_are_students or files.named_kind(entry.path.name) is not Kind.OTHER:
            found.submissions.append(reading.submission)
        else:
            _add_unmatched(found, entry)


def _read(entry: Entry, refused: Mapping[Path, str]) -> _Reading:
    if entry.problem is not None:
        return _Reading(_unread(entry.path.name, entry.shown, entry.problem), sources=False)
    return _from_folder(entry.path.name, Folder(entry.path, entry.shown, refused))


# --- names ----------------------------------------------------------------------------------


def _identity(name: str) -> str:
    return one_line(unicodedata.normalize("NFC", name)) or "unnamed"


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
