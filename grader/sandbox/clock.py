"""Parent side: the time of one worker, in CPU seconds with the wall clock as a backstop.

The kernel's clock of the process is read only when a limit could have been reached: CPU time of
one thread never runs ahead of the wall, so a quick submission costs no polling at all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from grader import wire
from grader.kit import Limits
from grader.records import Failure
from grader.sandbox import limits, linux

_SHORTEST_WAIT: Final = 0.005


@dataclass(frozen=True)
class Stop:
    """Why a worker did not come to its end."""

    failure: Failure
    why: str  # a phrase: "no end within 2 s of CPU time"
    final: bool = False  # the submission has used up what it may: no other worker goes on


class Clock:
    """Knows when a worker is late: at its current point, or in all."""

    def __init__(self, given: Limits, used: float, start_seconds: float) -> None:
        self._given = given
        self._total = given.submission_cpu_seconds
        self._used = used  # by the submission's earlier workers
        self._start_seconds = start_seconds
        self._pid = 0
        self._born = self._passed = time.monotonic()
        self._base: float | None = None  # the worker's CPU clock when it was ready
        self._passed_cpu = 0.0
        self._limit = 0.0
        self._soonest = self._born + start_seconds  # no limit can be reached before
        self._queued = self._passed_queued = 0.0

    def forked(self, pid: int) -> None:
        self._pid = pid

    @property
    def started(self) -> bool:
        return self._base is not None

    def passed(self, point: wire.Point) -> None:
        """The worker is at another point: its limit counts from now."""
        self._passed = time.monotonic()
        self._passed_cpu = self._cpu()
        self._passed_queued = self._queued  # as last read, so at most what it is: a sleeper may gain a little
        if self._base is None:
            self._base, self._born = self._passed_cpu, self._passed
        self._limit = self._limit_of(point)
        self._soonest = min(self._passed + self._limit, self._born + self._total - self._used)

    def _limit_of(self, point: wire.Point) -> float:
        case = self._given.case_cpu_seconds
        if isinstance(point, wire.Started | wire.Reading):
            return case * limits.READING
        return case * (limits.STATEMENT if isinstance(point, wire.Statement) else 1.0)

    def _cpu(self) -> float:
        return linux.cpu_seconds(self._pid) or self._passed_cpu

    def _read_queued(self) -> None:
        """How long a busy machine kept the worker waiting for a processor: no wall time of its own."""
        self._queued = max(self._queued, linux.queued_seconds(self._pid) if self._pid else 0.0)

    def remaining(self) -> float:
        """Seconds until a limit can be reached; not more than zero where one has been."""
        now = time.monotonic()
        if now < self._soonest:
            return self._soonest - now
        self._read_queued()
        if self._base is None:
            return self._born + self._start_seconds + self._queued - now
        cpu = self._cpu()
        factor = self._given.wall_factor
        return min(
            self._limit - (cpu - self._passed_cpu),
            self._limit * factor - (now - self._passed - self._queued + self._passed_queued),
            self._total - self._used - (cpu - self._base),
            (self._total - self._used) * factor - (now - self._born - self._queued),
        )

    def wait(self) -> float:
        return max(self.remaining(), _SHORTEST_WAIT)

    def verdict(self) -> Stop:
        """What to say of a worker that is late."""
        cpu = self._cpu()
        base = self._base if self._base is not None else cpu
        now = time.monotonic()
        if cpu - self._passed_cpu >= self._limit:
            return Stop(Failure.TIMED_OUT, f"no end within {self._limit:g} s of CPU time")
        if now - self._passed - self._queued + self._passed_queued >= self._limit * self._given.wall_factor:
            seconds = self._limit * self._given.wall_factor
            return Stop(Failure.TIMED_OUT, f"no end within {seconds:g} s; it waits more than it computes")
        if cpu - base >= self._total - self._used:
            return Stop(
                Failure.TIMED_OUT, f"the submission has used its {self._total:g} s of CPU time", final=True
            )
        seconds = self._total * self._given.wall_factor
        return Stop(Failure.TIMED_OUT, f"the submission has used its {seconds:g} s", final=True)
