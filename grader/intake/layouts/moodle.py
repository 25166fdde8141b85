"""Moodle, "Download all submissions": folders `name_participant_assignsubmission_file`, or files so named.

Before version 4.1 a folder's name ends with `_`. The number is the participant's in this assignment, not
the user's. A group has its own name and number, the default group no number. Under blind marking the name
is a word for participant, in the site's language.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from grader.intake.files import HAND_IN, Entry, Folder, Kind
from grader.intake.layouts.handin import HandIn, Layout, Piece, Read, mostly, with_newest
from grader.records import Origin, Person

_NAMESAKES: Final = 2  # more of one name, and of no other, are no namesakes
_NAME: Final = re.compile(
    r"(?P<who>(?P<name>.+?)(?:_(?P<id>\d+))?)_assignsubmission_(?P<plugin>file|onlinetext)(?:_(?P<file>.*))?",
    re.DOTALL,
)

_Named = tuple[re.Match[str], Entry]


def _read(folder: Folder, entries: Sequence[Entry], share: float) -> Read | None:
    of: defaultdict[str, list[_Named]] = defaultdict(list)
    others = []
    for entry in entries:
        match = _NAME.fullmatch(entry.path.name)
        if match is None or (entry.kind is not Kind.FOLDER and not match["file"]):
            others.append(entry)
        else:
            of[match["who"]].append((match, entry))
    if not mostly(sum(map(len, of.values())), others, folder, share):
        return None
    return Read(tuple(_told_apart([_handin(named, folder) for named in of.values()])), tuple(others))


def _told_apart(handins: Sequence[HandIn]) -> Iterator[HandIn]:
    """Where all bear one name, marking is blind: that is nobody's name, and Moodle calls them by number."""
    blind = len(handins) > _NAMESAKES and len({one.name for one in handins}) == 1
    for one in handins:
        yield replace(one, name=f"{one.name} {one.origin.id}") if blind and one.origin.id else one


def _handin(named: Sequence[_Named], folder: Folder) -> HandIn:
    """Files count before a text that was typed in; feedback goes by the name of what counts."""
    named = sorted(named, key=lambda one: one[0]["plugin"])
    match, entry = named[0]
    loose = match["file"] or ""
    prefix = entry.path.name.removesuffix(loose) if entry.kind is not Kind.FOLDER else entry.path.name
    origin = Origin("moodle", match["id"] or "", prefix, (Person(match["name"]),))
    if match["plugin"] == "onlinetext":
        problem = f"{entry.shown}: a text was handed in, and no file. {HAND_IN}"
        return HandIn(match["name"], entry.shown, origin, problem=problem)
    pieces, folders = tuple(_pieces(named)), tuple(_folders(named, folder))
    return with_newest(HandIn(match["name"], entry.shown, origin, pieces, folders, entry.problem))


def _pieces(named: Sequence[_Named]) -> Iterator[Piece]:
    return (Piece(entry, match["file"]) for match, entry in named if entry.kind is not Kind.FOLDER)


def _folders(named: Sequence[_Named], folder: Folder) -> Iterator[Folder]:
    return (
        Folder(entry.path, entry.shown, folder.refused)
        for _, entry in named
        if entry.kind is Kind.FOLDER and entry.problem is None
    )


MOODLE: Final = Layout(
    "moodle",
    "a Moodle download",
    "folders named name_number_assignsubmission_file, or files that begin so",
    _read,
)
