"""Child side: what a worker takes of the machine where it has no namespace and no user of its own.

The zygote looks at each worker from outside, every 50 ms: its processes, its threads, the files in
its folder, and what it has written in all. Limits of the kernel do not count these by worker there.
A look costs 0.1 ms; one at very many files waits until it is no more than a small share of the time.
"""

from __future__ import annotations

import time
from typing import Final

from grader.sandbox import folders, linux
from grader.sandbox.confine import SCRATCH_BYTES, SCRATCH_FILES, THREADS

PROCESSES: Final = 64  # at once, where a submission may start any
WRITTEN: Final = 1 << 30  # in all, removed files included
_SHARE: Final = 20  # times as long as the last look at the files took, until the next


class Watchman:
    """Remembers when to look at a worker's files again; single use."""

    def __init__(self, pid: int, folder: str, *, forks: bool) -> None:
        self._pid = pid
        self._folder = folder
        self._forks = forks
        self._next = 0.0

    def excess(self) -> str:
        """What it has too much of, as a phrase; empty where nothing."""
        if self._forks and linux.descendants(self._pid, PROCESSES) > PROCESSES:
            return f"it started more than {PROCESSES} processes"
        if linux.threads(self._pid) > THREADS:
            return f"it started more than {THREADS} threads"
        if linux.written_bytes(self._pid) > WRITTEN:
            return f"it wrote more than {WRITTEN >> 20} MiB"
        return self._too_many_files() if time.monotonic() >= self._next else ""

    def _too_many_files(self) -> str:
        start = time.monotonic()
        try:
            size, number = folders.occupied(self._folder, SCRATCH_FILES)
        except folders.Hidden:
            return "it made folders that cannot be looked into"
        now = time.monotonic()
        self._next = now + _SHARE * (now - start)
        if number > SCRATCH_FILES:
            return f"it made more than {SCRATCH_FILES} files"
        return f"it wrote more than {SCRATCH_BYTES >> 20} MiB" if size > SCRATCH_BYTES else ""
