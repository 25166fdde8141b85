"""Child side: from a fork of the zygote to a process that may meet student code.

The order is the only one that works: own session, own files, nothing inherited; namespaces and a
new root, while that is still allowed; another user; limits; no capability, no new privileges;
Landlock and the filter of system calls last, since they forbid what the steps before them do. Only
after the last step is the job read. A step that fails ends the worker with EXIT_FAILED and the
step's name: a worker never goes on with less than was announced.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from grader.sandbox import landlock, linux, seccomp, walls
from grader.sandbox.jobs import EXIT_FAILED, Level, Start
from grader.sandbox.rooms import DEVICES, SCRATCH, Room, show

JOB, FRAMES = 3, 4  # where the job is read and the frames are written
OPEN_FILES: Final = 256
FILE_BYTES: Final = 64 << 20  # one file that a student's program writes
SCRATCH_BYTES: Final = 128 << 20  # all of its files, those that were handed in included
SCRATCH_FILES: Final = 8_192
THREADS: Final = 256  # at once
STACK_BYTES: Final = 8 << 20  # of the first thread, as is usual; what is inherited may have no end
UNWRITTEN_BYTES: Final = 512 << 20
"""Mapped beyond the limit of memory: files of packages (100 MiB for what draws and reads tables), reserves of
the C library. So much a program can hide from the count of what it may write."""


@dataclass(frozen=True)
class _Sizes:
    """Of the zygote's image, which no limit is to count."""

    private: int
    mapped: int


_Step = tuple[str, Callable[[], object]]


def prepare(job: int, frames: int, output: int) -> None:
    """Leave the zygote: own session, own files, and an end when the zygote ends."""
    os.setsid()
    linux.die_with_parent()
    _own_files(job, frames, output)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)


def restrict(room: Room, order: Start) -> None:
    """Every step of the room's level, and no way back from them."""
    for name, apply in steps(room, order):
        try:
            done = apply()
        except (OSError, ValueError) as error:
            _fail(name, linux.reason(error))
        if done is False and linux.ON_LINUX:
            _fail(name, "refused by the kernel")


def _fail(step: str, reason: str) -> None:
    os.write(2, f"confinement failed at {step}: {reason}\n".encode("utf-8", "backslashreplace"))
    os._exit(EXIT_FAILED)


def steps(room: Room, order: Start) -> Iterator[_Step]:
    """In the order in which they are taken."""
    sizes = _Sizes(linux.data_bytes(), linux.mapped_bytes())  # asked while there is a /proc to ask
    if room.level != "none":  # Landlock and the filter bind the thread that asks for them, and no other
        yield "one thread", lambda: _require(linux.threads() == 1, "there are more already")
    if room.level == "strict":
        yield from _secluded(room, order)
    yield "home", lambda: _own_home(room, order.folder)
    yield "limits", lambda: _limit(room.level, order, sizes)
    if room.level != "none":
        yield "capabilities", walls.drop_capabilities
    yield "no new privileges", linux.forbid_new_privileges
    if room.level == "standard":  # Landlock parts the workers; the zygote is to see what this one writes
        yield "inspection by the zygote", linux.allow_inspection
    else:
        yield "no inspection", linux.forbid_inspection  # a change of user has undone it
    if room.level == "standard":
        yield "Landlock", lambda: landlock.restrict(room.readable, (order.folder, *DEVICES))
    if room.level == "strict":
        yield "Landlock", lambda: landlock.restrict(("/",), (SCRATCH, *DEVICES))
    if room.level != "none":
        yield "system calls", lambda: seccomp.load(_filter(room.level))
    if room.level == "none" and order.device != "cpu" and seccomp.SUPPORTED:
        yield "network", lambda: seccomp.load(seccomp.without_network())


def _filter(level: Level) -> bytes:
    """At `standard` there are others' files beside one's own, and Landlock knows their bytes alone."""
    apart = level == "strict"
    return seccomp.program(os.getpid(), modes=apart, emptying=apart or landlock.knows_emptying())


