"""Clones of GitHub Classroom, or of any other host: a folder of repositories, one a student or team.

`gh classroom clone student-repos` writes `homework-submissions/homework-student`: where the outer folder says
so, the student is what is left. Nothing in a repository is asked, git is not started.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from grader.intake.files import Entry, Folder, Kind
from grader.intake.layouts.handin import HandIn, Layout, Read, mostly
from grader.records import Origin, Person

_CLONES: Final = "-submissions"


def _read(folder: Folder, entries: Sequence[Entry], share: float) -> Read | None:
    clones = [entry for entry in entries if _is_clone(entry)]
    others = [entry for entry in entries if not _is_clone(entry)]
    if not mostly(len(clones), others, folder, share):
        return None
    name = folder.path.name
    homework = name.removesuffix(_CLONES) + "-" if name.endswith(_CLONES) else ""
    return Read(tuple(_handin(entry, folder, homework) for entry in clones), tuple(others))


def _is_clone(entry: Entry) -> bool:
    return entry.kind is Kind.FOLDER and entry.problem is None and os.path.lexists(entry.path / ".git")


def _handin(entry: Entry, folder: Folder, homework: str) -> HandIn:
    repository = entry.path.name
    student = repository.removeprefix(homework) or repository
    origin = Origin("repositories", student, repository, (Person(id=student),))
    return HandIn(student, entry.shown, origin, folders=(Folder(entry.path, entry.shown, folder.refused),))


REPOSITORIES: Final = Layout("repositories", "a folder of repositories", "folders with .git in them", _read)
