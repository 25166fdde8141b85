"""Names of people as systems write them: the same name in other orders, cases and normal forms.

Only for matching, and two who bear one name are never told apart by it. What is not seen in a name, as the
joiners of Persian names and of emoji, is there for nobody: some systems leave it out, `text.clean` spells it.
A list has its people's names whole; Canvas's file names have them without what is no letter or digit. So a
whole name is never compared with another letter by letter: `An Nalee` is not `Anna Lee`.
"""

from __future__ import annotations

import re
import unicodedata

_NO_WORD = re.compile(r"[^\w]+")
_UNSEEN = re.compile(
    r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
    r"|\\u(?:00ad|061c|180e|200[b-f]|202[a-e]|206[0-9a-f]|feff)"
)
_LETTERS = "\n"  # stands in no plain name


def plain(text: str) -> str:
    """In one normal form and case, with single spaces."""
    seen = _UNSEEN.sub("", text)
    return " ".join(unicodedata.normalize("NFC", seen).casefold().split())


def listed(name: str) -> frozenset[str]:
    """What somebody in a list may be called elsewhere: `Jane Doe`, `Doe, Jane`, and the letters of both."""
    one = plain(name)
    if not one:
        return frozenset()
    every = {one, _turned(one)}
    return frozenset(every | {f"{_LETTERS}{_NO_WORD.sub('', each)}" for each in every})


def borne(name: str) -> frozenset[str]:
    """What to look for in a list for whoever bears this name, which may be but its letters."""
    one = plain(name)
    if not one:
        return frozenset()
    return frozenset({one, _turned(one)} if " " in one else {one, f"{_LETTERS}{one}"})


def _turned(name: str) -> str:
    """The family name to the other side; without a comma the last word is taken for it."""
    family, comma, given = name.partition(", ")
    if comma:
        return f"{given} {family}"
    *given_names, family = name.split(" ")
    return f"{family}, {' '.join(given_names)}" if given_names else name
