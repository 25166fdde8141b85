"""Zips made by strangers: members are read as streams into a folder of ours, each within its caps.

Nothing here trusts a zip: not its names (no way out of the folder, no links, no devices), not the
sizes it claims (bytes are counted as they are written), not its order. One student's members can use
up that student's room only. What is not unpacked is told with a reason, never silently left out;
what an operating system adds by itself (`JUNK`) is the exception.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from grader.errors import GraderError
from grader.sandbox.scratch import refuse_full
from grader.text import one_line

MIB: Final = 1 << 20
FILE_LIMIT: Final = 32 * MIB  # the largest honest notebook
STUDENT_LIMIT: Final = 64 * MIB  # unpacked, one student
STUDENT_FILES: Final = 2_000  # unpacked, one student: a forgotten virtual environment has more
CLASS_LIMIT: Final = 4096 * MIB  # unpacked, a class: temporary folders are often in memory
CLASS_MEMBERS: Final = 200_000  # a directory of that many costs 100 MB of memory to read
STUDENT_MEMBERS: Final = 20_000
RATIO: Final = 200  # source and notebooks shrink 3 to 50 times, bombs 1,000 times
RATIO_FREE: Final = MIB  # small files may shrink as they like
DEPTH: Final = 16  # folders within folders
CHUNK: Final = 1 << 16
SIGNATURE: Final = b"PK\x01\x02"  # stands before each entry of a zip's directory
SOURCES: Final = frozenset({".py", ".ipynb"})

JUNK: Final = frozenset(
    {
        *(".DS_Store", "__MACOSX", "Thumbs.db", "desktop.ini"),
        *("__pycache__", ".ipynb_checkpoints", ".git", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
    },
)
_TWICE: Final = "stands in the zip twice, and it is unclear which one is meant; hand in one."
_UNPACK_IT: Final = "Unpack it where there is room, and grade the folder."
_NO_FOLDER: Final = "cannot be unpacked: no folder can stand where its folder should."
_BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(ValueError, NotImplementedError, RuntimeError, OverflowError, IndexError),
)  # what zipfile raises on crafted files; a wrong name in UTF-8 is a ValueError


def is_junk(name: str) -> bool:
    """Whether an operating system or a tool made this by itself; `._x` is macOS's shadow of `x`."""
    return name in JUNK or name.startswith("._")


@dataclass(frozen=True)
class Unpacked:
    """What came of one zip. With a `problem` nothing was unpacked."""

    problem: str | None = None
    refused: dict[Path, str] = field(default_factory=dict)  # where each would stand -> why it does not
    outside: dict[str, str] = field(default_factory=dict)  # members without a place in the folder -> why
    sources: int = 0  # members named like a .py or .ipynb file


@dataclass(frozen=True)
class _Member:
    info: zipfile.ZipInfo
    parts: tuple[str, ...]
    student: str  # whose room it uses

    @property
    def is_source(self) -> bool:
        return not self.info.is_dir() and Path(self.parts[-1]).suffix.lower() in SOURCES


def unpack(archive: Path, shown: str, into: Path, *, of_a_class: bool) -> Unpacked:
    """Unpack into the empty folder `into`; a class's zip has room for each top folder or file in it.

    Raises GraderError where a class is too large for that, or this machine's disk is full.
    """
    try:
        most = CLASS_MEMBERS if of_a_class else STUDENT_MEMBERS
        if _more_entries(archive, most):
            many = f"{shown} holds more than {most:,} files"
            fewer = "; hand in the files with your functions only."
            return Unpacked(many + (f". {_UNPACK_IT}" if of_a_class else fewer))
        with zipfile.ZipFile(archive) as opened:
            return _unpack(opened, shown, into, of_a_class)
    except _BROKEN as error:
        refuse_full(error)
        return Unpacked(
            f"{shown} cannot be read as a zip: {_why(error)}. "
            "Zip the files again, or hand them in as they are."
        )


def _more_entries(archive: Path, most: int) -> bool:
    """Count the directory's entries before zipfile reads them all into memory; it looks at no other count."""
    count, tail = 0, b""
    with archive.open("rb") as file:
        while chunk := file.read(MIB):
            count += (tail + chunk).count(SIGNATURE)
            tail = (tail + chunk)[-len(SIGNATURE) + 1 :]
    return count > most