def _secluded(room: Room, order: Start) -> Iterator[_Step]:
    """What needs rights that are given up right after."""
    kinds = walls.NEW_NETWORK | walls.NEW_MOUNTS | walls.NEW_IPC | walls.NEW_NAMES | walls.NEW_CGROUP
    user = walls.spare_user(linux.own_pid()) if room.privileged else None  # limits are counted by user
    yield "namespaces", lambda: walls.unshare(kinds)
    yield "host name", lambda: socket.sethostname("grader")
    yield "new root", lambda: _enter(room, order.folder, user)
    if user is not None:
        yield "user", lambda: walls.become(user)
    else:
        yield "own count of processes", lambda: walls.unshare(walls.NEW_USER)  # the limit counts by namespace
    yield "end with the parent", linux.die_with_parent  # a change of user has undone it
    if user is not None:
        yield "another user's Python", _read_python


def _read_python() -> None:
    """Files that root alone may read would be missed later, by an import in the middle of a submission."""
    for path in (*sys.path, os.__file__, msgspec.__file__):
        if path and Path(path).exists():
            _require(os.access(path, os.R_OK), f"{path} is readable for root alone")


def _require(fact: bool, otherwise: str) -> None:
    if not fact:
        raise OSError(errno.EPERM, otherwise)


def _enter(room: Room, folder: str, user: int | None) -> None:
    """The zygote has laid the root; the only writable place in it is made here, for this worker alone."""
    scratch = room.root + SCRATCH
    options = f"size={SCRATCH_BYTES},nr_inodes={SCRATCH_FILES},mode=1777"
    walls.mount("scratch", scratch, "tmpfs", walls.NO_SETUID | walls.NO_DEVICES, options)
    if folder:
        own = Path(scratch, Path(folder).name)
        shutil.copytree(folder, own, copy_function=_copy)
        if user is not None:
            os.chown(own, user, user)
    for path in room.covered:
        show(path, room.root)
    walls.enter_root(room.root)
    os.chdir(SCRATCH)


def _copy(source: str, target: str) -> None:
    """A student's own file, there to be read."""
    shutil.copyfile(source, target)
    Path(target).chmod(0o444)


def _own_home(room: Room, folder: str) -> None:
    """Where a library of its own accord writes: at `standard` there is no other place where it may."""
    os.environ.pop("MPLCONFIGDIR", None)  # the user's
    os.environ["HOME"] = f"{SCRATCH}/{Path(folder).name}" if room.level == "strict" else folder
    if room.level == "standard":
        os.environ["TMPDIR"] = folder
        tempfile.tempdir = None


def _own_files(job: int, frames: int, output: int) -> None:
    """0 reads nothing, 1 and 2 are the output, JOB and FRAMES as named; everything else is closed."""
    null = os.open(os.devnull, os.O_RDONLY)
    high = [os.dup2(fd, 200 + i) for i, fd in enumerate((null, output, output, job, frames))]
    for i, fd in enumerate(high):
        os.dup2(fd, i, inheritable=i not in (JOB, FRAMES))
    os.closerange(FRAMES + 1, os.sysconf("SC_OPEN_MAX") if not linux.ON_LINUX else 4096)


def _limit(level: Level, order: Start, image: _Sizes) -> None:
    """Memory over what the zygote's image has; the parent's clock is the finer limit of the CPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + order.cpu_seconds) + 2
    most = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_FSIZE: FILE_BYTES,
    }
    if linux.ON_LINUX:
        most[resource.RLIMIT_DATA] = image.private + order.memory_bytes
        most[resource.RLIMIT_STACK] = STACK_BYTES
    if linux.ON_LINUX and order.device == "cpu":  # a driver maps more than there is
        most[resource.RLIMIT_AS] = image.mapped + order.memory_bytes + UNWRITTEN_BYTES
    if level != "none":  # a driver may have to lock memory
        most[resource.RLIMIT_MEMLOCK] = most[resource.RLIMIT_MSGQUEUE] = 0
    if level == "strict":  # nobody else's processes count against it
        most[resource.RLIMIT_NPROC] = THREADS  # for only those can be started
    for kind, wanted in most.items():
        hard = resource.getrlimit(kind)[1]
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (allowed, allowed))
    sys.setrecursionlimit(1000)
