"""Records as JSON within a page: for its script, since a page may fetch nothing.

Nothing in it ends the element that it stands in, or hides: all is ASCII, and no sign that markup begins with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import msgspec


def embedded(value: object) -> str:
    text = json.dumps(msgspec.to_builtins(value), separators=(",", ":"))  # in ASCII, as msgspec does not
    for sign in "<>&\x7f":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def listed(values: Iterable[object]) -> Iterator[str]:
    """What stands between the brackets of a list, one by one."""
    for number, value in enumerate(values):
        yield f"{',' if number else ''}{embedded(value)}"
