"""Mistakes with whole lines: left out, in another order, returned too early, in place or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import libcst as cst
import libcst.matchers as m

from grader.freezing.mutants.calls import name_of
from grader.freezing.mutants.flow import assigned, bound_names, loaded, root
from grader.freezing.mutants.operator import Rewrite
from grader.freezing.mutants.place import Place

INDISPENSABLE: Final = frozenset({"__init__", "save_for_backward", "requires_grad_", "register_buffer"})
"""Calls without which nothing that follows can run."""


def missing(node: cst.BaseSmallStatement, at: Place) -> Iterator[Rewrite]:
    if not _needed(node, at):
        yield Rewrite((at.edit(node, "pass"),), (), node)


def _needed(node: cst.BaseSmallStatement, at: Place) -> bool:
    """Whether something after it fails for want of it: a mistake that raises always teaches nothing."""
    if isinstance(node, cst.Expr):
        called = name_of(node.value) if isinstance(node.value, cst.Call) else ""
        return not isinstance(node.value, cst.Call) or called in INDISPENSABLE
    targets = list(assigned(node))
    attributes = [t for t in targets if isinstance(t, cst.Attribute) and root(t) == "self"]
    names = [name for target in targets for name in bound_names(target)]
    return bool(attributes) or any(at.bound.get(name, at.start(node)) >= at.start(node) for name in names)


def out_of_order(node: cst.IndentedBlock, at: Place) -> Iterator[Rewrite]:
    """Two neighbours in each other's place, where the second needs no name that the first makes."""
    lines = [_only(line) for line in node.body]
    for one, two in zip(lines, lines[1:], strict=False):
        if one and two and not _depends(one, two, at):
            yield Rewrite((at.edit(one, at.code(two)), at.edit(two, at.code(one))), (), two)


def _only(line: cst.BaseStatement | cst.BaseSmallStatement) -> cst.BaseSmallStatement | None:
    """The statement of a line that holds one which can be moved."""
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    statement = line.body[0]
    movable = m.OneOf(m.Expr(value=m.Call()), m.Assign(), m.AnnAssign(), m.AugAssign())
    return statement if m.matches(statement, movable) else None


def _depends(one: cst.CSTNode, two: cst.CSTNode, at: Place) -> bool:
    """Whether the lines cannot change places, or whether it makes no difference."""
    made = {name for target in assigned(one) for name in bound_names(target)}
    first = {name for name in made if at.bound.get(name) == at.start(one)}
    reads = {name.value for name in loaded(two)}
    independent = not ({name.value for name in loaded(one)} & (reads | set(_made(two)))) and not made & reads
    return bool(first & reads) or _builds(one) or _builds(two) or (independent and bool(made))


def _builds(node: cst.CSTNode) -> bool:
    """`super().__init__()` and `self.x = ...`, whose order matters to nobody or breaks everything."""
    return any(root(target) == "self" for target in assigned(node)) or m.matches(
        node, m.Expr(value=m.Call(func=m.Attribute(attr=m.Name("__init__"))))
    )


def _made(node: cst.CSTNode) -> Iterator[str]:
    return (name for target in assigned(node) for name in bound_names(target))


def no_result(node: cst.Return, at: Place) -> Iterator[Rewrite]:
    if node.value is not None and at.function.name.value != "__init__":
        yield Rewrite((at.edit(node, "pass"),), (), node.value)


def another_result(node: cst.Return, at: Place) -> Iterator[Rewrite]:
    """An argument as it was handed in, in place of what was made of it."""
    if isinstance(node.value, cst.Name):
        for name in at.named:
            if name != node.value.value and name in at.flows.get(node.value.value, ()):
                yield Rewrite((at.edit(node.value, name),), (name,), node.value)


def results_exchanged(node: cst.Return, at: Place) -> Iterator[Rewrite]:
    elements: Sequence[cst.BaseElement] = node.value.elements if isinstance(node.value, cst.Tuple) else ()
    for index, (one, two) in enumerate(zip(elements, elements[1:], strict=False)):
        edits = (at.edit(one, at.code(two)), at.edit(two, at.code(one)))
        yield Rewrite(edits, (f"`result[{index}]`", f"`result[{index + 1}]`"), node)


def early(node: cst.IndentedBlock, at: Place) -> Iterator[Rewrite]:
    """The `return` that follows a loop stands in the loop as well."""
    for loop, after in zip(node.body, node.body[1:], strict=False):
        last = _last(loop)
        if last is not None and m.matches(after, m.SimpleStatementLine(body=[m.Return()])):
            yield Rewrite((at.edit(last, f"{at.code(last)}; {at.code(after)}"),), (), loop.iter)


def _last(loop: cst.CSTNode) -> cst.BaseSmallStatement | None:
    """The statement that ends a loop's body, where it is a small one."""
    line = loop.body.body[-1] if isinstance(loop, cst.For) else None
    return line.body[-1] if isinstance(line, cst.SimpleStatementLine) else None


def stale(node: cst.Name, at: Place) -> Iterator[Rewrite]:
    """In a loop the argument that a running value began with, in place of the running value."""
    begun = at.begun.get(node.value)
    if begun is not None and at.in_loop(node):
        yield Rewrite((at.edit(node, begun),), (begun,), node)


def overwriting(node: cst.Assign, at: Place) -> Iterator[Rewrite]:
    """`x = x + y` -> `x += y`, which changes what the caller holds."""
    target, value = node.targets[0].target, node.value
    pattern = m.BinaryOperation(operator=m.OneOf(m.Add(), m.Subtract(), m.Multiply(), m.Divide()))
    if isinstance(value, cst.BinaryOperation) and m.matches(value, pattern) and value.left.deep_equals(target):
        if at.inputs(value.left):
            code = f"{at.code(target)} {at.code(value.operator)}= {at.code(value.right)}"
            yield Rewrite((at.edit(node, code),), (), target)


def rebinding(node: cst.AugAssign, at: Place) -> Iterator[Rewrite]:
    """`x += y` -> `x = x + y`: what the caller holds stays as it was."""
    target, operator = at.code(node.target), at.code(node.operator).removesuffix("=")
    code = f"{target} = {target} {operator} {at.atom(node.value)}"
    yield Rewrite((at.edit(node, code),), (), node.target)


def undecorated(node: cst.Decorator, at: Place) -> Iterator[Rewrite]:
    if "\n" not in at.code(node):
        yield Rewrite((at.edit(node, ""),), (), node)


def no_method(node: cst.FunctionDef, at: Place) -> Iterator[Rewrite]:
    """A method left out, but for those without which nothing can be built."""
    yield Rewrite((at.edit(node, "pass"),), (), node)
