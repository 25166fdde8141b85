"""Blackboard, "Assignment file download": flat, each name `assignment_user_attempt_date_file`.

Beside each attempt stands a .txt without a file's name: Blackboard's own, with what the student typed in,
so it is not read. An assignment's and a user's name may both hold `_`: what all names have in common is the
assignment.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from grader.intake.files import Entry, Folder, Kind
from grader.intake.layouts.handin import HandIn, Layout, Piece, Read, mostly
from grader.records import Origin, Person

_NAME: Final = re.compile(
    r"(?P<who>.+_[^_]+)_attempt_(?P<date>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)", re.DOTALL
)

_Named = tuple[re.Match[str], Entry]


def _read(folder: Folder, entries: Sequence[Entry], share: float) -> Read | None:
    of: defaultdict[str, list[_Named]] = defaultdict(list)
    others = []
    for entry in entries:
        match = None if entry.kind is Kind.FOLDER else _NAME.fullmatch(entry.path.name)
        if match is None:
            others.append(entry)
        else:
            of[match["who"]].append((match, entry))
    if not mostly(sum(map(len, of.values())), others, folder, share):
        return None
    title = _assignment(list(of))
    return Read(tuple(_handin(who[title:], named) for who, named in of.items()), tuple(others))


def _assignment(whos: Sequence[str]) -> int:
    """How many characters of every name are the assignment's: none of what is left is empty, no two alike."""
    titles = [who[: who.rindex("_") + 1] for who in whos]
    common = os.path.commonprefix(titles)  # noqa: RUF071 -- of names, not of paths
    return common.rindex("_") + 1 if "_" in common else 0


def _handin(user: str, named: Sequence[_Named]) -> HandIn:
    last = max(match["date"] for match, _ in named)
    pieces = tuple(
        Piece(entry, match["file"]) for match, entry in named if match["date"] == last and match["file"]
    )
    before = sorted(entry.shown for match, entry in named if match["date"] != last and match["file"])
    shown = min(entry.shown for match, entry in named if match["date"] == last)
    origin = Origin("blackboard", user, people=(Person(id=user),), earlier=tuple(before))
    notes = tuple(f"{one} is an earlier attempt and does not count." for one in before)
    found = HandIn(user, shown, origin, pieces, notes=notes)
    return found if pieces else replace(found, problem=f"{shown}: no file was handed in.")


BLACKBOARD: Final = Layout(
    "blackboard", "a Blackboard download", "files named assignment_user_attempt_date_file", _read
)
