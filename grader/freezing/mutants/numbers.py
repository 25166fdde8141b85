"""Mistakes in a number: a constant, a dimension, an index, the bounds of a slice or of a loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import libcst as cst
import libcst.matchers as m

from grader.freezing.mutants.calls import name_of
from grader.freezing.mutants.operator import Rewrite
from grader.freezing.mutants.place import Place

DIMENSIONS: Final = frozenset({"dim", "axis", "dim0", "dim1", "start_dim", "end_dim"})
ALONG: Final = frozenset(
    {"sum", "mean", "softmax", "log_softmax", "transpose", "swapaxes", "permute", "unsqueeze", "squeeze",
     "max", "min", "argmax", "argmin", "std", "var", "prod", "cumsum", "norm", "cat", "stack", "flatten",
     "size", "any", "logsumexp", "chunk", "split", "all", "amax", "amin", "concatenate", "expand_dims"}
)  # fmt: skip
"""Calls whose whole numbers are dimensions."""

TINY, HUGE = 1e-4, 1e5


def value_of(node: cst.CSTNode) -> int | None:
    """A whole number as it stands in the source, with its minus."""
    if isinstance(node, cst.Integer):
        return node.evaluated_value
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        inner = value_of(node.expression)
        return None if inner is None else -inner
    return None


def dimension(node: cst.Arg, at: Place) -> Iterator[Rewrite]:
    value = value_of(node.value)
    if value is not None and _is_dimension(node, at) and _may_differ(node, at):
        other = {-1: -2, 0: 1}.get(value, value + 1 if value < 0 else value - 1)
        yield Rewrite((at.edit(node.value, str(other)),), (), at.parent(node))


def _is_dimension(node: cst.Arg, at: Place) -> bool:
    if node.keyword is not None:
        return node.keyword.value in DIMENSIONS
    return name_of(at.parent(node)) in ALONG


def _may_differ(node: cst.Arg, at: Place) -> bool:
    """Whether it is not one of two dimensions to exchange, which have to be two."""
    return name_of(at.parent(node)) not in {"transpose", "swapaxes", "permute"}


def whole(node: cst.Integer, at: Place) -> Iterator[Rewrite]:
    """One more or one less, where the number is neither dimension nor index nor bound of a loop."""
    around = at.parent(node)
    outer = at.parent(around) if isinstance(around, cst.UnaryOperation) else around
    if isinstance(outer, cst.Index | cst.Slice) or (isinstance(outer, cst.Arg) and not _is_plain(outer, at)):
        return
    value = node.evaluated_value
    for other in (value + 1, value - 1) if value > 1 else (1 - value, value + 1):
        yield Rewrite((at.edit(node, str(other)),), (_size(other, value),), outer)


def _is_plain(arg: cst.Arg, at: Place) -> bool:
    return not _is_dimension(arg, at) and name_of(at.parent(arg)) != "range"


def real(node: cst.Float, at: Place) -> Iterator[Rewrite]:
    value = node.evaluated_value
    if value == 0 or value >= HUGE:
        others = [1.0]
    elif value < TINY:
        others = [0.0]
    else:
        others = [2 * value, value / 2] if value != 1 else [2.0, 0.0]
    for other in others:
        yield Rewrite((at.edit(node, repr(other)),), (_size(other, value),), at.parent(node))


def _size(other: float, value: float) -> str:
    return "too large" if other > value else "too small"


def size(node: cst.Name, at: Place) -> Iterator[Rewrite]:
    """An argument that counts something, one too large in a call."""
    around = at.parent(node)
    counts = node.value in at.named and at.kind(node.value) == "int"
    if counts and isinstance(around, cst.Arg) and _is_plain(around, at):
        yield Rewrite((at.edit(node, f"{node.value} + 1"),), (node.value,), node)


def infinite(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    """`float("-inf")` -> 0.0, and the other sign."""
    text = at.code(node.args[0].value) if node.args else ""
    if "inf" in text.lower():
        sign = text.replace("-", "") if "-" in text else text.replace("inf", "-inf")
        yield Rewrite((at.edit(node, "0.0"),), ("a finite number",), node)
        yield Rewrite((at.edit(node.args[0].value, sign),), ("the wrong sign",), node)


def flag(node: cst.Name, at: Place) -> Iterator[Rewrite]:
    around = at.parent(node)
    is_keepdim = isinstance(around, cst.Arg) and around.keyword and around.keyword.value.startswith("keepdim")
    if not is_keepdim and not m.matches(around, m.Arg(keyword=m.Name("requires_grad") | m.Name("strict"))):
        yield Rewrite((at.edit(node, "False" if node.value == "True" else "True"),), (), around)


def kept(node: cst.Arg, at: Place) -> Iterator[Rewrite]:
    """`keepdim` the other way."""
    other = "False" if at.code(node.value) == "True" else "True"
    yield Rewrite((at.edit(node.value, other),), (), at.parent(node))


def reduction(node: cst.Arg, at: Place) -> Iterator[Rewrite]:
    text = at.code(node.value)
    words = ("averaged", "summed") if "sum" in text else ("summed", "averaged")
    other = text.replace("sum", "mean") if "sum" in text else text.replace("mean", "sum")
    yield Rewrite((at.edit(node.value, other),), words, node.value)


def limit(node: cst.Arg, at: Place) -> Iterator[Rewrite]:
    """`min=` for `max=`."""
    assert node.keyword is not None
    yield Rewrite((at.edit(node.keyword, {"min": "max", "max": "min"}[node.keyword.value]),), (), node.value)


def next_seed(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    if node.args:
        seed = node.args[-1].value
        yield Rewrite((at.edit(seed, f"{at.atom(seed)} + 1"),), (), seed)


def other_mode(node: cst.Attribute, at: Place) -> Iterator[Rewrite]:
    yield Rewrite((at.edit(node, "(not self.training)"),), (), node)


def index(node: cst.Index, at: Place) -> Iterator[Rewrite]:
    value = value_of(node.value)
    if value is not None:
        for other in _others(node, value, at):
            word = "after" if other > value else "before"
            yield Rewrite((at.edit(node.value, str(other)),), (word,), at.parent(node))
    elif isinstance(node.value, cst.Name) and node.value.value in at.rounds:
        yield Rewrite((at.edit(node.value, f"{node.value.value} - 1"),), ("before",), at.parent(node))


def _others(node: cst.Index, value: int, at: Place) -> tuple[int, ...]:
    """The neighbours; of the sizes of a tensor the one that surely exists."""
    subscript = at.parent(at.parent(node))
    if m.matches(subscript, m.Subscript(value=m.Attribute(attr=m.Name("shape")))):
        return ({-1: -2, 0: 1}.get(value, value + 1 if value < 0 else value - 1),)
    return (value + 1,) if value == 0 else (value - 1,) if value == -1 else (value + 1, value - 1)


def bounds(node: cst.Slice, at: Place) -> Iterator[Rewrite]:
    """Where a slice begins or ends, one further on or back."""
    for bound, verb in ((node.lower, "begins"), (node.upper, "ends")):
        if bound is not None:
            yield from _moved(bound, verb, at)


def _moved(bound: cst.BaseExpression, verb: str, at: Place) -> Iterator[Rewrite]:
    for other, word in zip(_beside(bound, at), ("late", "early"), strict=False):
        yield Rewrite((at.edit(bound, other),), (f"{verb} one element too {word}",), at.parent(bound))


def _beside(node: cst.BaseExpression, at: Place) -> tuple[str, ...]:
    value = value_of(node)
    if value is None:
        return f"{at.atom(node)} + 1", f"{at.atom(node)} - 1"
    if value == 0:
        return ("1",)
    return tuple("" if other == 0 else str(other) for other in (value + 1, value - 1))


def rounds(node: cst.For | cst.CompFor, at: Place) -> Iterator[Rewrite]:
    """A loop that runs once less or once more."""
    if not isinstance(node.iter, cst.Call) or name_of(node.iter) != "range":
        for cut, word in (("[:-1]", "last"), ("[1:]", "first")):
            code = f"list({at.code(node.iter)}){cut}"
            yield Rewrite((at.edit(node.iter, code),), (f"the {word} round is missing",), node.iter)
        return
    args = node.iter.args
    end = args[min(1, len(args) - 1)].value
    for change, told in ((" - 1", "one round is missing"), (" + 1", "there is one round too many")):
        yield Rewrite((at.edit(end, at.atom(end) + change),), (f"{told} at the end",), node.iter)
    if len(args) > 1:
        begin, told = args[0].value, "one round is missing at the beginning"
        yield Rewrite((at.edit(begin, _beside(begin, at)[0]),), (told,), node.iter)
