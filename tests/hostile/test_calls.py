"""Every system call by its number, with the filter alone and nothing else around it. About 3 seconds."""

from __future__ import annotations

import errno
import fcntl
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from grader.sandbox import seccomp, syscalls
from tests.hostile.attacking import ROOT

pytestmark = [
    pytest.mark.skipif(not seccomp.SUPPORTED, reason="no filter is written for this machine"),
    pytest.mark.promise(14, "strict", "standard"),
]

HERE: Final = syscalls.HERE or syscalls.X86_64

PROBES: Final = (335, 336)  # the kernel's own, which no filter sees; without a probe they are errors
LAST: Final = 480  # more than the newest kernels have
# Each call in a process of its own, with arguments that make none of them do anything: -1 for all six.
TRY: Final = """
import ctypes, json, os, signal, sys
from grader.sandbox import linux, seccomp

def one(number):
    pid = os.fork()
    if pid == 0:
        linux.forbid_new_privileges()
        seccomp.load(seccomp.program(os.getpid()))
        libc = ctypes.CDLL(None, use_errno=True)
        done = libc.syscall(number, *[ctypes.c_long(-1)] * 6)
        os._exit(ctypes.get_errno() if done == -1 else 0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

print(json.dumps({number: one(number) for number in map(int, sys.argv[1].split(","))}))
"""
LEFT_OUT: Final = frozenset(  # allowed, and would wait or end the process
    HERE.of(("pause", "exit", "exit_group", "rt_sigsuspend", "rt_sigreturn", "select", "poll", "ppoll",
             "pselect6", "wait4", "waitid", "brk", "close_range", "rt_sigtimedwait", "futex", "alarm"))
)  # fmt: skip
ANSWERED: Final = (*seccomp.ATTRIBUTES, "clone3", "flock", "fallocate")  # otherwise than with a refusal


def tried(numbers: list[int]) -> dict[int, int]:
    """What came of each: an error's number, 0, or minus the signal that ended it."""
    done = subprocess.run(
        [sys.executable, "-c", TRY, ",".join(map(str, numbers))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {int(number): code for number, code in json.loads(done.stdout).items()}


def test_every_call_that_is_not_allowed_is_refused() -> None:
    names = (*seccomp.ALLOWED, *seccomp.METADATA, *seccomp.DEADLY, *seccomp.EXAMINED, *ANSWERED)
    others = [number for number in range(LAST) if number not in {*HERE.of(names), *PROBES}]

    results = tried(others)

    assert results == dict.fromkeys(others, errno.EPERM)


def test_the_deadly_calls_end_the_process() -> None:
    deadly = sorted(HERE.of(seccomp.DEADLY))

    assert tried(deadly) == dict.fromkeys(deadly, -31)  # SIGSYS


def test_calls_of_another_table_end_the_process() -> None:
    x32 = [0x4000_0000 + number for number in (0, 39, 59, 520)]

    assert tried(x32) == dict.fromkeys(x32, -31)


def test_what_is_allowed_is_answered_by_the_kernel() -> None:
    allowed = sorted(set(HERE.of((*seccomp.ALLOWED, *seccomp.METADATA))) - LEFT_OUT)

    results = tried(allowed)

    refused = {number for number, code in results.items() if code in (errno.EPERM, -31)}
    assert refused == set()


def test_libraries_fall_back_where_they_ask_for_what_the_filter_cannot_see() -> None:
    clone, space, *attributes = HERE.of(("clone3", "fallocate", *seccomp.ATTRIBUTES))

    assert tried([clone]) == {clone: errno.ENOSYS}, "then clone is used, whose flags can be seen"
    assert tried(attributes) == dict.fromkeys(attributes, errno.ENOTSUP), "no extended attributes"
    assert tried([space]) == {space: errno.ENOTSUP}, "no space ahead of writing: then zeros are written"


THREADS: Final = """
import socket, threading
from grader.sandbox import linux, seccomp

go, said = threading.Event(), []

def reach():
    go.wait()
    try: socket.socket()
    except PermissionError: said.append("refused")

thread = threading.Thread(target=reach)
thread.start()
linux.forbid_new_privileges()
seccomp.load(seccomp.without_network())
go.set()
thread.join()
reach()
print(*said)
"""


def test_a_filter_binds_threads_that_were_there_before_it() -> None:
    """A driver starts some, and the filter for its processes comes after it."""
    done = subprocess.run(
        [sys.executable, "-c", THREADS], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout == "refused refused\n"


LOCK: Final = """
import fcntl, os, sys
from grader.sandbox import linux, seccomp

linux.forbid_new_privileges()
seccomp.load(seccomp.program(os.getpid()))
with open(sys.argv[1], "r+") as file:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_a_lock_is_answered_and_not_taken_so_that_nobody_else_can_see_it(tmp_path: Path) -> None:
    path = tmp_path / "shared"
    path.write_text("")
    command = [sys.executable, "-c", LOCK, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout is not None
        assert one.stdout.readline() == "locked\n"

        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
