"""Lines of a terminal of 80 columns, and the rich `Text` that they become.

Layout happens here in plain text, so that what is read with colours and without is the same; no text
is ever read as rich's markup.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from rich.text import Text

from grader.report.views import State

WIDTH: Final = 80

STYLES: Final[dict[State, str]] = {
    "passed": "green",
    "partly": "yellow",
    "failed": "red",
    "missing": "yellow",
    "harness": "bold red",
}
_SYMBOLS: Final[dict[State, str]] = {
    "passed": "✓",
    "partly": "✗",
    "failed": "✗",
    "missing": "·",
    "harness": "!",
}
_WORDS: Final[dict[State, str]] = {
    "passed": "ok",
    "partly": "FAIL",
    "failed": "FAIL",
    "missing": "--",
    "harness": "ERROR",
}
_PIECES: Final = re.compile(
    r"""'(?:[^'\\]|\\.)*',?\ ?|"(?:[^"\\]|\\.)*",?\ ?|[^'"\s]+\s?|\s+|['"]""", re.VERBOSE
)
"""Of a line of Python: texts in quotes, and what stands between two spaces."""
_ASCII: Final = str.maketrans({"\N{EN DASH}": "-", "\N{HORIZONTAL ELLIPSIS}": "..."})


class Line(msgspec.Struct, frozen=True):
    """A line and how it looks; `mark` are the columns, from and to, that stand out."""

    text: str
    style: str = ""
    mark: tuple[int, int] = (0, 0)


def can_show(encoding: str | None) -> bool:
    """Whether a stream of this encoding can show the marks."""
    try:
        "".join(_SYMBOLS.values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def to_text(lines: Iterable[Line], *, symbols: bool) -> Text:
    """What rich prints; without `symbols` it is ASCII."""
    text = Text(end="")
    for line in lines:
        begin, end = line.mark
        plain = line.text.rstrip()
        for piece, style in (
            (plain[:begin], line.style),
            (plain[begin:end], f"{line.style} bold underline"),
            (plain[end:], line.style),
        ):
            text.append(piece if symbols else ascii_only(piece), style=style.strip())
        text.append("\n")
    return text


def ascii_only(text: str) -> str:
    r"""Our own dashes as dashes, everything else as `\u2713`: no encoding fails on it."""
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")


def sign(state: State, *, symbols: bool) -> str:
    return _SYMBOLS[state] if symbols else f"{_WORDS[state]:4}"


def apart(left: str, right: str) -> str:
    """Two texts at the two ends of a line; the left one gives way."""
    room = WIDTH - len(right) - 2
    return f"{fitted(left, room):<{room}}  {right}"


def fitted(text: str, room: int) -> str:
    """The text in at most `room` columns; one that is cut says so."""
    return text if len(text) <= room else f"{text[: max(room, 1) - 1]}…"


def code(text: str, indent: str = "", style: str = "cyan") -> Iterator[Line]:
    """A call to paste: one that is too long goes on in further lines, broken only inside its brackets."""
    line, depth = indent, 0
    for piece in _PIECES.findall(text):
        if depth and len(line) + len(piece.rstrip()) > WIDTH and line.strip():
            yield Line(line, style)
            line = f"{indent}    "
        line += piece
        if piece[0] not in "'\"":
            depth += sum(piece.count(one) for one in "([{") - sum(piece.count(one) for one in ")]}")
    yield Line(line, style)


def wrapped(text: str, indent: str = "", style: str = "", *, hang: str = "") -> Iterator[Line]:
    """A paragraph, its further lines under the text behind `hang`; nothing where there is no text."""
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent + hang,
        subsequent_indent=" " * len(indent + hang),
        break_on_hyphens=False,
        break_long_words=False,
    )
    for line in lines:
        yield Line(line, style)
