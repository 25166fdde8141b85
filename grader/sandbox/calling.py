"""Child side: one call of a function on one case, and what came of it.

Everything that a function does ends as an `Answer`; nothing that it raises goes further than
`call`. The freezer runs the reference and the misconceptions through the same code, so what a
kit holds is what a worker would have seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch

from grader.records import MAX_STEPS, Answer, Failure, Raised, Trace, Value
from grader.sandbox import tracebacks
from grader.sandbox.tracing import Recorder
from grader.sandbox.values import build, describe

OUT_OF_MEMORY_WORDS: Final = ("allocate memory", "not enough memory", "out of memory")

Function = Callable[..., Any]


def call(function: Function, arguments: Mapping[str, Value], device: str = "cpu") -> Answer:
    """Call by position on fresh arguments, from the same random state each time."""
    try:
        fresh = [build(value, device) for value in arguments.values()]
        _seed(device)
        return describe(function(*fresh))
    except BaseException as error:  # noqa: BLE001 -- the student's code: SystemExit and KeyboardInterrupt are answers too
        return raised(error)


def _seed(device: str) -> None:
    """The same random state for each call; torch.manual_seed also queues one for CUDA, at 0.3 ms."""
    if device == "cuda":
        torch.manual_seed(0)
    else:
        torch.default_generator.manual_seed(0)


def traced_call(
    function: Function, arguments: Mapping[str, Value], device: str = "cpu", limit: int = MAX_STEPS
) -> tuple[Answer, Trace]:
    """The same call with its optimiser steps recorded, the first `limit` of them."""
    with Recorder(limit) as recorder:
        answer = call(function, arguments, device)
    return answer, recorder.trace()


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
