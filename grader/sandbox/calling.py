"""Child side: one call of a function on one case, and what came of it.

Everything that a function does ends as an `Answer`; nothing that it raises goes further than
`call`. The freezer runs the reference and the misconceptions through the same code, so what a
kit holds is what a worker would have seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Any, Final

import torch
from msgspec.structs import replace

from grader.records import MAX_STEPS, Answer, Failure, Protocol, Raised, Trace, Value
from grader.sandbox import leaves, support, tracebacks
from grader.sandbox.support import PLAIN
from grader.sandbox.tracing import Recorder
from grader.sandbox.values import build, describe
from grader.sandbox.watching import Watching

OUT_OF_MEMORY_WORDS: Final = ("allocate memory", "not enough memory", "out of memory")

Function = Callable[..., Any]
UNWATCHED: Final[AbstractContextManager[object]] = nullcontext()

GATE: Final = ContextVar("GATE", default=UNWATCHED)
"""Entered around the student's own code: in a process that has to live on it is interrupted there alone."""


class Interrupted(BaseException):
    """The call in flight is to end now: no answer of the student's, whatever their code makes of it."""


def call(
    function: Function,
    arguments: Mapping[str, Value],
    device: str = "cpu",
    protocol: Protocol = PLAIN,
    watching: AbstractContextManager[object] = UNWATCHED,
) -> Answer:
    """Call by position on fresh arguments, from the same random state each time."""
    try:
        fresh = [build(value, device, protocol.support) for value in arguments.values()]
        _seed(device)
        with watching, GATE.get():
            returned = support.probed(function, protocol)(*fresh)
        if not protocol.leaves:
            return describe(returned)
        return leaves.describe(returned, _besides(function, arguments, fresh, device, protocol))
    except Interrupted:
        raise
    except BaseException as error:  # noqa: BLE001 -- the student's code: SystemExit and KeyboardInterrupt are answers too
        return raised(error)


def _besides(
    function: Function, arguments: Mapping[str, Value], used: Sequence[Any], device: str, protocol: Protocol
) -> dict[str, object]:
    """What else is looked at: the arguments after the call, and gradients, of a call of their own."""
    besides: dict[str, object] = {}
    if protocol.unchanged:
        besides |= support.after(dict(zip(arguments, used, strict=True)))
    if protocol.gradients:
        fresh = {name: build(value, device, protocol.support) for name, value in arguments.items()}
        _seed(device)
        with GATE.get():
            besides |= support.gradients(support.probed(function, protocol), fresh)
    return besides


def _seed(device: str) -> None:
    """The same random state for each call; torch.manual_seed also queues one for CUDA, at 0.3 ms."""
    if device == "cuda":
        torch.manual_seed(SEED.get())
    else:
        torch.default_generator.manual_seed(SEED.get())


SEED: Final = ContextVar("SEED", default=0)
"""Only the freezer calls under others, to see what depends on it."""


def traced_call(
    function: Function,
    arguments: Mapping[str, Value],
    device: str = "cpu",
    limit: int = MAX_STEPS,
    protocol: Protocol = PLAIN,
) -> tuple[Answer, Trace]:
    """The same call with its first `limit` optimiser steps recorded, and the functions watched."""
    if not protocol.watched:
        with Recorder(limit) as recorder:
            answer = call(function, arguments, device, protocol)
        return answer, recorder.trace()
    watching = Watching(protocol.watched)
    with Recorder(limit) as recorder:
        answer = call(function, arguments, device, protocol, watching)
    trace = recorder.trace()
    return answer, replace(trace, functions=watching.seen(stepped=bool(trace.steps or trace.dropped)))


def raised(error: BaseException) -> Raised:
    """An exception as a value; its text is read with care, since the student may have written its class."""
    failure = Failure.RAISED
    if isinstance(error, SystemExit):
        failure = Failure.EXITED
    message = tracebacks.message(error)
    if isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(words in message for words in OUT_OF_MEMORY_WORDS)
    ):
        failure = Failure.OUT_OF_MEMORY
    text, place = tracebacks.student_lines(error)
    return Raised(type=type(error).__name__, message=message, traceback=text, place=place, failure=failure)
