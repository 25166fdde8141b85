"""Child side: one job in one single-use process.

Load the submission, then make the graded calls, and send what comes back. Nothing here is
trusted by the parent: student code shares this interpreter.
"""

from __future__ import annotations

import builtins
import inspect
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

import torch
from msgspec.structs import replace

from grader import decoders, wire
from grader.records import MAX_STEPS, Answer, Note, Place, Raised, Returned, Stopped
from grader.sandbox import (
    calling,
    confine,
    devices,
    imports,
    jobs,
    remains,
    rooms,
    settings,
    standins,
    totals,
    tracebacks,
)
from grader.sandbox.channel import Channel
from grader.sandbox.loading import Loaded, Loader
from grader.sandbox.tracing import FEW

_JOB = decoders.msgpack(jobs.Job)

LOOKED_AT: Final = 12  # calls: a function that draws lots hardly begins to do so later

Function = Callable[..., Any]


def run(room: rooms.Room, order: jobs.Start, exercises: tuple[jobs.Inputs, ...], *, warm: bool) -> None:
    """The whole life of a worker; a `warm` one has its first step behind it.

    The job is read only after the last step of confinement.
    """
    torch.set_num_threads(1)
    if not warm:
        devices.wake(order.device)
    confine.restrict(room, order)
    channel = Channel(confine.FRAMES)
    channel.point(wire.Started())
    job = _read_job()
    imports.tell(channel, job.folder)
    os.chdir(job.folder)
    sys.path.append(
        job.folder
    )  # the last: nothing of a student's is ever imported instead of what is installed
    sys.stdout = sys.stderr = channel.printed
    warnings.filterwarnings("ignore", "coroutine .* was never awaited")  # a note says so, and kindlier
    standins.install(channel.note)
    loaded = Loader(job, tuple(inputs.name for inputs in exercises), channel).load()
    if loaded is not None:
        for index in job.exercises:
            most = totals.NUMBERS // len(job.exercises)
            _Grading(channel, index, exercises[index], order.device, most).run(loaded, job)
    channel.send(wire.Done())
    channel.write_out()


def _read_job() -> jobs.Job:
    with os.fdopen(confine.JOB, "rb") as file:
        return _JOB.decode(file.read())


class _Grading:
    """The graded calls of one exercise."""

    def __init__(self, channel: Channel, index: int, inputs: jobs.Inputs, device: str, most: int) -> None:
        """`most`: how many numbers its traces may hold."""
        self._channel = channel
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
            self._channel.point(wire.Begun(self._index, found=False, nearest=loaded.nearest(name)))
            return
        lines = loaded.landmarks[name]
        self._channel.point(wire.Begun(self._index, found=True, place=_place(function), landmarks=lines))
        unusual = _unusual(function)
        if unusual and not self._inputs.protocol.probe:
            text = (
                f"{name} is {unusual}: a call returns that, not a tensor. Write it with `def` and `return`."
            )
            self._channel.note(Note(text, _place(function)))
        calls = self._inputs.calls(job.calls, job.rungs, job.picked.get(self._index, ()))
        before = remains.state(loaded.modules)
        left = _met(calls, job.calls)
        first = job.first if self._index == job.exercises[0] else 0
        answers = {
            i: self._case(function, i, call, left=left[i]) for i, call in enumerate(calls) if i >= first
        }
        keeps = remains.state(loaded.modules) != before or bool(self._changed)
        if keeps or self._draws:
            self._channel.point(wire.Observed(self._index, keeps, self._draws))
        if self._changed:
            what = ", ".join(sorted(self._changed))
            self._channel.note(
                Note(
                    f"{name} leaves settings of PyTorch changed ({what}); they were put back between calls,"
                    " but for the last ones, which are calls made again."
                )
            )
        if job.calls == "suite" and self._inputs.keyword in answers:
            self._by_keyword(function, self._inputs.keyword, answers[self._inputs.keyword])

    def _case(self, function: Function, case: int, call: jobs.Call, *, left: bool) -> Answer:
        """One call and its answer. `left`: the next one meets the settings as this one leaves them."""
        self._channel.point(wire.Calling(self._index, case))
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
            self._channel.send(frame)
        except (wire.ProtocolError, ValueError) as error:
            if isinstance(frame, wire.Case):
                kind = frame.answer.type
                answer = Returned(type=kind, value=None, problem=f"a value that cannot be read: {error}")
                self._channel.send(wire.Case(frame.exercise, frame.case, answer))

    def _by_keyword(self, function: Function, case: int, by_position: Answer) -> None:
        """One more call, as on a course page that writes the names; a failure is a note, never a loss."""
        if not isinstance(by_position, Returned) or self._inputs.protocol.probe:
            return
        names = self._inputs.parameters
        self._channel.point(wire.Keyword(self._index))

        def named(*values: object) -> object:
            return function(**dict(zip(names, values, strict=True)))

        with _silent_print():
            answer = calling.call(
                named, self._inputs.suite[case].arguments, self._device, self._inputs.protocol
            )
        settings.put_back(self._settings)
        if isinstance(answer, Raised):
            self._channel.note(_keyword_note(function, names, answer))


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
    return tracebacks.place_of(Path(code.co_filename).name, code.co_firstlineno)


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
