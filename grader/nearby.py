"""Which kit, assignment and templates a command means: those that are named, or the working folder's.

Nothing that was handed in is configuration: a kit decides about marks, and freezing a `reference/` runs it.
So the search goes from the working folder upwards and passes over what lies in what is graded. A file that
is graded may lie beside its kit, as a student has them, but not beside a `reference/`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from grader.errors import GraderError

REFERENCE: Final = "reference"
TEMPLATES: Final = "templates"
BUILTIN: Final = "builtin:"

_HOME: Final = Path(__file__).parent / "builtin"


@dataclass(frozen=True)
class HandedIn:
    """Where what is graded lies: all of `folder`, or a file in it that has its other files around it."""

    folder: Path | None = None
    whole: bool = False

    def holds(self, place: Path) -> bool:
        """Whether a place is this folder or below it, by whatever names either goes."""
        real = Path(os.path.realpath(place))
        return any(self.folder is not None and _same(one, self.folder) for one in (real, *real.parents))


def _same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one.samefile(other)  # also where upper and lower case are one, or a folder is mounted twice
    return one == other


NOTHING: Final = HandedIn()


def handed_in(path: Path, *, one: bool) -> HandedIn:
    """What `path` names, as the user wrote it; a class's zip holds all of it, and its neighbours nothing."""
    real = Path(os.path.realpath(path))  # not resolve, which raises where links go in a circle
    if real.is_dir():
        return HandedIn(real, whole=True)
    return NOTHING if real.suffix.lower() == ".zip" and not one else HandedIn(real.parent)


@dataclass(frozen=True)
class Source:
    """What to grade with: a kit, or an assignment to freeze."""

    path: Path
    is_kit: bool
    named: bool
    where: str  # a phrase

    @property
    def home(self) -> Path:
        return self.path.parent if self.is_kit else self.path


def chosen(kit: Path | None, assignment: Path | None, graded: HandedIn = NOTHING) -> Source:
    """What is named, else the nearest. Raises GraderError where there is none, or more than one."""
    if kit is not None and assignment is not None:
        raise GraderError("Both a kit and an assignment were named.", "Name one of them.")
    if kit is not None:
        return Source(kit_file(kit), is_kit=True, named=True, where="named by --kit")
    if assignment is not None:
        return Source(assignment, is_kit=False, named=True, where="named by --assignment")
    return _nearest(graded)


def kit_file(named: Path | None) -> Path:
    """The kit that is named, which `builtin:NAME` does, too, else the nearest.

    Raises GraderError where there is none or more than one.
    """
    if named is not None:
        return _builtin(named) if str(named).startswith(BUILTIN) else named
    folder = next((one for one in _upwards() if _kits(one)), None)
    if folder is None:
        raise GraderError(
            f"There is no kit to check with. Looked for *.kit in {Path.cwd()}, the working folder, "
            "and in the folders above it.",
            'Put the kit of your course beside the notebook, or name it: kit="homework.kit". '
            + _shipped('kit="{}"'),
        )
    return _only(folder, _kits(folder), f'kit="{_kits(folder)[0].name}"')


def builtins() -> list[str]:
    """The names of the kits that come with the grader."""
    return sorted(path.stem for path in _HOME.glob("*.kit"))


def _builtin(named: Path) -> Path:
    name = str(named).removeprefix(BUILTIN)
    if name not in builtins():
        raise GraderError(f"{named}: no kit of this name comes with the grader.", _shipped("{}"))
    return _HOME / f"{name}.kit"


def _shipped(form: str) -> str:
    return f"With the grader comes {', '.join(form.format(BUILTIN + name) for name in builtins())}."


def nearest_assignment() -> Path | None:
    """The nearest folder with a `reference/`, from the working folder upwards."""
    return next((one for one in _upwards() if (one / REFERENCE).is_dir()), None)


def templates(source: Source, graded: HandedIn) -> tuple[Path | None, Path | None]:
    """The templates beside a source that is named, and those that are there and not taken."""
    own = source.home / TEMPLATES
    if not any(own.glob("*.j2")) or _is_default(own):
        return None, None
    trusted = source.named and not (source.is_kit and graded.holds(own))
    return (own, None) if trusted else (None, own)


def _is_default(folder: Path) -> bool:
    """In a checkout of the grader the default templates lie beside its assignment."""
    return folder.resolve() == Path(str(resources.files("grader.templates"))).resolve()


def _upwards() -> Iterable[Path]:
    here = Path.cwd()
    return (here, *here.parents)


def _nearest(graded: HandedIn) -> Source:
    passed: list[str] = []
    for folder in _upwards():
        where = "above the working folder" if folder != Path.cwd() else "from the working folder"
        kits = _kits(folder)
        inside = graded.holds(folder)
        if kits and not (inside and graded.whole):
            return Source(_only(folder, kits), is_kit=True, named=False, where=where)
        has_reference = (folder / REFERENCE).is_dir()
        if has_reference and not inside:
            return Source(folder, is_kit=False, named=False, where=where)
        if inside:
            passed += [*map(str, kits), *([str(folder / REFERENCE)] if has_reference else [])]
    raise _nothing(graded, passed)


def _kits(folder: Path) -> list[Path]:
    """A folder that may not be listed holds nothing for us."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".kit" and path.is_file())
    except OSError:
        return []


def _only(folder: Path, kits: list[Path], naming: str = "--kit FILE") -> Path:
    if len(kits) > 1:
        names = ", ".join(path.name for path in kits)
        raise GraderError(
            f"{folder}: there are {len(kits)} kits: {names}.", f"Name the one that you mean: {naming}."
        )
    return kits[0]


def _nothing(graded: HandedIn, passed: list[str]) -> GraderError:
    text = (
        f"There is no kit and no {REFERENCE}/ to grade with. Looked in {Path.cwd()}, the working folder, "
        "and in the folders above it."
    )
    if passed:
        stands = "stands" if len(passed) == 1 else "stand"
        it, was = ("it", "was") if len(passed) == 1 else ("they", "were")
        place = "in" if graded.whole else "beside"
        text += f" {', '.join(passed)} {was} not taken: {it} {stands} {place} what is graded."
    return GraderError(
        text,
        f"Name one with --kit FILE or --assignment DIR (its {REFERENCE}/ is run), "
        f"or work in the assignment's folder. " + _shipped("--kit {}"),
    )
