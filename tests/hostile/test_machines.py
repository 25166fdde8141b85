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
    "It needs Linux 5.13 or newer with Landlock switched on. "
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


def chosen(before: list[str], wanted: str) -> str:
    done = subprocess.run(
        [*before, sys.executable, "-c", CHOOSE, wanted],
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
