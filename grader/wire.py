"""Frames: what a worker tells the parent, one after another through a pipe.

A frame is `TGF1`, a u32 length, a u32 CRC-32 and a msgpack body of one of seven types. The child belongs to
the student as soon as student code runs, so a frame is a claim about outputs: it is checked against caps,
types and its place in the sequence before any of it is used, and whatever does not fit is a `ProtocolError`.
The checksum defends against nobody: it tells stray writes of an honest program from frames.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from math import prod
from typing import Final, Literal

import msgspec

from grader import decoders
from grader.records import (
    MAX_PARAMETERS,
    MAX_STEPS,
    Cell,
    Failure,
    Landmark,
    Leaf,
    Place,
    Raised,
    Record,
    Returned,
    Tensor,
    Trace,
)
from grader.tensors import ITEM_SIZES
from grader.text import one_line

MAGIC: Final = b"TGF1"
HEAD: Final = struct.Struct("<4sII")
MAX_FRAME: Final = 8 << 20  # a source of 2 MiB, escaped, is the largest honest frame
MAX_RANK: Final = 16
MAX_ELEMENTS: Final = 1024  # as the worker's own cap: more is described in words instead
MAX_OPTIONS: Final = 16
MAX_LEAVES: Final = 256  # of one result, and how many numbers these may have, as the worker's own caps
MAX_NUMBERS: Final = 4096
LEAF_DTYPES: Final = frozenset(
    {*ITEM_SIZES, "complex64", "complex128", "uint16", "uint32", "uint64"}
)  # of a part's numbers
RAISED_KINDS: Final = frozenset({Failure.RAISED, Failure.OUT_OF_MEMORY, Failure.EXITED, Failure.REFUSED})


class ProtocolError(Exception):
    """What came from the child is no valid sequence of frames."""


# --- points that a worker passes ----------------------------------------------------------


class Started(Record, frozen=True, tag="started"):
    """The worker stands, confined; from here on its time is the student's."""


class Reading(Record, frozen=True, tag="reading"):
    """About to parse the submission's file of this index."""

    file: int


class Statement(Record, frozen=True, tag="statement"):
    """About to run a top-level statement: the `index`-th of its file."""

    file: int
    index: int
    place: Place


class Begun(Record, frozen=True, tag="begun"):
    """An exercise: whether its function is there, and where."""

    exercise: int
    found: bool
    nearest: str | None = None
    place: Place | None = None
    landmarks: dict[Landmark, Place] = msgspec.field(default_factory=dict)


class Calling(Record, frozen=True, tag="calling"):
    """About to make the call of a case."""

    exercise: int
    case: int


class Keyword(Record, frozen=True, tag="keyword"):
    """About to make one more call, by keyword."""

    exercise: int


class Observed(Record, frozen=True, tag="observed"):
    """All cases were called: whether calls left something behind, and whether any drew random numbers."""

    exercise: int
    keeps: bool
    draws: bool


class Unloadable(Record, frozen=True, tag="unloadable"):
    """Nothing of the submission could run; only `done` follows."""

    text: str
    place: Place | None = None


Point = Started | Reading | Statement | Begun | Calling | Keyword | Observed | Unloadable


# --- frames -------------------------------------------------------------------------------


class Source(Record, frozen=True, tag="source"):
    """A file's source, sent before any of it runs."""

    cells: tuple[Cell, ...]


class Progress(Record, frozen=True, tag="progress"):
    """What comes next."""

    point: Point


class Case(Record, frozen=True, tag="case"):
    """What one graded call came to."""

    exercise: int
    case: int
    answer: Returned | Raised


class Traced(Record, frozen=True, tag="trace"):
    """The optimiser steps of one call; sent before the call's answer."""

    exercise: int
    case: int
    trace: Trace


class Importing(Record, frozen=True, tag="importing"):
    """Something installed begins to be imported, or has been; what that takes is charged to nobody."""

    begins: bool


class Output(Record, frozen=True, tag="output"):
    """A note, or a piece of what the student's code printed; `exercise` is None while loading."""

    kind: Literal["note", "text"]
    text: str
    place: Place | None = None
    exercise: int | None = None


class Done(Record, frozen=True, tag="done"):
    """All that was asked for has been sent."""


Frame = Source | Progress | Case | Traced | Importing | Output | Done

_DECODER: Final = decoders.msgpack(Frame)


def encode(frame: Frame) -> bytes:
    """The frame's bytes; ValueError where it is larger than any frame may be."""
    body = msgspec.msgpack.encode(frame)
    if len(body) > MAX_FRAME:
        raise ValueError(f"a frame of {len(body)} bytes, the limit is {MAX_FRAME}")
    return HEAD.pack(MAGIC, len(body), zlib.crc32(body)) + body


