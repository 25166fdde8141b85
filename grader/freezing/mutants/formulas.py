"""Mistakes within a formula: signs, factors, terms, comparisons and conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import libcst as cst
import libcst.matchers as m

from grader.freezing.mutants.calls import receiver
from grader.freezing.mutants.edits import Edit
from grader.freezing.mutants.operator import Rewrite
from grader.freezing.mutants.place import OPERATIONS, Place

SIGNS: Final = {"+": ("-", "subtracted", "added"), "-": ("+", "added", "subtracted")}
IN_PLACE: Final = {"+": "add_", "-": "sub_", "*": "mul_", "/": "div_"}
NO_NUMBERS: Final = (cst.Tuple, cst.List, cst.Dict, cst.ListComp, cst.UnaryOperation)
ONE_TENSOR: Final = ("", "Any", "Tensor", "torch.Tensor")
TIMES: Final = {
    "*": ("/", "divides", "multiply"),
    "/": ("*", "multiplies", "divide"),
    "//": ("/", "divides without rounding", "divide"),
}
BOUNDARIES: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
DIRECTIONS: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "!=", "!=": "=="}


def sign(node: cst.BinaryOperation | cst.AugAssign, at: Place) -> Iterator[Rewrite]:
    token = at.code(node.operator)
    other, now, before = SIGNS[token.removesuffix("=")]
    yield Rewrite((at.edit(node.operator, other + token[1:]),), (now, before), _right(node))


def times(node: cst.BinaryOperation | cst.AugAssign, at: Place) -> Iterator[Rewrite]:
    token = at.code(node.operator)
    other, now, before = TIMES[token.removesuffix("=")]
    equals = "=" if token.endswith("=") else ""
    yield Rewrite((at.edit(node.operator, other + equals),), (now, before), _right(node))


def _right(node: cst.BinaryOperation | cst.AugAssign) -> cst.CSTNode:
    return node.right if isinstance(node, cst.BinaryOperation) else node.value


def token(code: str, node: cst.BinaryOperation, at: Place) -> Iterator[Rewrite]:
    """Another operator between the same operands."""
    yield Rewrite((at.edit(node.operator, code),), (), node.right)


def left_only(node: cst.BinaryOperation, at: Place) -> Iterator[Rewrite]:
    yield Rewrite((at.instead(node, node.left),), (), node.right)


def either_only(node: cst.BinaryOperation, at: Place) -> Iterator[Rewrite]:
    yield from left_only(node, at)
    yield Rewrite((at.instead(node, node.right),), (), node.left)


def either_term(node: cst.BinaryOperation, at: Place) -> Iterator[Rewrite]:
    """`a - b` -> `a`, and `-b`."""
    yield from left_only(node, at)
    minus = f"-{at.side(node.right, '*', left=True)}"
    alone = isinstance(at.parent(node), OPERATIONS) and not node.lpar
    yield Rewrite((at.edit(node, f"({minus})" if alone else minus),), (), node.left)


def turned(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    """What a function is applied to with the other sign."""
    argument = receiver(node, at)
    if argument is not None and not isinstance(argument, cst.UnaryOperation):
        yield Rewrite((at.edit(argument, negation(argument, at)),), (), argument)


def negation(node: cst.BaseExpression, at: Place) -> str:
    code = f"-{at.atom(node)}"
    return f"({code})" if isinstance(at.parent(node), cst.Attribute) else code


def exchanged(node: cst.BinaryOperation, at: Place) -> Iterator[Rewrite]:
    """The operands in the other order."""
    token = at.code(node.operator)
    left, right = at.side(node.right, token, left=True), at.side(node.left, token, left=False)
    code = f"{left} {token} {right}"
    yield Rewrite((at.edit(node, code),), (), node)


def operand(node: cst.UnaryOperation, at: Place) -> Iterator[Rewrite]:
    """Without its minus, `not` or `~`; a negative number in a place of its own is a constant."""
    if not (isinstance(node.operator, cst.Minus) and isinstance(node.expression, cst.Integer)):
        yield Rewrite((at.instead(node, node.expression),), (), node)


def boundary(node: cst.ComparisonTarget, at: Place) -> Iterator[Rewrite]:
    token = at.code(node.operator)
    if token in BOUNDARIES:
        yield Rewrite((at.edit(node.operator, BOUNDARIES[token]),), (), at.parent(node))


def direction(node: cst.ComparisonTarget, at: Place) -> Iterator[Rewrite]:
    token = at.code(node.operator)
    if token in DIRECTIONS:
        yield Rewrite((at.edit(node.operator, DIRECTIONS[token]),), (), at.parent(node))


def both(node: cst.BooleanOperation, at: Place) -> Iterator[Rewrite]:
    other = "or" if isinstance(node.operator, cst.And) else "and"
    yield Rewrite((at.edit(node.operator, other),), (), node)


def negated(node: cst.If | cst.IfExp | cst.CompIf, at: Place) -> Iterator[Rewrite]:
    if not isinstance(node.test, cst.Comparison | cst.UnaryOperation) or _is(node.test):
        yield Rewrite((at.edit(node.test, f"not {at.atom(node.test)}"),), (), node.test)


def _is(test: cst.BaseExpression) -> bool:
    """Whether `is`, `is not`, `in` or `not in` stands in it, which no other row turns around."""
    kinds = m.OneOf(m.Is(), m.IsNot(), m.In(), m.NotIn())
    return m.matches(test, m.Comparison(comparisons=[m.ComparisonTarget(operator=kinds)]))


def settled(node: cst.If | cst.IfExp | cst.CompIf, at: Place) -> Iterator[Rewrite]:
    """The condition always holds, or never."""
    for value, word in (("True", "always"), ("False", "never")):
        yield Rewrite((at.edit(node.test, value),), (word,), node.test)


def complement_of_mask(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    """The mask of `masked_fill` or `where` turned around."""
    mask = node.args[0].value if node.args and node.args[0].keyword is None else None
    if mask is not None and not isinstance(mask, cst.Comparison | cst.UnaryOperation):
        yield Rewrite((at.edit(mask, f"~{at.atom(mask)}"),), (), mask)


def negative(node: cst.Return, at: Place) -> Iterator[Rewrite]:
    """The whole result with the other sign, where it is a number or a tensor."""
    value = node.value
    if value is not None and _is_single(at) and not isinstance(value, NO_NUMBERS):
        yield Rewrite((at.edit(value, f"-{at.atom(value)}"),), (), value)


def negative_value(node: cst.Assign, at: Place) -> Iterator[Rewrite]:
    """A loss that is made larger, a direction that leads away."""
    yield Rewrite((at.edit(node.value, f"-({at.code(node.value)})"),), (), node)


def cut_off(node: cst.Return, at: Place) -> Iterator[Rewrite]:
    """What comes back no longer knows how it was computed."""
    value = node.value
    cuts = (
        not isinstance(value, NO_NUMBERS)
        and value is not None
        and "detach" not in at.code(value)
        and "ctx" not in at.bound
    )
    if value is not None and cuts and _is_single(at) and annotation(at) in ONE_TENSOR:
        yield Rewrite((at.edit(value, f"{at.atom(value)}.detach()"),), (), value)


def unparenthesised(node: cst.BinaryOperation, at: Place) -> Iterator[Rewrite]:
    """`x / (1 - p)` -> `x / 1 - p`."""
    if len(node.lpar) == 1 and isinstance(at.parent(node), OPERATIONS):
        start, end = at.start(node.lpar[0]), at.end(node.rpar[0])
        yield Rewrite((Edit(start, end, at.code(node)),), (), node)


def in_place(node: cst.BinaryOperation, at: Place) -> Iterator[Rewrite]:
    """`x * y` -> `x.mul_(y)` for an argument `x`."""
    left = node.left
    if isinstance(left, cst.Name) and left.value in at.named and at.kind(left.value).endswith("Tensor"):
        name = IN_PLACE[at.code(node.operator)]
        yield Rewrite((at.edit(node, f"{left.value}.{name}({at.code(node.right)})"),), (left.value,), node)


def complement(node: cst.BinaryOperation, at: Place) -> Iterator[Rewrite]:
    """`1 - p` -> `p`."""
    yield Rewrite((at.instead(node, node.right),), (), node)


def complement_of_bound(node: cst.ComparisonTarget, at: Place) -> Iterator[Rewrite]:
    """`x >= p` -> `x >= 1 - p`."""
    bound = node.comparator
    if isinstance(bound, cst.Name) and bound.value in at.named and at.kind(bound.value) == "float":
        yield Rewrite((at.edit(bound, f"1 - {bound.value}"),), (), at.parent(node))


def _is_single(at: Place) -> bool:
    if annotation(at) in {"", "Any"}:
        return any("Tensor" in at.kind(name) for name in at.named)
    return annotation(at).rsplit(".", 1)[-1].strip("\"'") in {"Tensor", "float", "ndarray", "NDArray"}


def annotation(at: Place) -> str:
    """What the function says that it returns, without what stands in brackets."""
    returns = at.function.returns
    if returns is None:
        return ""
    whole = at.code(returns.annotation)
    return whole.split("[")[0]
