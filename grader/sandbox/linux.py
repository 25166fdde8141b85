"""The few kernel calls that Python 3.11 has no name for. On other systems each does nothing and says so."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

ON_LINUX: Final = sys.platform == "linux"

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


def adopt_orphans() -> bool:
    """Descendants whose parent has ended become children of this process instead of init's."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def forbid_new_privileges() -> bool:
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _prctl(option: int, value: int) -> bool:
    return ON_LINUX and ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) == 0


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


def threads() -> int:
    """How many threads this process has, those of C libraries included."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else 1


def data_bytes() -> int:
    """The private writable memory of this process, as RLIMIT_DATA counts it."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:")), 0)


def queued_seconds(pid: int) -> float:
    """How long a process has been ready to run while others had the processors; 0.0 where unknown."""
    try:
        fields = Path(f"/proc/{pid}/schedstat").read_text().split()
    except OSError:
        return 0.0
    return int(fields[1]) / 1e9


def cpu_seconds(pid: int) -> float | None:
    """What another process has used so far; None where it is gone or the system has no such clock."""
    if not ON_LINUX:
        return None
    try:
        return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)
    except OSError:
        return None
