"""Child side: the lines of a graded function that a mistake can be pointed at.

They are looked for in the syntax tree that was parsed for loading: in the function's own definition,
and in the helpers and classes of the same file that it names. What is found is a pointer beside what
the function did, never a verdict; where nothing fits, nothing is said.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from grader.records import Landmark, Place
from grader.sandbox.sources import Program

MAX_NODES: Final = 20_000  # of all definitions looked through: an honest one has some hundred
MAX_CALLS: Final = 8  # from one helper to the next, on the way to a loss or a result
_LOOPS: Final = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
_LEAVES: Final = (ast.expr_context, ast.operator, ast.Constant)
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BLOCKS: Final = (ast.If, ast.Try, ast.With, ast.For, ast.While)
_OPTIMISERS: Final = (
    "SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "SparseAdam", "Adadelta", "Adagrad", "Adafactor",
    "RMSprop", "Rprop", "ASGD", "LBFGS",
)  # fmt: skip

Landmarks = dict[Landmark, Place]


@dataclass(frozen=True)
class Definition:
    """What binds a name at the top level, and which file or cell it stands in."""

    node: ast.stmt
    where: Place
    nodes: tuple[ast.AST, ...]  # all below it, in the order of the source

    def at(self, node: ast.AST) -> Place:
        return Place(self.where.file, self.where.cell, _line(node) or self.where.line)


Found = tuple[Definition, ast.AST]


def landmarks(program: Program, name: str) -> Landmarks:
    """The lines of the function that `program` binds to `name`; what is not there is left out."""
    scene = _Scene(tuple(_reached(program, name)))
    if not scene.definitions:
        return {}
    finders: dict[Landmark, Callable[[], Found | None]] = {
        "definition": scene.definition,
        "loop": scene.loop,
        "loss": scene.loss,
        "optimiser": scene.optimiser,
        "zero_grad": scene.zero_grad,
        "backward": scene.backward,
        "step": scene.step,
        "return": scene.result,
    }
    found = {landmark: find() for landmark, find in finders.items()}
    return {landmark: one[0].at(one[1]) for landmark, one in found.items() if one is not None}


# --- which definitions --------------------------------------------------------------------


def _reached(program: Program, name: str) -> Iterator[Definition]:
    """The definition itself, then those of the same file whose names stand in it, and so on."""
    bound = {one: (node, place) for node, place in _top_level(program) for one in _binds(node)}
    left, waiting, seen = MAX_NODES, [name], {name}
    while waiting and left > 0:
        node_and_place = bound.get(waiting.pop(0))
        if node_and_place is None:
            continue
        node, place = node_and_place
        nodes = tuple(_in_order(node, left))
        left -= len(nodes)
        yield Definition(node, place, nodes)
        named = dict.fromkeys(one.id for one in nodes if isinstance(one, ast.Name) and one.id in bound)
        waiting += [one for one in named if one not in seen]
        seen.update(named)


def _top_level(program: Program) -> Iterator[tuple[ast.stmt, Place]]:
    waiting = [(one.node, one.place) for one in reversed(program.statements)]
    while waiting:
        node, place = waiting.pop()
        yield node, place
        if isinstance(node, _BLOCKS):
            inner = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt)]
            waiting += [(one, place) for one in reversed(inner)]


def _binds(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [one.id for one in targets if isinstance(one, ast.Name)]


def _in_order(root: ast.AST, most: int) -> Iterator[ast.AST]:
    """A tree's nodes that can matter here, parents before children, without recursion."""
    waiting = [root]
    while waiting and most > 0:
        most -= 1
        node = waiting.pop()
        yield node
        waiting += reversed([one for one in ast.iter_child_nodes(node) if not isinstance(one, _LEAVES)])


# --- what stands in them ------------------------------------------------------------------


