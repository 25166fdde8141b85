"""The modules beside a solution that it imports, and those that they import.

In `reference/` each `.py` is an exercise, so a module `tools.py` is written there as the package `tools`,
which is imported by the same line.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from grader.errors import GraderError
from grader.starting import reading


def beside(path: Path, tree: ast.Module) -> dict[str, bytes]:
    """Their bytes by their path beside the solution. Raises GraderError where one is no Python."""
    found: dict[str, bytes] = {}
    _follow(path, tree, path.parent, found)
    return found


def as_package(path: str) -> str:
    """`tools.py` -> `tools/__init__.py`; what lies in a folder stays where it is."""
    pure = PurePosixPath(path)
    return path if len(pure.parts) > 1 else f"{pure.stem}/__init__.py"


def _follow(path: Path, tree: ast.Module, home: Path, found: dict[str, bytes]) -> None:
    for name in _imported(path, tree, home):
        for file in _files(home, name):
            key = file.relative_to(home).as_posix()
            if key not in found:
                found[key] = file.read_bytes()
                _follow(file, reading.parsed(file, found[key]), home, found)


def _imported(path: Path, tree: ast.Module, home: Path) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and path.parent == home:
            raise GraderError(
                f"{path}, line {node.lineno}: the import is relative, and this file is in no package.",
                f"Write it without the dot: {ast.unparse(node).replace('from .', 'from ', 1)}",
            )


def _files(home: Path, name: str) -> Iterator[Path]:
    if (home / f"{name}.py").is_file():
        yield home / f"{name}.py"
    elif (home / name).is_dir():
        yield from sorted(one for one in (home / name).rglob("*.py") if one.is_file())
