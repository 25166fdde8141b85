"""`grader grade PATH --dry-run`: what PATH is taken for, and whose files are whose; nothing is graded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Final

from rich.cells import cell_len, chop_cells

from grader.commands.common import tell
from grader.intake.submissions import Asked, Discovery, open_submissions
from grader.records import Submission

WIDTH: Final = 80
_NAME: Final = 32  # columns, at most, of a student's name


def run(path: Path, output: Path, asked: Asked) -> int:
    """Say it on standard output, return the exit code."""
    with open_submissions(path, output=output, asked=asked) as discovery:
        for line in lines(path, discovery):
            tell(line, beside=False)
    return 0


def lines(path: Path, discovery: Discovery) -> Iterator[str]:
    """The whole, at most 80 columns wide but for what cannot be broken."""
    count = len(discovery.submissions)
    plain = f"files and folders, {count} submission{'s' if count != 1 else ''}"
    yield f"Recognised: {discovery.recognised or plain}"
    yield ""
    width = min(_NAME, max(cell_len(one.student) for one in discovery.submissions))
    yield f"{_padded('Student', width)}  Files"
    for one in discovery.submissions:
        yield from _row(one, max(width, cell_len("Student")), path)
    yield from _listed("Belong to nobody:", [_inside(one, path) for one in discovery.unmatched])
    named = [", ".join(group) for group in discovery.alike]
    yield from _listed("Can be taken for one another:", named)
    told = {note for one in discovery.submissions for note in one.notes}
    yield from _listed("Notes:", [_inside(one, path) for one in discovery.notes if one not in told])
    yield ""
    yield "Nothing was graded: leave out --dry-run."


def _row(one: Submission, width: int, path: Path) -> Iterator[str]:
    """The name beside the files; then what there is to say of them."""
    first, *rest = chop_cells(one.student, width) or [""]
    said = ", ".join(file.name for file in one.files) or f"cannot be graded: {one.problem}"
    right = _wrapped(_inside(said, path), WIDTH - width - 2)
    for note in one.notes:
        right += [f"  {line}" for line in _wrapped(_inside(note, path), WIDTH - width - 4)]
    left = [first, *rest]
    for at in range(max(len(left), len(right))):
        name, text = (column[at] if at < len(column) else "" for column in (left, right))
        yield f"{_padded(name, width)}  {text}".rstrip()


def _listed(title: str, items: list[str]) -> Iterator[str]:
    if items:
        yield ""
        yield title
        for item in items:
            first, *rest = _wrapped(item, WIDTH - 4) or [""]
            yield f"  {first}"
            yield from (f"    {line}" for line in rest)


def _inside(text: str, path: Path) -> str:
    """Without the folder that was named: everything stands in it."""
    return text.replace(f"{str(path).rstrip('/')}/", "")


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text, width, break_on_hyphens=False) or [""]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