class _Scene:
    """The definitions that a function consists of, its own first."""

    def __init__(self, definitions: Sequence[Definition]) -> None:
        self.definitions = definitions

    def definition(self) -> Found | None:
        own = self.definitions[0]
        return own, own.node

    def loop(self) -> Found | None:
        """The outermost loop around a step, else around a backward pass, else the first."""
        loops = list(self._all(lambda node: isinstance(node, _LOOPS)))
        for inner in (self.step(), self.backward()):
            around = [one for one in loops if inner is not None and _covers(one, inner)]
            if around:
                return around[0]
        return loops[0] if loops else None

    def optimiser(self) -> Found | None:
        """Where an optimiser is made: by its class's name, else as whatever `step` is called on."""
        made = self._first(lambda node: isinstance(node, ast.Call) and _is_optimiser(node.func))
        if made is not None:
            return made
        step = self._first(_calls("step"))
        owner = _owner(step[1]) if step is not None else ""
        return self._first(
            lambda node: isinstance(node, ast.Assign) and bool(owner) and _assigns(node, owner)
        )

    def zero_grad(self) -> Found | None:
        return self._in_loop(_calls("zero_grad")) or self._in_loop(_clears_by_hand)

    def backward(self) -> Found | None:
        return self._in_loop(_calls("backward")) or self._in_loop(_calls("grad"))

    def step(self) -> Found | None:
        """A step of an optimiser, not of a scheduler; else an update by hand."""
        return self._in_loop(_steps) or self._in_loop(_updates_by_hand)

    def loss(self) -> Found | None:
        """The expression that `backward` is called on, where it is written."""
        backward = self.backward()
        if backward is None or not isinstance(call := backward[1], ast.Call):
            return None
        on = call.func.value if isinstance(call.func, ast.Attribute) else None
        if on is None or _name(on) in ("torch", "autograd"):
            on = next(iter(call.args), None)
        return None if on is None else self._written((backward[0], on), before=call.lineno)

    def result(self) -> Found | None:
        """The last `return`; where it only hands on what a helper returns, the helper's."""
        return self._returned(self.definitions[0], self.definitions[0].node, MAX_CALLS)

    # --- how they are found -----------------------------------------------------------------

    def _all(self, fits: Callable[[ast.AST], bool]) -> Iterator[Found]:
        return ((one, node) for one in self.definitions for node in one.nodes if fits(node))

    def _first(self, fits: Callable[[ast.AST], bool]) -> Found | None:
        return next(self._all(fits), None)

    def _in_loop(self, fits: Callable[[ast.AST], bool]) -> Found | None:
        """The first inside a loop, else the first."""
        found = list(self._all(fits))
        loops = list(self._all(lambda node: isinstance(node, _LOOPS)))
        inside = [one for one in found if any(_covers(loop, one) for loop in loops)]
        return next(iter((*inside, *found)), None)

    def _written(self, found: Found, before: int) -> Found | None:
        """Where an expression is written: a name where it is assigned, a helper's call where that returns."""
        where, node = found
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not self._helper(node):
            node = node.func.value  # what is averaged in loss.mean()
        written, value = found[1], node
        if isinstance(node, ast.Name):
            assigned = [one for one in where.nodes if _assigns(one, node.id) and _line(one) <= before]
            written = assigned[-1] if assigned else written
            value = getattr(written, "value", written)
        helper = self._helper(value) if isinstance(value, ast.Call) else None
        return (self._returned(*helper, MAX_CALLS) if helper else None) or (where, written)

    def _returned(self, where: Definition, function: ast.AST, calls: int) -> Found | None:
        """What a function returns last, followed through the helpers that it hands on."""
        if isinstance(function, ast.Assign):
            function = function.value
        if isinstance(function, ast.Lambda):
            return where, function
        last = next((one for one in _returns(function)), None)
        if last is None:
            return None
        helper = self._helper(last.value) if isinstance(last.value, ast.Call) else None
        further = self._returned(*helper, calls - 1) if helper and calls else None
        return further or (where, last)

    def _helper(self, call: ast.Call) -> Found | None:
        """The function of the same file that a call means, by its name alone.

        What was passed in is taken for the lambda in the function's own definition, an object that is
        called for a module with `forward`.
        """
        name = _name(call.func)
        defined = self._first(lambda node: _defines(node, name))
        if defined or not isinstance(call.func, ast.Name):
            return defined
        passed = self._first(lambda node: isinstance(node, ast.arg) and node.arg == name)
        if not passed and not self._first(lambda node: _assigns(node, name)):
            return None
        own = self.definitions[0]
        given = next(((own, node) for node in own.nodes if isinstance(node, ast.Lambda)), None)
        return (given if passed else None) or self._first(lambda node: _defines(node, "forward"))


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)


def _name(node: ast.AST) -> str:
    """The last word of `a.b.name`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _owner(call: ast.AST) -> str:
    """What a method is called on, by its last word."""
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
        return _name(call.func.value)
    return ""


def _covers(outer: Found, inner: Found) -> bool:
    last = getattr(outer[1], "end_lineno", 0)
    return outer[0] is inner[0] and _line(outer[1]) <= _line(inner[1]) <= last


def _calls(name: str) -> Callable[[ast.AST], bool]:
    return lambda node: isinstance(node, ast.Call) and _name(node.func) == name


def _steps(node: ast.AST) -> bool:
    return _calls("step")(node) and bool(_owner(node)) and "sched" not in _owner(node).lower()


def _is_optimiser(function: ast.AST) -> bool:
    """`SGD`, `optim.SGD`, `torch.optim.AnyClass`."""
    within = function.value if isinstance(function, ast.Attribute) else None
    return _name(function) in _OPTIMISERS or (within is not None and _name(within) == "optim")


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign | ast.NamedExpr) else []


def _assigns(node: ast.AST, name: str) -> bool:
    return any(_name(one) == name for target in _targets(node) for one in _parts(target))


def _parts(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, ast.Tuple | ast.List) else [target]


def _defines(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return bool(name) and node.name == name
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda) and _assigns(node, name)


def _returns(function: ast.AST) -> Iterator[ast.Return]:
    """A function's own returns that hand something back, the last first; not those of functions in it."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            yield node
        elif not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.expr)):
            waiting += ast.iter_child_nodes(node)


def _is_gradient(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "grad"


def _clears_by_hand(node: ast.AST) -> bool:
    """`theta.grad = None`, `theta.grad.zero_()`, `theta.grad.data.zero_()`, `theta.grad[:] = 0`."""
    if any(_is_gradient(_without_index(one)) for one in _targets(node)):
        return True
    return _calls("zero_")(node) and any(map(_is_gradient, _in_order(node, MAX_CALLS)))


def _without_index(target: ast.expr) -> ast.expr:
    return target.value if isinstance(target, ast.Subscript) else target


def _updates_by_hand(node: ast.AST) -> bool:
    """`theta -= rate * theta.grad` and the like: something is made of the gradient and kept elsewhere."""
    if _clears_by_hand(node) or isinstance(getattr(node, "value", None), ast.Attribute):
        return False
    value = getattr(node, "value", None) if _targets(node) else node if _changes_in_place(node) else None
    return value is not None and any(map(_is_gradient, _in_order(value, MAX_NODES)))


def _changes_in_place(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node.func).endswith("_")
