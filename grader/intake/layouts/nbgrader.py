"""nbgrader's course: `submitted/student/assignment/notebook`, beside source/, release/ and others.

A course holds many assignments, and one of them is graded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from grader.errors import GraderError
from grader.intake import files
from grader.intake.files import Entry, Folder, Kind
from grader.intake.layouts.handin import HandIn, Layout, Read, may_be_students
from grader.records import Origin, Person

SUBMITTED: Final = "submitted"
_STEPS: Final = frozenset({"source", "release", SUBMITTED, "autograded", "feedback"})


def reader(wanted: str = "") -> Layout:
    """Of one assignment of the course, or of the only one there is."""
    return Layout(
        "nbgrader",
        "an nbgrader course",
        "folders submitted/student/assignment with notebooks",
        lambda folder, entries, _: _read(folder, entries, wanted),
    )


def _read(folder: Folder, entries: Sequence[Entry], wanted: str) -> Read | None:
    """`folder` is the course, or its `submitted`."""
    if folder.path.name == SUBMITTED:
        return _course(folder, folder, (), wanted)
    steps = [entry for entry in entries if entry.path.name == SUBMITTED and _is_folder(entry)]
    others = [entry for entry in entries if entry.kind is Kind.FOLDER and entry.path.name not in _STEPS]
    if not steps or any(_has_sources(entry, folder) for entry in others):
        return None
    inner = Folder(steps[0].path, steps[0].shown, folder.refused)
    return _course(inner, folder, [entry for entry in entries if entry not in steps], wanted)


def _course(submitted: Folder, course: Folder, others: Sequence[Entry], wanted: str) -> Read | None:
    students = files.entries(submitted)
    found = [(one, each) for one in students if _is_folder(one) for each in _inside(one, course)]
    work = [(one, each) for one, each in found if _is_folder(each)]
    if not any(_has_sources(each, course) for _, each in work):
        return None
    name = _chosen({each.path.name for _, each in work}, wanted, submitted.shown)
    handins = tuple(_handin(one, each, course) for one, each in work if each.path.name == name)
    busy = {one.path for one, each in work if each.path.name == name}
    left = [one for one in students if one.path not in busy]
    loose = [each for one, each in found if one.path in busy and each.path.name != name]
    return Read(handins, (*others, *left, *loose))


def _handin(student: Entry, work: Entry, course: Folder) -> HandIn:
    name = student.path.name
    folder = Folder(work.path, work.shown, course.refused)
    sources = [one.path for one in _inside(work, course) if one.kind is Kind.SOURCE]
    notebooks = tuple(path.name for path in sources if path.suffix == ".ipynb")
    origin = Origin("nbgrader", name, work.path.name, (Person(id=name),), notebooks=notebooks)
    return HandIn(name, work.shown, origin, folders=(folder,))


def _chosen(names: set[str], wanted: str, shown: str) -> str:
    """Raises GraderError where there are several and none of them is named."""
    if wanted in names:
        return wanted
    if not wanted and len(names) == 1:
        return next(iter(names))
    there = ", ".join(sorted(names))
    what = f"has no assignment {wanted!r}" if wanted else f"has {len(names)} assignments, and one is graded"
    raise GraderError(
        f"{shown}: the nbgrader course {what}.", f"Name one with --layout nbgrader:NAME: {there}."
    )


def _is_folder(entry: Entry) -> bool:
    return entry.kind is Kind.FOLDER and entry.problem is None


def _inside(entry: Entry, course: Folder) -> Iterator[Entry]:
    yield from files.entries(Folder(entry.path, entry.shown, course.refused))


def _has_sources(entry: Entry, course: Folder) -> bool:
    if not may_be_students(entry):
        return False
    return entry.problem is None and any(one.kind is Kind.SOURCE for one in _inside(entry, course))
