"""Parent side: one worker from its start to its end.

Reads what it sends without ever waiting for it alone, and ends it when it is over a limit. What
arrived before the end counts.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from grader import decoders, wire
from grader.records import Failure
from grader.sandbox import jobs, limits, linux, sequence
from grader.sandbox.clock import Clock, Stop
from grader.sandbox.launcher import MAX_REPORT, Pipes
from grader.sandbox.totals import Totals
from grader.text import decode

_PIECE: Final = 1 << 16
_NAP: Final = 5  # ms: frames are taken in by the handful, and a worker is not disturbed at each
_ASK: Final = 0.05  # seconds: whoever saves again waits no longer for a run that is of no use now
_BUSY: Final = 1 << 14  # bytes: a pipe that fills is emptied at once
_REPORTS: Final = decoders.msgpack(jobs.Report)
_TIMEOUT_SIGNALS: Final = (signal.SIGXCPU,)
_NO_MEMORY: Final = (
    "memory ran out on this machine or in its container, and the kernel ended the submission "
    "before it reached its own limit of memory"
)


@dataclass
class Watched:
    """What one worker sent, and how it ended."""

    frames: list[wire.Frame] = field(default_factory=list)
    stop: Stop | None = None
    output: bytes = b""  # written past sys.stdout, capped
    cpu_seconds: float = 0.0
    harness: str | None = None  # a fault of ours
    lost: bool = False  # the zygote was gone before the worker's end


class Overtaken(BaseException):
    """Nobody waits for the answer any more. Like an interruption, it is no error on its way up."""


class Watch:
    """Follows one worker; single use."""

    def __init__(
        self,
        pipes: Pipes,
        expected: tuple[sequence.Expected, ...],
        clock: Clock,
        overtaken: Callable[[], bool] | None = None,
    ) -> None:
        """`overtaken` is asked now and then; where it says so, `follow` ends with an `Overtaken`."""
        self._overtaken = overtaken
        self._ask_at = 0.0
        self._pipes = pipes
        self._reader = sequence.Reader(expected)
        self._clock = clock
        self._totals = Totals()
        self._seen = Watched()
        self._frame_bytes = 0
        self._printed = 0
        self._dismissed = False  # the zygote has been asked to end it
        self._ended: jobs.Ended | None = None
        self._killed_before = linux.killed_for_memory()
        self._open: dict[int, Callable[[], None]] = {
            pipes.frames: self._read_frames,
            pipes.output: self._read_output,
            pipes.status.fileno(): self._read_status,
        }
        self._poll = select.poll()
        self._end = select.poll()
        self._hurry = True

    def follow(self) -> Watched:
        """Until the worker is gone."""
        try:
            for fd in self._open:
                os.set_blocking(fd, False)
                self._poll.register(fd, select.POLLIN)
            self._end.register(self._pipes.status, select.POLLIN)
            while self._pipes.status.fileno() in self._open:
                self._turn()
            self._read_rest()
        finally:
            self._pipes.close()  # hangs up: whatever went wrong here, the worker does not live on
        self._conclude()
        return self._seen

    def _turn(self) -> None:
        if not self._hurry:
            self._end.poll(_NAP)
        self._hurry = False
        self._ask()
        ready = {fd for fd, _ in self._poll.poll(None if self._dismissed else 1000 * self._wait())}
        status = self._pipes.status.fileno()
        for fd in sorted(ready, key=lambda fd: fd != status):  # whose clock it is comes before what it sends
            self._open[fd]()
        if not self._dismissed and self._pipes.status.fileno() in self._open:
            self._check_time()

    def _ask(self) -> None:
        now = time.monotonic()
        if self._overtaken is not None and now >= self._ask_at:
            self._ask_at = now + _ASK
            if self._overtaken():
                raise Overtaken

    def _wait(self) -> float:
        """Seconds in which nothing is to be done but to read."""
        wait = self._clock.wait()
        return wait if self._overtaken is None else min(wait, _ASK)

    def _check_time(self) -> None:
        if self._clock.remaining() > 0:
            return
        if not self._clock.started:
            self._seen.harness = "a process for the submission did not start in time"
        self._stop(self._clock.verdict())

    def _stop(self, stop: Stop) -> None:
        """Have the worker ended; what it sends from now on is not looked at."""
        if self._seen.stop is None:
            self._seen.stop = stop
            self._dismiss()

    def _dismiss(self) -> None:
        if not self._dismissed:
            self._dismissed = True
            with contextlib.suppress(OSError):  # the zygote is gone, and the worker with it
                self._pipes.status.shutdown(socket.SHUT_WR)

    def _read(self, fd: int) -> bytes | None:
        """What is there; None where nothing is now, empty at the end."""
        try:
            data = os.read(fd, _PIECE)
        except BlockingIOError:
            return None
        if not data:
            self._poll.unregister(fd)
            del self._open[fd]
        return data

    def _read_status(self) -> None:
        try:
            data = os.read(self._pipes.status.fileno(), MAX_REPORT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        report = _REPORTS.decode(data) if data else None
        if isinstance(report, jobs.Forked):
            self._clock.forked(report.pid)
            return
        if isinstance(report, jobs.Ended):
            self._ended = report
        elif isinstance(report, jobs.Trouble):
            self._seen.harness = report.text
        else:
            self._seen.lost = True
        self._poll.unregister(self._pipes.status)
        del self._open[self._pipes.status.fileno()]

    def _read_output(self) -> None:
        data = self._read(self._pipes.output)
        self._hurry |= data is None or len(data) >= _BUSY
        if data:
            room = limits.KEPT_OUTPUT - len(self._seen.output)
            self._seen.output += data[:room]
            self._count_printed(len(data))

    def _read_frames(self) -> None:
        data = self._read(self._pipes.frames)
        self._hurry |= data is None or len(data) >= _BUSY
        if not data or self._seen.stop is not None:
            return
        self._frame_bytes += len(data)
        if self._frame_bytes > limits.MAX_FRAMES:
            self._stop(Stop(Failure.PROTOCOL, f"more than {limits.MAX_FRAMES >> 20} MiB of results"))
            return
        try:
            for frame, size in self._reader.feed(data):
                self._take(frame, size)
        except wire.ProtocolError as error:
            self._stop(Stop(Failure.PROTOCOL, f"its results were tampered with: {error}"))
        if self._reader.complete:  # it owes nothing more, and need not live on
            self._dismiss()

    def _take(self, frame: wire.Frame, size: int) -> None:
        if isinstance(frame, wire.Output) and frame.kind == "text":
            kept = max(0, limits.KEPT_OUTPUT - self._printed)
            self._count_printed(len(frame.text))
            if not kept:
                return
        if isinstance(frame, wire.Importing):
            self._clock.importing(begins=frame.begins)
            return
        if isinstance(frame, wire.Progress):
            self._clock.passed(frame.point)
        self._totals.add(frame, size)
        self._seen.frames.append(frame)

    def _count_printed(self, size: int) -> None:
        self._printed += size
        if self._printed > limits.FLOOD:
            self._stop(Stop(Failure.FLOODED, f"more than {limits.FLOOD >> 20} MiB printed"))

    def _read_rest(self) -> None:
        """The worker is gone, so what is in the pipes is all there will be."""
        for fd in (self._pipes.frames, self._pipes.output):
            while fd in self._open and select.select([fd], [], [], 0)[0]:
                self._open[fd]()

    def _conclude(self) -> None:
        """How it ended, where nobody ended it."""
        seen, ended = self._seen, self._ended
        seen.lost = seen.lost and not self._reader.complete
        if ended is None:
            return
        seen.cpu_seconds = ended.cpu_seconds
        if seen.stop is not None or self._reader.complete:
            return
        code = os.waitstatus_to_exitcode(ended.status)
        if not self._clock.started:  # from then on how it ends may be the submission's doing, its words too
            words = decode(seen.output).strip().splitlines()
            seen.harness = words[-1] if words else f"a process ended before it began (exit code {code})"
        elif code == -signal.SIGKILL and linux.killed_for_memory() > self._killed_before:
            seen.harness = _NO_MEMORY  # at its own limit a call is refused memory, and nobody is killed
        seen.stop = Stop(Failure.REFUSED, ended.excess) if ended.excess else _ending(code)


def _ending(code: int) -> Stop:
    if code == jobs.EXIT_NO_MEMORY:
        return Stop(Failure.OUT_OF_MEMORY, "no memory was left")
    if code >= 0:
        return Stop(Failure.EXITED, f"the process was ended from within (exit code {code})")
    if -code == signal.SIGSYS:
        return Stop(Failure.REFUSED, "it made a system call that is refused here, and was ended (SIGSYS)")
    if -code in _TIMEOUT_SIGNALS:
        return Stop(Failure.TIMED_OUT, "the CPU time was used up")
    return Stop(Failure.CRASHED, f"the process crashed ({signal.Signals(-code).name})")
