"""A solution -> the files of an assignment's repository, and onto the disk, where nothing stands yet."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

import grader
from grader.errors import GraderError
from grader.starting import classes, handing, helpers, reading
from grader.starting.classes import Trial
from grader.starting.reading import Node, NotAsked, Solution

SAMPLE: Final = "sample.py"
_LISTED: Final = 3
REQUIREMENT: Final = f"torch-grader=={grader.__version__}"
_TAKEN: Final = sys.stdlib_module_names | {"torch", "numpy", "hypothesis", "grader", "msgspec", "libcst"}
"""No exercise file may go by these names: the freezer imports what lies beside it."""

Files = Mapping[str, bytes]
"""What to write, by its path below the assignment's folder."""


@dataclass(frozen=True)
class Asked:
    """What students are asked to write: one exercise."""

    node: Node
    trial: Trial
    file: str

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def title(self) -> str:
        return reading.title(self.node)

    @property
    def statement(self) -> str:
        return reading.statement(self.node, self.trial.call)

    @property
    def steps(self) -> str:
        """The argument that a call's cost grows with, if one is called so."""
        found = (one.name for one in self.trial.guesses if one.source.startswith("strategies.step_counts"))
        return next(found, "")


@dataclass(frozen=True)
class Plan:
    """An assignment to be written; `left_out` says in sentences what became no exercise."""

    files: Files
    asked: tuple[Asked, ...]
    left_out: tuple[str, ...] = field(default=())


def sample(title: str) -> Plan:
    """One whole exercise, with a rubric, known mistakes, a bound and an honest program."""
    data = _rendered(SAMPLE)
    tree = ast.parse(data)
    public = {node.name: node for node in tree.body if isinstance(node, Node)}
    solution = Solution(Path(SAMPLE), data, tree, public)
    asked, _ = _asked(solution)
    files = dict(_files(title, solution, asked, {}))
    files |= {f"reference/{one.file}.py": _rendered("sample_exercise.py", one=one) for one in asked}
    return Plan(files | {"submissions/wrong.py": _rendered("sample_wrong.py")}, asked)


def of_solution(path: Path, title: str) -> Plan:
    """An exercise for each function and class that can be one. Raises GraderError where none can."""
    solution = reading.read(path)
    asked, left_out = _asked(solution)
    if not asked:
        raise GraderError(
            f"{path}: nothing in it becomes an exercise. {' '.join(left_out)}",
            "Change one of them so that it can.",
        )
    return Plan(dict(_files(title, solution, asked, helpers.beside(path, solution.tree))), asked, left_out)


def _asked(solution: Solution) -> tuple[tuple[Asked, ...], tuple[str, ...]]:
    asked: list[Asked] = []
    left_out: list[str] = []
    for name, node in solution.public.items():
        try:
            trial = classes.of_class(node) if isinstance(node, ast.ClassDef) else classes.of_function(node)
        except NotAsked as why:
            left_out.append(f"{name} {why}.")
            continue
        asked.append(Asked(node, trial, _file(name, {one.file.casefold() for one in asked})))
    return tuple(asked), tuple(left_out)


def _file(name: str, taken: Iterable[str]) -> str:
    """Where upper and lower case are one, `scale` and `Scale` still have a file each."""
    return f"{name}_exercise" if name in _TAKEN or name.casefold() in taken else name


# --- what stands in the files ---------------------------------------------------------------


def _files(
    title: str, solution: Solution, asked: tuple[Asked, ...], beside: Files
) -> Iterator[tuple[str, bytes]]:
    view = {"title": title, "exercises": asked, "requirement": REQUIREMENT}
    yield "README.md", _rendered("instructor.md", **view)
    yield ".gitignore", _rendered("gitignore")
    yield "reference/assignment.toml", _rendered("assignment.toml", **view)
    yield "reference/_solution.py", solution.data
    yield from ((f"reference/{helpers.as_package(path)}", data) for path, data in beside.items())
    for one in asked:
        arguments = " ".join(guess.source for guess in one.trial.guesses)
        yield f"reference/{one.file}.py", _rendered("exercise.py", one=one, arguments=arguments)
    yield from _submissions(solution, asked, beside)
    yield "students/README.md", _rendered("students.md", **view)
    yield "students/homework.ipynb", _notebook(title, solution, asked, beside)
    yield "students/.gitignore", _rendered("gitignore")
    yield "students/.gitlab-ci.yml", _rendered("gitlab-ci.yml", **view)
    yield "students/.github/workflows/check.yml", _rendered("check.yml", **view)


def _submissions(solution: Solution, asked: tuple[Asked, ...], beside: Files) -> Iterator[tuple[str, bytes]]:
    """A file each, or a folder each where the solution imports what lies beside it."""
    wrong = handing.wrong(solution, {one.name for one in asked}).encode()
    for name, data in {"right": solution.data, "wrong": wrong}.items():
        yield f"submissions/{name}/solution.py" if beside else f"submissions/{name}.py", data
        yield from ((f"submissions/{name}/{path}", helper) for path, helper in beside.items())


def _notebook(title: str, solution: Solution, asked: tuple[Asked, ...], beside: Files) -> bytes:
    local = {PurePosixPath(path).parts[0].removesuffix(".py") for path in beside}
    cells = [
        _cell(
            "title",
            f"# {title}\n\nWrite what is asked for; keep all names. `README.md` says how to check it.",
        ),
        _cell("imports", handing.preamble(solution, [one.node for one in asked], local), code=True),
    ]
    for number, one in enumerate(asked, start=1):
        cells.append(_cell(f"statement-{number}", f"## {one.title}\n\n{one.statement}"))
        cells.append(_cell(f"exercise-{number}", handing.starter(one.node), code=True))
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": python, "language_info": {"name": "python"}}
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _cell(name: str, source: str, *, code: bool = False) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": "code" if code else "markdown", "id": name, "metadata": {}}
    lines = source.splitlines(keepends=True)
    return {**cell, "source": lines, **({"execution_count": None, "outputs": []} if code else {})}


def _rendered(name: str, **values: object) -> bytes:
    environment = Environment(  # noqa: S701 -- no page: Python, YAML and Markdown of the instructor's own words
        loader=PackageLoader("grader.templates", "new"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"text": partial(json.dumps, ensure_ascii=False)}
    return environment.get_template(f"{name}.j2").render(values).encode("utf-8", "backslashreplace")


# --- onto the disk --------------------------------------------------------------------------


def write(folder: Path, files: Files) -> None:
    """Into a folder that is new or empty, but for its `.git`: nothing that is there is changed."""
    try:
        found = sorted(one.name for one in folder.iterdir() if one.name != ".git") if folder.exists() else []
        if found:
            raise GraderError(
                f"{folder} is not empty: it holds {_listed(found)}.", "Name a new or an empty folder."
            )
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:  # never over a file that another program wrote meanwhile
                file.write(data)
    except OSError as error:
        where = error.filename or folder
        raise GraderError(
            f"{where} cannot be written: {error.strerror or error}.", "Name a folder that can be."
        ) from None


def _listed(names: list[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")
