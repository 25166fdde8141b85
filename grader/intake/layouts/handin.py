"""What a layout finds in a class: who handed in what, by the names that the learning system gave it.

A layout reads names, and Gradescope's also the one file in which the system says whose is whose. It opens
nothing that a student wrote. What belongs to nobody is `unmatched`, never left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from grader.intake.files import Entry, Folder, Kind
from grader.records import Origin

SHARE: Final = 0.8  # of what may be a student's has to be named as the system names it
HALF: Final = 0.5  # of it, and a download is guessed at
ANY: Final = 0.0  # where it is said to be one


@dataclass(frozen=True, slots=True)
class Piece:
    """A loose file. Of two with one `name` the one with the higher `order` is newer."""

    entry: Entry
    name: str  # as the student named it
    order: int = 0


@dataclass(frozen=True, slots=True)
class HandIn:
    """Of one student, or one group: loose pieces that make a folder, else the first of `folders`."""

    name: str
    shown: str
    origin: Origin
    pieces: tuple[Piece, ...] = ()
    folders: tuple[Folder, ...] = ()
    problem: str | None = None  # where there is neither: why
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """A class, read as a layout."""

    handins: tuple[HandIn, ...]
    unmatched: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """How one system writes a class. `read` is None where less than a share of a folder is written so."""

    name: str
    title: str
    form: str  # what was looked for
    read: Callable[[Folder, Sequence[Entry], float], Read | None]


def mostly(matched: int, others: Sequence[Entry], output: Folder, share: float) -> bool:
    """Whether so much of what may be a student's is named so; what else lies about does not count."""
    rivals = sum(may_be_students(entry) and entry.path != output.output for entry in others)
    return matched > 0 and matched >= share * (matched + rivals)


def may_be_students(entry: Entry) -> bool:
    if entry.kind is Kind.FOLDER:
        return not is_set_aside(entry.path.name)
    return entry.kind is not Kind.OTHER


def is_set_aside(name: str) -> bool:
    """Hidden folders are tools'; `reference` is where an assignment keeps its exercises."""
    return name.startswith(".") or name == "reference"


def newest(pieces: Sequence[Piece], base: Callable[[str], str]) -> tuple[list[Piece], list[Piece]]:
    """The newest of each name, and those that they replace; `base` is the name that attempts share."""
    kept: dict[str, Piece] = {}
    earlier = []
    for piece in sorted(pieces, key=lambda one: (one.order, one.name)):
        before = kept.pop(base(piece.name), None)
        if before is not None:
            earlier.append(before)
        kept[base(piece.name)] = piece
    return sorted(kept.values(), key=lambda one: one.name), earlier


def with_newest(found: HandIn, base: Callable[[str], str] = str) -> HandIn:
    """Only what was handed in last; the rest is listed, and said."""
    kept, earlier = newest(found.pieces, base)
    if not earlier:
        return replace(found, pieces=tuple(kept))
    shown = tuple(piece.entry.shown for piece in earlier)
    notes = tuple(f"{one} is an earlier attempt and does not count." for one in shown)
    origin = msgspec.structs.replace(found.origin, earlier=shown)
    return replace(found, pieces=tuple(kept), origin=origin, notes=(*found.notes, *notes))
