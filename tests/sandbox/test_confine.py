"""A step of the confinement that fails. At once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox import linux
from grader.sandbox.jobs import EXIT_FAILED

PROGRAM = """
import sys
from grader.sandbox import confine, jobs, rooms
room = rooms.Room("strict", privileged=True, root="/nowhere")
confine.restrict(room, jobs.Start(device="cpu", memory_bytes=1 << 30, cpu_seconds=9.0, folder=""))
print("went on")
"""


@pytest.mark.skipif(not linux.ON_LINUX, reason="elsewhere there are no such steps")
def test_a_step_that_fails_ends_the_worker_and_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (EXIT_FAILED, "")
    assert done.stderr in (
        "confinement failed at new root: /nowhere/tmp: No such file or directory\n",
        "confinement failed at namespaces: Operation not permitted\n",  # an ordinary user
    )
