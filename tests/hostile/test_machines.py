"""Machines that have less: what is chosen there, and what is told. About 15 seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import pytest

from grader.sandbox import seccomp
from tests.hostile import attacking
from tests.hostile.machines import LANDLOCK, UNSHARE, as_nobody, without

pytestmark = pytest.mark.skipif(
    not seccomp.SUPPORTED or bool(attacking.problem("strict")), reason="this machine has less itself"
)
HINT: Final = (
    "It needs Linux 5.13 or newer on x86-64 or aarch64, with Landlock switched on. "
    "Grade code that you trust with --isolation none; else run the grader on Linux or in a virtual machine."
)
CHOOSE: Final = """
import sys
import tempfile
from pathlib import Path
from grader.sandbox import levels
try:
    print(*levels.choose(sys.argv[1]), sep=": ")
except levels.Refused as error:
    print(error.text, error.hint, sep="\\n")
"""


def chosen(before: list[str], wanted: str, played: str = "") -> str:
    done = subprocess.run(
        [*before, sys.executable, "-c", played + CHOOSE, wanted],
        cwd=attacking.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.rstrip()


def test_auto_is_the_strongest() -> None:
    assert chosen([], "auto") == "strict:"


def test_a_container_that_refuses_namespaces_gets_the_standard_and_is_told_why() -> None:
    assert chosen(without(UNSHARE), "auto") == "standard: own namespaces: Operation not permitted"


def test_strict_is_refused_where_it_cannot_be_had() -> None:
    assert chosen(without(UNSHARE), "strict") == (
        "--isolation strict cannot be had here: own namespaces: Operation not permitted.\n"
        "`grader doctor` says which layer is missing and how to get it; "
        "--isolation standard needs no namespaces."
    )


def test_auto_is_never_none() -> None:
    why = "the kernel has no Landlock, or it is switched off"

    assert chosen(without(LANDLOCK), "auto") == f"Submissions cannot be confined here: {why}.\n{HINT}"
    assert chosen(without(LANDLOCK), "standard") == f"--isolation standard cannot be had here: {why}.\n{HINT}"
    assert chosen(without(LANDLOCK), "none") == "none:"


@pytest.mark.promise(14, "strict", "standard")
def test_no_submission_runs_behind_walls_without_a_filter_of_system_calls() -> None:
    """A processor whose calls nobody has written down."""
    other = "import platform; platform.machine = lambda: 'riscv64'\n"
    why = "no filter of system calls is written for riscv64"

    assert chosen([], "auto", other) == f"Submissions cannot be confined here: {why}.\n{HINT}"
    assert chosen([], "standard", other) == f"--isolation standard cannot be had here: {why}.\n{HINT}"
    assert chosen([], "strict", other).startswith(f"--isolation strict cannot be had here: {why}.\n")
    assert chosen([], "none", other) == "none:"


EMPTY: Final = """
import ctypes, os, sys
from pathlib import Path
from grader.sandbox import confine, landlock, rooms
from grader.sandbox.jobs import Start

landlock.version = lambda: int(sys.argv[1])  # it then asks for no more than that version knows
folder, neighbour, shared = sys.argv[2:]
room = rooms.Room("standard", readable=("/usr", "/lib", "/lib64", sys.prefix, sys.base_prefix, shared))
order = Start(device="cpu", memory_bytes=1 << 30, cpu_seconds=9.0, folder=folder)
confine.restrict(room, order)
said = []
for path in (neighbour, shared):
    for act in (
        lambda: os.truncate(path, 0),
        lambda: os.close(os.open(path, os.O_RDONLY | os.O_TRUNC)),
        lambda: os.close(os.open(path, 3 | os.O_TRUNC)),
        lambda: os.close(os.open(path, os.O_WRONLY | os.O_TRUNC)),
        lambda: os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)),
    ):
        try:
            act()
            said.append("done")
        except PermissionError:
            said.append("refused")
with open(f"{folder}/own", "w") as file:
    file.write("twice as much")
    file.truncate(5)
print(*said, (open(f"{folder}/own", "r+").read()))
"""


@pytest.mark.promise(4, "standard")
@pytest.mark.parametrize("version", [1, 2, 3])
def test_what_an_older_landlock_does_not_see_empties_nothing(tmp_path: Path, version: int) -> None:
    """Before its third version it knows nothing of emptying: neither of others' files, nor of shared ones."""
    folder, neighbour, shared = tmp_path / "own", tmp_path / "neighbour", tmp_path / "shared"
    folder.mkdir()
    for path in (neighbour, shared):
        path.write_text("canary")

    done = subprocess.run(
        [sys.executable, "-c", EMPTY, str(version), str(folder), str(neighbour), str(shared)],
        cwd=attacking.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout + done.stderr == "refused " * 10 + "twice\n"
    assert [path.read_text() for path in (neighbour, shared)] == ["canary", "canary"]


@pytest.mark.skipif(
    os.geteuid() != 0, reason="this is an ordinary user already: every other test is this one"
)
def test_an_ordinary_user_gets_the_same_walls() -> None:
    """Some attacks again, as somebody who is not root."""
    names = (
        "listing-the-class or memory-of-the-parent or a-fork-bomb or for-TCP or shared-memory-of-files "
        "or its-limits or threads-without-end"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/hostile/test_attacks.py",
    ]

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        done = subprocess.run(
            [*as_nobody(), *command, "-k", f"strict and ({names})"],
            cwd=attacking.ROOT,
            env=os.environ | {"TMPDIR": folder},
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.stdout.splitlines()[-1].startswith("8 passed"), done.stdout + done.stderr
