"""How far a run is: one record, written as a line for programs and kept beside the results.

`Tracker` counts what is done and says when it is time to tell of it again: at each hundredth of what waits,
and every few seconds. `grader status` reads the record that was kept last, and from the journal's lock
whether anybody is at work still. Nothing here comes from a student but how their submission ended.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from grader import decoders, journal, store
from grader.errors import GraderError
from grader.results import Results, Stored, SubmissionResult

SCHEMA: Final = "grader/progress/v1"
PROGRESS_FILE: Final = "progress.json"
GO_ON: Final = "What is done is kept: go on with the same command and --resume."
EVERY: Final = 5.0  # seconds between two that are told, where not enough is done before
PARTS: Final = 100  # and in so many parts what waits is told at least

State = Literal["running", "done", "interrupted"]


class Progress(Stored, frozen=True):
    """One line of `--progress json`, and of grading progress.json. Bytes, and seconds of this run."""

    state: State
    of: int  # submissions of the class
    done: int  # those that are graded, `before` included
    before: int  # graded by an earlier run, and unchanged
    left: int
    load_failed: int  # of those that this run has graded: nothing of it could be run
    harness: int  # and those that a fault of the grader kept from a mark
    mean: float | None  # of their marks, in percent
    seconds: float
    rate: float  # a second
    seconds_left: float | None  # None while nothing is done
    workers: int | None
    memory: int | None  # of the grader's own process
    workers_memory: int | None  # of what it started, beyond what each shares with the one that started it
    updated: str  # ISO 8601, UTC
    work: str = "grading"  # what is done to them
    schema: str = SCHEMA


class Tracker:
    """Counts; `workers` is set by whoever knows better how many there are now."""

    def __init__(
        self,
        waiting: int,
        before: int,
        workers: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        work: str = "grading",
    ) -> None:
        self.workers, self.work = workers, work
        self._waiting, self._before = waiting, before
        self._clock = clock
        self._began = self._told = clock()
        self._count = self._counted = self._load_failed = self._harness = self._marks = 0
        self._percent = 0.0

    @property
    def left(self) -> int:
        return self._waiting - self._count

    def done(self, result: SubmissionResult | None) -> bool:
        """One more is done, and what came of it where it was graded; whether it is time to tell."""
        self._count += 1
        if result is not None:
            self._add(result)
        enough = self._count - self._counted >= max(1, self._waiting // PARTS)
        return enough or self._clock() - self._told >= EVERY

    def _add(self, result: SubmissionResult) -> None:
        self._load_failed += result.status == "load_failed"
        self._harness += result.status == "harness"
        if result.score is not None and result.max_score:
            self._marks += 1
            self._percent += 100 * result.score / result.max_score

    def now(self, state: State = "running") -> Progress:
        """What there is to tell; the next time is counted from here."""
        self._told, self._counted = self._clock(), self._count
        seconds = max(self._told - self._began, 0.001)
        own, workers = memory()
        return Progress(
            state=state,
            of=self._before + self._waiting,
            done=self._before + self._count,
            before=self._before,
            left=self.left,
            load_failed=self._load_failed,
            harness=self._harness,
            mean=round(self._percent / self._marks, 1) if self._marks else None,
            seconds=round(seconds, 1),
            rate=round(self._count / seconds, 2),
            seconds_left=round(self.left * seconds / self._count, 1) if self._count else None,
            workers=self.workers,
            memory=own,
            workers_memory=workers,
            updated=datetime.now(UTC).isoformat(timespec="seconds"),
            work=self.work,
        )


def keep(folder: Path, progress: Progress) -> None:
    """For whoever asks from elsewhere; a folder that has no room ends no grading."""
    with suppress(GraderError):
        store.write_bytes(folder / PROGRESS_FILE, store.encode(progress) + b"\n", lasting=False)


def read(folder: Path) -> Progress:
    """How far the run in a folder is, or was. Raises GraderError where none ever was."""
    found = kept(folder)
    return _of_results(store.read_results(folder)) if found is None else found


def results(folder: Path) -> tuple[Results, str]:
    """What is graded there, and what there is to say where a later run has not come to its end.

    Raises GraderError where there is nothing yet.
    """
    now = kept(folder)
    if now is None or now.state == "done":
        return store.read_results(folder), ""
    under_way = now.state == "running"
    how, what = (
        ("goes on", f"grader status {folder} says how far it is.") if under_way else ("was ended", GO_ON)
    )
    if not (folder / store.RESULTS_FILE).exists():
        unwritten = "and results are written when all is graded"
        raise GraderError(f"{folder}: the run there {how}, {unwritten}.", what)
    return store.read_results(
        folder
    ), f"{folder}: a later run there {how}; these are results of before. {what}"


def kept(folder: Path) -> Progress | None:
    """What a run said of itself; None where none did."""
    found = _kept(folder / PROGRESS_FILE)
    if found and found.state == "running" and not journal.held(folder / journal.JOURNAL_FILE):
        return msgspec.structs.replace(found, state="interrupted")
    return found


def _kept(path: Path) -> Progress | None:
    try:
        found = decoders.json(Progress).decode(path.read_bytes())
    except (OSError, *decoders.BROKEN):
        return None
    return found if found.schema == SCHEMA else None


def _of_results(results: Results) -> Progress:
    """Of a folder whose progress nobody kept: it is done."""
    tracker = Tracker(len(results.submissions), 0, clock=lambda: 0.0)
    for one in results.submissions:
        tracker.done(one)
    done = tracker.now("done")
    return msgspec.structs.replace(
        done, seconds=0.0, rate=0.0, memory=None, workers_memory=None, updated=results.environment.started
    )


def memory() -> tuple[int | None, int | None]:
    """Resident bytes of this process, and of what it started, as far as the system says."""
    own = _resident(os.getpid())
    if own is None:
        return None, None
    return own, sum(_beyond(child, 0) for child in _children(os.getpid()))


def _beyond(pid: int, parent: int) -> int:
    """What a process and those below it take; a fork has its parent's memory, which is counted once."""
    own = _resident(pid) or 0
    return max(own - parent, 0) + sum(_beyond(child, own) for child in _children(pid))


def _resident(pid: int) -> int | None:
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:  # gone, or another system
        return None
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def _children(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                yield from map(int, (task / "children").read_text().split())
