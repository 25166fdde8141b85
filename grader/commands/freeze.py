"""`grader freeze -o FILE`: an assignment into one file for students and CI."""

from __future__ import annotations

from pathlib import Path

import click

from grader import kit as kit_file
from grader import kits
from grader.commands.common import assignment_near
from grader.commands.freezing import Freezing
from grader.errors import GraderError


def run(assignment: Path | None, output: Path, seed: int | None) -> int:
    """Freeze, say what the kit holds and its digest, return the exit code."""
    home = assignment or assignment_near(Path.cwd())
    if home is None:
        raise GraderError(
            "There is no reference/ here or in a folder above.", "Name one with --assignment DIR."
        )
    with Freezing() as freezing:
        kits.freeze(home, output, seed, freezing.told)
    loaded = kit_file.load(output)
    for exercise in loaded.kit.exercises:
        known = len(exercise.misconceptions)
        click.echo(
            f"{exercise.name}: {len(exercise.cases)} cases, {exercise.effort:g} steps, {known} known mistakes"
        )
    click.echo(f"Kit: {output} ({output.stat().st_size / 1024:.0f} KiB)")
    click.echo(f"Digest: {loaded.digest}")
    return 0