def _unpack(opened: zipfile.ZipFile, shown: str, into: Path, of_a_class: bool) -> Unpacked:
    names = [(info, _parts(info.filename)) for info in opened.infolist()]
    kept = [(info, parts) for info, parts in names if parts and not any(map(is_junk, parts))]
    # where all members stand in one folder, that folder is the class
    depth = 2 if len({parts[0] for info, parts in kept}) == 1 else 1
    members = [_Member(info, parts, _room(parts, depth) if of_a_class else "") for info, parts in kept]
    members.sort(
        key=lambda member: (len(member.parts), not member.is_source)
    )  # what may be graded goes first
    refused = {
        into.joinpath(*member.parts): (member, why) for member, why in _refusals(opened, shown, members, into)
    }
    told = {path: f"{_shown(shown, member.info)} {why}" for path, (member, why) in refused.items()}
    strays = [_shown(shown, info) for info, parts in names if not parts]
    outside = {stray: f"{stray} leads out of the zip and was not unpacked." for stray in strays}
    lost = {
        _shown(shown, refused[path][0].info): why for path, why in told.items() if not _is_folder(path.parent)
    }
    return Unpacked(None, told, outside | lost, sources=sum(member.is_source for member in members))


def _room(parts: tuple[str, ...], depth: int) -> str:
    """Whose room a class's member uses; nbgrader's students stand in a folder `submitted`."""
    inside = parts.index("submitted") + 2 if "submitted" in parts[:2] else depth
    return "/".join(parts[: max(depth, inside)])


def _shown(archive: str, info: zipfile.ZipInfo) -> str:
    return f"{archive}/{one_line(info.filename)}"


def _parts(name: str) -> tuple[str, ...]:
    """A member's place in the folder; () where it would stand outside. Windows tools write backslashes."""
    parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
    leaves = name.startswith(("/", "\\")) or ".." in parts or ":" in name[1:2] or len(parts) > DEPTH
    return () if leaves else parts


def _refusals(
    opened: zipfile.ZipFile, shown: str, members: list[_Member], into: Path
) -> Iterator[tuple[_Member, str]]:
    """Write each member and tell those that were not, with the reason."""
    used: Counter[str] = Counter()
    files: Counter[str] = Counter()
    twice: set[Path] = set()
    for member in members:
        target = into.joinpath(*member.parts)
        why = _oddity(member.info) if _has_folder(target, member.info) else _NO_FOLDER
        if member.info.is_dir():
            continue
        files[member.student] += 1
        if files[member.student] > STUDENT_FILES + 1:
            continue
        if files[member.student] > STUDENT_FILES:
            why = (
                f"and what follows is left out: these are more than {STUDENT_FILES:,} files from one student."
            )
        if why is None and target in twice:
            why = _TWICE
        if why is None:
            room = min(FILE_LIMIT, STUDENT_LIMIT - used[member.student])
            written, why = _write(opened, member.info, target, room)
            used[member.student] += written
            if used.total() > CLASS_LIMIT:  # whoever comes last is not to pay for what all handed in
                raise GraderError(f"{shown} unpacks to more than {CLASS_LIMIT // MIB:,} MiB.", _UNPACK_IT)
        if why == _TWICE:
            twice.add(target)
        if why is not None:
            yield member, why


def _has_folder(target: Path, info: zipfile.ZipInfo) -> bool:
    folder = target if info.is_dir() else target.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # a file stands in its place, or a name is too long
        refuse_full(error)
    return _is_folder(folder)


def _is_folder(path: Path) -> bool:
    """Also of a name that is too long for this system."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _oddity(info: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if stat.S_ISLNK(kind):
        return "is a symbolic link, which could point anywhere; hand in the file itself."
    if kind and not stat.S_ISREG(kind):
        return "is no ordinary file; hand in a .py or .ipynb file."
    if info.flag_bits & 1:
        return "is encrypted; zip it without a password."
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # the other methods cannot be unpacked piece by piece within a bound
        return "is packed by an unusual method; make an ordinary zip."
    return None


def _write(opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, room: int) -> tuple[int, str | None]:
    """Write one member of at most `room` bytes; returns how many were written and why it was refused."""
    limit = max(0, min(room, max(RATIO_FREE, RATIO * info.compress_size)))
    try:
        with opened.open(info) as source, target.open("xb") as sink:
            written = _copy(source, sink, limit)
    except FileExistsError:
        with suppress(OSError):  # it may be a folder
            target.unlink()
        return 0, _TWICE
    except _BROKEN as error:
        with suppress(OSError, ValueError):  # it may not have been made
            target.unlink()
        refuse_full(error)
        return 0, f"cannot be unpacked: {_why(error)}."
    if written > limit:
        target.unlink()
        return 0, (
            f"unpacks to more than {limit / MIB:.1f} MiB; one file may have {FILE_LIMIT // MIB} MiB and "
            f"{RATIO} times its packed size, one student's files {STUDENT_LIMIT // MIB} MiB together."
        )
    return written, None


def _why(error: Exception) -> str:
    """Without the temporary path, which says nothing to whoever reads it."""
    return one_line(getattr(error, "strerror", None) or str(error)) or type(error).__name__


def _copy(source: IO[bytes], sink: IO[bytes], limit: int) -> int:
    """Copy until the end or just beyond the limit; the sizes that the zip claims are not asked."""
    written = 0
    while written <= limit and (chunk := source.read(CHUNK)):
        sink.write(chunk)
        written += len(chunk)
    return written