class Stream:
    """Cuts bytes into frames, each checked by itself."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.size = 0  # bytes of the latest frame

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames completed by `data`. Raises ProtocolError at the first byte that cannot stand there."""
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def finish(self) -> None:
        """Raise ProtocolError where the bytes end within a frame."""
        if self._buffer:
            raise ProtocolError(f"the frames end within one, after {len(self._buffer)} bytes of it")

    def _next(self) -> Frame | None:
        known = bytes(self._buffer[: len(MAGIC)])
        if not MAGIC.startswith(known):
            raise ProtocolError(f"a frame cannot begin with {known!r}")
        if len(self._buffer) < HEAD.size:
            return None
        _, length, checksum = HEAD.unpack_from(self._buffer)
        if length > MAX_FRAME:  # before any of it is kept
            raise ProtocolError(f"a frame of {length} bytes, the limit is {MAX_FRAME}")
        if len(self._buffer) < HEAD.size + length:
            return None
        self.size = length
        body = bytes(self._buffer[HEAD.size : HEAD.size + length])
        del self._buffer[: HEAD.size + length]
        return _decode(body, checksum)


def _decode(body: bytes, checksum: int) -> Frame:
    if zlib.crc32(body) != checksum:
        raise ProtocolError("a frame's checksum does not match its bytes")
    try:
        frame: Frame = _DECODER.decode(body)
    except decoders.BROKEN as error:
        raise ProtocolError(f"a frame that cannot be read: {one_line(str(error))}") from None
    check(frame)
    return frame


# --- one frame by itself ------------------------------------------------------------------


def check(frame: Frame) -> None:
    """Raise ProtocolError where a value in the frame contradicts itself or is over a cap."""
    if isinstance(frame, Case):
        _check_answer(frame.answer)
    elif isinstance(frame, Traced):
        _check_trace(frame.trace)


def _check_answer(answer: Returned | Raised) -> None:
    if isinstance(answer, Raised):
        if answer.failure not in RAISED_KINDS:
            raise ProtocolError(f"a call cannot raise {answer.failure.value!r}")
    elif answer.value is not None:
        _check_tensor(answer.value, MAX_NUMBERS if answer.leaves else MAX_ELEMENTS)
        _check_leaves(answer.leaves, answer.value)


def _check_leaves(leaves: tuple[Leaf, ...], value: Tensor) -> None:
    if len(leaves) > MAX_LEAVES:
        raise ProtocolError(f"a result of {len(leaves)} parts, the limit is {MAX_LEAVES}")
    for leaf in leaves:
        if len(leaf.shape) > MAX_RANK or any(not 0 <= side <= MAX_NUMBERS for side in leaf.shape):
            raise ProtocolError(f"a part of shape {leaf.shape}")
        if leaf.dtype and leaf.dtype not in LEAF_DTYPES:
            raise ProtocolError(f"a part of dtype {leaf.dtype[:40]!r}")
    if leaves and (value.dtype, value.shape) != ("float64", (sum(leaf.size for leaf in leaves),)):
        raise ProtocolError(f"parts that do not fit {value.shape} numbers of dtype {value.dtype[:40]!r}")


def _check_trace(trace: Trace) -> None:
    if trace.dropped < 0:
        raise ProtocolError(f"{trace.dropped} dropped steps")
    if len(trace.steps) > MAX_STEPS:
        raise ProtocolError(f"a trace of {len(trace.steps)} steps, the limit is {MAX_STEPS}")
    if len(trace.functions) > MAX_OPTIONS:
        raise ProtocolError(f"a trace of {len(trace.functions)} functions")
    for step in trace.steps:
        options = max(map(len, (step.options, *step.each)))
        if options > MAX_OPTIONS:
            raise ProtocolError(f"an optimiser of {options} options")
        if max(map(len, (step.before, step.after, step.gradients, step.each))) > MAX_PARAMETERS:
            raise ProtocolError(f"an optimiser of more than {MAX_PARAMETERS} parameters")
        for tensor in (*step.before, *step.after, *step.gradients):
            if tensor is not None:
                _check_tensor(tensor)


def _check_tensor(tensor: Tensor, most: int = MAX_ELEMENTS) -> None:
    size = ITEM_SIZES.get(tensor.dtype)
    if size is None:
        raise ProtocolError(f"a tensor of dtype {tensor.dtype[:40]!r}")
    if len(tensor.shape) > MAX_RANK:
        raise ProtocolError(f"a tensor of {len(tensor.shape)} dimensions, the limit is {MAX_RANK}")
    if any(not 0 <= side <= most for side in tensor.shape):
        raise ProtocolError(f"a tensor of shape {tensor.shape}")
    elements = prod(tensor.shape)
    if elements > most or len(tensor.data) != elements * size:
        raise ProtocolError(
            f"a {tensor.dtype} tensor of shape {tensor.shape} cannot have {len(tensor.data)} bytes"
        )
