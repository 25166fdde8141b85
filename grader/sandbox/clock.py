"""Parent side: the time of one worker, in CPU seconds with the wall clock as a backstop.

Two stretches of a worker's life are bounded at any moment: the step it is at (a statement, a call), and the
whole of the loading or of one exercise's calls. Neither is charged for imports, nor for the time that a busy
machine kept the worker waiting for a processor. Limits are told as they were given, in seconds of the
reference machine, and allow `pace` times as much here, which is never less.

The kernel's clock of the process is read only when a limit could have been reached: CPU time of
one thread never runs ahead of the wall, so a quick submission costs no polling at all.
"""

from __future__ import annotations

import os
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
    why: str  # a phrase: "no end within 10 s of CPU time"
    hasty: bool = False  # a call that is to be made again by itself, with more time, before anything is said
    spent: bool = False  # not what is in flight took too long, but all that came before it as well


@dataclass(frozen=True, slots=True)
class _Time:
    """What a worker has used."""

    cpu: float
    wall: float

    def __sub__(self, other: _Time) -> _Time:
        return _Time(self.cpu - other.cpu, self.wall - other.wall)

    def __add__(self, other: _Time) -> _Time:
        return _Time(self.cpu + other.cpu, self.wall + other.wall)

    def at_most(self, other: _Time) -> _Time:
        return _Time(min(self.cpu, other.cpu), min(self.wall, other.wall))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of a worker's life: when it began, and what it may take."""

    began: _Time
    most: _Time

    def left(self, now: _Time) -> _Time:
        return self.most - (now - self.began)


_NOTHING: Final = _Time(0.0, 0.0)


class Clock:
    """Knows when a worker is late: at its current step, or in all."""

    def __init__(self, given: Limits, start_seconds: float, pace: float, patient: bool) -> None:
        """`patient`: the first exercise's calls may take long, since one of them has been made before."""
        self._given = given
        self._pace = pace
        self._exercises_begun = 0
        self._patient = patient
        self._pid = 0
        self._started = False
        self._ready_by = time.monotonic() + start_seconds
        self._queued = self._waited = 0.0
        self._last_cpu = 0.0
        self._excused = _NOTHING  # of what imports took
        self._import_began: _Time | None = None
        self._point: wire.Point | None = None
        self._step = self._whole = _Stretch(_NOTHING, _NOTHING)
        self._soonest = self._ready_by  # no limit can be reached before

    def forked(self, pid: int) -> None:
        self._pid = pid
        if pid == os.getpid():  # no worker, which begins with nothing
            self._waited = linux.queued_seconds(pid)

    @property
    def started(self) -> bool:
        return self._started

    def passed(self, point: wire.Point) -> None:
        """The worker is at another point: its limit counts from now."""
        now = self._charged()
        if isinstance(point, wire.Begun):
            self._exercises_begun += 1
            self._whole = _Stretch(now, self._allowed(self._given.exercise_cpu_seconds))
        elif not self._started:
            self._started = True
            self._whole = _Stretch(now, self._allowed(self._given.case_cpu_seconds * limits.LOADING))
        self._point = point
        self._step = _Stretch(now, self._allowed(self._seconds_of(point)))
        soonest = min(self._step.most.cpu, self._whole.left(now).cpu)
        self._soonest = time.monotonic() + soonest

    def importing(self, *, begins: bool) -> None:
        """What is installed is being imported, or has been."""
        used = self._used()
        if begins and self._import_began is None:
            self._import_began = used
        elif not begins and self._import_began is not None:
            self._excused += self._excusable(used)
            self._import_began = None

    def remaining(self) -> float:
        """Seconds until a limit can be reached; not more than zero where one has been."""
        now = time.monotonic()
        if now < self._soonest:
            return self._soonest - now
        self._queued = max(self._queued, linux.queued_seconds(self._pid) - self._waited if self._pid else 0.0)
        if not self._started:
            return self._ready_by + self._queued - now
        charged = self._charged()
        step, whole = self._step.left(charged), self._whole.left(charged)
        return min(step.cpu, step.wall, whole.cpu, whole.wall)

    def wait(self) -> float:
        return max(self.remaining(), _SHORTEST_WAIT)

    def verdict(self) -> Stop:
        """What to say of a worker that is late."""
        charged = self._charged()
        step, whole = self._step.left(charged), self._whole.left(charged)
        if min(step.cpu, step.wall) > min(whole.cpu, whole.wall):
            return Stop(Failure.TIMED_OUT, self._spent(waits=whole.wall < whole.cpu), spent=True)
        seconds = self._seconds_of(self._point)
        why = f"no end within {seconds:g} s of CPU time"
        if step.wall < step.cpu:
            seconds *= self._given.wall_factor
            why = f"no end within {seconds:g} s; it waits more than it computes"
        return Stop(Failure.TIMED_OUT, why, hasty=self._hasty())

    def _spent(self, *, waits: bool) -> str:
        if self._exercises_begun:
            what, seconds = "the calls of this exercise", self._given.exercise_cpu_seconds
        else:
            what, seconds = "loading", self._given.case_cpu_seconds * limits.LOADING
        if waits:
            return f"{what} took more than {seconds * self._given.wall_factor:g} s in all"
        return f"{what} took more than {seconds:g} s of CPU time in all"

    def _hasty(self) -> bool:
        return isinstance(self._point, wire.Calling) and not self._is_patient()

    def _is_patient(self) -> bool:
        return self._patient and self._exercises_begun == 1

    def _seconds_of(self, point: wire.Point | None) -> float:
        case = self._given.case_cpu_seconds
        if isinstance(point, wire.Started | wire.Reading):
            return case * limits.READING
        if isinstance(point, wire.Statement):
            return case * limits.STATEMENT
        return case * (limits.AGAIN if self._is_patient() else 1.0)

    def _allowed(self, seconds: float) -> _Time:
        here = seconds * self._pace
        return _Time(here, here * self._given.wall_factor)

    def _charged(self) -> _Time:
        """What the worker has used, less what imports took."""
        used = self._used()
        return used - self._excused - self._excusable(used)

    def _excusable(self, used: _Time) -> _Time:
        """Of the import that goes on."""
        if self._import_began is None:
            return _NOTHING
        left = self._allowed(self._given.case_cpu_seconds * limits.IMPORTS) - self._excused
        return (used - self._import_began).at_most(left)

    def _used(self) -> _Time:
        """All that the worker has used; `queued` is as last read, so a sleeper may gain a little."""
        self._last_cpu = linux.cpu_seconds(self._pid) or self._last_cpu
        return _Time(self._last_cpu, time.monotonic() - self._queued)
