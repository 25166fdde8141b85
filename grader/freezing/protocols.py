"""How an exercise is called, found out from its file: the source of its probe, and what has to be looked at.

The source of a probe, of what makes arguments, and of what of the exercise's file these name is put together
in the order of the file. It is run by itself here as it will be beside a student's code, so what is missing
in it is an error of today. None of it may name the solution.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import textwrap
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any, Final

from grader.errors import GraderError
from grader.exercises import Exercise
from grader.records import Protocol, Returned, Value
from grader.sandbox import calling, support
from grader.tensors import FLOATS, call

GIVEN: Final = ("torch", "np", "numpy", "math")  # what every support may use
_PLAIN: Final = (bool, int, float, str, tuple, type(None))


def protocol(exercise: Exercise, first: Mapping[str, Value]) -> Protocol:
    """The exercise's, as its simplest input shows it."""
    source = support_of(exercise)
    kinds = {one.kind for one in exercise.rubric}
    asked = [names for one in exercise.rubric for names in (*one.uses, *one.avoids)]
    watched = [name for names in asked for name in names.split("|")]
    probe = exercise.probe.__name__ if exercise.probe else ""
    base = Protocol(
        support=source,
        probe=probe,
        leaves=True,
        gradients="gradients" in kinds,
        unchanged="unchanged" in kinds,
        watched=tuple(dict.fromkeys(watched)),
    )
    return base if _asks_for_leaves(exercise, base, first) else _plain(base)


def _plain(base: Protocol) -> Protocol:
    return Protocol(support=base.support, watched=base.watched)


def _asks_for_leaves(exercise: Exercise, base: Protocol, first: Mapping[str, Value]) -> bool:
    """Whether one tensor of floats is not all that there is to be judged."""
    special = any(one.part != () or one.check is not None for one in exercise.rubric)
    if base.probe or base.gradients or base.unchanged or special or exercise.accepted is not None:
        return True
    answer = calling.call(exercise.reference, first, protocol=base)
    if not isinstance(answer, Returned):
        return False  # the oracle says what is wrong with it
    only = answer.leaves[0] if len(answer.leaves) == 1 else None
    return only is None or not (only.path == "" and only.type == "Tensor" and only.dtype in FLOATS)


# --- the source ---------------------------------------------------------------------------


def support_of(exercise: Exercise) -> str:
    """The source of the probe and the support. Raises GraderError where it does not stand by itself."""
    roots = [*exercise.support, *([exercise.probe] if exercise.probe else [])]
    if not roots:
        return ""
    pieces: dict[str, tuple[int, str]] = {}
    for root in roots:
        _collect(root, exercise, pieces)
    source = "\n\n".join(text for _, text in sorted(pieces.values())) + "\n"
    try:
        support.namespace(source)
    except Exception as error:  # noqa: BLE001 -- an author's code may raise anything
        raise GraderError(
            f"{exercise.name}: the probe's source cannot be run by itself: {type(error).__name__}: {error}.",
            "A probe may name torch, math, np, and functions, classes and plain constants of its own file.",
        ) from None
    return source


def _collect(found: Any, exercise: Exercise, pieces: dict[str, tuple[int, str]]) -> None:
    """The source of a function or class, and of what of its own file it names."""
    name = getattr(found, "__name__", "")
    if name in pieces:
        return
    text, line = _source(found, exercise)
    pieces[name] = line, text
    scope = _scope(found)
    for used in _names(text):
        if used in pieces or used in GIVEN or used not in scope:
            continue
        value = scope[used]
        if value is exercise.reference or value in exercise.honest.values():
            raise GraderError(
                f"{_where(found)}: {name} names {used}, which is a solution; its source would be handed out.",
                "A probe is given what the student wrote as its first argument: use that.",
            )
        if isinstance(value, ModuleType):
            pieces[used] = -1, f"import {value.__name__} as {used}"
        elif isinstance(value, FunctionType | type) and value.__module__ == found.__module__:
            _collect(value, exercise, pieces)
        elif getattr(value, "__module__", None) and hasattr(value, "__qualname__"):
            pieces[used] = -1, f"from {value.__module__} import {value.__name__} as {used}"
        elif isinstance(value, _PLAIN):
            pieces[used] = 0, f"{used} = {value!r}"
        else:
            raise GraderError(
                f"{_where(found)}: {name} names {used}, a {type(value).__name__}, which cannot go with it.",
                f"Make it inside {name}.",
            )


def _source(found: Any, exercise: Exercise) -> tuple[str, int]:
    linecache.checkcache()
    try:
        lines, line = _lines(found)
    except (OSError, TypeError, SyntaxError):
        lines, line = [], 0
    text = textwrap.dedent("".join(lines))
    if not text.startswith(("def ", "class ", "@")):
        raise GraderError(
            f"{exercise.name}: the probe, or what makes an argument, is {found!r}: it has no source to read.",
            "Write it with `def` at the top of the exercise's file.",
        )
    return text.rstrip(), line


def _lines(found: Any) -> tuple[list[str], int]:
    """A class's module is no longer known by its name, so its lines are found from one of its functions."""
    if not isinstance(found, type):
        return inspect.getsourcelines(found)
    function = next(one for one in vars(found).values() if isinstance(one, FunctionType))
    lines = linecache.getlines(function.__code__.co_filename)
    node = next(
        one
        for one in ast.walk(ast.parse("".join(lines)))
        if isinstance(one, ast.ClassDef) and one.name == found.__name__
    )
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    return lines[first - 1 : node.end_lineno], first


def _scope(found: Any) -> dict[str, Any]:
    if isinstance(found, type):
        found = next(one for one in vars(found).values() if isinstance(one, FunctionType))
    scope: dict[str, Any] = found.__globals__
    return scope


def _names(text: str) -> Iterator[str]:
    """The names that it reads, but for Python's own and those that it binds itself, in order."""
    nodes = list(ast.walk(ast.parse(text)))
    names = [one for one in nodes if isinstance(one, ast.Name)]
    bound = {one.arg for one in nodes if isinstance(one, ast.arg)}
    bound |= {one.id for one in names if isinstance(one.ctx, ast.Store)}
    read = dict.fromkeys(one.id for one in names)
    return (name for name in read if name not in bound and not hasattr(builtins, name))


def _where(found: Callable[..., Any]) -> str:
    code = getattr(found, "__code__", None)
    return f"{code.co_filename}, line {code.co_firstlineno}" if code else str(found)


def told(exercise: Exercise, arguments: Mapping[str, Value]) -> str:
    """The call, for an author."""
    head = f"{exercise.probe.__name__}({exercise.name}, " if exercise.probe else exercise.name
    return call(head, arguments)


def parameters(exercise: Exercise) -> tuple[str, ...]:
    """The names of a call's arguments, in order."""
    if exercise.probe is None:
        return tuple(inspect.signature(exercise.reference).parameters)
    return tuple(inspect.signature(exercise.probe).parameters)[1:]
