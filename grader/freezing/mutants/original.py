"""A reference -> its source, and an edited source -> the program that it makes.

The exercise file was loaded by its path and left no module behind, so the source is found through a code
object. What is run anew is the definition of the reference and of the plain functions of the same file that
it calls, in a copy of the globals that it has: a mutant of one of them is met by the reference.
"""

from __future__ import annotations
import __future__

import ast
import inspect
import sys
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any, TypeAlias

from grader.freezing.mutants.edits import Edit, applied

Definition: TypeAlias = ast.FunctionDef | ast.ClassDef
Reference: TypeAlias = Callable[..., Any] | type


@dataclass(frozen=True, eq=False)
class Original:
    """Where a reference is written. `lines` are those of `def` and `class`, the reference's first."""

    path: str
    source: bytes
    name: str
    space: Mapping[str, Any]
    lines: tuple[int, ...]
    flags: int

    def definitions(self, edits: Sequence[Edit] = ()) -> tuple[Definition, ...] | None:
        """What is run anew, in the order of the file; None where the edited text is no Python."""
        try:
            tree = _Idle().visit(ast.parse(applied(self.source, edits), self.path))
        except SyntaxError:
            return None
        return tuple(node for node in _definitions(tree) if node.lineno in self.lines)

    def program(self, definitions: Sequence[Definition]) -> Callable[..., Any] | None:
        """The reference as these definitions make it; None where they cannot be run."""
        body = ast.Module(list(definitions), [])
        code = compile(body, self.path, "exec", flags=self.flags, dont_inherit=True)
        with _standing_in(self.space) as space:
            try:
                exec(code, space)  # noqa: S102 -- the author's own file, with one change
            except Exception:  # noqa: BLE001 -- whatever a changed definition raises: it makes no program
                return None
        made: Callable[..., Any] = space[self.name]
        return made


class _Idle(ast.NodeTransformer):
    """`x = x` as the `pass` that it is, so that both are one mutant."""

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        same = len(node.targets) == 1 and ast.unparse(node.targets[0]) == ast.unparse(node.value)
        return ast.copy_location(ast.Pass(), node) if same else node


def located(reference: Reference) -> Original | None:
    """None where no source can be mutated: a lambda, a builtin, a file that is not there."""
    bare = inspect.unwrap(reference)
    function = _method(bare) if isinstance(bare, type) else bare
    if not isinstance(function, FunctionType):
        return None
    try:
        with tokenize.open(function.__code__.co_filename) as file:
            text = file.read()
        tree = ast.parse(text)
    except (OSError, SyntaxError, UnicodeDecodeError):
        return None
    wanted = bare if isinstance(bare, type) else function
    node = next((node for node in _definitions(tree) if _defines(node, wanted)), None)
    if node is None or (bare is not reference and not node.decorator_list):
        return None  # a lambda, or wrapped by a call that no definition shows
    helpers = tuple(found.lineno for found in _helpers(tree, node, function))
    flags = function.__code__.co_flags & __future__.annotations.compiler_flag
    path, space = function.__code__.co_filename, _space(function)
    return Original(path, text.encode(), node.name, space, (node.lineno, *helpers), flags)


def _method(cls: type) -> FunctionType | None:
    """A method that the class itself defines; those that a dataclass makes are written in no file."""
    found = (getattr(value, "__func__", value) for value in vars(cls).values())
    written = (f for f in found if isinstance(f, FunctionType) and f.__module__ == cls.__module__)
    return next((f for f in written if f.__qualname__ == f"{cls.__qualname__}.{f.__name__}"), None)


def _definitions(tree: ast.AST) -> Iterator[Definition]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef))


def _defines(node: Definition, wanted: FunctionType | type) -> bool:
    if isinstance(wanted, FunctionType):
        same = node.name == wanted.__name__ and _first_line(node) == wanted.__code__.co_firstlineno
        return same and isinstance(node, ast.FunctionDef)
    method = _method(wanted)
    assert method is not None
    return isinstance(node, ast.ClassDef) and any(
        isinstance(inner, ast.FunctionDef) and _defines(inner, method) for inner in node.body
    )


def _first_line(node: Definition) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _helpers(tree: ast.AST, node: Definition, function: FunctionType) -> Iterator[Definition]:
    """The plain functions of the same file that are named in the definition."""
    names = _global_names(node)
    for helper in _definitions(tree):
        value = function.__globals__.get(helper.name)
        if helper is node or helper.name not in names or not isinstance(value, FunctionType):
            continue
        same = value.__code__.co_filename == function.__code__.co_filename
        if same and value.__closure__ is None and _defines(helper, value):
            yield helper


def _space(function: FunctionType) -> dict[str, Any]:
    """What the function's names mean: its globals, and what it encloses."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    enclosed = {name: cell.cell_contents for name, cell in cells if name != "__class__"}
    return {**function.__globals__, **enclosed}


def _global_names(node: Definition) -> set[str]:
    """The names that a definition reads, but for its arguments and what it assigns to."""
    names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
    local = {inner.id for inner in names if isinstance(inner.ctx, ast.Store)}
    arguments = {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
    return {inner.id for inner in names} - local - arguments


@contextmanager
def _standing_in(space: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A copy of these globals, found in `sys.modules` for so long: dataclasses look their module up."""
    module = ModuleType(space["__name__"])
    module.__dict__.update(space)
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module
    try:
        yield module.__dict__
    finally:
        del sys.modules[module.__name__]
        if before is not None:
            sys.modules[module.__name__] = before
