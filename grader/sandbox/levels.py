"""Child side: which walls this machine really gives. Nothing is concluded from version numbers."""

from __future__ import annotations

from typing import Final

from grader.sandbox import confine, rooms
from grader.sandbox.jobs import Level, Start, Wanted

_NONE: Final = (
    "Grade code that you trust with --isolation none; else run the grader on Linux or in a virtual machine."
)
REMEDIES: Final = {
    "strict": (
        "`grader doctor` says which layer is missing and how to get it; "
        "--isolation standard needs no namespaces."
    ),
    "standard": f"It needs Linux 5.13 or newer on x86-64 or aarch64, with Landlock switched on. {_NONE}",
}
_TRIED: Final = Start(device="cpu", memory_bytes=1 << 30, cpu_seconds=60.0, folder="")


class Refused(Exception):
    """The level that was asked for cannot be had here."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint


def choose(wanted: Wanted) -> tuple[Level, str]:
    """The level, and why it is not the strongest. Raises Refused; `none` must have been asked for by name."""
    if wanted == "none":
        return "none", ""
    if wanted != "auto":
        why = problem(wanted)
        if why:
            raise Refused(f"--isolation {wanted} cannot be had here: {why}.", REMEDIES[wanted])
        return wanted, ""
    strict = problem("strict")
    if not strict:
        return "strict", ""
    standard = problem("standard")
    if standard:
        raise Refused(f"Submissions cannot be confined here: {standard}.", REMEDIES["standard"])
    return "standard", strict


def problem(level: Level) -> str:
    """What stands in the way of a level; empty where nothing does."""
    try:
        rooms.attempt(level, lambda room: confine.restrict(room, _TRIED))
    except rooms.Impossible as error:
        return str(error)
    return ""
