"""Other machines, played: a kernel without some calls, as a container shows it, and an ordinary user."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path
from typing import Final

LANDLOCK: Final = 444
UNSHARE: Final = 272
PROGRAM: Final = "from tests.hostile import machines; machines.main()"
_NOBODY: Final = 65_534


def without(*numbers: int) -> list[str]:
    """The start of a command that runs what follows where these calls are refused (EPERM)."""
    return [sys.executable, "-c", PROGRAM, "without", ",".join(map(str, numbers))]


def as_nobody() -> list[str]:
    """The start of a command that root runs as an ordinary user, for whom Python is readable."""
    return [sys.executable, "-c", PROGRAM, "nobody", ""]


def main() -> None:
    kind, numbers, *command = sys.argv[1:]
    if kind == "without":
        _refuse([int(number) for number in numbers.split(",")])
    else:
        _become_nobody()
    os.execv(command[0], command)  # noqa: S606 -- the test's own command


def _refuse(numbers: list[int]) -> None:
    from grader.sandbox import linux, seccomp

    steps = [(0x20, 0, 0, 0)]  # load the number
    for number in numbers:
        steps += [(0x15, 0, 1, number), (0x06, 0, 0, 0x0005_0001)]
    steps.append((0x06, 0, 0, 0x7FFF_0000))
    linux.forbid_new_privileges()
    seccomp.load(b"".join(struct.pack("HBBI", *step) for step in steps))


def _become_nobody() -> None:
    """In mounts of its own, where each folder above Python may be entered by anybody."""
    from grader.sandbox import linux, walls

    walls.unshare(walls.NEW_MOUNTS)
    walls.mount(None, "/", None, walls.RECURSIVE | walls.PRIVATE)
    closed = next((path for path in _above(sys.base_prefix) if not Path(path).stat().st_mode & 1), None)
    if closed is not None:
        _open_up(closed)
    walls.become(_NOBODY)
    linux.allow_inspection()
    os.environ["HOME"] = "/nonexistent"


def _above(path: str) -> list[str]:
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[: i + 1]) for i in range(len(parts))]


def _open_up(closed: str) -> None:
    """Put another folder in the place of a closed one: it holds Python and nothing else."""
    from grader.sandbox import walls

    base = "/mnt"
    walls.mount("room", base, "tmpfs", 0, "mode=755")
    Path(base, "python").mkdir()
    walls.mount(sys.base_prefix, base + "/python", None, walls.BIND)
    walls.mount("room", closed, "tmpfs", 0, "mode=755")
    Path(sys.base_prefix).mkdir(parents=True)
    walls.mount(base + "/python", sys.base_prefix, None, walls.BIND)
