"""Parent side: submissions in, executions out.

A pool holds one warm zygote and asks it for single-use workers; threads may call `run` at once.
A zygote that ends is started again, and the jobs it took along run again once, each with a
zygote of its own, so that one submission cannot take another's second chance.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from grader.errors import GraderError
from grader.kit import Case, Exercise, Kit, Limits
from grader.records import Execution, Failure, Note, Submission
from grader.results import Isolation
from grader.sandbox import folders, limits, linux, reading
from grader.sandbox.clock import Clock
from grader.sandbox.jobs import Call, Calls, Inputs, Ready, Setup, Start, Wanted
from grader.sandbox.launcher import Zygote, ZygoteLost
from grader.sandbox.limits import isolation_report
from grader.sandbox.probing import Versions, probe
from grader.sandbox.reading import Content
from grader.sandbox.rooms import SCRATCH
from grader.sandbox.scratch import Scratch, full
from grader.sandbox.tally import Tally
from grader.sandbox.watch import Watch, Watched
from grader.text import clean

__all__ = ["Pool", "Versions", "probe"]

_CUT: Final = (
    f"The folder is too large: its first {limits.FOLDER_FILES} files, "
    f"or {limits.FOLDER_BYTES >> 20} MiB, down to {limits.FOLDER_DEPTH} folders deep, "
    "were there when the code ran."
)


class Pool:
    """Runs submissions; a context manager."""

    fresh_each_time = True

    def __init__(
        self, kit: Kit, given: Limits, jobs: int = 1, *, fresh: bool = False, level: Wanted = "auto"
    ) -> None:
        """`fresh`: never fork from a process that has imported torch (CUDA; systems without a safe fork).

        `level` of the walls around each submission: `auto` is the strongest there is, and never none.
        """
        self._inputs = tuple(inputs(exercise) for exercise in kit.exercises)
        self._limits = given
        self._fresh = fresh or not linux.ON_LINUX
        self._level = level
        self._slots = threading.BoundedSemaphore(jobs)
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._zygotes: dict[bool, Zygote] = {}  # by whether it is for CUDA
        self._open = True
        self.overtaken: Callable[[], bool] | None = None  # whether what runs is of no use any more
        self._scratch = Scratch()
        linux.forbid_inspection()  # expected values are in this process
        self._zygote(cuda=False)  # starts while the caller goes on

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the zygotes and whatever still runs."""
        with self._lock:
            zygotes, self._zygotes, self._open = list(self._zygotes.values()), {}, False
        for zygote in zygotes:
            zygote.close()
        self._scratch.close()

    @property
    def versions(self) -> Versions:
        """Raises HarnessError where no submission can be run here, GraderError where not at this level."""
        ready = self._ready()
        return Versions(ready.python, ready.torch, ready.platform, ready.torch_cuda)

    @property
    def isolation(self) -> Isolation:
        """The level and its layers, each of which was tried. Raises as `versions`."""
        ready = self._ready()
        return isolation_report(ready.level, privileged=ready.privileged, weaker=ready.weaker)

    @property
    def pace(self) -> float:
        """What limits of time are multiplied by on this machine. Raises as `versions`."""
        return self._ready().pace

    def _ready(self) -> Ready:
        """The first zygote decides what `auto` is; those after it must have the same."""
        ready = self._zygote(cuda=False).ready()
        self._level = ready.level
        return ready

    def run(
        self,
        submission: Submission,
        device: str = "cpu",
        calls: Calls = "suite",
        exercises: frozenset[str] | None = None,
        rungs: int | None = None,
        picked: Mapping[str, tuple[int, ...]] | None = None,
    ) -> Execution:
        """Run one submission; whatever its code does is a value. Raises Overtaken where `overtaken` says so.

        `rungs`: of the ladder, None: all. `picked`: of each of the `exercises`, which of the suite's calls.
        """
        content = reading.read(submission)
        if content.problem is not None:
            return _no_result(device, content, content.problem, Failure.LOAD_FAILED)
        tally = Tally(content, self._inputs, calls, exercises, rungs, picked)
        try:
            while not tally.finished:
                watched = self._attempt(tally, submission, device)
                if watched.harness is not None:
                    return _no_result(device, content, watched.harness)
                tally.add(watched)
        except GraderError as error:  # HarnessError; or a level that was there is not any more
            return _no_result(device, content, error.message)
        except OSError as error:  # no room for a temporary file, no more open files ...: never the student's
            refusal = full(error)
            why = f"{refusal.message} {refusal.hint}" if refusal else f"{error}."
            return _no_result(device, content, f"This machine could not run the submission: {why}")
        return tally.execution(device)

    def _attempt(self, tally: Tally, submission: Submission, device: str) -> Watched:
        """One worker; a second one, from a zygote of its own, where the first was lost with its zygote."""
        cuda = device == "cuda"
        self._ready()
        zygote = self._zygote(cuda=cuda)
        try:
            watched = self._work(zygote, tally, submission, device)
        except ZygoteLost:
            watched = Watched(lost=True)
        if not watched.lost:
            return watched
        self._forget(zygote, cuda=cuda)
        own = Zygote(self._setup(cuda=cuda), self._scratch.lock)
        try:
            watched = self._work(own, tally, submission, device)
        except ZygoteLost:
            watched = Watched(lost=True)
        except BaseException:
            own.close()
            raise
        if watched.lost:
            watched.harness = "the process that runs submissions ended twice while this one ran"
        self._adopt(own, cuda=cuda, alive=not watched.lost)
        return watched

    def _work(self, zygote: Zygote, tally: Tally, submission: Submission, device: str) -> Watched:
        if device == "cuda":
            with self._one_at_a_time:
                return self._worker(zygote, tally, submission, device)
        return self._worker(zygote, tally, submission, device)

    def _worker(self, zygote: Zygote, tally: Tally, submission: Submission, device: str) -> Watched:
        """Fork, follow, and remove the working folder once nobody is left to write to it."""
        folder = Path(tempfile.mkdtemp(prefix="grader-", dir=self._scratch.path))
        try:
            with self._slots, tempfile.TemporaryFile() as job:
                whole = reading.copy_folder(submission, folder)
                job.write(msgspec.msgpack.encode(tally.job(self._inside(folder, device))))
                job.seek(0)
                pipes = zygote.fork(self._order(tally, device, folder), job.fileno())
                start = (
                    limits.START_SECONDS
                    if device != "cuda" and not self._fresh
                    else limits.COLD_START_SECONDS
                )
                clock = Clock(self._limits, start, self.pace, patient=tally.patient)
                watched = Watch(pipes, tally.expected(), clock, self.overtaken).follow()
            if not whole:
                tally.note(Note(_CUT))
            return watched
        finally:
            folders.remove(str(folder))

    def _inside(self, folder: Path, device: str) -> str:
        """The working folder as the worker sees it."""
        return f"{SCRATCH}/{folder.name}" if self._level == "strict" and device != "cuda" else str(folder)

    def _order(self, tally: Tally, device: str, folder: Path) -> Start:
        return Start(
            device=device,
            memory_bytes=self._limits.memory_bytes,
            cpu_seconds=self.pace * limits.worker_cpu_seconds(self._limits, len(self._inputs)),
            folder=str(folder),
            warm=() if device == "cuda" else tally.modules(),
        )

    def _setup(self, *, cuda: bool) -> Setup:
        """A driver needs devices and files that the walls hide: CUDA has no level but none, and says so."""
        return Setup(self._inputs, warm=not (cuda or self._fresh), level="none" if cuda else self._level)

    def _zygote(self, *, cuda: bool) -> Zygote:
        with self._lock:
            if cuda not in self._zygotes:
                self._zygotes[cuda] = Zygote(self._setup(cuda=cuda), self._scratch.lock)
            return self._zygotes[cuda]

    def _adopt(self, own: Zygote, *, cuda: bool, alive: bool) -> None:
        """A zygote that has served one submission well serves the others, where they have none yet."""
        with self._lock:
            if alive and self._open and cuda not in self._zygotes:
                self._zygotes[cuda] = own
                return
        own.close()

    def _forget(self, zygote: Zygote, *, cuda: bool) -> None:
        """The next worker gets a new zygote; whoever notices first takes the old one away."""
        with self._lock:
            if self._zygotes.get(cuda) is zygote:
                del self._zygotes[cuda]
                zygote.close()


def inputs(exercise: Exercise) -> Inputs:
    """What a worker may know of an exercise: the arguments, and nothing of what is expected."""
    steps = [
        (case.effort, i) for i, case in enumerate(exercise.cases) if case.effort > 0 and case.repeats is None
    ]
    return Inputs(
        name=exercise.name,
        parameters=exercise.parameters,
        suite=tuple(_call(case) for case in exercise.cases),
        ladder=tuple(_call(case) for case in exercise.ladder),
        keyword=min(steps)[1] if steps else None,
        protocol=exercise.protocol,
    )


def _call(case: Case) -> Call:
    again = case.repeats is not None
    return Call(case.arguments, traced=again or case.traced, again=again)


def _no_result(device: str, content: Content, message: str, failure: Failure | None = None) -> Execution:
    """Nothing of it ran: because of the files, or, without `failure`, because of us."""
    return Execution(
        device=device,
        loaded=False,
        message=clean(message, limits.MESSAGE),
        failure=failure,
        cells=(),
        notes=content.notes,
        output="",
        exercises=(),
        cpu_seconds=0.0,
        sha256=content.sha256,
        harness=None if failure is not None else clean(message, limits.MESSAGE),
    )
