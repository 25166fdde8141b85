"""Changes of a source text. Bytes, as libcst counts them; no change moves a line that follows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Edit:
    """`code` in place of the bytes from `start` to `end`."""

    start: int
    end: int
    code: str

    def overlaps(self, other: Edit) -> bool:
        """Whether the two cannot be made in one text: they share bytes, or begin in the same place."""
        return self.start == other.start or (self.start < other.end and other.start < self.end)


def applied(source: bytes, edits: Iterable[Edit], start: int = 0, end: int | None = None) -> str:
    """The text from `start` to `end` with the edits made, which lie within and do not overlap."""
    pieces, at = [], start
    for edit in sorted(edits):
        pieces += [source[at : edit.start], edit.code.encode(), _lines_lost(source, edit)]
        at = edit.end
    return b"".join([*pieces, source[at:end]]).decode()


def _lines_lost(source: bytes, edit: Edit) -> bytes:
    """Continued lines in place of those that the edit takes away: tracebacks name the lines of the file."""
    lost = source[edit.start : edit.end].count(b"\n") - edit.code.count("\n")
    return b" \\\n" * max(0, lost)
