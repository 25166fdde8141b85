"""Mistakes with whole lines: left out, in another order, returned too early, in place or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import libcst as cst
import libcst.matchers as m

from grader.freezing.mutants.calls import called, name_of
from grader.freezing.mutants.edits import Edit
from grader.freezing.mutants.flow import assigned, bound_names, loaded, root
from grader.freezing.mutants.operator import Rewrite
from grader.freezing.mutants.place import Place

MOVABLE: Final = (cst.Expr, cst.AugAssign, cst.Assign)
GROWING: Final = m.OneOf(m.Name("append"), m.Name("extend"), m.Name("add_"), m.Name("sub_"), m.Name("step"))
LOOPING: Final = m.OneOf(m.For(), m.ListComp(), m.GeneratorExp(), m.SetComp())
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
    for one, two in pairwise(lines):
        if one and two and not _depends(one, two, at):
            edits = (at.edit(one, at.code(two)), at.edit(two, at.code(one)))
            yield Rewrite(edits, (), two, f"before `{at.code(one)}`")


def _only(line: cst.BaseStatement | cst.BaseSmallStatement) -> cst.BaseSmallStatement | None:
    """The statement of a line that holds one which can be moved."""
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    statement = line.body[0]
    movable = m.OneOf(m.Expr(value=m.Call()), m.Assign(), m.AnnAssign(), m.AugAssign())
    return statement if m.matches(statement, movable) else None


def _depends(one: cst.CSTNode, two: cst.CSTNode, at: Place) -> bool:
    """Whether the lines cannot change places, or whether it makes no difference."""
    makes, reads = ({*_made(one)}, {*_made(two)}), ({*_read(one)}, {*_read(two)})
    first = {name for name in makes[0] if at.bound.get(name) == at.start(one)}
    apart = not (makes[0] & (reads[1] | makes[1]) or makes[1] & reads[0])
    return bool(first & reads[1]) or _builds(one) or _builds(two) or (apart and bool(makes[0] and makes[1]))


def _read(node: cst.CSTNode) -> Iterator[str]:
    return (name.value for name in loaded(node))


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
    returned = _name(node.value)
    for name in at.named:
        if (
            node.value is not None
            and name != returned
            and name in at.flows.get(returned, ())
            and _fits(name, at)
        ):
            yield Rewrite((at.edit(node.value, name),), (name,), node)


def _name(value: cst.BaseExpression | None) -> str:
    """`theta` of `theta` and of `theta.detach()`."""
    if isinstance(value, cst.Call) and name_of(value) == "detach" and isinstance(value.func, cst.Attribute):
        value = value.func.value
    return value.value if isinstance(value, cst.Name) else ""


def _fits(name: str, at: Place) -> bool:
    """Whether an argument is what the function says that it returns."""
    returns = at.function.returns
    return returns is None or at.code(returns.annotation) == at.kind(name)


def results_exchanged(node: cst.Return, at: Place) -> Iterator[Rewrite]:
    elements: Sequence[cst.BaseElement] = node.value.elements if isinstance(node.value, cst.Tuple) else ()
    for index, (one, two) in enumerate(pairwise(elements)):
        edits = (at.edit(one, at.code(two)), at.edit(two, at.code(one)))
        yield Rewrite(edits, (f"`result[{index}]`", f"`result[{index + 1}]`"), node)


def early(node: cst.IndentedBlock, at: Place) -> Iterator[Rewrite]:
    """The `return` that follows a loop stands in the loop as well."""
    for loop, after in pairwise(node.body):
        last = _last(loop)
        if last is not None and m.matches(after, m.SimpleStatementLine(body=[m.Return()])):
            code = f"{at.code(last)}; {at.code(after)}"
            yield Rewrite((at.edit(last, code),), (), after, "at the end of the loop as well")


def _last(loop: cst.CSTNode) -> cst.BaseSmallStatement | None:
    """The statement that ends a loop's body, within a `with` that ends it too, where it is a small one."""
    line = loop.body.body[-1] if isinstance(loop, cst.For | cst.With) else None
    if isinstance(line, cst.With):
        return _last(line)
    return line.body[-1] if isinstance(line, cst.SimpleStatementLine) else None


def outside(node: cst.IndentedBlock, at: Place) -> Iterator[Rewrite]:
    """The last line of a loop stands after it."""
    for loop, after in pairwise(node.body):
        last = _last(loop) if isinstance(loop, cst.For) else None
        if last is not None and isinstance(after, cst.SimpleStatementLine) and isinstance(last, MOVABLE):
            start = at.start(after)
            edits = (at.edit(last, "pass"), Edit(start, start, f"{at.code(last)}; "))
            yield Rewrite(edits, (), last, "after the loop")


