"""Two texts of values side by side: the first element in which they differ, and from which digit on."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Final

import msgspec

_ELEMENT: Final = re.compile(r"[^\s\[\](),;]+")


class Marked(msgspec.Struct, frozen=True):
    """A text in four pieces: what stands before, the element's shared digits, where it differs, the rest."""

    before: str
    shared: str
    differs: str
    after: str


def marked(one: str, other: str) -> tuple[Marked, Marked]:
    """Both texts with their first difference; of equal texts nothing is marked."""
    if one == other:
        return Marked(one, "", "", ""), Marked(other, "", "", "")
    pairs = zip_longest(_ELEMENT.finditer(one), _ELEMENT.finditer(other))
    for mine, theirs in pairs:
        texts = mine[0] if mine else "", theirs[0] if theirs else ""
        if texts[0] != texts[1]:
            shared = _shared(*texts)
            return _cut(one, mine, shared), _cut(other, theirs, shared)
    return Marked("", "", one, ""), Marked("", "", other, "")  # the same numbers in another shape


def _shared(one: str, other: str) -> int:
    """How many characters are alike; none where the one is only the beginning of the other."""
    pairs = enumerate(zip(one, other, strict=False))
    count = next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))
    return count if count < min(len(one), len(other)) else 0


def _cut(text: str, element: re.Match[str] | None, shared: int) -> Marked:
    if element is None:
        return Marked(text, "", "", "")
    start, end = element.span()
    return Marked(text[:start], text[start : start + shared], text[start + shared : end], text[end:])
