"""What is made of a solution for students: where they begin, and a sample that is wrong."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterable, Iterator, Sequence

from grader.starting import reading
from grader.starting.reading import Node, Solution

_TODO = "..."


def starter(node: Node) -> str:
    """Its signature and docstring over an empty body; of a class so for each public method and `__init__`."""
    return ast.unparse(_emptied(node))


def _emptied(node: Node) -> Node:
    bare = copy.copy(node)
    if isinstance(bare, ast.ClassDef):
        methods = [
            _emptied(one) for one in bare.body if isinstance(one, reading.Function) and _shown(one.name)
        ]
        bare.body = [*_docstring(node), *methods] or _ellipsis()
        return bare
    if not _is_method(bare):
        bare.decorator_list = []
    bare.body = [*_docstring(node), *_ellipsis()]
    return bare


def _shown(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def _is_method(node: reading.Function) -> bool:
    """What makes it one has to stay; what stands over a plain function is part of the solution."""
    return any(reading.last_name(one) in ("staticmethod", "classmethod") for one in node.decorator_list)


def _docstring(node: Node) -> list[ast.stmt]:
    return node.body[:1] if ast.get_docstring(node, clean=False) is not None else []


def _ellipsis() -> list[ast.stmt]:
    return ast.parse(_TODO).body


# --- what the signatures need ---------------------------------------------------------------


def preamble(solution: Solution, nodes: Sequence[Node], left_out: Iterable[str] = ()) -> str:
    """The imports and constants that the starters name, and `import torch`; not the modules `left_out`."""
    wanted = {name for node in nodes for name in _names(_emptied(node))}
    lines = [ast.unparse(one) for one in _bindings(solution.tree.body, wanted, frozenset(left_out))]
    return "\n".join(dict.fromkeys([*lines, "import torch"]))


def _bindings(body: Sequence[ast.stmt], wanted: set[str], left_out: frozenset[str]) -> Iterator[ast.stmt]:
    """In the file's order; a constant brings what it is made of, which stands above it."""
    taken: list[ast.stmt] = []
    for one in reversed(body):
        kept = _kept(one, wanted, left_out)
        if kept is not None:
            wanted |= set() if isinstance(kept, ast.Import | ast.ImportFrom) else set(_names(kept))
            taken.append(kept)
    return reversed(taken)


def _kept(one: ast.stmt, wanted: set[str], left_out: frozenset[str]) -> ast.stmt | None:
    if isinstance(one, ast.ImportFrom):
        future = one.module == "__future__"
        names = [a for a in one.names if future or a.name == "*" or (a.asname or a.name) in wanted]
        local = (one.module or "").partition(".")[0] in left_out
        return ast.ImportFrom(one.module, names, 0) if names and not local else None
    if isinstance(one, ast.Import):
        bound = {a: (a.asname or a.name).partition(".")[0] for a in one.names}
        imported = [
            a for a, name in bound.items() if name in wanted and a.name.partition(".")[0] not in left_out
        ]
        return ast.Import(imported) if imported else None
    if isinstance(one, ast.Assign | ast.AnnAssign):
        targets = one.targets if isinstance(one, ast.Assign) else [one.target]
        return one if any(name in wanted for target in targets for name in _names(target)) else None
    return None


def _names(node: ast.AST) -> Iterator[str]:
    return (one.id for one in ast.walk(node) if isinstance(one, ast.Name))


# --- a wrong sample -------------------------------------------------------------------------


def wrong(solution: Solution, asked: Collection[str]) -> str:
    """The solution, but each result is off by one; where that cannot be, the call raises."""
    tree = copy.deepcopy(solution.tree)
    for node in tree.body:
        if isinstance(node, Node) and node.name in asked:
            _spoil(node)
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _spoil(node: Node) -> None:
    methods = [one for one in node.body if isinstance(one, reading.Function)]
    for function in methods if isinstance(node, ast.ClassDef) else [node]:
        for one in reading.own(function):
            if isinstance(one, ast.Return) and one.value is not None:
                one.value = ast.BinOp(one.value, ast.Add(), ast.Constant(1))
