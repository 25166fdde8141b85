"""Reading pages as a browser does, filling records with one text, and comparing with gold files."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

GOLD: Final = Path(__file__).parent / "gold"
# Fields of a closed set of words: they choose what is shown, and no student's text ever stands there.
CLOSED: Final = ("schema", "status", "kind", "outcome", "level", "evidence")

T = TypeVar("T")
Element = tuple[str, tuple[tuple[str, str | None], ...]]


class Page(HTMLParser):
    """What a browser would see: elements with attributes, and text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.texts: list[str] = []
        self.others: list[str] = []
        self.unshown = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))
        self.unshown = tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self.elements.append((f"/{tag}", ()))
        self.unshown = False

    def handle_data(self, data: str) -> None:
        if not self.unshown:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)

    @property
    def shape(self) -> list[Element]:
        """Elements and attributes, but for addresses made of students' ids and room made for their length."""
        return [
            (tag, tuple((name, "" if _measured(name, value) else value) for name, value in attrs))
            for tag, attrs in self.elements
            if tag not in ("wbr", "/wbr")  # where a long name may be broken
        ]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [dict(attrs) for found, attrs in self.elements if found == tag]

    @property
    def text(self) -> str:
        return "".join(self.texts)


def _measured(name: str, value: str | None) -> bool:
    return name == "viewbox" or (name == "href" and value != "#main")


def filled(value: T, write: Callable[[str], str], field: str = "") -> T:
    """The same record with every text rewritten, line by line; closed words and empty texts stay."""
    made: Any = value
    if isinstance(value, str) and not isinstance(value, Enum) and field not in CLOSED:
        made = "\n".join(write(line) if line else "" for line in value.split("\n"))
    elif isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
        made = msgspec.structs.replace(value, **{n: filled(getattr(value, n), write, n) for n in names})
    elif isinstance(value, tuple):
        made = tuple(filled(item, write, field) for item in value)
    elif isinstance(value, dict):
        made = {filled(key, write): filled(item, write) for key, item in value.items()}
    return made  # type: ignore[no-any-return]


def assert_gold(name: str, text: str, folder: Path) -> None:
    """Compare a whole text with its gold file; to accept a change, copy the file that the message names."""
    gold = GOLD / name
    wanted = gold.read_text(encoding="utf-8") if gold.exists() else ""
    if text != wanted:
        actual = folder / name
        actual.write_text(text, encoding="utf-8")
        assert text == wanted, f"to accept this change: cp {actual} {gold}"
