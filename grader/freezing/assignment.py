"""A folder -> the exercises an instructor wrote. Only the freezer loads them, for this runs their files.

An assignment is a folder with `reference/` in it, or that folder itself: one file an exercise,
helpers beginning with an underscore, and perhaps `assignment.toml`. Whatever is wrong with
it is a GraderError that names the file and the line.
"""

from __future__ import annotations

import difflib
import importlib.util
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec

from grader import decoders
from grader.errors import GraderError
from grader.exercises import Exercise
from grader.freezing import author, place
from grader.kit import Limits

SETTINGS: Final = "assignment.toml"


class Settings(msgspec.Struct, frozen=True):
    """What `assignment.toml` may say."""

    title: str = ""
    devices: tuple[str, ...] = ("cpu",)
    order: tuple[str, ...] = ()
    limits: Limits = Limits()


@dataclass(frozen=True)
class Assignment:
    """What an instructor wrote, loaded."""

    title: str
    devices: tuple[str, ...]
    limits: Limits
    exercises: tuple[Exercise, ...]
    files: tuple[Path, ...] = ()  # of each exercise


def reference_folder(path: Path) -> Path:
    """The folder with the exercise files. Raises GraderError where there is none."""
    inner = path / "reference"
    folder = inner if inner.is_dir() else path
    if not folder.is_dir():
        raise GraderError(f"{path}: there is no such folder.", "Name the folder that contains reference/.")
    return folder


def load(path: Path) -> Assignment:
    """Load an assignment's settings and exercises."""
    folder = reference_folder(path)
    settings = _settings(folder / SETTINGS)
    files = _ordered(folder, settings.order)
    exercises = tuple(_exercises(folder, files))
    _refuse_twins(exercises)
    title = settings.title or (folder.parent if folder.name == "reference" else folder).resolve().name
    return Assignment(title, settings.devices, settings.limits, exercises, tuple(files))


# --- settings -----------------------------------------------------------------------------


def _settings(path: Path) -> Settings:
    if not path.exists():
        return Settings()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:  # no TOML, no UTF-8, a number without end
        why = "its lists are nested too deeply" if isinstance(error, RecursionError) else error
        raise GraderError(f"{path}: cannot be read: {why}.", 'Write it as TOML: title = "...".') from None
    _check_keys(path, "", table, Settings.__struct_fields__)
    limits = table.get("limits", {})
    if isinstance(limits, Mapping):
        _check_keys(path, "limits.", limits, Limits.__struct_fields__)
    try:
        settings = decoders.convert(table, Settings)
    except msgspec.ValidationError as error:
        raise GraderError(f"{path}: {error}.", "Correct the value.") from None
    unknown = [device for device in settings.devices if re.fullmatch(r"[a-z][a-z0-9_]*", device) is None]
    if unknown or not settings.devices:
        raise GraderError(
            f"{path}: `devices` is {list(settings.devices)}.", 'Name at least one: devices = ["cpu", "cuda"].'
        )
    return settings


def _check_keys(path: Path, prefix: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
    for key in table:
        if key not in set(known):
            raise GraderError(
                f"{path}: unknown key {prefix + key!r}.", f"Did you mean {prefix + _nearest(key, known)!r}?"
            )


def _nearest(word: str, known: Iterable[str]) -> str:
    return difflib.get_close_matches(word, list(known), n=1, cutoff=0.0)[0]


# --- exercise files -----------------------------------------------------------------------


def _ordered(folder: Path, order: tuple[str, ...]) -> list[Path]:
    """The exercise files, those named in `order` first."""
    files = {path.stem: path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")}
    if not files:
        raise GraderError(
            f"{folder}: there is no exercise here.", "Write one .py file an exercise; it defines EXERCISE."
        )
    for name in order:
        if name not in files:
            raise GraderError(
                f"{folder / SETTINGS}: `order` names {name!r}, which is not there.",
                f"Did you mean {_nearest(name, files)!r}?",
            )
    return [files[name] for name in dict.fromkeys((*order, *files))]


def _exercises(folder: Path, files: list[Path]) -> Iterable[Exercise]:
    """Run each file with the folder importable, for its helpers."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder.resolve()))
    try:
        for path in files:
            yield _exercise(path)
    finally:
        sys.path.remove(str(folder.resolve()))
        for name in set(sys.modules) - before:  # another assignment may have helpers of the same names
            if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == folder.resolve():
                del sys.modules[name]


def _exercise(path: Path) -> Exercise:
    module = _run(path)
    exercise = getattr(module, "EXERCISE", None)
    if not isinstance(exercise, Exercise):
        found = "no EXERCISE" if exercise is None else f"an EXERCISE of type {type(exercise).__name__}"
        raise GraderError(
            f"{path}: defines {found}.",
            "Define EXERCISE = Exercise(...); a helper's file name begins with an underscore.",
        )
    try:
        author.check(exercise)
    except GraderError as error:
        raise place.located(path.parent, path, exercise, error) from None
    return exercise


def _run(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"reference_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses of an exercise file look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- an instructor's file may raise anything; it is theirs to correct
        unreadable = GraderError(f"{path}: cannot be loaded: {error}.", "Correct the file.")
        raise broken(path.parent, error) or unreadable from None
    finally:
        del sys.modules[spec.name]
    return module


def broken(folder: Path, error: BaseException) -> GraderError | None:
    """The fault as the instructor's: where their files broke. None where none of their lines took part."""
    what = f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
    at = place.last_line(folder, error)
    if at is None:
        return None
    return GraderError(f"{at[0]}, line {at[1]}: {what}.", "Correct this line.")


def _refuse_twins(exercises: tuple[Exercise, ...]) -> None:
    names = [exercise.name for exercise in exercises]
    for name in names:
        if names.count(name) > 1:
            raise GraderError(
                f"Two exercises have the name {name!r}.", "Give each exercise a name of its own."
            )
