"""Which arguments of a function reach which of its names: one pass over its lines, and one more for loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst
import libcst.matchers as m

Flows = Mapping[str, frozenset[str]]


def flows(function: cst.FunctionDef) -> Flows:
    """For each local name the arguments that its values are made of."""
    found = {name: frozenset({name}) for name in arguments(function)}
    for _ in range(2):
        for node in _binding(function.body):
            sources = reaching(_value(node), found)
            for target in assigned(node):
                for name in bound_names(target):
                    found[name] = found.get(name, frozenset()) | sources
    return found


def arguments(function: cst.FunctionDef) -> tuple[str, ...]:
    """The names of the signature, without `self` and `ctx`."""
    listed = function.params
    every = (*listed.posonly_params, *listed.params, *listed.kwonly_params)
    return tuple(p.name.value for p in every if p.name.value not in {"self", "ctx", "cls"})


def first_bound(function: cst.FunctionDef) -> Iterator[tuple[str, cst.CSTNode]]:
    """Each local name with what binds it, in the order of the text."""
    every = (*function.params.posonly_params, *function.params.params, *function.params.kwonly_params)
    yield from ((param.name.value, param) for param in every)
    for node in _binding(function.body):
        yield from ((name, node) for target in assigned(node) for name in bound_names(target))


def assigned(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The targets that a statement, a loop or a comprehension binds."""
    if isinstance(node, cst.Assign):
        yield from (target.target for target in node.targets)
    elif isinstance(node, cst.AnnAssign | cst.AugAssign | cst.For | cst.CompFor | cst.NamedExpr):
        yield node.target
    elif isinstance(node, cst.AsName):
        yield node.name


def bound_names(target: cst.CSTNode) -> Iterator[str]:
    """`a` and `b` of `a, b = ...`; `x` of `x[0] = ...`, whose value then holds something else."""
    if isinstance(target, cst.Tuple | cst.List):
        for element in target.elements:
            yield from bound_names(element.value)
    elif name := root(target):
        yield name


def root(node: cst.CSTNode) -> str:
    """The name that `x`, `x[0]` and `x.grad` begin with; "" where there is none."""
    while isinstance(node, cst.Attribute | cst.Subscript):
        node = node.value
    return node.value if isinstance(node, cst.Name) else ""


def head(node: cst.CSTNode) -> cst.CSTNode:
    """What a statement reads first: a value, a condition, what a loop runs through."""
    if isinstance(node, cst.If | cst.While):
        return node.test
    if isinstance(node, cst.Assign | cst.AnnAssign):
        return node.value or node
    return node.iter if isinstance(node, cst.For) else node


def reaching(node: cst.CSTNode, known: Flows) -> frozenset[str]:
    """The arguments that a node's names hold something of."""
    return frozenset().union(*(known.get(name.value, frozenset()) for name in loaded(node)))


def loaded(node: cst.CSTNode) -> Iterator[cst.Name]:
    """The names that are read: neither attributes nor keywords of a call."""
    if isinstance(node, cst.Name):
        yield node
    elif isinstance(node, cst.Attribute):
        yield from loaded(node.value)
    else:
        kept = (child for child in node.children if not _is_keyword(node, child))
        yield from (name for child in kept for name in loaded(child))


def _is_keyword(node: cst.CSTNode, child: cst.CSTNode) -> bool:
    return isinstance(node, cst.Arg) and child is node.keyword


def _binding(body: cst.CSTNode) -> list[cst.CSTNode]:
    kinds = (m.Assign(), m.AnnAssign(), m.AugAssign(), m.For(), m.CompFor(), m.NamedExpr(), m.WithItem())
    return [_named(node) for node in m.findall(body, m.OneOf(*kinds))]


def _named(node: cst.CSTNode) -> cst.CSTNode:
    return node.asname if isinstance(node, cst.WithItem) and node.asname else node


def _value(node: cst.CSTNode) -> cst.CSTNode:
    if isinstance(node, cst.For | cst.CompFor):
        return node.iter
    return getattr(node, "value", None) or node
