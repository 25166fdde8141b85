"""Child side: the graded calls of one exercise after another, and what is told of each.

A worker makes them of what it has loaded, a notebook's kernel of what stands in its session: by this code.
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Final, Protocol

from msgspec.structs import replace

from grader import wire
from grader.records import MAX_STEPS, Answer, Note, Place, Raised, Returned, Stopped
from grader.sandbox import calling, jobs, remains, settings, totals, tracebacks
from grader.sandbox.loading import Loaded
from grader.sandbox.tracing import FEW

LOOKED_AT: Final = 12  # calls: a function that draws lots hardly begins to do so later

Function = Callable[..., Any]

_COMPILED: Final = (
    "{name} is compiled by torch.compile. The function that was compiled is what was called: a compiler "
    "takes longer than a call may. This costs nothing."
)


class Line(Protocol):
    """What is told goes there: a worker's channel, or the frames of a kernel."""

    def send(self, frame: wire.Frame) -> None: ...
    def point(self, point: wire.Point) -> None: ...
    def note(self, note: Note) -> None: ...


def run(line: Line, loaded: Loaded, job: jobs.Job, exercises: Sequence[jobs.Inputs], device: str) -> None:
    """Make all calls of a job."""
    most = totals.NUMBERS // len(job.exercises)
    for index in job.exercises:
        _Grading(line, index, exercises[index], device, most).run(loaded, job)


class _Grading:
    """The graded calls of one exercise."""

    def __init__(self, line: Line, index: int, inputs: jobs.Inputs, device: str, most: int) -> None:
        """`most`: how many numbers its traces may hold."""
        self._line = line
        self._index = index
        self._inputs = inputs
        self._device = device
        self._settings = settings.current()  # as they stand after loading
        self._changed: set[str] = set()
        self._draws = False
        self._room = most

    def run(self, loaded: Loaded, job: jobs.Job) -> None:
        name = self._inputs.name
        function = loaded.functions.get(name)
        if function is None:
            self._line.point(wire.Begun(self._index, found=False, nearest=loaded.nearest(name)))
            return
        function, compiled = _uncompiled(function)
        lines = loaded.landmarks[name]
        self._line.point(wire.Begun(self._index, found=True, place=_place(function), landmarks=lines))
        if compiled:
            self._line.note(Note(_COMPILED.format(name=name), _place(function)))
        unusual = _unusual(function)
        if unusual and not self._inputs.protocol.probe:
            text = (
                f"{name} is {unusual}: a call returns that, not a tensor. Write it with `def` and `return`."
            )
            self._line.note(Note(text, _place(function)))
        calls = self._inputs.calls(job.calls, job.rungs, job.picked.get(self._index, ()))
        before = remains.state(loaded.spaces)
        left = _met(calls, job.calls)
        first = job.first if self._index == job.exercises[0] else 0
        answers = {
            i: self._case(function, i, call, left=left[i]) for i, call in enumerate(calls) if i >= first
        }
        keeps = remains.state(loaded.spaces) != before or bool(self._changed)
        if keeps or self._draws:
            self._line.point(wire.Observed(self._index, keeps, self._draws))
        if self._changed:
            what = ", ".join(sorted(self._changed))
            self._line.note(
                Note(
                    f"{name} leaves settings of PyTorch changed ({what}); they were put back between calls,"
                    " but for the last ones, which are calls made again."
                )
            )
        if job.calls == "suite" and self._inputs.keyword in answers:
            self._by_keyword(function, self._inputs.keyword, answers[self._inputs.keyword])

    def _case(self, function: Function, case: int, call: jobs.Call, *, left: bool) -> Answer:
        """One call and its answer. `left`: the next one meets the settings as this one leaves them."""
        self._line.point(wire.Calling(self._index, case))
        with nullcontext() if call.again else _silent_print():
            answer = self._answer(function, case, call)
        self._draws = self._draws or (case < LOOKED_AT and remains.draws())
        if not left:
            self._changed |= settings.put_back(self._settings)
        assert not isinstance(answer, Stopped), "only the parent knows of stops"
        self._send(wire.Case(self._index, case, answer))
        return answer

    def _answer(self, function: Function, case: int, call: jobs.Call) -> Answer:
        protocol = self._inputs.protocol
        if not call.traced:
            return calling.call(function, call.arguments, self._device, protocol)
        limit = MAX_STEPS if call.again else FEW
        answer, trace = calling.traced_call(function, call.arguments, self._device, limit, protocol)
        if totals.numbers(trace) > self._room:
            trace = replace(trace, steps=(), dropped=len(trace.steps) + trace.dropped)
        self._room -= totals.numbers(trace)
        self._send(wire.Traced(self._index, case, trace))
        return answer

    def _send(self, frame: wire.Case | wire.Traced) -> None:
        """Send what the parent would accept; an honest value that it would not is described instead."""
        try:
            wire.check(frame)
            self._line.send(frame)
        except (wire.ProtocolError, ValueError) as error:
            if isinstance(frame, wire.Case):
                kind = frame.answer.type
                answer = Returned(type=kind, value=None, problem=f"a value that cannot be read: {error}")
                self._line.send(wire.Case(frame.exercise, frame.case, answer))

    def _by_keyword(self, function: Function, case: int, by_position: Answer) -> None:
        """One more call, as on a course page that writes the names; a failure is a note, never a loss."""
        if not isinstance(by_position, Returned) or self._inputs.protocol.probe:
            return
        names = self._inputs.parameters
        self._line.point(wire.Keyword(self._index))

        def named(*values: object) -> object:
            return function(**dict(zip(names, values, strict=True)))

        with _silent_print():
            answer = calling.call(
                named, self._inputs.suite[case].arguments, self._device, self._inputs.protocol
            )
        settings.put_back(self._settings)
        if isinstance(answer, Raised):
            self._line.note(_keyword_note(function, names, answer))


