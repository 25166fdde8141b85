"""Mistakes in a call: a function left out or taken for another, arguments dropped, exchanged or confused."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Final

import libcst as cst
import libcst.matchers as m
import torch

from grader.freezing.mutants.operator import Change, Rewrite
from grader.freezing.mutants.place import Place

NEEDED: Final = frozenset(
    {"dtype", "device", "generator", "dim", "axis", "keepdim", "keepdims", "requires_grad"}
)
"""Keywords with a row of their own, and one without which nothing runs."""

COMMUTING: Final = frozenset(
    {"transpose", "swapaxes", "swapdims", "maximum", "minimum", "add", "mul", "multiply", "allclose", "eq",
     "equal", "isclose", "isinstance", "getattr", "hasattr", "max", "min", "enumerate", "permute"}
)  # fmt: skip
"""Calls whose arguments give the same in any order, or that raise in any other."""


def name_of(node: cst.CSTNode) -> str:
    """The last name of what is called: `relu` of `torch.relu(x)`, `x.relu()` and `relu(x)`."""
    called = node.func if isinstance(node, cst.Call) else node
    last = called.attr if isinstance(called, cst.Attribute) else called
    return last.value if isinstance(last, cst.Name) else ""


def named(*names: str) -> m.Name:
    return m.Name(value=m.MatchIfTrue(lambda value: value in names))


def called(*names: str) -> m.Call:
    """A matcher of calls of a function or a method with one of these names."""
    return m.Call(func=m.OneOf(named(*names), m.Attribute(attr=named(*names))))


FUNCTIONS: Final = (
    "exp", "log", "log1p", "expm1", "abs", "clamp", "clip", "norm", "sign", "softplus", "logsumexp", "cumsum",
    "cos", "sin",
)  # fmt: skip
FUNCTION: Final = m.OneOf(
    called(*FUNCTIONS, "relu", "tanh", "sigmoid", "gelu", "sum", "mean", "sqrt", "square", "softmax"),
    m.Call(func=m.Attribute(value=m.Name("self"))),
)
"""What makes a number of a number, so that two of them can change places."""


def receiver(node: cst.Call, at: Place) -> cst.BaseExpression | None:
    """`x` of `x.sum()`, of `torch.sum(x)` and of `self.hidden(x)`; None for `nn.ReLU()`."""
    owner = node.func.value if isinstance(node.func, cst.Attribute) else None
    if owner is None or m.matches(owner, m.Name("self")) or isinstance(at.resolved(owner), ModuleType | type):
        return node.args[0].value if node.args and node.args[0].keyword is None else None
    return owner


def left_out(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    """What the function was applied to in place of what it gives."""
    applied_to = receiver(node, at)
    if applied_to is not None and not isinstance(at.parent(node), cst.Expr):
        yield Rewrite((at.instead(node, applied_to),), (), applied_to)


def attribute_left_out(node: cst.Attribute, at: Place) -> Iterator[Rewrite]:
    yield Rewrite((at.instead(node, node.value),), (), node.value)


def gradient_left_out(node: cst.Attribute, at: Place) -> Iterator[Rewrite]:
    """`x.grad` -> `x` in a formula."""
    if not isinstance(at.parent(node), cst.Attribute):
        yield from attribute_left_out(node, at)


def layer_left_out(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    """`self.hidden(x)` -> `x`."""
    if len(node.args) == 1:
        yield Rewrite((at.instead(node, node.args[0].value),), (), node.args[0].value)


def element_left_out(*names: str) -> Change:
    """One of the layers that a Sequential is built of."""

    def change(node: cst.Call, at: Place) -> Iterator[Rewrite]:
        for index, arg in enumerate(node.args):
            if name_of(arg.value) in names:
                yield Rewrite((at.without(node.args, index),), (), arg)

    return change


def renamed(pairs: Mapping[str, str], words: Mapping[str, str] | None = None) -> Change:
    """Another function of the same module, or another method, with the same arguments."""

    def change(node: cst.Call, at: Place) -> Iterator[Rewrite]:
        last = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
        before = name_of(node)
        after = pairs.get(before)
        if after is not None and _exists(node, after, at):
            told = (words or {}).get(after, after), (words or {}).get(before, before)
            yield Rewrite((at.edit(last, after),), told, receiver(node, at))

    return change


def _exists(node: cst.Call, name: str, at: Place) -> bool:
    if isinstance(node.func, cst.Name):
        return name in at.file.original.space or name in {"min", "max"}
    owner = at.resolved(node.func.value) if isinstance(node.func, cst.Attribute) else None
    return not isinstance(owner, ModuleType) or hasattr(owner, name)


def keyword(*names: str) -> Change:
    """An argument with one of these names is dropped."""

    def change(node: cst.Call, at: Place) -> Iterator[Rewrite]:
        for index, arg in enumerate(node.args):
            if arg.keyword is not None and arg.keyword.value in names and not _asks(node, arg.keyword.value):
                yield Rewrite((at.without(node.args, index),), (), arg.value)

    return change


def _asks(node: cst.Call, word: str) -> bool:
    """Whether the function refuses to run without this argument."""
    needing = {"softmax", "log_softmax", "transpose", "unsqueeze", "cumsum", "gather", "index_select"}
    return word == "dim" and name_of(node) in needing


def argument_dropped(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    """A keyword that has a default, or the last argument where the signature shows one."""
    function = at.resolved(node.func)
    signature = _signature(function)
    for index, arg in enumerate(node.args):
        word = arg.keyword.value if arg.keyword is not None else ""
        goes = bool(word) or (index > 0 and index + 1 == len(node.args))
        if not goes or arg.star or word in NEEDED:
            continue
        if _optional(signature, word, index) if signature else word and not isinstance(function, type):
            yield Rewrite((at.without(node.args, index),), (), arg.value)


def _signature(value: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(value) if callable(value) else None
    except (ValueError, TypeError):
        return None


def _optional(signature: inspect.Signature, word: str, index: int) -> bool:
    parameters = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    found = signature.parameters.get(word) if word else next(iter(parameters[index : index + 1]), None)
    return found is not None and found.default is not inspect.Parameter.empty


def arguments_exchanged(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    """Two neighbours in each other's place."""
    places = [arg for arg in node.args if arg.keyword is None and not arg.star]
    if name_of(node) in COMMUTING:
        return
    begin = 1 if name_of(node) in {"where", "masked_fill"} else 0
    for one, two in zip(places[begin:], places[begin + 1 :], strict=False):
        edits = (at.edit(one.value, at.code(two.value)), at.edit(two.value, at.code(one.value)))
        yield Rewrite(edits, (), node)


