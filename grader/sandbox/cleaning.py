"""Parent side: a child's claims with every text in them cleaned, once, where frames become records."""

from __future__ import annotations

from typing import Final, overload

from msgspec.structs import replace

from grader.records import Cell, Leaf, Note, Place, Raised, Returned, Step, Trace
from grader.text import clean, one_line

NAME: Final = 100
PATH: Final = 300
MESSAGE: Final = 2_000
TRACEBACK: Final = 8_000
SOURCE: Final = 1 << 20  # a .py file may be that large, and is shown whole


def name(text: str) -> str:
    return one_line(text, NAME)


@overload
def place(given: Place) -> Place: ...
@overload
def place(given: None) -> None: ...
@overload
def place(given: Place | None) -> Place | None: ...
def place(given: Place | None) -> Place | None:
    return None if given is None else replace(given, file=name(given.file))


def cell(given: Cell) -> Cell:
    return replace(given, file=name(given.file), text=clean(given.text, SOURCE))


def note(given: Note) -> Note:
    return Note(clean(given.text, MESSAGE), place(given.place))


def answer(given: Returned | Raised) -> Returned | Raised:
    if isinstance(given, Raised):
        return replace(
            given,
            type=name(given.type),
            message=clean(given.message, MESSAGE),
            traceback=clean(given.traceback, TRACEBACK),
            place=place(given.place),
        )
    device = None if given.device is None else name(given.device)
    return replace(
        given,
        type=name(given.type),
        device=device,
        problem=one_line(given.problem),
        leaves=tuple(map(leaf, given.leaves)),
    )


def leaf(given: Leaf) -> Leaf:
    return Leaf(
        path=one_line(given.path, PATH),
        type=name(given.type),
        dtype=name(given.dtype),
        shape=given.shape,
        device=None if given.device is None else name(given.device),
        text=clean(given.text, MESSAGE),
        inside=name(given.inside),
    )


def trace(given: Trace) -> Trace:
    """All steps of a call name nearly always the same optimiser and options, which are plain."""
    names = {one for step in given.steps for one in (*step.classes, *step.options)} | {*given.functions}
    if all(name(one) == one for one in names):
        return given
    return replace(given, steps=tuple(map(_step, given.steps)), functions=tuple(map(name, given.functions)))


def _step(given: Step) -> Step:
    options = {name(key): value for key, value in given.options.items()}
    return replace(given, classes=tuple(name(one) for one in given.classes), options=options)


def located(text: str, where: Place | None) -> str:
    """A sentence with its place in front: `s01.ipynb, cell 3, line 2: ...`."""
    if where is None:
        return clean(text, MESSAGE)
    cell_text = "" if where.cell is None else f", cell {where.cell}"
    return clean(f"{name(where.file)}{cell_text}, line {where.line}: {text}", MESSAGE)
