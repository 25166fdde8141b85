"""How learning systems write a class that is downloaded: a module for each, and which of them it is.

The first that fits counts. Who names a layout gets it or is told why it does not fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from grader.errors import GraderError
from grader.intake.files import Entry, Folder
from grader.intake.layouts import named, nbgrader
from grader.intake.layouts.blackboard import BLACKBOARD
from grader.intake.layouts.canvas import CANVAS
from grader.intake.layouts.gradescope import GRADESCOPE
from grader.intake.layouts.handin import ANY, HALF, SHARE, Layout, Read
from grader.intake.layouts.moodle import MOODLE
from grader.intake.layouts.named import NAMED
from grader.intake.layouts.repositories import REPOSITORIES

FOLDERS: Final = "folders"  # each folder is a student
FILES: Final = "files"  # each file or zip is one
NAMES: Final = (
    *("gradescope", "moodle", "blackboard", "canvas", "nbgrader", "repositories"),
    *(FOLDERS, FILES, NAMED),
)

_PLAIN: Final = {
    FOLDERS: ("a class of folders", "a folder with a .py or .ipynb file"),
    FILES: ("a class of files", "a .py, .ipynb or .zip file"),
}


def recognised(folder: Folder, entries: Sequence[Entry], wanted: str) -> tuple[Layout, Read] | None:
    """The layout of a folder, of those that `wanted` leaves; None where it is nobody's."""
    for layout in _of(wanted):
        read = layout.read(folder, entries, ANY if wanted else SHARE)
        if read is not None:
            return layout, read
    return None


def guessed(folder: Folder, entries: Sequence[Entry]) -> Iterator[str]:
    """Of what is nobody's download: what there is to say where half of it is named like one's."""
    for layout in (MOODLE, BLACKBOARD, CANVAS, REPOSITORIES):
        read = layout.read(folder, entries, HALF)
        if read is not None and len(read.handins) > 1:
            what = f"{len(read.handins)} students' files are named as in {layout.title}, too much else is not"
            yield f"{folder.shown}: {what}; if it is one: --layout {layout.name}."


def refusal(shown: str, wanted: str) -> GraderError:
    """For what is not as it was said to be."""
    title, form = _PLAIN.get(wanted) or next((one.title, one.form) for one in _of(wanted))
    return GraderError(
        f"{shown} is not {title}: looked for {form}.",
        "Leave --layout out to see what it is taken for: grader grade PATH --dry-run.",
    )


def _of(wanted: str) -> tuple[Layout, ...]:
    name, _, part = wanted.partition(":")
    if name == NAMED:
        return (named.reader(part),)
    every = (GRADESCOPE, MOODLE, BLACKBOARD, CANVAS, nbgrader.reader(part), REPOSITORIES)
    return tuple(one for one in every if not wanted or one.name == name)
