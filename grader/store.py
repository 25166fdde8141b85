"""Results on disk: results.json, and evidence/<stem>.json for each student.

What passes through are the records of `results`. Two rules hold here. A file is whole or is
not there: everything is written beside its place and moved into it. And a student's id is
never a path: it becomes a file's name only through `file_name`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

import msgspec

from grader import decoders
from grader.errors import GraderError, HarnessError, unwritable_told
from grader.kept import Kept
from grader.results import EVIDENCE_SCHEMA, SCHEMA, Evidence, Results, Stored
from grader.text import one_line

RESULTS_FILE: Final = "results.json"
LARGE: Final = 8 << 20  # bytes of results.json, from which on it is not read whole
_NOBODY: Final = b'\n "submissions": []'
_LISTED: Final = b' "submissions": [\n'
_LISTED_NO_MORE: Final = (b" ],\n", b" ]\n")
EVIDENCE_FOLDER: Final = "evidence"

# Lower case only, so that ids which differ in case stay apart where the file system does not tell them apart.
_PLAIN: Final = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,62}[a-z0-9_]|[a-z0-9_]", re.ASCII)
_MADE: Final = re.compile(
    r".*-[0-9a-f]{12}", re.DOTALL
)  # what file_name makes: nobody may choose such a name
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9]|clock\$)(\..*)?")  # Windows
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

S = TypeVar("S", bound=Stored)


class _Head(Stored, frozen=True):
    schema: str


def file_name(student: str) -> str:
    """The stem of this student's files, made of the id alone: who else is in the class changes nothing."""
    student = spelled(student)
    if _PLAIN.fullmatch(student) and not _MADE.fullmatch(student) and not _RESERVED.fullmatch(student):
        return student
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", student[:200], flags=re.ASCII).strip("-")[:40].rstrip("-")
    digest = hashlib.sha256(student.encode()).hexdigest()[:12]
    return f"{slug or 'student'}-{digest}"


def file_names(students: Sequence[str]) -> dict[str, str]:
    """Each student's stem: a plain id stays as it is, anything else becomes a slug and a short hash."""
    return {student: file_name(student) for student in students}


