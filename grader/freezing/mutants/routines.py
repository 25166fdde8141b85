"""The functions and methods of an original, and in each the nodes that a mistake can be made at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import libcst as cst
import libcst.matchers as m

from grader.freezing.mutants.calls import called
from grader.freezing.mutants.flow import arguments, assigned, bound_names, first_bound, flows
from grader.freezing.mutants.original import Original
from grader.freezing.mutants.place import PROTOCOL, File, Place

DRESSES: Final = (
    "clone", "copy", "deepcopy", "float", "float32", "float64", "tensor", "asarray", "array", "detach",
)  # fmt: skip
"""Calls that give what they were given."""


def routines(original: Original) -> Iterator[Place]:
    """Every function of the original. Named are its own arguments and those of PyTorch's methods."""
    file = File.of(original)
    for node in m.findall(file.tree, m.OneOf(m.FunctionDef(), m.ClassDef())):
        definition = cst.ensure_type(node, cst.FunctionDef | cst.ClassDef)  # type: ignore[arg-type]
        line = int(file.positions[definition.name].start.line)
        if line not in original.lines:
            continue
        if isinstance(definition, cst.ClassDef):
            yield from (_place(file, method, _told(method)) for method in _methods(definition))
        else:
            yield _place(file, definition, "" if line == original.lines[0] else None)


def _methods(cls: cst.ClassDef) -> Iterator[cst.FunctionDef]:
    return (statement for statement in cls.body.body if isinstance(statement, cst.FunctionDef))


def _told(method: cst.FunctionDef) -> str | None:
    return f" in `{method.name.value}`" if method.name.value in PROTOCOL else None


def _place(file: File, function: cst.FunctionDef, told: str | None) -> Place:
    """`told` says where the function stands; None where not even its arguments are known to the student."""
    bound: dict[str, int] = {}
    for name, node in first_bound(function):
        bound.setdefault(name, int(file.spans[node].start))
    named = () if told is None else arguments(function)
    return Place(
        file,
        function,
        named,
        told or "",
        flows(function),
        bound,
        _begun(function, named),
        _counters(function),
    )


def _begun(function: cst.FunctionDef, named: tuple[str, ...]) -> dict[str, str]:
    """`theta` of `theta = initial_theta` and of `theta = float(initial_theta)`."""
    found: dict[str, str] = {}
    for node in m.findall(function.body, m.Assign(targets=[m.AssignTarget(target=m.Name())])):
        assign = cst.ensure_type(node, cst.Assign)
        target = cst.ensure_type(assign.targets[0].target, cst.Name).value
        source = _handed_in(assign.value)
        if source in named and target != source:
            found.setdefault(target, source)
    return found


def _handed_in(value: cst.BaseExpression) -> str:
    """The name of what a value is a copy of, in whatever dress."""
    if m.matches(
        value,
        called(*DRESSES),
    ):
        call = cst.ensure_type(value, cst.Call)
        inner = call.args[0].value if call.args else getattr(call.func, "value", value)
        return _handed_in(inner) if isinstance(inner, cst.BaseExpression) and inner is not value else ""
    return value.value if isinstance(value, cst.Name) else ""


def _counters(function: cst.FunctionDef) -> frozenset[str]:
    loops = m.OneOf(m.For(iter=called("range", "enumerate")), m.CompFor(iter=called("range", "enumerate")))
    found = (
        name
        for loop in m.findall(function, loops)
        for target in assigned(loop)
        for name in bound_names(target)
    )
    return frozenset(found)


def nodes(place: Place) -> Iterator[cst.CSTNode]:
    """In the order of the text all that is run when the function is called, its decorators and itself."""
    yield place.function
    yield from place.function.decorators
    body = place.function.body
    yield from (
        _below(cst.ensure_type(body, cst.IndentedBlock), skip=_docstring(body))
        if isinstance(body, cst.IndentedBlock)
        else ()
    )


def _below(node: cst.CSTNode, skip: cst.CSTNode | None) -> Iterator[cst.CSTNode]:
    yield node
    stored = list(assigned(node))
    for child in node.children:
        if child not in stored and child is not skip and not _is_silent(node, child):
            yield from _below(child, skip)


def _is_silent(node: cst.CSTNode, child: cst.CSTNode) -> bool:
    """Targets, keywords, annotations, the names of attributes and the signatures of inner functions."""
    if isinstance(child, cst.AssignTarget | cst.Annotation | cst.Parameters | cst.Decorator):
        return True
    if isinstance(node, cst.Attribute):
        return child is node.attr
    return child is getattr(node, "keyword", None) or (
        isinstance(node, cst.FunctionDef) and child is node.name
    )


def _docstring(body: cst.BaseSuite) -> cst.CSTNode | None:
    first = body.body[0]
    string = m.SimpleStatementLine(body=[m.Expr(value=m.OneOf(m.SimpleString(), m.ConcatenatedString()))])
    return first if m.matches(first, string) else None
