"""A class of any size from the sample class: every file but the endless one, in turn.

So each in twenty is a kind of its own: right ones of several styles, common mistakes, a syntax error, an
empty file, a missing function, messy notebooks; half of them notebooks.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

ENDLESS: Final = ("s18",)
KINDS: Final = (".py", ".ipynb")


def sample(folder: Path) -> list[Path]:
    """The files of the sample class that come to an end."""
    return sorted(path for path in folder.iterdir() if path.suffix in KINDS and path.stem not in ENDLESS)


def mix(files: list[Path], count: int, into: Path) -> Path:
    """Copy them under the names c001-00, c002-01 ... into a new folder, and return it; 00, 01: the kind."""
    into.mkdir()
    for number in range(count):
        kind = number % len(files)
        source = files[kind]
        shutil.copyfile(source, into / f"c{number + 1:03d}-{kind:02d}{source.suffix}")
    return into


def described(files: list[Path], count: int) -> str:
    notebooks = sum(path.suffix == ".ipynb" for path in files)
    return (
        f"{count} submissions: the {len(files)} files of the sample class that come to an end "
        f"({notebooks} notebooks), in turn"
    )
