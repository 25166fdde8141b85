"""The running installation as a wheel, made anew from its files, and the versions it runs with.

For a machine that is to grade as this one does, as in an autograder's image. The same installation gives
the same bytes; a checkout that is installed to be edited is shipped as it is now.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata, resources
from pathlib import Path
from typing import IO, Final

import grader
from grader.errors import GraderError

PROJECT: Final = "torch-grader"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_KEPT: Final = ("METADATA", "entry_points.txt")  # of the installation's own description
_WHEEL: Final = "Wheel-Version: 1.0\nGenerator: torch-grader\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first day that a zip can name
_COMPILED: Final = "__pycache__"


def built() -> tuple[str, bytes]:
    """A wheel's name and bytes. Raises GraderError where the grader is run without being installed."""
    try:
        described = metadata.distribution(PROJECT)
    except metadata.PackageNotFoundError:
        raise GraderError(
            f"{Path(grader.__file__).parent}: the grader runs from here without being installed, "
            "so what it needs is not known.",
            "Install it: pip install FOLDER, with the folder that holds its pyproject.toml.",
        ) from None
    stem = f"{PROJECT.replace('-', '_')}-{described.version}"
    info = f"{stem}.dist-info"
    files = _package()
    files |= {f"{info}/{name}": (described.read_text(name) or "").encode() for name in _KEPT}
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    packed = io.BytesIO()
    pack(packed, files)
    return f"{stem}-py3-none-any.whl", packed.getvalue()


def pins() -> dict[str, str]:
    """The version here of everything that the grader needs, PyTorch's without the name of its build."""
    found: dict[str, str] = {}
    waiting = [PROJECT]
    while waiting:
        name = waiting.pop()
        try:
            described = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # of another system, or of another Python
            continue
        canonical = re.sub(r"[-_.]+", "-", described.metadata["Name"]).lower()
        if canonical not in found:
            found[canonical] = described.version.partition("+")[0]
            waiting += _needed(described)
    del found[PROJECT]
    return dict(sorted(found.items()))


def pack(file: IO[bytes], files: Mapping[str, bytes], runnable: frozenset[str] = frozenset()) -> None:
    """Write a zip whose bytes hang on the files' names and contents alone; `runnable` can be executed."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # Unix, wherever it is made: only then are modes read
            entry.external_attr = (0o100755 if name in runnable else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)


def _package() -> dict[str, bytes]:
    """Its modules and templates; in a checkout the latter lie beside the package."""
    folders = {"grader/": Path(grader.__file__).parent}
    folders["grader/templates/"] = Path(str(resources.files("grader.templates")))
    return {
        prefix + path.relative_to(folder).as_posix(): path.read_bytes()
        for prefix, folder in folders.items()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and _COMPILED not in path.parts
    }


def _record(files: Mapping[str, bytes], own: str) -> bytes:
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in sorted(files.items())]
    return "\n".join([*lines, f"{own},,", ""]).encode()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _needed(described: metadata.Distribution) -> Iterator[str]:
    for line in described.requires or ():
        name = _NAME.match(line)
        if name and "extra ==" not in line:
            yield name[0]
