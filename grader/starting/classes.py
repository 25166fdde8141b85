"""How a class is tried: a probe's source, guessed from the bases and the one method that makes a result."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.starting import guessing, reading
from grader.starting.guessing import Guess
from grader.starting.reading import Function, NotAsked, Parameter

MODULE: Final = "Module"
FUNCTION: Final = "Function"
_BASES: Final = frozenset({MODULE, FUNCTION, "object"})

WEIGHTS: Final = """\
    module = {made}
    with torch.no_grad():  # nothing may be random: each weight is set, in the order in which they are made
        for weight in module.parameters():
            weight.copy_(torch.linspace(-1, 1, weight.numel()).reshape(weight.shape))
"""


@dataclass(frozen=True)
class Trial:
    """How something is called: `probe` is empty for a function."""

    call: str
    guesses: tuple[Guess, ...]
    probe: str = ""


def of_function(node: Function) -> Trial:
    """Raises NotAsked."""
    reading.refuse(node)
    found = reading.parameters(node)
    if not found:
        raise NotAsked("takes no argument, so there is nothing to draw")
    return Trial(_call(node.name, found), guessing.guesses(found))


def of_class(node: ast.ClassDef) -> Trial:
    """Raises NotAsked."""
    if node.decorator_list:
        raise NotAsked(
            f"stands under @{ast.unparse(node.decorator_list[0])}, which may add methods of its own"
        )
    bases = {reading.last_name(base) for base in node.bases}
    if not bases <= _BASES or node.keywords:
        raise NotAsked(f"extends {ast.unparse(node.bases[0])}, so how it is called is not told here")
    methods = {one.name: one for one in node.body if isinstance(one, reading.Function)}
    if FUNCTION in bases:
        return _autograd(node, methods)
    return _object(node, methods, module=MODULE in bases)


def _autograd(node: ast.ClassDef, methods: dict[str, Function]) -> Trial:
    found = reading.parameters(_method(methods, "forward"), bound=True)  # without ctx
    call = _call("student.apply", found)
    return Trial(_call(f"{node.name}.apply", found), guessing.guesses(found), _probe(found, call))


def _object(node: ast.ClassDef, methods: dict[str, Function], *, module: bool) -> Trial:
    method = _method(methods, "forward" if module else "__call__")
    reading.refuse(method)
    made = reading.parameters(methods["__init__"], bound=True) if "__init__" in methods else ()
    given = reading.parameters(method, bound=True)
    twice = {one.name for one in made} & {one.name for one in given}
    if twice:
        raise NotAsked(f"takes {min(twice)} twice, in __init__ and in {method.name}")
    if not made and not given:
        raise NotAsked("takes no argument, so there is nothing to draw")
    way = "" if method.name in ("forward", "__call__") else f".{method.name}"
    tensors = guessing.tensors(given)
    dtype = f".to({tensors[0]}.dtype)" if tensors else ""
    setting = WEIGHTS.format(made=_call("student", made) + dtype) if module else ""
    call = _call("module" if module else _call("student", made) + way, given)
    guesses = (*guessing.guesses(made, layer=module), *guessing.guesses(given))
    probe = _probe((*made, *given), call, setting)
    return Trial(_call(f"{_call(node.name, made)}{way}", given), guesses, probe)


def _method(methods: dict[str, Function], wanted: str) -> Function:
    """The one that is called; where a plain class has no `__call__`, its only public one."""
    if wanted in methods:
        return methods[wanted]
    public = [one for name, one in methods.items() if not name.startswith("_") and not one.decorator_list]
    if wanted == "__call__" and len(public) == 1:
        return public[0]
    names = ", ".join(one.name for one in public)
    has = f"has the methods {names}" if names and wanted == "__call__" else f"has no method {wanted}"
    raise NotAsked(f"{has}: write a probe that says what is compared")


def _call(name: str, parameters: Sequence[Parameter]) -> str:
    return f"{name}({', '.join(one.name for one in parameters)})"


def _probe(parameters: Sequence[Parameter], call: str, before: str = "") -> str:
    if any(one.name == "student" for one in parameters):
        raise NotAsked("takes an argument named student, which is what a probe calls the class")
    return (
        f"def probe({', '.join(['student', *(one.name for one in parameters)])}):\n{before}    return {call}"
    )
