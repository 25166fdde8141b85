r"""Text from a student, cleaned once at the border: what comes out of here cannot steer where it is shown.

Print-outs, exceptions, file names, source and notebook cells are hostile text. `clean` makes them
plain: only characters that stand where they are written, line feed and tab. Escaping for a sink
(HTML, CSV, XML ...) is that sink's own business and comes on top.

What is dropped: terminal sequences (colours, cursor moves, titles, links), because honest programs
print them (IPython's tracebacks, progress bars) and they say nothing, and a byte order mark at the
start. What becomes a visible escape such as `\u202e`: everything else that hides, reorders or breaks
text, because a teacher wants to see that it was there. A carriage return becomes a line feed, as in
Python's own reading of source, so that line numbers stay true and no line overwrites another.
"""

from __future__ import annotations

import re
from typing import Final

TEXT_LIMIT: Final = 65_536  # characters of one text
LINE_LIMIT: Final = 200  # characters of a name or a message: a line or two on a terminal

# The inner parts of a sequence exclude every control character and are possessive, so no start
# scans over another start: the whole is linear in the length of the text.
_SEQUENCE: Final = (
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]"  # CSI: colours, cursor, clearing
    # OSC, DCS, SOS, PM, APC: titles, links
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x00-\x1f\x7f-\x9f]*+(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*+[0-~]"  # character sets, keypad, reset; also the head of a sequence that never ends
)
_HIDDEN: Final = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and line feed, DEL, C1
    r"\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, bidi, lines
    r"\ud800-\udfff\ufffe\uffff"  # lone surrogates cannot be encoded, the last two not stand in XML
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"  # invisible beyond the first plane
)
_UNSAFE: Final = re.compile(rf"(?P<sequence>{_SEQUENCE})|(?P<newline>\r\n?)|[{_HIDDEN}]")
FORBIDDEN: Final = re.compile(rf"[{_HIDDEN}]")
"""What never stands in a cleaned text."""


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    """Plain text of at most `limit` characters, the note of a cut included; idempotent."""
    return _cut(_UNSAFE.sub(_harmless, text.removeprefix("\ufeff")), limit)


def one_line(text: str, limit: int = LINE_LIMIT) -> str:
    """The same for a name or a message: every run of white space is one space."""
    plain = _UNSAFE.sub(_harmless, text.removeprefix("\ufeff"))
    return _cut(" ".join(plain.split()), limit)


def article(noun: str) -> str:
    """`an int`, `a list`."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def decode(data: bytes, limit: int = TEXT_LIMIT) -> str:
    r"""Plain text of what a student's program wrote; bytes that are no UTF-8 are shown as `\xff`."""
    return clean(data.decode("utf-8", "backslashreplace"), limit)


def _harmless(match: re.Match[str]) -> str:
    if match["sequence"] is not None:
        return ""
    return "\n" if match["newline"] is not None else _escape(ord(match[0]))


def _escape(point: int) -> str:
    if point <= 0xFF:  # noqa: PLR2004 -- the three widths of Python's own escapes
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004 -- likewise


def _cut(text: str, limit: int) -> str:
    """Cut so that the note fits too, else a second cleaning would cut the note."""
    if len(text) <= limit:
        return text
    room = limit - len(_note(len(text)))
    return text[:room] + _note(len(text) - room) if room >= 0 else "…"[:limit]


def _note(count: int) -> str:
    return f"… [{count} characters cut]"


def opens_json(head: bytes) -> bool:
    """Whether a file begins as a notebook does and no Python file: not looked into, never parsed."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
