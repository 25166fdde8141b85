"""Figures with their targets, in 80 columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WHAT, FIGURE, TARGET = 46, 14, 14
_MARKS: Final = {True: "yes", False: "NO", None: ""}


@dataclass(frozen=True)
class Row:
    """One figure; `met` is None where it has no target."""

    what: str
    figure: str
    target: str = ""
    met: bool | None = None


def at_most(what: str, value: float, limit: float, unit: str, digits: int = 2) -> Row:
    return Row(what, f"{value:.{digits}f} {unit}", f"<= {limit:.{digits}f} {unit}", value <= limit)


def at_least(what: str, value: float, limit: float, unit: str, digits: int = 2) -> Row:
    return Row(what, f"{value:.{digits}f} {unit}", f">= {limit:.{digits}f} {unit}", value >= limit)


def figure(what: str, value: float, unit: str, digits: int = 2) -> Row:
    return Row(what, f"{value:.{digits}f} {unit}")


def text(sections: dict[str, list[Row]]) -> str:
    """The table as it is printed."""
    lines = [f"{'':{WHAT}}{'measured':>{FIGURE}}{'target':>{TARGET}}  met"]
    for title, rows in sections.items():
        lines += ["", title]
        for row in rows:
            line = f"  {row.what:{WHAT - 2}}{row.figure:>{FIGURE}}{row.target:>{TARGET}}  {_MARKS[row.met]}"
            lines.append(line.rstrip())
    return "\n".join(lines)
