"""The students' pages in one zip, each named so that the learning system hands it to whoever it is for.

Canvas (upload submissions) takes from a name the first two parts between `_` that are numbers: user and
attachment. Moodle (upload multiple feedback files) takes the folder that it wrote itself. nbgrader hands out
what stands in its folder `feedback`. The same pages make the same bytes.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Final

from grader.gradebooks.entries import Entry
from grader.store import file_name

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True)
class Pack:
    """What a zip came to."""

    count: int
    lost: tuple[str, ...]  # students without a page in it, and why


def pack(file: IO[bytes], entries: Sequence[Entry], system: str, page: Callable[[Entry], str]) -> Pack:
    """Each page is made, packed and forgotten."""
    lost, count = [], 0
    with zipfile.ZipFile(file, "w") as archive:
        for entry in entries:
            names = list(_NAMES[system](entry))
            made = page(entry) if names else ""
            for name in names:
                archive.writestr(member(name), made)
            count += bool(names)
            lost += [] if names else [f"{entry.student}: {_WHY[system]}"]
    return Pack(count, tuple(lost))


def member(name: str, mode: int = 0o644) -> zipfile.ZipInfo:
    """A file of a zip that is the same whenever it is made."""
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = mode << 16
    return info


def _canvas(entry: Entry) -> Iterator[str]:
    """By the download's name, unless a number in a student's name stands before Canvas's own."""
    prefix, user = entry.prefix_from("canvas"), entry.origin.id
    attachment = prefix.rpartition("_")[2]
    if not (_NUMBER.fullmatch(user) and prefix.endswith(f"_{user}_{attachment}")):
        return  # a text or a link, or somebody without a name
    numbers = [part for part in prefix.split("_") if _NUMBER.fullmatch(part)]
    kept = prefix if numbers[:2] == [user, attachment] else f"student_{user}_{attachment}"
    yield f"{kept}_feedback.html"


def _moodle(entry: Entry) -> Iterator[str]:
    if entry.id_from("moodle"):
        yield f"{entry.origin.prefix}/feedback.html"


def _nbgrader(entry: Entry) -> Iterator[str]:
    """Nbgrader releases a page for each notebook that was handed in, under its name."""
    if entry.id_from("nbgrader"):
        folder = f"feedback/{entry.origin.id}/{entry.origin.prefix}"
        yield from (f"{folder}/{PurePath(notebook).stem}.html" for notebook in entry.origin.notebooks)


def _plain(entry: Entry) -> Iterator[str]:
    yield f"{file_name(entry.student)}.html"


_NAMES: Final[Mapping[str, Callable[[Entry], Iterator[str]]]] = {
    "canvas": _canvas,
    "moodle": _moodle,
    "nbgrader": _nbgrader,
    "csv": _plain,
}
_WHY: Final = {
    "canvas": "Canvas takes a page only beside a file of somebody whom its download names.",
    "moodle": "Moodle takes a page only for a participant whom its download numbers.",
    "nbgrader": "no notebook of an nbgrader course was handed in.",
}
