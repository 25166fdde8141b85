"""Child side: what stands for IPython's shell in a notebook, as far as the walls allow.

`sandbox.magics` turns magics into calls of it. Whatever else a student's code asks of it does nothing.
"""

from __future__ import annotations

import importlib
import io
import os
import shlex
import sys
import tokenize
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

Function = Callable[..., Any]


def names(module: ModuleType) -> dict[str, Any]:
    """What a notebook finds defined."""
    shell = Shell(module)
    return {"get_ipython": lambda: shell, "display": print}


class Unchecked:
    """What `grader.check` leaves while the notebook that it stands in is graded: no assertion on it fails."""

    passed = True
    score = max_score = 0.0
    details = "Not checked here: all of this is being graded."

    def __str__(self) -> str:
        return self.details

    __repr__ = __str__


def check(*_: object, **__: object) -> Unchecked:
    """In the place of `grader.check`."""
    return Unchecked()


class Captured:
    """What `%%capture` leaves: the text that was printed."""

    def __init__(self, stdout: str, stderr: str) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.outputs: list[object] = []

    def __str__(self) -> str:
        return self.stdout

    def show(self) -> None:
        """Print it after all."""
        sys.stdout.write(self.stdout)
        sys.stderr.write(self.stderr)

    __call__ = show


class Shell:
    """The shell of one notebook."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._captures: list[tuple[TextIO, TextIO]] = []  # what stood in their place, the innermost last

    def __getattr__(self, name: str) -> Function:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None

    def begin_capture(self, options: str) -> None:
        self._captures.append((sys.stdout, sys.stderr))
        sys.stdout = sys.stdout if "--no-stdout" in options else io.StringIO()
        sys.stderr = sys.stderr if "--no-stderr" in options else io.StringIO()

    def end_capture(self) -> Captured:
        texts = [one.getvalue() if isinstance(one, io.StringIO) else "" for one in (sys.stdout, sys.stderr)]
        sys.stdout, sys.stderr = self._captures.pop()
        return Captured(*texts)

    def write_file(self, options: str, text: str) -> None:
        """`%%writefile [-a] FILE`."""
        *flags, name = shlex.split(options)
        path = Path(name).expanduser()
        append = bool({"-a", "--append"} & set(flags))
        before = path.read_text(encoding="utf-8") if append and path.exists() else ""
        print("Appending to" if append else "Overwriting" if path.exists() else "Writing", name)  # noqa: T201 -- as IPython does
        path.unlink(missing_ok=True)  # one that was handed in may be there only to be read
        path.write_text(before + text, encoding="utf-8")
        importlib.invalidate_caches()  # so that it can be imported at once

    def run(self, options: str) -> None:
        """`%run [-i] FILE`: as a program of its own, whose names are here afterwards."""
        flags, (name, *arguments) = _flags(options)
        path = Path(name if Path(name).suffix else f"{name}.py")
        own = vars(self._module)
        space = own if "-i" in flags else {"__name__": "__main__", "__file__": str(path)}
        before, sys.argv = sys.argv, [str(path), *arguments]
        try:
            for code in _codes(path):
                exec(code, space)  # noqa: S102 -- it is the student's own
        finally:
            sys.argv = before
            own.update({key: value for key, value in space.items() if not key.startswith("__")})

    def env(self, options: str) -> object:
        """`%env`: all variables, one, or one that is set."""
        name, sign, value = options.partition("=" if "=" in options else " ")
        if not options:
            return dict(os.environ)
        if not sign:
            return os.environ.get(name.strip())
        os.environ[name.strip()] = value.strip()
        print(f"env: {name.strip()}={value.strip()}")  # noqa: T201 -- as IPython does
        return None

    set_env = env

    def cd(self, options: str) -> None:
        """`%cd`; a folder that is not there is told and changes nothing."""
        try:
            os.chdir(Path(options.strip().strip("\"'") or "~").expanduser())
            print(Path.cwd())  # noqa: T201 -- as IPython does
        except OSError as error:
            print(error)  # noqa: T201 -- likewise

    def pwd(self, options: str) -> str:
        del options
        return str(Path.cwd())


def _flags(options: str) -> tuple[set[str], list[str]]:
    words = shlex.split(options)
    count = next((i for i, word in enumerate(words) if not word.startswith("-")), len(words))
    return set(words[:count]), words[count:]


def _codes(path: Path) -> list[Any]:
    """A file as code: one for a .py, one for each statement of a notebook."""
    if path.suffix != ".ipynb":
        with tokenize.open(path) as file:
            return [compile(file.read(), str(path), "exec", dont_inherit=True)]
    from grader.sandbox.jobs import File  # noqa: PLC0415 -- hardly ever
    from grader.sandbox.notebooks import read_notebook  # noqa: PLC0415
    from grader.sandbox.sources import compiled  # noqa: PLC0415

    return [compiled(one) for one in read_notebook(File(str(path), path.read_bytes())).statements]
