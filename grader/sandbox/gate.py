"""Child side: an end for calls in a process that has to live on, a notebook's kernel.

What interrupts is let through while the student's code runs, and at no other moment: our own code, which
has something to put back, is never left half done. Late is what the `Clock` of the workers says is late; a
thread looks at it and knocks, again and again, for a bare `except:` may swallow an interruption. What cannot
be interrupted is a call that never comes back to Python.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Final, Self

from grader import wire
from grader.sandbox.calling import Interrupted
from grader.sandbox.clock import Clock, Stop

_TICK: Final = 0.05  # seconds between two looks, and between two knocks
_HARD: Final = 20  # knocks after which what catches them is interrupted as well
_SOME: Final = 100  # rounds of a loop, in which Python looks for what is to be raised
_ALARM: Final = getattr(signal, "SIGALRM", None)  # it also ends waiting and sleeping


class Gate:
    """Stands around the calls of one attempt; entered again around each stretch of the student's code."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._thread = threading.get_ident()
        self._with_signals = threading.current_thread() is threading.main_thread()
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, name="grader-limits", daemon=True)
        self._open = 0
        self._importing = False  # what is left half imported cannot be imported again
        self._knocks = 0
        self._closed = False  # for good
        self.stop: Stop | None = None
        self.asked = False  # by whoever sits before the notebook

    # --- what stands around all calls -------------------------------------------------------

    def begin(self) -> None:
        """From now on; whoever begins puts the handlers of signals back."""
        if self._with_signals:
            signal.signal(signal.SIGINT, self._on_interrupt)
            if _ALARM is not None:
                signal.signal(_ALARM, self._on_knock)
        self._watch.start()

    def end(self) -> None:
        self._closed = True
        while self._watch.is_alive():
            with suppress(Interrupted):  # without signals one may be on its way that nobody waits for
                self._ended.set()
                self._watch.join()
        with suppress(Interrupted):
            for _ in range(_SOME):
                pass

    def passed(self, point: wire.Point) -> None:
        """The limit of the next step counts from now. Raises Interrupted where the last one was ended."""
        self.check()
        with self._lock:
            self._clock.passed(point)

    def importing(self, frame: wire.Importing) -> None:
        self._importing = frame.begins
        with self._lock:
            self._clock.importing(begins=frame.begins)

    def check(self) -> None:
        """Raise Interrupted where that is due: the student's code may have swallowed it."""
        if self.stop is not None or self.asked:
            raise Interrupted

    def over(self, stop: Stop) -> None:
        """End the call for another reason than time."""
        self.stop = self.stop or stop
        raise Interrupted

    # --- around the student's code ------------------------------------------------------------

    def __enter__(self) -> Self:
        self.check()
        self._open += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._open -= 1

    # --- who knocks -----------------------------------------------------------------------------

    def _look(self) -> None:
        while not self._ended.wait(_TICK):
            with self._lock:
                if self.stop is None and self._clock.remaining() <= 0:
                    self.stop = self._clock.verdict()
            if self.stop is not None or self.asked:
                self._knock()

    def _knock(self) -> None:
        self._knocks += 1
        if self._with_signals and _ALARM is not None:
            signal.pthread_kill(self._thread, _ALARM)
        elif self._lets_in():
            _raise_in(self._thread)

    def _lets_in(self) -> bool:
        return bool(self._open) and not self._importing and not self._closed

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.asked = True
        if self._lets_in():
            raise Interrupted

    def _on_knock(self, number: int, frame: FrameType | None) -> None:
        """Once ours were given time to come to their end, whatever runs is the student's after all."""
        del number
        if not self._lets_in() and (self._knocks == 1 or self._importing or self._closed):
            return
        if self._knocks > _HARD and self._open:
            _raise_everywhere(frame)
        raise Interrupted


def _raise_in(thread: int) -> None:
    """Between two instructions of a thread."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Interrupted))


def _raise_everywhere(frame: FrameType | None) -> None:
    """At the next line of what runs, that of its `except:`: what is raised there is not caught there."""

    def at_line(frame: FrameType, event: str, given: object) -> Callable[..., Any]:
        del frame, given
        if event == "line":
            raise Interrupted
        return at_line

    while frame is not None and frame.f_globals.get("__name__") != "grader.sandbox.calling":
        frame.f_trace = at_line
        frame = frame.f_back
    sys.settrace(lambda *_: None)
