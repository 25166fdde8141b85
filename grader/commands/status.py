"""`grader status DIR`: how far a run is that writes into a folder, asked from another terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from grader import progress, store
from grader.commands.common import tell
from grader.commands.progress import lasting
from grader.progress import Progress, State

CODES: Final[dict[State, int]] = {"done": 0, "running": 4, "interrupted": 130}
FAULTS: Final = 3


def run(folder: Path, *, as_json: bool) -> int:
    """Say it, return the exit code. Raises GraderError where no run has ever written there."""
    now = progress.read(folder)
    if as_json:
        sys.stdout.write(store.encode(now).decode() + "\n")
    else:
        tell("\n".join(told(folder, now)), beside=False)
    return FAULTS if now.state == "done" and now.harness else CODES[now.state]


def told(folder: Path, now: Progress) -> Iterator[str]:
    """For people, line by line."""
    yield f"{folder}: {now.state}"
    before = f" ({now.before} of them before)" if now.before else ""
    yield f"  {now.done} of {now.of} graded{before}, {now.left} left"
    if now.seconds:
        left = f", {lasting(now.seconds_left)} left" if now.left and now.seconds_left is not None else ""
        yield f"  {now.rate:g} a second in {lasting(now.seconds)}{left}"
    mean = "no marks yet" if now.mean is None else f"mean {now.mean:g} %"
    yield f"  {mean}; {now.load_failed} could not be run, {counted(now.harness, 'fault')} of the grader"
    if now.workers is not None and now.memory is not None:
        elsewhere = not now.workers_memory  # none is on this machine
        theirs = "" if elsewhere else f", workers {_mib(now.workers_memory or 0)}"
        memory = f"memory {_mib(now.memory)}{theirs}"
        yield f"  {counted(now.workers, 'worker')}; {memory}"
    if now.state == "interrupted":
        yield f"  {progress.GO_ON}"


def counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _mib(size: int) -> str:
    return f"{size >> 20} MiB"
