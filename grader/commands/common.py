"""What several commands share: finding the kit, and where text goes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from grader import kits
from grader.errors import GraderError
from grader.kit import LoadedKit
from grader.report.terminal import can_show
from grader.run import Options


def find_kit(
    start: Path, kit_file: Path | None, assignment: Path | None, expect_digest: str | None
) -> LoadedKit:
    """The kit that is named, or the nearest; raises GraderError where it is not the one expected."""
    loaded = kits.find(start, kit_file, assignment)
    if expect_digest is not None and loaded.digest.removeprefix("sha256:") != expect_digest.removeprefix(
        "sha256:"
    ):
        raise GraderError(
            f"The suite has the digest {loaded.digest}, expected {expect_digest}.",
            "Use the kit that your instructor handed out, or ask for its digest.",
        )
    return loaded


def assignment_near(start: Path) -> Path | None:
    """The nearest folder upwards that holds reference/."""
    folder = start.resolve()
    return next((one for one in (folder, *folder.parents) if (one / "reference").is_dir()), None)


def options_from(given: dict[str, Any], jobs: int = 1) -> Options:
    """The options of a run as a record."""
    return Options(
        device=given["device"],
        require=tuple(given["require"]),
        isolation=given["isolation"],
        jobs=jobs,
        exercises=tuple(given["exercises"]),
        timeout=given["timeout"],
        memory=given["memory"],
    )


def show(text: Text) -> None:
    """Print a rendered text as it is: no markup is read in it, nothing is wrapped again."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(text, end="")


def symbols() -> bool:
    """Whether standard output can show the marks."""
    return can_show(sys.stdout.encoding)


def near(path: Path) -> Path:
    """Where the search for a kit begins."""
    return path if path.is_dir() else path.parent
