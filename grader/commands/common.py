"""What several commands share: finding the kit and the assignment."""

from __future__ import annotations

from pathlib import Path

import click

from grader import kits
from grader.commands.freezing import Freezing
from grader.errors import GraderError
from grader.kit import LoadedKit
from grader.text import clean


def tell(text: str) -> None:
    """Say something beside the results; names and paths in it may be hostile, also to GitHub's logs."""
    from grader.report.github import harmless  # noqa: PLC0415 -- it loads the views

    click.echo(harmless(clean(text)), err=True)


def find_kit(
    start: Path,
    kit_file: Path | None,
    assignment: Path | None,
    expect_digest: str | None,
    *,
    silent: bool = False,
) -> LoadedKit:
    """The kit that is named, or the nearest; raises GraderError where it is not the one expected."""
    with Freezing(silent=silent) as freezing:
        loaded = kits.find(start, kit_file, assignment, freezing.told)
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


def near(path: Path) -> Path:
    """Where the search for a kit begins."""
    return path if path.is_dir() else path.parent