def confused(node: cst.Name, at: Place) -> Iterator[Rewrite]:
    """A neighbour in the signature, of the same kind, in place of an argument."""
    around = at.parent(node)
    if node.value not in at.named or m.matches(around, m.Attribute(attr=named("dtype", "device"))):
        return
    index = at.named.index(node.value)
    for other in dict.fromkeys((at.named[index - 1], at.named[(index + 1) % len(at.named)])):
        if other != node.value and _alike(at.kind(node.value), at.kind(other), counted=_counts(around, at)):
            yield Rewrite((at.edit(node, other),), (other, node.value), node)


def _alike(one: str, other: str, *, counted: bool) -> bool:
    return one == other or (not counted and {one, other} == {"int", "float"})


def _counts(around: cst.CSTNode, at: Place) -> bool:
    """Whether only a whole number can stand in an argument of this."""
    return isinstance(around, cst.Arg) and name_of(at.parent(around)) == "range"


def nested(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    """`f(g(x))` -> `g(f(x))`."""
    inner = receiver(node, at)
    core = receiver(inner, at) if isinstance(inner, cst.Call) and m.matches(inner, FUNCTION) else None
    if inner is not None and core is not None:
        code = at.around(inner, core).format(at.around(node, inner).format(at.code(core)))
        yield Rewrite((at.edit(node, code),), (), node)


def drawn_once(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    """`rand_like(x)` -> `rand_like(x[:1])`."""
    like = receiver(node, at)
    if like is not None:
        yield Rewrite((at.edit(like, f"{at.atom(like)}[:1]"),), (), like)


def cut_off_before(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    """What goes into a layer no longer knows how it was computed."""
    for arg in node.args[:1]:
        yield Rewrite((at.edit(arg.value, f"{at.atom(arg.value)}.detach()"),), (), arg)


def another_layer(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    """Another one of those that the same method calls."""
    calls = m.findall(at.function.body, m.Call(func=m.Attribute(value=m.Name("self"))))
    last = cst.ensure_type(node.func, cst.Attribute).attr
    for other in dict.fromkeys(name_of(call) for call in calls):
        if other != last.value:
            yield Rewrite((at.edit(last, other),), (), node)


def bent_again(node: cst.Return, at: Place) -> Iterator[Rewrite]:
    """The activation between the layers stands behind the last one too."""
    bends = m.findall(at.function.body, called("relu", "tanh", "sigmoid", "gelu"))
    if bends and m.matches(node, m.Return(value=m.Call(func=m.Attribute(value=m.Name("self"))))):
        bend, value = cst.ensure_type(bends[0], cst.Call), cst.ensure_type(node.value, cst.Call)
        applied_to = receiver(bend, at)
        if applied_to is not None and at.start(applied_to) > at.start(bend):
            code = at.text(at.start(bend), at.start(applied_to)) + at.code(value) + ")"
            yield Rewrite((at.edit(value, code),), (), node)


def keyword_added(code: str, absent: str) -> Change:
    """An argument that a student adds without need."""

    def change(node: cst.Call, at: Place) -> Iterator[Rewrite]:
        given = {arg.keyword.value for arg in node.args if arg.keyword is not None}
        if node.args and absent not in given:
            last = node.args[-1]
            yield Rewrite((at.edit(last, f"{at.code(last)}, {code}"),), (), node)

    return change


def in_place(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    """`x.relu()` -> `x.relu_()`: what the method is applied to changes."""
    owner = node.func.value if isinstance(node.func, cst.Attribute) else None
    if isinstance(owner, cst.Name) and at.resolved(owner) is None and at.inputs(owner):
        last = cst.ensure_type(node.func, cst.Attribute).attr
        yield Rewrite((at.edit(last, f"{last.value}_"),), (), owner)


def unkept(node: cst.Call, at: Place) -> Iterator[Rewrite]:
    """`x.add_(y)` as a line -> `x.add(y)`: what it gives is lost."""
    name = name_of(node)
    if isinstance(at.parent(node), cst.Expr) and name.endswith("_") and hasattr(torch.Tensor, name[:-1]):
        last = cst.ensure_type(node.func, cst.Attribute).attr
        yield Rewrite((at.edit(last, name[:-1]),), (), receiver(node, at))
