"""A solution's file -> what students could be asked to write, and why something cannot be asked.

It is the instructor's own file, read as text: nothing in it runs here.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.errors import GraderError

Function = ast.FunctionDef | ast.AsyncFunctionDef
Node = Function | ast.ClassDef

TRANSPARENT: Final = frozenset({"no_grad", "enable_grad", "inference_mode"})
"""Decorators under which a function takes what its definition says."""

_SECTION: Final = re.compile(
    r"^\s*(args|arguments|parameters|returns?|yields|raises|examples?|notes?|shapes?|:param.*)\s*:?\s*$"
    r"|^\s*:(param|type|return|rtype|raises)\b.*|^\s*>>> .*",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST: Final = 70  # characters of a title


@dataclass(frozen=True)
class Parameter:
    """`docstring` is that of the function: it may say a type or a shape."""

    name: str
    hint: ast.expr | None
    default: ast.expr | None
    docstring: str


class NotAsked(Exception):
    """Why something in the file becomes no exercise: a phrase that follows its name."""


@dataclass(frozen=True)
class Solution:
    """The file, parsed: its definitions by name, of two that share one the last."""

    path: Path
    data: bytes
    tree: ast.Module
    public: dict[str, Node]


def read(path: Path) -> Solution:
    """Raises GraderError where it is no Python, or holds nothing that is public."""
    data = _bytes(path)
    tree = parsed(path, data)
    public = {node.name: node for node in tree.body if isinstance(node, Node) and node.name[0] != "_"}
    if not public:
        raise GraderError(
            f"{path}: there is no function or class to make an exercise of.",
            "Define one at the top of the file; a name that begins with _ is a helper.",
        )
    return Solution(path, data, tree, public)


def _bytes(path: Path) -> bytes:
    if path.suffix.lower() != ".py":
        raise GraderError(
            f"{path}: a solution is read from a .py file.",
            "Save it as one; from a notebook: jupyter nbconvert --to script NOTEBOOK.",
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise GraderError(
            f"{path} cannot be read: {error.strerror or error}.", "Name the file with your solution."
        ) from None


def parsed(path: Path, data: bytes) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a backslash in a text is nothing that matters here
            return ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, SyntaxError) and error.lineno:
            what = f"{path}, line {error.lineno}: {type(error).__name__}: {error.msg}."
            raise GraderError(what, "Correct this line.") from None
        raise GraderError(
            f"{path}: this is no Python: {error}.", "Name the file with your solution."
        ) from None


# --- what a definition says -----------------------------------------------------------------


def parameters(node: Function, *, bound: bool = False) -> tuple[Parameter, ...]:
    """What it is called with, without `self` where it is a method. Raises NotAsked."""
    given = node.args
    if given.vararg or given.kwarg:
        star = f"*{given.vararg.arg}" if given.vararg else f"**{given.kwarg.arg if given.kwarg else ''}"
        raise NotAsked(f"takes {star}, and an exercise names its arguments one by one")
    if given.kwonlyargs:
        raise NotAsked(f"takes {given.kwonlyargs[0].arg} by keyword alone, and calls go by position")
    positional = [*given.posonlyargs, *given.args]
    missing: Sequence[ast.expr | None] = [None] * (len(positional) - len(given.defaults))
    docstring = ast.get_docstring(node) or ""
    found = (
        Parameter(one.arg, one.annotation, default, docstring)
        for one, default in zip(positional, [*missing, *given.defaults], strict=True)
    )
    return tuple(found)[1 if bound else 0 :]


def refuse(node: Function) -> None:
    """Raise NotAsked for what cannot be compared: a coroutine, a generator, nothing that comes back."""
    if isinstance(node, ast.AsyncFunctionDef):
        raise NotAsked("is async, and an exercise compares what a call returns")
    if any(isinstance(one, ast.Yield | ast.YieldFrom) for one in own(node)):
        raise NotAsked("is a generator, and an exercise compares what a call returns")
    if not any(isinstance(one, ast.Return) and not _is_none(one.value) for one in own(node)):
        raise NotAsked("returns nothing, and an exercise compares what a call returns")
    for one in node.decorator_list:
        if last_name(one) not in TRANSPARENT:
            raise NotAsked(f"stands under @{ast.unparse(one)}, so its signature need not be what is called")


def own(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in a definition, but not in a definition within it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield from own(child)


def last_name(node: ast.expr | None) -> str:
    """`no_grad` of `@torch.no_grad()`, `Tensor` of `torch.Tensor`, `list` of `list[int]`."""
    if isinstance(node, ast.Call):
        return last_name(node.func)
    if isinstance(node, ast.Subscript):
        return last_name(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_none(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


# --- its words ------------------------------------------------------------------------------


def title(node: Node) -> str:
    """The docstring's first line, else the name in words."""
    first = (ast.get_docstring(node) or "").strip().partition("\n")[0].strip().removesuffix(".")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", node.name).replace("_", " ").strip()
    if not first or len(first) > _LONGEST or _SECTION.match(first):
        return words[0].upper() + words[1:] if words else node.name
    return first


def statement(node: Node, call: str) -> str:
    """The docstring up to its sections on arguments and results, in one line."""
    text = ast.get_docstring(node) or ""
    section = _SECTION.search(text)
    return " ".join(text[: section.start() if section else None].split()) or f"Write {call}."
