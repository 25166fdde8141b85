"""What a command costs: CPU seconds of it and of all it starts, and wall time.

CPU time is the kernel's count for children that have ended, so a command's zygote and workers are in
it. It moves far less than wall time when the machine has other things to do.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """Seconds."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    usage: Usage
    output: str


def run(
    command: Sequence[str | Path], *, cwd: Path, environment: Mapping[str, str], codes: Iterable[int] = (0,)
) -> Ran:
    """Run to the end. Raises RuntimeError where it ends with none of `codes`."""
    before, start = _children(), time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    usage = Usage(_children() - before, time.perf_counter() - start)
    if done.returncode not in codes:
        words = " ".join(str(part) for part in command)
        raise RuntimeError(f"{words}\nended with {done.returncode}:\n{done.stderr[-2000:]}")
    return Ran(usage, done.stdout)


def together(commands: Sequence[Sequence[str | Path]], *, cwd: Path, environment: Mapping[str, str]) -> Usage:
    """Run them side by side: CPU of all, and the wall time until the last has ended."""
    before, start = _children(), time.perf_counter()
    with ThreadPoolExecutor(len(commands)) as threads:
        list(threads.map(lambda one: run(one, cwd=cwd, environment=environment), commands))
    return Usage(_children() - before, time.perf_counter() - start)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def least(usages: Sequence[Usage]) -> Usage:
    """The least of each: what disturbs a run can only add to it."""
    return Usage(min(one.cpu for one in usages), min(one.wall for one in usages))


def middle(usages: Sequence[Usage]) -> Usage:
    """The median of each."""
    return Usage(statistics.median(one.cpu for one in usages), statistics.median(one.wall for one in usages))
