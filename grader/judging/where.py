"""The student's own line for a mistake: a pointer beside behaviour, never a verdict of its own.

Where the lines stand was found in the child, so it is a claim. Here a claim is only ever used to look
a line up in the source as it was received: what does not lead to one is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from grader.records import Cell, ExerciseRun, Landmark, Place
from grader.results import Quote

NEIGHBOURS: Final[Mapping[Landmark, tuple[Landmark, ...]]] = {
    "zero_grad": ("backward", "loop", "definition"),
    "backward": ("loss", "step", "loop", "definition"),
    "loss": ("backward", "definition"),
    "step": ("optimiser", "backward", "loop", "definition"),
    "optimiser": ("step", "loop", "definition"),
    "loop": ("step", "backward", "definition"),
    "return": ("definition",),
    "definition": (),
}
"""Where to look for a line that is not there: a missing zero_grad belongs beside the backward pass."""


def quote(
    where: str | None, run: ExerciseRun, cells: Sequence[Cell], raised: Place | None = None
) -> Quote | None:
    """The line to show for a mistake at the landmark `where`; None where no line can be named.

    `raised` is where the call raised that is shown: no line says more.
    """
    return next(filter(None, (_line(place, cells) for place in _places(where, run, raised))), None)


def _places(where: str | None, run: ExerciseRun, raised: Place | None) -> Iterator[Place]:
    if raised is not None:
        yield raised
    landmark = next((one for one in NEIGHBOURS if one == where), None)
    if landmark is None:
        return
    yield from (run.landmarks[one] for one in (landmark, *NEIGHBOURS[landmark]) if one in run.landmarks)
    if run.place is not None:
        yield run.place


def _line(place: Place, cells: Sequence[Cell]) -> Quote | None:
    """What stands there, without its indentation; None where there is no such line, or nothing in it."""
    cell = next((one for one in cells if (one.file, one.cell) == (place.file, place.cell)), None)
    lines = cell.text.split("\n") if cell is not None else []
    if not 1 <= place.line <= len(lines):
        return None
    text = lines[place.line - 1].strip()
    return Quote(place.file, place.cell, place.line, text) if text else None
