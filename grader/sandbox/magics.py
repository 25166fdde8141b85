"""Child side: a code cell with IPython's magics into plain Python that does what the notebook would do.

Magics time things, catch what is printed, write files, or reach out to a shell. What can be done behind the
walls is done: what stands under `%%timeit` binds nothing, `%%capture out` leaves `out`, `%%writefile` writes
into the working folder. What cannot is left out with a note, and costs nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final

from grader.records import Note, Place
from grader.sandbox.sources import parse

TAKEN_OFF: Final = frozenset({"time", "prun", "memit", "mprun", "lprun"})  # their code runs in the namespace
FILES: Final = frozenset({"writefile", "file"})
SHOWS: Final = frozenset({"html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG"})
SCRIPTS: Final = frozenset(
    {
        "bash",
        "sh",
        "script",
        "system",
        "sx",
        "!",
        "cmd",
        "perl",
        "ruby",
        "pypy",
        "python",
        "python2",
        "python3",
    }
)  # of these the last four are other processes, too: they define nothing in the notebook
HARMLESS: Final = frozenset(
    {"aimport", "alias", "autoreload", "colors", "config", "debug", "hist", "history", "load", "load_ext",
     "loadpy", "matplotlib", "notebook", "pdb", "pinfo", "pinfo2", "precision", "reload_ext", "reset",
     "tensorboard", "who", "whos", "xmode"}
)  # fmt: skip
SHELL: Final = frozenset({"system", "sx", "sc", "ls", "mkdir", "rm", "cp", "mv", "cat", "bash", "sh"})
PACKAGES: Final = frozenset({"pip", "conda", "mamba", "micromamba", "uv"})
DONE: Final = frozenset({"cd", "env", "pwd", "run", "set_env"})  # by `sandbox.shell`
PYLAB: Final = """import numpy, matplotlib
from matplotlib import pylab, mlab, pyplot
np = numpy; plt = pyplot
from pylab import *; from numpy import *"""
_TIMED: Final = "__timeit__"  # where the code of %timeit stands: a function, whose names stay in it
_WITH_VALUE: Final = ("-n", "-r", "-p", "-l", "-s", "-T", "-D")


def plain(text: str, filename: str, file: str, cell: int) -> tuple[ast.Module, tuple[Note, ...]]:
    """The cell as Python and what was left out of it. Raises SyntaxError where that is no Python either."""
    reader = _Cell(filename, file, cell)
    try:
        body = reader.read(text)
    except RecursionError:
        raise SyntaxError("the cell is nested too deeply to read") from None
    return ast.fix_missing_locations(ast.Module(body, type_ignores=[])), tuple(reader.notes)


class _Cell:
    """One cell, from the outermost cell magic inwards; lines keep their numbers."""

    def __init__(self, filename: str, file: str, cell: int) -> None:
        self._filename = filename
        self._file = file
        self._cell = cell
        self.notes: list[Note] = []

    def read(self, text: str) -> list[ast.stmt]:
        lines = text.splitlines(keepends=True)
        first = next((i for i, line in enumerate(lines) if line.strip()), 0)
        head = lines[first].strip() if lines else ""
        words = head[2:].split(maxsplit=1) if head.startswith("%%") else []
        if not words:
            return self._lines(text)
        inner = "\n" * (first + 1) + "".join(lines[first + 1 :])
        return self._magic(words[0], "".join(words[1:]), inner, first + 1)

    def _magic(self, name: str, options: str, inner: str, line: int) -> list[ast.stmt]:
        if name in TAKEN_OFF:
            self._say(f"%%{name} was taken off; the cell's code ran without it.", line)
            return self.read(inner)
        if name == "timeit":
            self._say("%%timeit: the cell ran once, and what it binds stays in it, as in a notebook.", line)
            return _timed([*_parsed(_without_options(options), line), *self.read(inner)], line)
        if name == "capture":
            return self._captured(options, inner, line)
        if name in FILES:
            return _call("write_file", options, inner[line:].removesuffix("\n") + "\n", line=line)
        if name in SCRIPTS:
            self._say(f"%%{name} was left out: no other program is run here, and it defines nothing.", line)
        elif name in SHOWS:
            self._say(f"%%{name} was left out; it does not change what the code computes.", line)
        else:
            self._say(f"This cell was left out: the grader does not know the magic %%{name}.", line)
        return []

    def _captured(self, options: str, inner: str, line: int) -> list[ast.stmt]:
        """What is printed goes into an object, and that into the name that is given."""
        names = [word for word in options.split() if not word.startswith("-")]
        end = _shell("end_capture", line)
        bound: ast.stmt = ast.Expr(end)
        if names and names[0].isidentifier():
            bound = ast.Assign([ast.Name(names[0], ast.Store())], end)
        ast.copy_location(bound, end)
        return [*_call("begin_capture", options, line=line), *self.read(inner), bound]

    def _lines(self, text: str) -> list[ast.stmt]:
        """Without a cell magic; there may be magics in the lines."""
        try:
            return parse(text, self._filename).body
        except SyntaxError:
            if not any(sign in text for sign in "%!?"):
                raise
        from IPython.core.inputtransformer2 import TransformerManager  # noqa: PLC0415 -- most cells need none

        tree = parse(TransformerManager().transform_cell(text), self._filename)  # type: ignore[no-untyped-call]
        removed = len(text) - len(text.lstrip("\n"))
        ast.increment_lineno(tree, removed)  # the transformer drops empty lines at the top
        replacer = _Replacer(self._say)
        return ast.fix_missing_locations(replacer.visit(tree)).body  # type: ignore[no-any-return]

    def _say(self, text: str, line: int) -> None:
        self.notes.append(Note(text, Place(self._file, self._cell, line)))


class _Replacer(ast.NodeTransformer):
    """Puts what they do in the place of the calls that IPython has made of magics in a line."""

    def __init__(self, say: Callable[[str, int], None]) -> None:
        self._say = say

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        magic = _magic(node.value)
        if magic is None:
            return self.generic_visit(node)
        name, argument = magic
        code = _parsed(_without_options(argument), node.lineno)
        if name == "timeit" and code:
            self._say(
                "%timeit: the code ran once, and what it binds stays in it, as in a notebook.", node.lineno
            )
            return _timed(code, node.lineno)
        if name in TAKEN_OFF and code:
            self._say(f"%{name} was taken off; the code behind it ran.", node.lineno)
            return code
        if name == "pylab":
            return _parsed(PYLAB, node.lineno)
        if name in DONE:
            return _call(name, argument, line=node.lineno)
        self._say(_reason(name, argument), node.lineno)
        return ast.copy_location(ast.Pass(), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A magic whose result is used: `files = !ls`."""
        magic = _magic(node)
        if magic is None:
            return self.generic_visit(node)
        name, argument = magic
        code = _parsed(_without_options(argument), node.lineno) if name in TAKEN_OFF else []
        if len(code) == 1 and isinstance(code[0], ast.Expr):
            self._say(f"%{name} was taken off; the code behind it ran.", node.lineno)
            return code[0].value
        if name in DONE:
            return _shell(name, node.lineno, argument)
        self._say(_reason(name, argument), node.lineno)
        empty = ast.List([], ast.Load()) if name in SHELL else ast.Constant(None)
        return ast.copy_location(empty, node)


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


