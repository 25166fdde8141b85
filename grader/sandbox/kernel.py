"""Child and parent in one: the graded calls in the process that asks for them, a student's notebook.

In a pool's place: the same calls by the same code, the same frames, the same tally. There are no walls, for
the code runs where its author runs it. A call that does not end is ended as the `Gate` can, and the process
is left as it was found.
"""

from __future__ import annotations

import builtins
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final, NoReturn

import torch

from grader import wire
from grader.kit import Kit
from grader.records import Cell, Execution, Failure, Note, Submission
from grader.results import Device
from grader.sandbox import calling, devices, exercising, imports, limits, pace, standins, tracebacks
from grader.sandbox.calling import Interrupted
from grader.sandbox.channel import Printed
from grader.sandbox.clock import Clock, Stop
from grader.sandbox.gate import Gate
from grader.sandbox.jobs import Calls
from grader.sandbox.loading import Loaded
from grader.sandbox.pool import inputs
from grader.sandbox.reading import Content
from grader.sandbox.restoring import Restored
from grader.sandbox.session import shown_to_nobody
from grader.sandbox.tally import Tally
from grader.sandbox.watch import Watched

_CUDA: Final = (
    f"this PyTorch ({torch.__version__}) is built without CUDA"
    if torch.version.cuda is None
    else "PyTorch finds no CUDA device"
)
TORCH: Final = str(torch.__version__)
_NOTHING_READ: Final = Content((), "", (), None)


class Kernel:
    """Runs what a session defines, as a pool runs a submission."""

    fresh_each_time = False

    def __init__(
        self, kit: Kit, loaded: Loaded, cells: tuple[Cell, ...], named: Callable[[str], str | None]
    ) -> None:
        """`named`: what the student knows a file by that code was compiled under."""
        self._inputs = tuple(inputs(exercise) for exercise in kit.exercises)
        self._limits = kit.limits
        self._loaded = loaded
        self._cells = cells
        self._named = named

    def run(
        self,
        submission: Submission,
        device: str = "cpu",
        calls: Calls = "suite",
        exercises: frozenset[str] | None = None,
        rungs: int | None = None,
        picked: Mapping[str, tuple[int, ...]] | None = None,
    ) -> Execution:
        """Make the calls; whatever they do is a value. Raises KeyboardInterrupt for whoever asked for it."""
        del submission
        tally = Tally(_NOTHING_READ, self._inputs, calls, exercises, rungs, picked)
        while not tally.finished:
            tally.add(self._attempt(tally, device))
        return tally.execution(device)

    def _attempt(self, tally: Tally, device: str) -> Watched:
        clock = Clock(self._limits, limits.START_SECONDS, _pace(), patient=tally.patient)
        clock.forked(os.getpid())
        gate = Gate(clock)
        line = _Frames(gate)
        began = time.process_time()
        with Restored(), suppress(Interrupted):
            gate.begin()
            try:
                devices.step(device)  # what that imports and sets up is charged to nobody
                self._call(line, gate, tally, device)
            finally:
                gate.end()
        if gate.asked:
            raise KeyboardInterrupt
        return Watched(line.frames, gate.stop, cpu_seconds=time.process_time() - began)

    def _call(self, line: _Frames, gate: Gate, tally: Tally, device: str) -> None:
        """As a worker does, but for what it sets up for itself alone."""
        tokens = calling.GATE.set(gate), tracebacks.NAMED.set(self._named)
        folder = str(Path.cwd())
        try:
            torch.set_num_threads(1)
            line.point(wire.Started())
            line.send(wire.Source(self._cells))
            imports.tell(gate.importing, folder + os.sep)
            standins.install(line.note)
            sys.stdout = sys.stderr = line.printed
            builtins.input = _nobody
            with shown_to_nobody(), warnings.catch_warnings():
                warnings.filterwarnings("ignore", "coroutine .* was never awaited")
                exercising.run(line, self._loaded, tally.job(folder), self._inputs, device)
            line.send(wire.Done())
        finally:
            calling.GATE.reset(tokens[0])
            tracebacks.NAMED.reset(tokens[1])


class _Frames:
    """What a worker would have sent."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._exercise: int | None = None
        self._size = 0
        self.frames: list[wire.Frame] = []
        self.printed = Printed(self._text)

    def send(self, frame: wire.Frame) -> None:
        self._gate.check()  # an answer that came too late is none
        self.printed.flush()
        self.frames.append(frame)

    def point(self, point: wire.Point) -> None:
        self._gate.passed(point)
        self.send(wire.Progress(point))
        if isinstance(point, wire.Begun):
            self._exercise = point.exercise

    def note(self, note: Note) -> None:
        self.frames.append(wire.Output("note", note.text, note.place, self._exercise))

    def _text(self, text: str) -> None:
        kept = max(0, limits.KEPT_OUTPUT - self._size)
        self._size += len(text)
        if kept:
            self.frames.append(wire.Output("text", text[:kept], None, self._exercise))
        if self._size > limits.FLOOD:
            self._gate.over(Stop(Failure.FLOODED, f"more than {limits.FLOOD >> 20} MiB printed"))


def _nobody(prompt: object = "") -> NoReturn:
    """As where a submission is graded: no question stops a check."""
    sys.stdout.write(str(prompt))
    raise EOFError("EOF when reading a line")


@cache
def _pace() -> float:
    return pace.pace()


def is_calling() -> bool:
    """Whether the student's code that runs now was called from here."""
    return calling.GATE.get() is not calling.UNWATCHED


def present(names: tuple[str, ...]) -> tuple[Device, ...]:
    """Each device that an assignment names, as this process has it."""
    return tuple(
        Device(name, reason is None, reason, None)
        for name, reason in zip(names, map(_lacks, names), strict=True)
    )


def _lacks(device: str) -> str | None:
    if device == "cpu":
        return None
    if device == "cuda":
        return None if torch.cuda.is_available() else _CUDA
    return "a notebook's kernel has no such device"
