"""Which lines of an exercise's own files run, for errors that name the one to look at.

Those of a probe run as its copy does beside a student's code; they are told as they stand in the file.
"""

from __future__ import annotations

import pickle
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, Final

import numpy as np
import torch

from grader.errors import GraderError
from grader.exercises import Exercise
from grader.sandbox import leaves, support

LINES: Final = 20_000  # of a run; more are not looked at

CORRECT: Final = "Correct the reference, or keep such inputs out of `arguments` and `edge_cases`."

Place = tuple[str, int]
"""A file and a line of it, from 1."""


class Blamed(GraderError):
    """Something that a line of the exercise's files is to blame for, if one was found."""

    def __init__(self, message: str, hint: str, place: Place | None) -> None:
        self.place = place
        super().__init__(message, hint)


def raising(exercise: Exercise, call: Callable[[], object]) -> Place | None:
    """The line of an exercise's files that a call raises in, which itself lets nothing out."""
    lines = Lines(exercise)
    lines.run(call)
    return lines.raised


@dataclass(frozen=True)
class Line:
    """A line that has run: what its function then held, and whether random numbers were drawn in it."""

    file: str
    line: int
    held: str
    seeded: bool  # from PyTorch's own generator, which each call is seeded for
    unseeded: bool  # from what no call is seeded for: Python's or NumPy's, or before the call began


class Lines:
    """Notes the lines of the exercise's own files while something runs, those of its probe's copy too."""

    def __init__(self, exercise: Exercise) -> None:
        functions = dict(_functions(exercise))
        self._folders = {Path(code.co_filename).parent for code in functions.values()}
        self._originals = functions
        self._probe = exercise.probe.__name__ if exercise.probe else ""
        self._current: dict[FrameType, int] = {}
        self._state = _generators()
        self._lines: list[Line] = []
        self._exception: object = None
        self.raised: Place | None = None  # where what was raised last came from

    def run(self, function: Callable[[], object]) -> list[Line]:
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            function()
        finally:
            sys.settrace(before)
        return self._lines

    def _enter(self, frame: FrameType, _event: str, _argument: object) -> Any:
        own = frame.f_code.co_filename == support.SUPPORT and frame.f_code.co_name in self._originals
        inside = own or Path(frame.f_code.co_filename).parent in self._folders
        return self._step if inside and len(self._lines) < LINES else None

    def _step(self, frame: FrameType, event: str, argument: object) -> Any:
        if event in ("line", "return"):
            if frame in self._current:
                self._lines.append(self._line(frame, argument))
            self._current[frame] = frame.f_lineno
        if event == "exception":
            self._raise(frame, argument)
        if event == "return":
            self._current.pop(frame, None)
        return self._step

    def _raise(self, frame: FrameType, argument: Any) -> None:
        """The innermost line: an exception passes through those that called it later."""
        if argument[1] is not self._exception:
            self._exception, self.raised = argument[1], self._place(frame, frame.f_lineno)

    def _line(self, frame: FrameType, returned: object) -> Line:
        before, self._state = self._state, _generators()
        torchs, *others = (a != b for a, b in zip(before, self._state, strict=True))
        file, line = self._place(frame, self._current[frame])
        early = torchs and frame.f_code.co_filename == support.SUPPORT and frame.f_code.co_name != self._probe
        return Line(file, line, _held(frame.f_locals, returned), torchs, early or any(others))

    def _place(self, frame: FrameType, line: int) -> Place:
        file = frame.f_code.co_filename
        if file != support.SUPPORT:
            return file, line
        original = self._originals[frame.f_code.co_name]
        return original.co_filename, line - frame.f_code.co_firstlineno + original.co_firstlineno


def _functions(exercise: Exercise) -> Iterator[tuple[str, CodeType]]:
    """The functions that the exercise names, and the methods of a class."""
    named_ones = [exercise.reference, *exercise.support, *([exercise.probe] if exercise.probe else [])]
    for one in named_ones:
        inside = vars(one).values() if isinstance(one, type) else (one,)
        for function in inside:
            plain = getattr(function, "__func__", function)
            if isinstance(plain, FunctionType):
                yield plain.__name__, plain.__code__


def _generators() -> tuple[bytes, object, bytes]:
    state = np.random.get_state()  # noqa: NPY002 -- of the one that anybody may draw from
    return torch.get_rng_state().numpy().tobytes(), random.getstate(), pickle.dumps(state)


def _held(names: Mapping[str, Any], returned: object) -> str:
    """What can be read of a function's values; what cannot is no cause that could be told."""
    try:
        found = [leaves.describe(one, {}) for one in (*names.values(), returned)]
    except Exception:  # noqa: BLE001 -- whatever an author's objects do when they are looked at
        return ""
    return repr([(one.leaves, one.value) for one in found])
