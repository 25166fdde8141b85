"""Names of people as systems write them: the same name in other orders, cases and normal forms.

Only for matching: whoever compares two names asks whether their forms meet, and two who bear one name are
never told apart by it.
"""

from __future__ import annotations

import re
import unicodedata

_NO_WORD = re.compile(r"[^\w]+")


def plain(text: str) -> str:
    """In one normal form and case, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def forms(name: str) -> frozenset[str]:
    """How the name may stand elsewhere: `Jane Doe`, `Doe, Jane`, and `doejane` in Canvas's file names."""
    one = plain(name)
    if not one:
        return frozenset()
    turned = _turned(one)
    return frozenset({one, turned, _squeezed(one), _squeezed(turned)} - {""})


def _turned(name: str) -> str:
    """The family name to the other side; without a comma the last word is taken for it."""
    family, comma, given = name.partition(", ")
    if comma:
        return f"{given} {family}"
    *given_names, family = name.split(" ")
    return f"{family}, {' '.join(given_names)}" if given_names else name


def _squeezed(name: str) -> str:
    return _NO_WORD.sub("", name)
