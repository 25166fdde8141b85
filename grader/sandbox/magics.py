"""Child side: a code cell with IPython's magics into plain Python, each magic with a note.

Magics change how a notebook shows things, time things, or reach out to a shell: none of it is
part of what a function computes. The code inside a timing magic is kept, everything else is left out.
"""

from __future__ import annotations

import ast
from typing import Final

from grader.records import Note, Place
from grader.sandbox.sources import parse

UNWRAPPED: Final = frozenset(
    {"time", "timeit", "capture", "prun", "python", "python3", "pypy", "memit", "mprun"}
)
HARMLESS: Final = frozenset(
    {"aimport", "alias", "autoreload", "colors", "config", "debug", "env", "hist", "history", "load_ext",
     "matplotlib", "notebook", "pdb", "pinfo", "pinfo2", "precision", "pylab", "reload_ext", "reset",
     "tensorboard", "who", "whos", "xmode"}
)  # fmt: skip
SHELL: Final = frozenset(
    {"system", "sx", "sc", "cd", "ls", "pwd", "mkdir", "rm", "cp", "mv", "cat", "bash", "sh"}
)
PACKAGES: Final = frozenset({"pip", "conda", "mamba", "micromamba", "uv"})


def plain(text: str, filename: str, file: str, cell: int) -> tuple[ast.Module, tuple[Note, ...]]:
    """The cell as Python and what was left out of it. Raises SyntaxError where that is no Python either."""
    text, notes = _without_heads(text, file, cell)
    try:
        return parse(text, filename), tuple(notes)
    except SyntaxError:
        if not any(sign in text for sign in "%!?"):
            raise
    from IPython.core.inputtransformer2 import TransformerManager  # noqa: PLC0415 -- most cells need none of it

    code = TransformerManager().transform_cell(text)  # type: ignore[no-untyped-call]
    tree = parse(code, filename)
    removed = len(text) - len(text.lstrip("\n"))
    ast.increment_lineno(tree, removed)  # the transformer drops empty lines at the top
    leaver = _Leaver(file, cell)
    tree = ast.fix_missing_locations(leaver.visit(tree))
    return tree, (*notes, *leaver.notes)


def _without_heads(text: str, file: str, cell: int) -> tuple[str, list[Note]]:
    """Take off the cell magics; the lines keep their numbers."""
    lines = text.splitlines(keepends=True)
    notes: list[Note] = []
    for i, line in enumerate(lines):
        if line.strip() and not line.startswith("%%"):
            break
        name = line[2:].split(maxsplit=1)[0] if line[2:].strip() else ""
        place = Place(file, cell, i + 1)
        if name in UNWRAPPED:
            notes.append(Note(f"%%{name} was taken off; the cell's code ran without it.", place))
            lines[i] = "\n"
        elif name:
            return "", [
                Note(f"This cell was left out: %%{name} does not make it Python code to run here.", place)
            ]
    return "".join(lines), notes


class _Leaver(ast.NodeTransformer):
    """Takes the calls that IPython has made of magics out of the tree."""

    def __init__(self, file: str, cell: int) -> None:
        self._file = file
        self._cell = cell
        self.notes: list[Note] = []

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        magic = _magic(node.value)
        if magic is None:
            return self.generic_visit(node)
        name, argument = magic
        if name in UNWRAPPED:
            code = self._code(argument, node)
            if code:
                self._note(f"%{name} was taken off; the code behind it ran.", node)
                return code
        self._note(_reason(name, argument), node)
        return ast.copy_location(ast.Pass(), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A magic whose result is used: `files = !ls`."""
        magic = _magic(node)
        if magic is None:
            return self.generic_visit(node)
        name, argument = magic
        code = self._code(argument, node) if name in UNWRAPPED else []
        if len(code) == 1 and isinstance(code[0], ast.Expr):
            self._note(f"%{name} was taken off; the code behind it ran.", node)
            return code[0].value
        self._note(_reason(name, argument), node)
        empty = ast.List([], ast.Load()) if name in SHELL else ast.Constant(None)
        return ast.copy_location(empty, node)

    def _code(self, argument: str, node: ast.stmt | ast.expr) -> list[ast.stmt]:
        """The statements behind a timing magic, without its options."""
        words = argument.split(" ")
        while words and (words[0].startswith("-") or not words[0]):
            takes_value = words[0] in ("-n", "-r", "-p", "-l", "-s", "-T", "-D")
            words = words[2 if takes_value else 1 :]
        try:
            body = ast.parse(" ".join(words)).body
        except SyntaxError:
            return []
        for part in (inner for statement in body for inner in ast.walk(statement)):
            if isinstance(part, ast.stmt | ast.expr):
                ast.copy_location(part, node)
        return body

    def _note(self, text: str, node: ast.stmt | ast.expr) -> None:
        self.notes.append(Note(text, Place(self._file, self._cell, node.lineno)))


def _magic(node: ast.expr) -> tuple[str, str] | None:
    """The name and argument where this is `get_ipython().run_line_magic(...)` or the like."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return None
    owner = node.func.value
    if not (
        isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "get_ipython"
    ):
        return None
    words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    if node.func.attr in ("system", "getoutput"):
        return "system", str(words[0]) if words else ""
    if node.func.attr in ("run_line_magic", "magic") and words:
        return str(words[0]), str(words[1]) if len(words) > 1 else ""
    return None


def _reason(name: str, argument: str) -> str:
    if name == "system":
        return f"!{argument} was left out: no shell commands are run here."
    shown = f"%{name} {argument}".rstrip()
    if name in PACKAGES:
        return f"{shown} was left out: nothing is installed while grading."
    if name in SHELL:
        return f"{shown} was left out: no shell commands are run here."
    if name in HARMLESS:
        return f"{shown} was left out; it does not change what the code computes."
    return f"{shown} was left out: the grader does not know this magic."
