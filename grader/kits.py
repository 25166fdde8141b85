"""The kit to grade with, and making one: the parent's side of freezing. No torch here.

A kit is read. An assignment is frozen once, by a process of its own, and the kit kept in a cache whose
key covers everything that goes into it. Its first half covers all but the words: where only these changed,
the kit that is there is given the new ones. A cache that cannot be written costs time only.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import platformdirs

from grader import decoders, kit
from grader.errors import GraderError, HarnessError
from grader.kit import LoadedKit
from grader.sandbox.scratch import Scratch
from grader.wording import without_words

Told = Callable[[float, str], None]
"""Hears how much of the freezing is done, as a share, and what is done now."""

PACKAGE: Final = Path(__file__).parent
SETTINGS: Final = "assignment.toml"
DRAWN_WITH: Final = ("torch", "hypothesis", "numpy", "msgspec")
FREEZER: Final = (
    "__init__.py", "decoders.py", "errors.py", "exercises.py", "kit.py", "records.py", "results.py",
    "strategies.py", "tensors.py", "descent/__init__.py", "descent/freezing/*.py",
    "descent/program.py", "descent/reading.py", "descent/rule.py",
    "descent/rules/*.py", "descent/suite.py",
    "freezing/__init__.py", "freezing/assignment.py", "freezing/author.py", "freezing/casting.py",
    "freezing/choose.py", "freezing/constancy.py", "freezing/costs.py", "freezing/derived.py",
    "freezing/diagnosers.py", "freezing/drawing.py",
    "freezing/following.py", "freezing/freeze.py", "freezing/haste.py", "freezing/honest.py",
    "freezing/ladder.py", "freezing/late.py", "freezing/leaves.py",
    "freezing/lines.py", "freezing/mutants/*.py", "freezing/oracle.py", "freezing/pairs.py",
    "freezing/place.py",
    "freezing/protocols.py", "freezing/refusing.py", "freezing/repeats.py",
    "freezing/reproducible.py",
    "freezing/rewording.py", "freezing/suite.py", "freezing/trials.py",
    "judging/__init__.py", "judging/behaviour.py", "judging/chains.py", "judging/compare.py",
    "judging/leaves.py", "judging/score.py", "judging/tolerances.py",
    "sandbox/__init__.py", "sandbox/calling.py", "sandbox/cleaning.py",
    "sandbox/compiler.py", "sandbox/devices.py", "sandbox/leaves.py", "sandbox/support.py",
    "sandbox/tracebacks.py", "sandbox/tracing.py", "sandbox/twin.py", "sandbox/values.py",
    "sandbox/watching.py", "text.py", "wire.py",
)  # fmt: skip
"""The source that a kit depends on: what the freezer imports of this package, and nothing else."""


class _Share(msgspec.Struct):
    """A line of the freezer's while it works."""

    frozen: float
    doing: str


class _Refused(msgspec.Struct):
    """Its last line where it refuses an assignment."""

    message: str
    hint: str


class _Sources(msgspec.Struct):
    """What `freezing.showing` prints."""

    sources: dict[str, str]


S = TypeVar("S", _Share, _Refused, _Sources)


def load(path: Path) -> LoadedKit:
    return kit.load(path)


# --- freezing -----------------------------------------------------------------------------


def freeze(
    assignment: Path,
    output: Path,
    seed: int | None = None,
    told: Told | None = None,
    like: Path | None = None,
    *,
    quick: bool = False,
) -> None:
    """Freeze an assignment in a process of its own. Raises what it refused.

    `like`: a kit that differs in its words alone, if there is one. `quick`: a small suite, for trying.
    """
    command = [sys.executable, "-I", "-m", "grader.freezing.freeze", str(assignment), str(output)]
    command += [] if seed is None else ["--seed", str(seed)]
    command += [] if like is None else ["--like", str(like)]
    command += ["--quick"] if quick else []
    with tempfile.TemporaryFile("w+") as stderr:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=stderr, text=True, errors="replace", env=_environment()
        )
        with process:
            for line in process.stdout or ():
                _pass_on(line, told)
        if process.returncode != 0:
            stderr.seek(0)
            raise _refusal(stderr.read(), process.returncode)


def _pass_on(line: str, told: Told | None) -> None:
    """A line of the freezer's, if it is one: an exercise may print lines of its own."""
    said = _said(line, _Share)
    if said is not None and told is not None:
        told(said.frozen, said.doing)


