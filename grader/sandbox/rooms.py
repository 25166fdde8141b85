"""Child side: the room that a zygote makes before its first fork, and that each worker enters.

`strict`: the zygote lives in namespaces of its own and lays a root that holds Python, its packages
and an empty place for files; nothing of the grader, the assignment or other submissions. A level
is never announced from the kernel's version: all its steps are taken once, by a process that ends.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import grader
from grader.sandbox import landlock, linux, seccomp, walls
from grader.sandbox.jobs import Level

SCRATCH: Final = "/tmp"  # noqa: S108 -- in a root of the worker's own
DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_SYSTEM: Final = (
    "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib",
    "/usr/share/zoneinfo", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/nix/store",
)  # fmt: skip
_TOO_WIDE: Final = frozenset({"/", "/usr", "/usr/local"})  # prefixes that hold more than Python
_PARTS: Final = ("lib", "lib64", "share", "etc", "pyvenv.cfg")  # of a prefix, which may be a course's folder
_BASES: Final = ("/sys", "/mnt", "/media", "/srv")  # nothing below is needed, in the zygote alone
_NODES: Final = 4_096  # files and folders in the root itself


class Impossible(Exception):
    """A step that this machine refuses: its name, and what the kernel said."""


@dataclass(frozen=True)
class Room:
    """What the workers of a zygote are confined to."""

    level: Level
    privileged: bool = False  # without a user namespace, and so with a user to change to
    root: str = ""  # where the new root is laid, until a worker enters it
    pids: int = -1  # the zygote's own process namespace, to come back to after a fork
    readable: tuple[str, ...] = ()
    covered: tuple[str, ...] = ()  # what the worker's own files would hide: it shows them again


def seclude(level: Level) -> Room:
    """Into namespaces of the zygote's own; the process that goes on is a child. Raises OSError."""
    if level != "strict":
        return Room(level, readable=tuple(walls.outermost(list(visible()))) if level == "standard" else ())
    privileged = walls.is_privileged()
    if privileged:
        walls.unshare(walls.NEW_PIDS | walls.NEW_MOUNTS)
    else:
        walls.own_user_namespace(walls.NEW_PIDS | walls.NEW_MOUNTS)
    inner = os.fork()
    if inner:
        _wait_for(inner)
    linux.die_with_parent()
    walls.mount(None, "/", None, walls.RECURSIVE | walls.PRIVATE)  # no mount of ours reaches the machine
    pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    return Room(level, privileged, pids=pids)


def _wait_for(inner: int) -> NoReturn:
    """All that is left to the outer process, which the parent knows: to end when the inner one has ended."""
    linux.forbid_inspection()
    os.closerange(0, 4096)
    os._exit(1 if os.waitpid(inner, 0)[1] else 0)


def furnish(room: Room) -> Room:
    """Lay the root, once for all workers. Raises OSError."""
    if room.level != "strict":
        return room
    paths = walls.outermost(list(visible()))
    covered = tuple(path for path in paths if path.startswith(f"{SCRATCH}/"))  # a Python below /tmp
    base = next((one for one in _BASES if Path(one).is_dir()), "/mnt")
    walls.mount("root", base, "tmpfs", walls.NO_SETUID | walls.NO_DEVICES, f"nr_inodes={_NODES},mode=755")
    for path in (*paths, *filter(os.path.exists, DEVICES)):
        if path not in covered:
            show(path, base)
    Path(base + SCRATCH).mkdir(exist_ok=True)
    Path(base, "dev").mkdir(exist_ok=True)
    Path(base, "dev", "shm").symlink_to(SCRATCH)  # what is shared in memory counts as a file of its own
    walls.mount(None, base, None, walls.REMOUNT | walls.READ_ONLY | walls.NO_SETUID | walls.NO_DEVICES)
    return Room(room.level, room.privileged, base, room.pids, covered=covered)


def show(path: str, root: str) -> None:
    """A file or folder of the machine at the same place in another root. Raises OSError."""
    walls.make(root + path, folder=Path(path).is_dir())
    walls.bind(path, root + path, devices=path in DEVICES)


def visible() -> Iterator[str]:
    """What Python and its packages need, as it is named and as it really is (behind links)."""
    prefixes = {sys.prefix, sys.base_prefix} - _TOO_WIDE
    parts = [f"{prefix}/{part}" for prefix in prefixes for part in _PARTS]
    for path in (*_SYSTEM, *parts, *sys.path, *_editable()):
        real = os.path.realpath(path)
        if (
            Path(path).is_absolute()
            and Path(path).exists()
            and real not in _TOO_WIDE
            and not _is_project(real)
        ):
            yield os.path.normpath(path)
            yield real


def _is_project(path: str) -> bool:
    """Where the grader is developed the reference lies, too; workers have imported what they need of it."""
    own = os.path.realpath(str(Path(grader.__file__).parents[1]))
    return path == own and "site-packages" not in path and "dist-packages" not in path


def _editable() -> Iterator[str]:
    """Packages that are installed as links to where they are developed, but for the grader."""
    for name, module in list(sys.modules.items()):
        mapping = getattr(module, "MAPPING", None) if name.startswith("__editable__") else None
        if isinstance(mapping, dict):
            for package, path in mapping.items():
                if str(package).partition(".")[0] != "grader":
                    yield str(path)


def fork(room: Room) -> int:
    """Fork a worker into a process namespace of its own; as os.fork."""
    if room.level != "strict":
        return os.fork()
    walls.unshare(walls.NEW_PIDS)  # of the children, not of this process
    pid = -1
    try:
        pid = os.fork()
    finally:
        if pid:
            walls.enter_pids(room.pids)
    return pid


def attempt(level: Level, confine: Callable[[Room], object]) -> None:
    """Take every step of a level in a process that then ends; `confine` takes those of a worker.

    Raises Impossible.
    """
    if level != "none" and not linux.ON_LINUX:
        raise Impossible(f"{sys.platform} has no such walls")
    if level != "none" and not seccomp.SUPPORTED:
        raise Impossible(f"no filter of system calls is written for {platform.machine()}")
    if level != "none" and not landlock.version():
        raise Impossible("the kernel has no Landlock, or it is switched off")
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        os.dup2(theirs, 2)
        _try(level, confine)
    os.close(theirs)
    with os.fdopen(ours, "rb") as file:
        said = file.read(2_000).decode("utf-8", "replace").strip()
    if os.waitpid(pid, 0)[1] or said:
        raise Impossible(said or "a process that tried it ended without a word")


def _try(level: Level, confine: Callable[[Room], object]) -> NoReturn:
    try:
        room = furnish(seclude(level))
        worker = fork(room)
        if worker == 0:
            confine(room)
            os._exit(0)
        os.waitpid(worker, 0)
    except OSError as error:
        os.write(2, f"own namespaces: {linux.reason(error)}".encode("utf-8", "backslashreplace"))
    os._exit(0)