def begun_again(node: cst.IndentedBlock, at: Place) -> Iterator[Rewrite]:
    """A value that has to outlive the rounds begins anew in each of them."""
    for loop in node.body:
        first = loop.body.body[0] if isinstance(loop, cst.For) else None
        for line in node.body[: node.body.index(loop)] if isinstance(first, cst.SimpleStatementLine) else ():
            begins = _only(line)
            if begins is not None and {*_made(begins)} & {*_changed(loop)}:
                start = at.start(first or loop)
                edit = Edit(start, start, f"{at.code(begins)}; ")
                yield Rewrite((edit,), (), begins, "at the beginning of the loop as well")


def _changed(loop: cst.CSTNode) -> Iterator[str]:
    """The names that a loop changes, by a value that needs the former one or by a method."""
    for node in m.findall(loop, m.OneOf(m.Assign(), m.AugAssign(), m.Call(func=m.Attribute(attr=GROWING)))):
        reads = {name.value for name in loaded(node)}
        if isinstance(node, cst.Call):
            yield root(node.func)
        else:
            yield from (name for name in _made(node) if isinstance(node, cst.AugAssign) or name in reads)


def stale(node: cst.Name, at: Place) -> Iterator[Rewrite]:
    """In a loop the argument that a running value began with, in place of the running value."""
    begun = at.begun.get(node.value)
    if begun is not None and at.in_loop(node):
        yield Rewrite((at.edit(node, begun),), (begun,), node)


def confused_parts(node: cst.Name, at: Place) -> Iterator[Rewrite]:
    """`g` for `v` of `for v, g in zip(...)`."""
    for loop in (around for around in at.above(node) if m.matches(around, LOOPING)):
        names = [name for target in _targets(loop) for name in bound_names(target)]
        if node.value in names and len(names) > 1:
            other = names[(names.index(node.value) + 1) % len(names)]
            yield Rewrite((at.edit(node, other),), (), node)
            return


def _targets(loop: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    return assigned(loop.for_in if isinstance(loop, cst.BaseSimpleComp) else loop)


def grown(node: cst.Name, at: Place) -> Iterator[Rewrite]:
    """The first or the last of what a loop collected does not come back."""
    appends = m.Call(func=m.Attribute(value=m.Name(node.value), attr=m.Name("append")))
    if isinstance(at.statement(node), cst.Return) and m.findall(at.function.body, appends):
        for cut, word in (("[1:]", "first"), ("[:-1]", "last")):
            yield Rewrite((at.edit(node, f"{node.value}{cut}"),), (word,), node)


def overwriting(node: cst.Assign, at: Place) -> Iterator[Rewrite]:
    """`x = x + y` -> `x += y`, which changes what the caller holds."""
    target, value = node.targets[0].target, node.value
    pattern = m.BinaryOperation(operator=m.OneOf(m.Add(), m.Subtract(), m.Multiply(), m.Divide()))
    if not isinstance(value, cst.BinaryOperation) or not m.matches(value, pattern):
        return
    if value.left.deep_equals(target) and at.inputs(value.left):
        code = f"{at.code(target)} {at.code(value.operator)}= {at.code(value.right)}"
        yield Rewrite((at.edit(node, code),), (), target)


def not_added(node: cst.AugAssign, at: Place) -> Iterator[Rewrite]:
    """`x += y` -> `x = y`: what was there before is lost."""
    yield Rewrite((at.edit(node.operator, "="),), (), node.target)


def twice(node: cst.BaseSmallStatement, at: Place) -> Iterator[Rewrite]:
    """A line that changes something stands there twice."""
    reads = {name.value for name in loaded(node.value)} if isinstance(node, cst.Assign) else set()
    again = isinstance(node, cst.AugAssign) or (isinstance(node, cst.Assign) and bool({*_made(node)} & reads))
    if again or m.matches(node, m.Expr(value=called("step", "append", "add_", "sub_", "mul_"))):
        yield Rewrite((at.edit(node, f"{at.code(node)}; {at.code(node)}"),), (), node)


def rebinding(node: cst.AugAssign, at: Place) -> Iterator[Rewrite]:
    """`x += y` -> `x = x + y`: what the caller holds stays as it was."""
    target, operator = at.code(node.target), at.code(node.operator).removesuffix("=")
    code = f"{target} = {target} {operator} {at.side(node.value, operator, left=False)}"
    yield Rewrite((at.edit(node, code),), (), node.target)


def undecorated(node: cst.Decorator, at: Place) -> Iterator[Rewrite]:
    if "\n" not in at.code(node):
        yield Rewrite((at.edit(node, ""),), (), node)


def no_method(node: cst.FunctionDef, at: Place) -> Iterator[Rewrite]:
    """A method left out with its decorators, but for those without which nothing can be built."""
    if at.method and node.name.value != "__init__":
        start = min(at.start(part) for part in (node, *node.decorators))
        yield Rewrite((Edit(start, at.end(node), "pass"),), (node.name.value,), node)
