"""The few kernel calls that Python 3.11 has no name for. On other systems each does nothing and says so."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

ON_LINUX: Final = sys.platform == "linux"

_LIBC: Final = ctypes.CDLL(None, use_errno=True) if ON_LINUX else None
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_CHILD_SUBREAPER: Final = 36
_PR_SET_NO_NEW_PRIVS: Final = 38
_MADV_COLLAPSE: Final = 25
_HUGE: Final = 2 << 20
_CPUCLOCK_SCHED: Final = 2  # the clock of a whole process, see clock_getcpuclockid(3)


def die_with_parent() -> bool:
    """SIGKILL for this process when the thread that forked it ends."""
    return _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def forbid_inspection() -> bool:
    """No other process of the same user may attach to this one or read its memory, its children neither."""
    return _prctl(_PR_SET_DUMPABLE, 0)


def allow_inspection() -> bool:
    """Undo that, and what a change of user does to the same end."""
    return _prctl(_PR_SET_DUMPABLE, 1)


def adopt_orphans() -> bool:
    """Descendants whose parent has ended become children of this process instead of init's."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def forbid_new_privileges() -> bool:
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _prctl(option: int, value: int) -> bool:
    return _LIBC is not None and _LIBC.prctl(option, value, 0, 0, 0) == 0


def call(number: int, *arguments: int | bytes | None) -> int:
    """A system call by its number. Raises OSError; a bytes argument is passed by its address."""
    if _LIBC is None:
        raise OSError(errno.ENOSYS, "this is not Linux")
    _LIBC.syscall.restype = ctypes.c_long
    given = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = int(_LIBC.syscall(ctypes.c_long(number), *given))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def reason(error: Exception) -> str:
    """What the kernel said, and of which file, without the number."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def own_pid() -> int:
    """The number of this process in the parent's /proc: in a namespace of its own it would be 1."""
    try:
        return int(Path("/proc/self").readlink().name)
    except OSError:
        return os.getpid()


def gather_pages() -> None:
    """Lay this process's own memory out in huge pages, so that a fork copies hundreds of entries, not 50,000.

    Takes some 0.3 s once; nothing happens on a kernel before 6.1, which has no such advice.
    """
    if not ON_LINUX:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, access, _, _, inode, *_ = line.split()
        if access == "rw-p" and inode == "0":  # private and of no file
            start, end = (int(address, 16) for address in span.split("-"))
            for page in range(-(-start // _HUGE) * _HUGE, end // _HUGE * _HUGE, _HUGE):
                libc.madvise(ctypes.c_void_p(page), ctypes.c_size_t(_HUGE), _MADV_COLLAPSE)


def children() -> set[int]:
    """The processes whose parent is this one; none where the system does not say."""
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    return {int(pid) for pid in listing.read_text().split()} if listing.exists() else set()


def counts_processes() -> bool:
    """Whether the kernel tells the children of a process."""
    return Path("/proc/thread-self/children").exists()


def descendants(pid: int, most: int) -> int:
    """How many processes a process has below it; counted no further than just over `most`."""
    waiting, count = [pid], 0
    while waiting and count <= most:
        born = _born(waiting.pop())
        waiting += born
        count += len(born)
    return count


def _born(pid: int) -> list[int]:
    """The children of all threads of a process; none where it is gone."""
    try:
        texts = [(task / "children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []
    return [int(child) for text in texts for child in text.split()]


def threads(pid: int | None = None) -> int:
    """How many threads a process has, those of C libraries included; without a number: this one."""
    try:
        return Path(f"/proc/{pid or 'self'}/task").stat().st_nlink - 2  # a folder for each
    except OSError:
        return 1


def written_bytes(pid: int) -> int:
    """What another process has written in all, through mappings too; 0 where the system does not say."""
    try:
        text = Path(f"/proc/{pid}/io").read_text()
    except OSError:
        return 0
    counts = {name: int(value) for name, _, value in (line.partition(":") for line in text.splitlines())}
    return max(counts["wchar"], counts["write_bytes"])


def data_bytes() -> int:
    """The private writable memory of this process, as RLIMIT_DATA counts it."""
    return _own_status("VmData")


def mapped_bytes() -> int:
    """All the addresses that stand for something in this process, as RLIMIT_AS counts them."""
    return _own_status("VmSize")


def _own_status(name: str) -> int:
    """Bytes; 0 where the system does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), 0)


def killed_for_memory() -> int:
    """How many processes the kernel has ended for want of memory, here or in a container; 0 where unknown."""
    try:
        text = Path("/proc/vmstat").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("oom_kill ")), 0)


def queued_seconds(pid: int) -> float:
    """How long a process has been ready to run while others had the processors; 0.0 where unknown."""
    try:
        fields = Path(f"/proc/{pid}/schedstat").read_text().split()
    except OSError:
        return 0.0
    return int(fields[1]) / 1e9


def cpu_seconds(pid: int) -> float | None:
    """What a process has used so far; None where it is gone or the system has no such clock."""
    if pid == os.getpid():
        return time.process_time()
    if not ON_LINUX:
        return None
    try:
        return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)
    except OSError:
        return None