# --- code in the place of magics ----------------------------------------------------------------


def _timed(body: list[ast.stmt], line: int) -> list[ast.stmt]:
    """A function of its own, called once: so does IPython, but many times."""
    if not body:
        return []
    [definition, call] = ast.parse(f"def {_TIMED}(): pass\n{_TIMED}()").body
    assert isinstance(definition, ast.FunctionDef)
    definition.body = body
    for node in (definition, *ast.walk(call)):
        _stand_at(node, line)
    return [definition, call]


def _parsed(code: str, line: int) -> list[ast.stmt]:
    """Its statements, all on this line; none where it is no Python."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # null bytes, nested without end
        return []
    for node in ast.walk(tree):
        _stand_at(node, line)
    return tree.body


def _stand_at(node: ast.AST, line: int) -> None:
    if isinstance(node, ast.stmt | ast.expr | ast.alias | ast.keyword | ast.arg | ast.excepthandler):
        node.lineno = node.end_lineno = line
        node.col_offset = node.end_col_offset = 0


def _shell(method: str, line: int, *arguments: str) -> ast.expr:
    """A call of the shell that stands for IPython's."""
    given = ", ".join(map(repr, arguments))
    (statement,) = _parsed(f"get_ipython().{method}({given})", line)
    assert isinstance(statement, ast.Expr)
    return statement.value


def _call(method: str, *arguments: str, line: int) -> list[ast.stmt]:
    call = _shell(method, line, *arguments)
    return [ast.copy_location(ast.Expr(call), call)]


def _without_options(argument: str) -> str:
    """The statements behind a timing magic."""
    words = argument.split(" ")
    while words and (words[0].startswith("-") or not words[0]):
        words = words[2 if words[0] in _WITH_VALUE else 1 :]
    return " ".join(words)


def _reason(name: str, argument: str) -> str:
    if name == "system":
        return f"!{argument} was left out: no shell commands are run here."
    shown = f"%{name} {argument}".rstrip()
    if name in PACKAGES:
        return f"{shown} was left out: nothing is installed while grading."
    if name in SHELL:
        return f"{shown} was left out: no shell commands are run here."
    if name in HARMLESS or name in TAKEN_OFF or name == "timeit":
        return f"{shown} was left out; it does not change what the code computes."
    return f"{shown} was left out: the grader does not know this magic."