def _met(calls: Sequence[jobs.Call], kind: jobs.Calls) -> list[bool]:
    """Of each call, whether the next one is to meet what it has set for the whole process, as in a notebook.

    So it is for calls that are picked, which are shown as a line to paste, and among those made again. The
    others are kept apart, lest one line cost every criterion.
    """
    following = [call.again for call in calls[1:]] + [False]
    return [kind == "picked" or (call.again and also) for call, also in zip(calls, following, strict=True)]


def _keyword_note(function: Function, names: tuple[str, ...], answer: Raised) -> Note:
    asked = ", ".join(names)
    code = getattr(function, "__code__", None)
    found = ", ".join(code.co_varnames[: code.co_argcount]) if code is not None else "unknown"
    text = (
        f"Calling it by keyword raised {answer.type}: {answer.message}. "
        f"Its parameters are named ({found}), the exercise asks for ({asked}). This costs nothing."
    )
    return Note(text, _place(function))


def _uncompiled(function: Function) -> tuple[Function, bool]:
    """What was given to `torch.compile`, and whether it was."""
    found = getattr(function, "_torchdynamo_orig_callable", None)
    return (found, True) if callable(found) else (function, False)


def _unusual(function: Function) -> str:
    """What a call returns where this is no plain function, as a phrase."""
    if inspect.iscoroutinefunction(function):
        return "declared with `async def`, which makes it a coroutine"
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return "written with `yield`, which makes it a generator"
    return "a class" if isinstance(function, type) else ""


def _place(function: Function) -> Place | None:
    code = getattr(function, "__code__", None)
    if code is None:
        return None
    return tracebacks.place_of(tracebacks.name_of(code.co_filename), code.co_firstlineno)


@contextmanager
def _silent_print() -> Iterator[None]:
    """Printing a Parameter costs more than an SGD step, and honest solutions print in every step."""
    real = builtins.print

    def silent(*values: object, file: Any = None, **options: Any) -> None:
        if file is not None:
            real(*values, file=file, **options)

    builtins.print = silent
    try:
        yield
    finally:
        builtins.print = real