def spelled(text: str) -> str:
    """Lone surrogates (file names that are no UTF-8) written out, since JSON in UTF-8 cannot hold them."""
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def write_bytes(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Write a whole file or none; `lasting`: it is on the disk when this returns.

    Raises GraderError where the folder cannot be written.
    """
    write_pieces(path, (data,), lasting=lasting)


def write_pieces(path: Path, pieces: Iterable[bytes], *, lasting: bool = True) -> None:
    """As `write_bytes`, of what is made piece by piece."""
    with writing(path, lasting=lasting) as file:
        file.writelines(pieces)


@contextlib.contextmanager
def writing(path: Path, *, lasting: bool = True) -> Iterator[BinaryIO]:
    """A file that is whole and in its place once the context has ended well, and else not there."""
    _refuse_what_is_no_file(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with unwritable_told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            beside.unlink(missing_ok=True)
            with beside.open("xb") as file:  # made here: no link that waits under this name is followed
                _keep_mode(path, beside)
                yield file
                file.flush()
                if lasting:
                    os.fsync(file.fileno())
            beside.replace(path)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()


def _refuse_what_is_no_file(path: Path) -> None:
    """A file would take the place of a device or a pipe; of a folder it is said when it is replaced."""
    with contextlib.suppress(OSError):
        found = path.lstat().st_mode
        if not (stat.S_ISREG(found) or stat.S_ISLNK(found) or stat.S_ISDIR(found)):
            raise GraderError(
                f"{path}: this is a device or a pipe, and a file would take its place.", "Name a file."
            )


def _keep_mode(path: Path, beside: Path) -> None:
    """Who may read what is replaced may read what replaces it, and nobody else."""
    with contextlib.suppress(FileNotFoundError):
        before = path.lstat().st_mode
        if stat.S_ISREG(before):
            beside.chmod(stat.S_IMODE(before))


def own_folder(folder: Path, name: str) -> Path:
    """A folder of ours within the output folder. Raises GraderError where a link leads elsewhere."""
    inner = folder / name
    if inner.is_symlink():
        raise GraderError(
            f"{inner}: this is a link, and nothing is written to where it leads.",
            "Remove it, or name another folder: -o DIR.",
        )
    return inner


def encode(record: Stored) -> bytes:
    """One JSON document on one line, proven to read back. Raises HarnessError where it would not."""
    try:
        data = msgspec.json.encode(record)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_spelled_out(msgspec.to_builtins(record)))
    try:
        decoders.json(type(record)).decode(data)
    except msgspec.ValidationError as error:  # msgspec writes a bare nan as null
        raise HarnessError(
            f"A {type(record).__name__} cannot be stored: {error}.",
            "This is a fault of the grader: please report it with the submission that caused it.",
        ) from None
    return data


def write_results(folder: Path, results: Results) -> None:
    """Write results.json, a submission at a time. Raises GraderError where the folder cannot be written."""
    write_pieces(folder / RESULTS_FILE, _document(results))


def _document(results: Results) -> Iterator[bytes]:
    """What msgspec would write of the whole, indented by 1."""
    head = msgspec.json.format(encode(msgspec.structs.replace(results, submissions=())), indent=1)
    before, _, after = head.partition(_NOBODY)
    yield before + _NOBODY[:-1]
    for number, one in enumerate(results.submissions):
        lines = msgspec.json.format(encode(one), indent=1).replace(b"\n", b"\n  ")
        yield (b",\n  " if number else b"\n  ") + lines
    yield (b"\n ]" if results.submissions else b"]") + after + b"\n"


def read_results(folder: Path) -> Results:
    """Read results.json; of a large class the submissions stay there.

    Raises GraderError where it is missing, damaged or of another schema.
    """
    path = folder / RESULTS_FILE
    again = f"Grade the class again: grader grade SUBMISSIONS -o {folder}"
    if (large := _large(path)) is not None:
        around, kept = large
        return msgspec.structs.replace(_decode(around, Results, SCHEMA, path, again), submissions=kept)
    data = _read(path)
    if data is None:
        raise GraderError(
            f"{path}: there are no results here.", "Name the folder that grader grade wrote: its -o DIR."
        )
    return _decode(data, Results, SCHEMA, path, again)


def _large(path: Path) -> tuple[bytes, Kept] | None:
    """What stands around the submissions of a large file, and where each stands; None of any other file.

    By how `_document` indents: within a submission no line begins so.
    """
    begins, sizes = array("Q"), array("L")
    around: list[bytes] = []
    place, listed = 0, False
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < LARGE:
                return None
            for line in file:
                listed = line == _LISTED or (listed and line not in _LISTED_NO_MORE)
                if not listed or line == _LISTED:
                    around.append(line)
                elif line == b"  {\n":
                    begins.append(place)
                elif line in (b"  }\n", b"  },\n"):
                    sizes.append(place + 3 - begins[-1])
                place += len(line)
        return b"".join(around), Kept(path, begins, sizes)
    except OSError:
        return None


def write_evidence(folder: Path, student: str, evidence: Evidence | bytes) -> None:
    """Write evidence/<stem>.json; bytes are what `encode` made of it elsewhere.

    Raises GraderError where the folder cannot be written.
    """
    own_folder(folder, EVIDENCE_FOLDER)
    data = evidence if isinstance(evidence, bytes) else encode(evidence)
    write_bytes(evidence_path(folder, student), data + b"\n")


def read_evidence(folder: Path, student: str) -> Evidence | None:
    """Read evidence/<stem>.json; None where there is none. Raises GraderError where it is damaged."""
    path = evidence_path(folder, student)
    data = _read(path)
    if data is None:
        return None
    again = (
        "Delete it to report without it, or grade this student again: grader grade SUBMISSIONS --student ID"
    )
    return _decode(data, Evidence, EVIDENCE_SCHEMA, path, again)


def evidence_path(folder: Path, student: str) -> Path:
    return folder / EVIDENCE_FOLDER / f"{file_name(student)}.json"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise GraderError(
            f"{path}: cannot be read: {error.strerror}.", "Make it readable, or name another folder."
        ) from None


def _decode(data: bytes, kind: type[S], schema: str, path: Path, again: str) -> S:
    try:
        found = decoders.json(_Head).decode(data).schema
    except decoders.BROKEN as error:
        raise GraderError(f"{path}: the file is damaged: {one_line(str(error))}.", again) from None
    if found != schema:
        raise GraderError(
            f"{path}: the file has the format {found[:40]!r}, this grader reads {schema!r}.", again
        )
    try:
        return decoders.json(kind).decode(data)
    except decoders.BROKEN as error:
        raise GraderError(f"{path}: the file is damaged: {one_line(str(error))}.", again) from None


def _spelled_out(value: object) -> object:
    if isinstance(value, str):
        return spelled(value)
    if isinstance(value, dict):
        return {_spelled_out(key): _spelled_out(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_spelled_out(item) for item in value]
    return value
