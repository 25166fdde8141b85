"""Child side: from a fork of the zygote to a process that may meet student code.

The order is that of the stronger levels: own session, own files, nothing inherited, then
(there) namespaces and a new root, then limits, no new privileges, then (there) Landlock and
seccomp; and only after the last step is the job read. A step that fails ends the worker with
EXIT_FAILED and the step's name: a worker never goes on with less than was announced.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Final

from grader.sandbox import linux
from grader.sandbox.jobs import EXIT_FAILED

JOB, FRAMES = 3, 4  # where the job is read and the frames are written
OPEN_FILES: Final = 256
FILE_BYTES: Final = 64 << 20  # one file that a student's program writes


def prepare(job: int, frames: int, output: int) -> None:
    """Leave the zygote: own session, own files, and an end when the zygote ends."""
    os.setsid()
    linux.die_with_parent()
    _own_files(job, frames, output)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)


def restrict(memory_bytes: int, cpu_seconds: float) -> None:
    """The limits, and no way back from them."""
    _step("limits", lambda: _limit(memory_bytes, cpu_seconds))
    _step("no new privileges", linux.forbid_new_privileges)


def _step(name: str, apply: Callable[[], object]) -> None:
    try:
        done = apply()
    except (OSError, ValueError) as error:
        _fail(name, str(error))
    if done is False and linux.ON_LINUX:
        _fail(name, "refused by the kernel")


def _fail(step: str, reason: str) -> None:
    os.write(2, f"confinement failed at {step}: {reason}\n".encode())
    os._exit(EXIT_FAILED)


def _own_files(job: int, frames: int, output: int) -> None:
    """0 reads nothing, 1 and 2 are the output, JOB and FRAMES as named; everything else is closed."""
    null = os.open(os.devnull, os.O_RDONLY)
    high = [os.dup2(fd, 200 + i) for i, fd in enumerate((null, output, output, job, frames))]
    for i, fd in enumerate(high):
        os.dup2(fd, i, inheritable=i not in (JOB, FRAMES))
    os.closerange(FRAMES + 1, os.sysconf("SC_OPEN_MAX") if not linux.ON_LINUX else 4096)


def _limit(memory_bytes: int, cpu_seconds: float) -> None:
    """Memory over what the zygote's image has; the parent's clock is the finer limit of the CPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + cpu_seconds) + 2
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_FSIZE: FILE_BYTES,
    }
    if linux.ON_LINUX:
        limits[resource.RLIMIT_DATA] = linux.data_bytes() + memory_bytes
    for kind, most in limits.items():
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)  # noqa: PLW2901 -- never above what is allowed
        resource.setrlimit(kind, (most, most))
    sys.setrecursionlimit(1000)
