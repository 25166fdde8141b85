"""Child side: frames out, and what the student's code prints as frames among them.

Frames wait until the next point that the worker passes, so a case costs one write. A process
that student code has forked must not speak for the worker: it ends where it tries to.
"""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable
from typing import Any, Final, TextIO

import msgspec

from grader import decoders, wire
from grader.records import Note

PIECE: Final = 16_384  # characters of print-outs that are kept back at most
DELAY: Final = 0.05  # seconds that they are kept back at most: an endless loop shows what it printed


class Channel:
    """The worker's end of the pipe of frames."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._pid = os.getpid()
        self._lock = threading.RLock()  # student threads print, too
        self._waiting = bytearray()
        self._exercise: int | None = None
        self.printed = Printed(self.text)

    def send(self, frame: wire.Frame) -> None:
        """Queue a frame behind what was printed before it."""
        if os.getpid() != self._pid:
            os._exit(0)
        with self._lock:
            self.printed.flush()
            self._waiting += _encode(frame)

    def point(self, point: wire.Point) -> None:
        """Say what comes next, at once."""
        with self._lock:
            self.send(wire.Progress(point))
            if isinstance(point, wire.Begun):
                self._exercise = point.exercise
            self.write_out()

    def importing(self, frame: wire.Importing) -> None:
        """Of which the parent has to know at once."""
        with self._lock:
            self.send(frame)
            self.write_out()

    def note(self, note: Note) -> None:
        self.send(wire.Output("note", note.text, note.place, self._exercise))

    def text(self, text: str) -> None:
        """A piece of what was printed."""
        if os.getpid() != self._pid:
            os.write(1, text.encode("utf-8", "backslashreplace"))
            return
        with self._lock:
            self._waiting += _encode(wire.Output("text", text, None, self._exercise))
            self.write_out()

    def write_out(self) -> None:
        with self._lock:
            data, self._waiting = memoryview(bytes(self._waiting)), bytearray()
            try:
                while data:
                    data = data[os.write(self._fd, data) :]
            except OSError:  # the student's code has closed the pipe: nobody can be told anything more
                os._exit(1)


class Printed(io.TextIOBase, TextIO):
    """sys.stdout and sys.stderr of the student's code."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell
        self._parts: list[str] = []
        self._size = 0
        self._last = time.monotonic()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._parts.append(str(text))
        self._size += len(text)
        if self._size >= PIECE or time.monotonic() - self._last > DELAY:
            self.flush()
        return len(text)

    def flush(self) -> None:
        if not self._parts:
            return
        parts, self._parts, self._size = self._parts, [], 0
        self._last = time.monotonic()
        text = "".join(parts)
        for start in range(0, len(text), 1 << 20):  # one print of a gigabyte is many frames
            self._tell(text[start : start + (1 << 20)])


def _encode(frame: wire.Frame) -> bytes:
    try:
        return wire.encode(frame)
    except UnicodeEncodeError:  # lone surrogates: from a file name, or written on purpose
        plain = _printable(msgspec.to_builtins(frame, builtin_types=(bytes,)))
        return wire.encode(decoders.convert(plain, wire.Frame, builtin_types=(bytes,)))


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list | tuple) else value
