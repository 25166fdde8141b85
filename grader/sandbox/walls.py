"""The kernel calls behind the walls: namespaces, mounts, capabilities. Each raises OSError.

Numbers of system calls are the same on x86-64 and aarch64 only from 424 on, so the older ones go
through the C library.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from grader.sandbox import linux

NEW_MOUNTS: Final = 0x0002_0000
NEW_CGROUP: Final = 0x0200_0000
NEW_NAMES: Final = 0x0400_0000
NEW_IPC: Final = 0x0800_0000
NEW_USER: Final = 0x1000_0000
NEW_PIDS: Final = 0x2000_0000
NEW_NETWORK: Final = 0x4000_0000

READ_ONLY: Final = 1
NO_SETUID: Final = 2
NO_DEVICES: Final = 4
REMOUNT: Final = 32
BIND: Final = 4096
RECURSIVE: Final = 16384
PRIVATE: Final = 1 << 18

FIRST_USER: Final = 1_900_000_000  # beyond what systems and containers give to anybody
_SPARE: Final = 4_096  # the last users of a container, where there are no others

_DETACH: Final = 2
_MOUNT_SETATTR: Final = 442
_HERE: Final = -100
_AT_RECURSIVE: Final = 0x8000
_CAP_SYS_ADMIN: Final = 21
_CAPABILITIES: Final = 64  # more than there are: the kernel says where they end
_PR_CAPBSET_DROP: Final = 24
_CAPABILITY_VERSION: Final = 0x2008_0522


def is_privileged() -> bool:
    """Whether namespaces can be made without a user namespace: root, and not a container's that lacks it."""
    status = Path("/proc/self/status").read_text()
    mask = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:")), 0)
    return os.geteuid() == 0 and bool(mask >> _CAP_SYS_ADMIN & 1) and spare_user(0) is not None


def spare_user(pid: int) -> int | None:
    """A user for one process alone; None in a user namespace that knows too few (a rootless container's)."""
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    known = [range(int(first), int(first) + int(count)) for first, _, count in map(str.split, lines)]
    if any(FIRST_USER + pid in users for users in known):
        return FIRST_USER + pid
    return known[-1][-1 - pid % _SPARE] if known and len(known[-1]) > 2 * _SPARE else None


def unshare(flags: int) -> None:
    _checked(_libc().unshare(flags))


def own_user_namespace(flags: int) -> None:
    """A user namespace that knows this user alone, and with it others; before forbid_inspection.

    A process that may not be inspected may not write its own maps either.
    """
    user, group = os.getuid(), os.getgid()  # inside they are unknown until mapped
    unshare(NEW_USER | flags)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        Path("/proc/self", name).write_text(text)


def enter_pids(namespace: int) -> None:
    """Children are born in this process namespace from now on."""
    _checked(_libc().setns(namespace, NEW_PIDS))


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """The target stands in the error: the kernel does not name it."""
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    done = _libc().mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])
    _checked(done, target)


def bind(source: str, target: str, *, devices: bool = False) -> None:
    """Show a file or folder at another place, with all that is mounted below it; only to be read."""
    mount(source, target, None, BIND | RECURSIVE)
    wanted = READ_ONLY | NO_SETUID | (0 if devices else NO_DEVICES)
    attributes = struct.pack("QQQQ", wanted, 0, 0, 0)
    linux.call(_MOUNT_SETATTR, _HERE, os.fsencode(target), _AT_RECURSIVE, attributes, len(attributes))


def enter_root(folder: str) -> None:
    """Make a mounted folder the root, and let go of the old one."""
    os.chdir(folder)
    libc = _libc()
    _checked(libc.syscall(ctypes.c_long(_pivot_root()), b".", b"."))
    _checked(libc.umount2(b".", _DETACH))  # the old root lies on top of the new one
    os.chdir("/")


def drop_capabilities() -> None:
    """None now, and none ever again: the bounding set goes too."""
    libc = _libc()
    for capability in range(_CAPABILITIES):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break  # past the last one; or not allowed, and then nothing is held that could be lost
    _checked(libc.capset(struct.pack("Ii", _CAPABILITY_VERSION, 0), bytes(24)))


def become(user: int) -> None:
    """Another user and group, in no further group."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def make(path: str, *, folder: bool) -> None:
    """A place to mount on."""
    (Path(path) if folder else Path(path).parent).mkdir(parents=True, exist_ok=True)
    if not folder:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o444))


def outermost(paths: Sequence[str]) -> list[str]:
    """Without those that lie below another one."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not any(path == one or path.startswith(one + "/") for one in kept):
            kept.append(path)
    return kept


def _pivot_root() -> int:
    return {"x86_64": 155}.get(os.uname().machine, 41)  # 41 wherever the kernel's generic table is used


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str = "") -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}" if what else os.strerror(code))