def right_programs(assignment: Path, loaded: LoadedKit) -> bytes:
    """What the reference and the honest programs come to on each device, as `freezing.again` writes it.

    Run by a process of its own. Raises what that refused.
    """
    with Scratch() as folder:
        (folder / "assignment.kit").write_bytes(kit.encode(loaded.kit))
        files = [str(path) for path in (assignment, folder / "assignment.kit", folder / "found.json")]
        command = [sys.executable, "-I", "-m", "grader.freezing.again", *files]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=_environment())
        if done.returncode != 0:
            raise _refusal(done.stderr, done.returncode)
        return (folder / "found.json").read_bytes()


def programs(assignment: Path, mistake: str) -> dict[str, str]:
    """The source of a mistake's program, by exercise. Raises what the process that reads it refused."""
    command = [sys.executable, "-I", "-m", "grader.freezing.showing", str(assignment), mistake]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=_environment())
    if done.returncode != 0:
        raise _refusal(done.stderr, done.returncode)
    said = _said(done.stdout.strip().rpartition("\n")[2], _Sources)
    return said.sources if said else {}


def _environment() -> dict[str, str]:
    """One thread: the tensors are tiny, and more threads cost time."""
    return os.environ | {"OMP_NUM_THREADS": "1"}


def _refusal(stderr: str, code: int) -> GraderError:
    """What the freezer said, or that it broke without saying."""
    last = stderr.strip().rpartition("\n")[2]
    said = _said(last, _Refused)
    if said is not None and said.message:
        return GraderError(said.message, said.hint)
    return HarnessError(
        f"The freezer broke: {last or 'it said nothing'} (exit code {code}).",
        "This is a fault of the grader or of this machine, not of the assignment.",
    )


def _said(line: str, kind: type[S]) -> S | None:
    """What a line of the freezer's says; None where it is another's, or a broken one."""
    try:
        return decoders.json(kind).decode(line)
    except decoders.BROKEN:
        return None


# --- the cache ----------------------------------------------------------------------------


def cached(
    assignment: Path,
    seed: int | None = None,
    told: Told | None = None,
    before: Callable[[], None] | None = None,
) -> LoadedKit:
    """The assignment's kit, frozen now if it never was; `before` is called before its code is run."""
    if not assignment.is_dir():
        raise GraderError(
            f"{assignment}: there is no such folder.", "Name the folder that contains reference/."
        )
    core, words = _keys(assignment, seed)
    place = cache_folder() / f"{core}-{words}.kit"
    if place.is_file():
        with contextlib.suppress(GraderError):  # a damaged entry is made again
            return load(place)
    if before is not None:
        before()
    like = min(place.parent.glob(f"{core}-*.kit"), default=None)
    return _frozen(assignment, seed, place, told, like)


def cache_folder() -> Path:
    return Path(platformdirs.user_cache_dir("torch-grader"))


def _frozen(
    assignment: Path, seed: int | None, place: Path, told: Told | None, like: Path | None
) -> LoadedKit:
    with Scratch() as folder:
        output = folder / "assignment.kit"
        freeze(assignment, output, seed, told, like)
        data = output.read_bytes()
    with contextlib.suppress(OSError):  # an unwritable cache costs time, nothing else
        _store(data, place)
    return kit.decode(data, str(assignment))


def _store(data: bytes, place: Path) -> None:
    """Whole or not at all: another process may read while this one writes."""
    place.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=".kit-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(place)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _keys(assignment: Path, seed: int | None) -> tuple[str, str]:
    """Two that change with everything that goes into a kit: all but the words, and all there is."""
    inner = assignment / "reference"
    folder = inner if inner.is_dir() else assignment
    core, words = hashlib.sha256(), hashlib.sha256()
    for path in _written(folder):
        data = path.read_bytes()
        _add(words, path, data)
        if path != folder / SETTINGS:  # a title, limits, devices, an order
            _add(core, path, without_words(data) if path.suffix == ".py" else data)
    for path in sources():
        _add(core, path, path.read_bytes())
    from importlib import metadata  # noqa: PLC0415 -- it imports much, and most commands freeze nothing

    versions = [f"{name}=={metadata.version(name)}" for name in DRAWN_WITH]
    core.update(repr((seed, sys.version, versions)).encode())
    words.update(repr(folder.resolve().parts[-2:]).encode())
    return core.hexdigest(), words.hexdigest()[:16]


def sources() -> list[Path]:
    """The files of `FREEZER`. One that is not there is a fault of ours."""
    found = {pattern: sorted(PACKAGE.glob(pattern)) for pattern in FREEZER}
    assert all(found.values()), [pattern for pattern, paths in found.items() if not paths]
    return [path for paths in found.values() for path in paths]


def _add(digest: hashlib._Hash, path: Path, data: bytes) -> None:
    digest.update(f"{path.name}\0{len(data)}\0".encode() + data)


def _written(folder: Path) -> list[Path]:
    """Everything the instructor wrote: an exercise may read any file beside it."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
