"""Where a node of the source stands: its bytes, what surrounds it, and how a student may be told of it.

Words name the exercise's own arguments, since these are known to everybody, and never what the reference
alone has.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import libcst as cst
import libcst.matchers as m
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, ParentNodeProvider, PositionProvider

from grader.freezing.mutants.edits import Edit
from grader.freezing.mutants.flow import assigned, head, loaded, reaching, root
from grader.freezing.mutants.original import Original

PROTOCOL: Final = frozenset(
    {"__init__", "forward", "backward", "setup_context", "step", "zero_grad", "__call__", "__len__",
     "__getitem__", "__iter__"}
)  # fmt: skip
"""Methods whose names PyTorch gives, so that they are no part of a solution."""

OPERATIONS: Final = (
    cst.BinaryOperation, cst.UnaryOperation, cst.BooleanOperation, cst.Comparison, cst.ComparisonTarget,
    cst.Attribute, cst.Call, cst.Subscript, cst.Await,
)  # fmt: skip
COMPOUND: Final = (
    cst.BinaryOperation, cst.UnaryOperation, cst.BooleanOperation, cst.Comparison, cst.IfExp, cst.Lambda,
    cst.GeneratorExp, cst.Tuple,
)  # fmt: skip
BINDS: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "%": 2, "@": 2}
"""How tightly an operator binds; those that are not here get parentheses."""


@dataclass(frozen=True, eq=False)
class File:
    """A parsed source with what libcst knows of its nodes."""

    original: Original
    tree: cst.Module
    spans: Mapping[cst.CSTNode, Any]
    positions: Mapping[cst.CSTNode, Any]
    parents: Mapping[cst.CSTNode, cst.CSTNode]

    @classmethod
    def of(cls, original: Original) -> File:
        wrapper = MetadataWrapper(cst.parse_module(original.source.decode()), unsafe_skip_copy=True)
        return cls(
            original,
            wrapper.module,
            wrapper.resolve(ByteSpanPositionProvider),
            wrapper.resolve(PositionProvider),
            wrapper.resolve(ParentNodeProvider),
        )


@dataclass(frozen=True, eq=False)
class Place:
    """A function of the source. `named` are the arguments that may be told, `method` is where they stand."""

    file: File
    function: cst.FunctionDef
    named: tuple[str, ...]
    method: str
    flows: Mapping[str, frozenset[str]]
    bound: Mapping[str, int]
    """Every local name, and where its first value begins."""
    begun: Mapping[str, str]
    """The names that begin with an argument as it was handed in."""
    rounds: frozenset[str]
    """The names that count the rounds of a loop."""

    # --- the source -----------------------------------------------------------------------

    def start(self, node: cst.CSTNode) -> int:
        return int(self.file.spans[node].start)

    def end(self, node: cst.CSTNode) -> int:
        span = self.file.spans[node]
        return int(span.start + span.length)

    def head_end(self, node: cst.CSTNode) -> int:
        """Where a statement ends, a compound one before what it holds."""
        body = getattr(node, "body", None)
        if not isinstance(body, cst.BaseSuite):
            return self.end(node)
        head = self.file.original.source[self.start(node) : self.start(body)]
        return self.start(node) + head.rstrip().rfind(b":")

    def line(self, node: cst.CSTNode) -> int:
        return int(self.file.positions[node].start.line)

    def code(self, node: cst.CSTNode) -> str:
        """A node's text without parentheses around it."""
        return self.file.original.source[self.start(node) : self.end(node)].decode()

    def text(self, start: int, end: int) -> str:
        return self.file.original.source[start:end].decode()

    def around(self, node: cst.CSTNode, inner: cst.CSTNode) -> str:
        """A node's text with a gap, as a format, where `inner` stands in it."""
        parts = self.text(self.start(node), self.start(inner)), self.text(self.end(inner), self.end(node))
        return "{}".join(part.replace("{", "{{").replace("}", "}}") for part in parts)

    def edit(self, node: cst.CSTNode, code: str) -> Edit:
        return Edit(self.start(node), self.end(node), code)

    def instead(self, node: cst.CSTNode, other: cst.CSTNode) -> Edit:
        """`other` in the place of `node`, in parentheses where what surrounds it asks for them."""
        around = self.parent(node)
        if isinstance(around, cst.BinaryOperation) and not getattr(node, "lpar", ()):
            return self.edit(node, self.side(other, self.code(around.operator), left=node is around.left))
        inside = isinstance(around, OPERATIONS) and not getattr(node, "lpar", ())
        return self.edit(node, self.atom(other) if inside or "\n" in self.code(other) else self.code(other))

    def side(self, node: cst.CSTNode, operator: str, *, left: bool) -> str:
        """A node's text as what stands beside a binary operator."""
        own = BINDS.get(self.code(node.operator), 0) if isinstance(node, cst.BinaryOperation) else 0
        fits = own > BINDS.get(operator, 0) or (left and own == BINDS.get(operator))
        return self.code(node) if fits and "\n" not in self.code(node) else self.atom(node)

    def atom(self, node: cst.CSTNode) -> str:
        """A node's text as an operand of anything."""
        return f"({self.code(node)})" if isinstance(node, COMPOUND) else self.code(node)

    def without(self, items: Sequence[cst.CSTNode], index: int) -> Edit:
        """An argument or element taken out of its list, with the comma that parts it from the next."""
        if index + 1 < len(items):
            return Edit(self.start(items[index]), self.start(items[index + 1]), "")
        return Edit(self.end(items[index - 1]) if index else self.start(items[0]), self.end(items[-1]), "")

    # --- what surrounds a node ------------------------------------------------------------

    def parent(self, node: cst.CSTNode) -> cst.CSTNode:
        return self.file.parents[node]

    def above(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around this one, up to the function."""
        while node is not self.function:
            node = self.parent(node)
            yield node

    def statement(self, node: cst.CSTNode) -> cst.CSTNode:
        """The small statement or the head of a compound one in which a node stands."""
        around = (node, *self.above(node))
        return next(n for n in around if isinstance(n, cst.BaseSmallStatement | cst.BaseCompoundStatement))

    def in_loop(self, node: cst.CSTNode) -> bool:
        body = list(self.above(node))
        return any(isinstance(n, cst.For | cst.While) and n.body in body for n in body)

    def resolved(self, node: cst.CSTNode) -> Any:
        """What a dotted name means in the exercise file; None for what is local or computed."""
        if isinstance(node, cst.Attribute):
            return getattr(self.resolved(node.value), node.attr.value, None)
        if not isinstance(node, cst.Name) or node.value in self.bound:
            return None
        return self.file.original.space.get(node.value, getattr(builtins, node.value, None))

    def kind(self, name: str) -> str:
        """What the signature says that an argument is."""
        found = m.findall(self.function.params, m.Param(name=m.Name(name)))
        param = cst.ensure_type(found[0], cst.Param)
        return self.code(param.annotation.annotation) if param.annotation else ""

    # --- words ----------------------------------------------------------------------------

    def subject(self, node: cst.CSTNode) -> str:
        """What a change at this node concerns, as the exercise would say it."""
        statement = self.statement(node)
        if isinstance(statement, cst.Return):
            return self._result(node, statement)
        target = self._target(statement)
        if target in self.named:
            return f"`{target}`{self.method}"
        names = listed(self.inputs(statement))
        loop = " in the loop" if self.in_loop(node) else ""
        what = f"what is computed{loop} from {names}" if names else f"a value on the way{loop}"
        return what + self.method

    def _result(self, node: cst.CSTNode, statement: cst.Return) -> str:
        around = [node, *self.above(node)]
        if m.matches(statement, m.Return(value=m.Tuple())) and not self.method and self.named:
            elements = cst.ensure_type(statement.value, cst.Tuple).elements if statement.value else ()
            index = next((i for i, element in enumerate(elements) if element in around), None)
            if index is not None:
                return f"`result[{index}]`"
        if self.method:
            return f"what{self.method.removeprefix(' in')} returns"
        return "what comes back" if self.named else "what a helper gives back"

    def _target(self, statement: cst.CSTNode) -> str:
        targets = list(assigned(statement))
        return root(targets[0]) if targets else ""

    def inputs(self, node: cst.CSTNode) -> tuple[str, ...]:
        """The exercise's arguments that a value depends on, in the order of the signature."""
        found = reaching(head(node), self.flows)
        return tuple(name for name in self.named if name in found)

    def dependence(self, node: cst.CSTNode) -> str:
        """A clause that follows a noun; "" for what comes from elsewhere than the arguments."""
        if names := listed(self.inputs(node)):
            return f" that depends on {names}"
        local = any(name.value in self.bound for name in loaded(head(node)))
        return "" if local else " that no argument changes"


def listed(names: Sequence[str]) -> str:
    """Names in words; "the arguments" for more than three, since a longer list says no more."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > 3:  # noqa: PLR2004 -- as the docstring says
        return "the arguments"
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
