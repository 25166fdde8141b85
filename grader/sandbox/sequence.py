"""The frames of a worker in their order: which may follow which, and bytes into frames that do."""

from __future__ import annotations

from collections.abc import Iterator

from grader import wire
from grader.records import Record


class Expected(Record, frozen=True):
    """An exercise asked for: its index in the kit, how many cases, the first to call, which are traced."""

    exercise: int
    cases: int
    traced: frozenset[int] = frozenset()
    first: int = 0


class Sequence:
    """Which frame may follow which.

    started, the loading (reading, source, statement, output), each exercise asked for, in order: begun,
    its cases in order (calling, trace where traced, case), a call by keyword; then done, and nothing
    after it. Importing may stand anywhere between.
    """

    def __init__(self, expected: tuple[Expected, ...]) -> None:
        self._waiting = list(expected)
        self._current: Expected | None = None
        self._left: list[int] = []  # cases of the current exercise that have not been called
        self._called: int | None = None  # the case that owes an answer
        self._traced = False
        self._started = False
        self._ended = False

    @property
    def complete(self) -> bool:
        return self._ended

    def take(self, frame: wire.Frame) -> None:
        """Raise ProtocolError where this frame cannot come now."""
        if self._ended:
            raise wire.ProtocolError("a frame after the last one")
        if self._started == (isinstance(frame, wire.Progress) and isinstance(frame.point, wire.Started)):
            raise wire.ProtocolError("a worker starts once, and before all else")
        if isinstance(frame, wire.Progress):
            self._pass(frame.point)
        elif isinstance(frame, wire.Source):
            self._must_load()
        elif isinstance(frame, wire.Output):
            self._speak(frame.exercise)
        elif isinstance(frame, wire.Done):
            self._end()
        elif not isinstance(frame, wire.Importing):  # that may be anywhere, and says nothing of what is owed
            self._answer(frame)

    def _pass(self, point: wire.Point) -> None:
        if isinstance(point, wire.Started):
            self._started = True
        elif isinstance(point, wire.Reading | wire.Statement):
            self._must_load()
        elif isinstance(point, wire.Begun):
            self._begin(point)
        elif isinstance(point, wire.Calling):
            self._call(point)
        elif isinstance(point, wire.Unloadable):
            self._must_load()
            self._waiting.clear()
        else:
            self._must_be_through(point.exercise)

    def _must_load(self) -> None:
        if self._current is not None:
            raise wire.ProtocolError("loading after the first exercise began")

    def _speak(self, exercise: int | None) -> None:
        if exercise != (None if self._current is None else self._current.exercise):
            raise wire.ProtocolError("an output of another exercise than the current one")

    def _begin(self, point: wire.Begun) -> None:
        self._must_be_through(None if self._current is None else self._current.exercise)
        if not self._waiting or self._waiting[0].exercise != point.exercise:
            raise wire.ProtocolError(f"exercise {point.exercise} is not the one that comes next")
        self._current = self._waiting.pop(0)
        self._left = list(range(self._current.first, self._current.cases)) if point.found else []

    def _call(self, point: wire.Calling) -> None:
        current = self._current
        if current is None or current.exercise != point.exercise or self._called is not None:
            raise wire.ProtocolError(f"exercise {point.exercise} cannot be called now")
        if not self._left or self._left[0] != point.case:
            raise wire.ProtocolError(f"case {point.case} is not the one that comes next")
        self._called = self._left.pop(0)
        self._traced = False

    def _answer(self, frame: wire.Case | wire.Traced) -> None:
        current = self._current
        if current is None or (frame.exercise, frame.case) != (current.exercise, self._called):
            raise wire.ProtocolError(f"case {frame.case} of exercise {frame.exercise} was not called")
        if isinstance(frame, wire.Case):
            self._called = None
        elif self._traced or frame.case not in current.traced:
            raise wire.ProtocolError(f"no trace of case {frame.case} was due")
        else:
            self._traced = True

    def _must_be_through(self, exercise: int | None) -> None:
        current = None if self._current is None else self._current.exercise
        if exercise != current or self._left or self._called is not None:
            raise wire.ProtocolError("an exercise ends when all of its cases have an answer")

    def _end(self) -> None:
        self._must_be_through(None if self._current is None else self._current.exercise)
        if self._waiting:
            raise wire.ProtocolError("the end came before all exercises")
        self._ended = True


class Reader:
    """Bytes of a child's pipe into frames of a valid sequence."""

    def __init__(self, expected: tuple[Expected, ...]) -> None:
        self._stream = wire.Stream()
        self._sequence = Sequence(expected)

    @property
    def complete(self) -> bool:
        """Whether `done` has come."""
        return self._sequence.complete

    def feed(self, data: bytes) -> Iterator[tuple[wire.Frame, int]]:
        """The frames that `data` completes, each with its size in bytes."""
        for frame in self._stream.feed(data):
            self._sequence.take(frame)
            yield frame, self._stream.size
        if self.complete:
            self._stream.finish()
