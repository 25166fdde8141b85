"""Files that are named by a pattern which the instructor gives, as nbgrader's zip collector takes it.

Its groups say who and what: `student_id`, and where it has them `file_id` (what the student called the
file), `timestamp`, `first_name`, `last_name`, `email`. It is matched from the beginning of a file's path
within the class, or of that path as the user would type it: nbgrader matches whole paths.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from grader.intake import archives, files
from grader.intake.files import Entry, Folder, Kind
from grader.intake.layouts.handin import HandIn, Layout, Piece, Read, with_newest
from grader.records import Origin, Person

NAMED: Final = "names"
_STUDENT: Final = "student_id"
_SUFFIX: Final = re.compile(r"(?<=[^/.])\.[^/.]*$")

_Named = tuple[re.Match[str], Entry]


def reader(pattern: str) -> Layout:
    """By this pattern, which is a regular expression with the group `student_id`."""
    return Layout(
        NAMED,
        "a class of files that are named by the pattern",
        f"files whose paths begin as {pattern}",
        lambda folder, *_: _read(folder, re.compile(pattern, re.DOTALL)),
    )


def _read(folder: Folder, pattern: re.Pattern[str]) -> Read | None:
    of: defaultdict[str, list[_Named]] = defaultdict(list)
    others = []
    for entry in _files(folder):
        match = _match(pattern, folder, entry)
        if match is None:
            others.append(entry)
        else:
            of[match[_STUDENT]].append((match, entry))
    return Read(tuple(_handin(named) for named in of.values()), tuple(others)) if of else None


def _files(folder: Folder, depth: int = archives.DEPTH) -> Iterator[Entry]:
    """Every file below, and folders that cannot be looked into."""
    for entry in files.entries(folder):
        if entry.kind is Kind.FOLDER and entry.problem is None and depth:
            yield from _files(Folder(entry.path, entry.shown, folder.refused), depth - 1)
        else:
            yield entry


def _match(pattern: re.Pattern[str], folder: Folder, entry: Entry) -> re.Match[str] | None:
    """None where it does not say whose the file is."""
    if entry.kind is Kind.FOLDER:
        return None
    match = pattern.match(entry.path.relative_to(folder.path).as_posix()) or pattern.match(entry.shown)
    return match if match and match[_STUDENT] else None


def _handin(named: Sequence[_Named]) -> HandIn:
    """Of two files with one name the one with the later timestamp counts; without one both do."""
    match, entry = named[0]
    said = match.groupdict("")
    name = " ".join(filter(None, (said.get("first_name", ""), said.get("last_name", ""))))
    person = Person(name, match[_STUDENT], said.get("email", ""))
    times = Counter((_called(one), _time(one[0])) for one in named)
    pieces = tuple(
        Piece(one[1], _called(one) if times[_called(one), _time(one[0])] == 1 else _whole(one), _time(one[0]))
        for one in named
    )
    return with_newest(HandIn(match[_STUDENT], entry.shown, Origin(NAMED, person.id, "", (person,)), pieces))


def _called(named: _Named) -> str:
    """As the student named it, the folders too; a suffix is the file's own, as nbgrader has it."""
    match, entry = named
    said = match.groupdict("").get("file_id", "")
    return _flat(_SUFFIX.sub("", said) + entry.path.suffix) if said else entry.path.name


def _whole(named: _Named) -> str:
    return _flat(named[1].shown)


def _flat(path: str) -> str:
    return path.replace("/", "_")


def _time(match: re.Match[str]) -> int:
    """Its digits: timestamps of one system are written alike."""
    return int(re.sub(r"[^0-9]", "", match.groupdict("").get("timestamp", ""))[:40] or 0)
