"""Both sides: how much one worker may say in all.

Each frame has its own caps; many frames that keep to them could still fill the parent's memory, the
evidence and a page. A worker keeps within these totals by itself: it sends fewer steps, or leaves source
out. So whoever passes them has tampered with what it sends.
"""

from __future__ import annotations

from math import prod
from typing import Final

from grader import wire
from grader.records import Step, Trace

BYTES: Final = 16 << 20  # of all frames that are kept
FRAMES: Final = 200_000  # that are kept: one for each statement is the most that an honest worker sends
CELLS: Final = 5_000  # of source
SOURCE: Final = 8 << 20  # bytes of it
NUMBERS: Final = 200_000  # in traces; an honest run on two components has some 10,000


class Totals:
    """What has come so far; single use."""

    def __init__(self) -> None:
        self._bytes = self._frames = self._cells = self._numbers = 0

    def add(self, frame: wire.Frame, size: int) -> None:
        """Raise ProtocolError where this frame is one too many."""
        self._bytes += size
        self._frames += 1
        if isinstance(frame, wire.Source):
            self._cells += len(frame.cells)
        elif isinstance(frame, wire.Traced):
            self._numbers += numbers(frame.trace)
        for found, most, what in (
            (self._bytes, BYTES, "bytes of results"),
            (self._frames, FRAMES, "frames"),
            (self._cells, CELLS, "cells"),
            (self._numbers, NUMBERS, "numbers in traces"),
        ):
            if found > most:
                raise wire.ProtocolError(f"more than {most} {what}")


def numbers(trace: Trace) -> int:
    """How many numbers a trace holds; every tensor and option counts as one at least."""
    return sum(map(_of_step, trace.steps))


def _of_step(step: Step) -> int:
    tensors = [one for one in (*step.before, *step.after, *step.gradients) if one is not None]
    options = sum(map(len, (step.options, *step.each)))
    return options + len(step.each) + sum(max(1, prod(one.shape)) for one in tensors)
