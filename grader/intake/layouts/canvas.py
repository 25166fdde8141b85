"""Canvas, "Download submissions": one flat folder, each name `name_LATE_user_attachment_file`.

The name is the student's sortable name in lower case, without what is neither letter nor digit; LATE stands
in it where it was late. A text or a link has no attachment. Under anonymous grading the name is
`anon_` and an id that holds for this assignment only. A file that is handed in again gets -1, -2 before its
suffix.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from grader.intake.files import HAND_IN, Entry, Folder, Kind
from grader.intake.layouts.handin import HandIn, Layout, Piece, Read, mostly, with_newest
from grader.records import Origin, Person

_ANONYMOUS: Final = re.compile(
    r"(?P<prefix>(?P<late>LATE_)?(?P<name>anon_(?P<id>[A-Za-z0-9]+))(?:_(?P<attachment>\d+))?)_(?P<file>.+)",
    re.DOTALL,
)
_FILE: Final = re.compile(
    r"(?P<prefix>(?P<name>.+?)_(?P<late>LATE_)?(?P<id>[1-9]\d*)_(?P<attachment>\d+))_(?P<file>.+)", re.DOTALL
)
_ENTRY: Final = re.compile(
    r"(?P<prefix>(?P<name>.+?)_(?P<late>LATE_)?(?P<id>[1-9]\d*)(?P<attachment>))_(?P<file>(?:text|link)\.html)",
    re.DOTALL,
)
_AGAIN: Final = re.compile(r"(?P<stem>.+)-\d+")

_Named = tuple[re.Match[str], Entry]


def _read(folder: Folder, entries: Sequence[Entry], share: float) -> Read | None:
    of: defaultdict[str, list[_Named]] = defaultdict(list)
    others = []
    for entry in entries:
        match = _match(entry)
        if match is None:
            others.append(entry)
        else:
            of[match["id"]].append((match, entry))
    if not mostly(sum(map(len, of.values())), others, folder, share):
        return None
    return Read(tuple(_handin(named) for named in of.values()), tuple(others))


def _match(entry: Entry) -> re.Match[str] | None:
    if entry.kind is Kind.FOLDER:
        return None
    name = entry.path.name
    return _ANONYMOUS.fullmatch(name) or _FILE.fullmatch(name) or _ENTRY.fullmatch(name)


def _handin(named: Sequence[_Named]) -> HandIn:
    """Of one user; the newest attachment has the highest number, and says what they are called now."""
    pieces = tuple(Piece(entry, match["file"], int(match["attachment"] or 0)) for match, entry in named)
    last, entry = max(named, key=lambda one: int(one[0]["attachment"] or 0))
    anonymous = last["name"].startswith("anon_")
    person = Person(name="" if anonymous else last["name"], id=last["id"])
    origin = Origin("canvas", last["id"], last["prefix"], (person,), last["late"] is not None)
    if not any(match["attachment"] for match, _ in named):
        shown = ", ".join(one.shown for _, one in named)
        problem = f"{shown}: a text or a link was handed in, and no file. {HAND_IN}"
        return HandIn(last["name"], entry.shown, origin, problem=problem)
    names = {match["file"] for match, _ in named}
    return with_newest(HandIn(last["name"], entry.shown, origin, pieces), lambda name: _base(name, names))


def _base(name: str, names: set[str]) -> str:
    """`hw.py` of `hw-1.py`, if that was handed in too: else -1 may be the student's own."""
    path = PurePath(name)
    match = _AGAIN.fullmatch(path.stem)
    plain = f"{match['stem']}{path.suffix}" if match else name
    return plain if plain in names else name


CANVAS: Final = Layout(
    "canvas", "a Canvas download", "files named name_userid_attachmentid_file, as s01_123_456_hw.py", _read
)
