"""Where an author wrote what is refused: the file, and the line of the call, or of what raised."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Iterator
from pathlib import Path

from grader.errors import GraderError
from grader.exercises import Exercise
from grader.freezing.author import Part


def located(folder: Path, file: Path, exercise: Exercise, error: GraderError) -> GraderError:
    """The same refusal with the file and the line: of what raised, else of the call that says it."""
    if error.message.startswith(str(folder)):
        return error
    place = error.__cause__ and last_line(folder, error.__cause__)
    blamed = getattr(error, "place", None)
    if blamed is not None:
        place = folder / Path(blamed[0]).name, blamed[1]
    path, line = place or _written(folder, file, getattr(error, "part", None) or exercise)
    return GraderError(f"{path}, line {line}: {error.message}", error.hint)


def last_line(folder: Path, error: BaseException) -> tuple[Path, int] | None:
    """The last line of the folder's files that took part in an exception."""
    if isinstance(error, SyntaxError) and error.filename:
        return folder / Path(error.filename).name, error.lineno or 1
    frames = reversed(traceback.extract_tb(error.__traceback__))
    own = (one for one in frames if Path(one.filename).resolve().parent == folder.resolve())
    return next(((folder / Path(one.filename).name, one.lineno or 1) for one in own), None)


def segment(folder: Path, file: Path, part: Part) -> str:
    """The call as it is written; empty where no call says its id."""
    path, call = _call(folder, file, part)
    return ast.get_source_segment(path.read_text(encoding="utf-8"), call, padded=True) or "" if call else ""


def _written(folder: Path, file: Path, part: Part) -> tuple[Path, int]:
    """Where it is called with this id; where no call says it, where EXERCISE is set."""
    path, call = _call(folder, file, part)
    if call is not None:
        return path, call.lineno
    return file, next((node.lineno for node in _tree(file).body if _sets_exercise(node)), 1)


def _call(folder: Path, file: Path, part: Part) -> tuple[Path, ast.Call | None]:
    name = part.name if isinstance(part, Exercise) else part.id
    for path in (file, *sorted(folder.glob("_*.py"))):
        for call in _calls(path, type(part).__name__):
            first = [*call.args[:1], *(one.value for one in call.keywords if one.arg in ("id", "name"))]
            if any(isinstance(one, ast.Constant) and one.value == name for one in first):
                return path, call
    return file, None


def _calls(path: Path, kind: str) -> Iterator[ast.Call]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == kind:
                yield node


def _sets_exercise(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(one, ast.Name) and one.id == "EXERCISE" for one in targets)


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())
