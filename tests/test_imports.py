"""The import rule: no lower room imports a higher one, and the parent imports nothing of the child's."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "grader"

FLOORS: tuple[tuple[str, ...], ...] = (
    ("decoders", "errors", "records", "results", "text", "tensors", "wire"),
    ("exercises", "wording", "strategies", "kit", "packages", "names", "sheets"),
    (
        "kept",
        "store",
        "journal",
        "progress",
        "overrides",
        "kits",
        "wheels",
        "nearby",
        "sandbox",
        "similar",
        "judging",
        "diagnosis",
        "descent",
        "intake",
    ),
    # the freezer runs and judges as grading does, and each diagnoser freezes; reports say what was verified
    ("freezing", "descent.freezing", "report", "starting"),
    ("gradebooks",),
    ("pipeline",),
    ("run",),
    ("cluster",),
    ("commands", "notebook", "pytest"),
    ("cli", "__main__"),
)
CHILD = {  # the only modules that may import torch, Hypothesis, nbformat or IPython
    "strategies", "freezing", "descent.freezing", "sandbox.calling", "sandbox.compiler", "sandbox.devices",
    "sandbox.leaves", "sandbox.loading", "sandbox.magics", "sandbox.notebooks", "sandbox.probing",
    "sandbox.kernel", "sandbox.remains", "sandbox.restoring", "sandbox.session",
    "sandbox.settings", "sandbox.support", "sandbox.tracing", "sandbox.twin", "sandbox.values",
    "sandbox.watching", "sandbox.worker", "sandbox.zygote",
}  # fmt: skip
HEAVY = ("torch", "hypothesis", "libcst", "nbformat", "IPython", "matplotlib")


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        if name != "__init__":
            yield name, path


def imported(path: Path) -> Iterator[str]:
    """Absolute names of everything a module imports, inside functions too; not what only types need."""
    for node in ast.walk(_without_typing_blocks(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _without_typing_blocks(tree: ast.Module) -> ast.Module:
    kept = [n for n in tree.body if not (isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")]
    return ast.Module(kept, tree.type_ignores)


def room_of(module: str) -> str:
    """The first part of its name, or the first two where these have a floor of their own."""
    two = ".".join(module.split(".")[:2])
    return two if any(two in rooms for rooms in FLOORS) else module.partition(".")[0]


def floor(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def test_every_room_has_its_floor() -> None:
    assert {room_of(name) for name, _ in modules()} == {room for rooms in FLOORS for room in rooms}


def test_no_lower_room_imports_a_higher_one() -> None:
    rooms = {room for floor_rooms in FLOORS for room in floor_rooms}
    broken = [
        f"{name} imports {other}"
        for name, path in modules()
        for other in {room_of(one.removeprefix("grader.")) for one in imported(path) if "grader." in one}
        & rooms
        if floor(other) > floor(room_of(name))
    ]

    assert broken == []


def test_only_the_child_imports_what_is_heavy() -> None:
    broken = [
        f"{name} imports {other}"
        for name, path in modules()
        for other in {room_of(one) for one in imported(path)} & set(HEAVY)
        if name not in CHILD and room_of(name) not in CHILD
    ]

    assert broken == []


@pytest.mark.parametrize(
    "command", ["check", "grade", "report", "verify", "freeze", "doctor", "status", "similar", "new"]
)
def test_a_command_starts_where_nothing_heavy_can_be_imported(command: str) -> None:
    program = f"""
import sys

class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {(*HEAVY, "reference")!r}:
            raise ImportError(name)

sys.meta_path.insert(0, Wall())
import grader.commands.{command}, grader.pipeline, grader.run
print("started")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd="/", capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("started\n", "")
