"""`grader freeze -o FILE`: an assignment into one file for students and CI."""

from __future__ import annotations

from pathlib import Path

from grader import kit as kit_file
from grader import kits, nearby
from grader.commands.common import tell
from grader.commands.freezing import Freezing
from grader.errors import GraderError
from grader.text import one_line


def run(assignment: Path | None, output: Path, seed: int | None, *, quick: bool = False) -> int:
    """Freeze, say what the kit holds and its digest, return the exit code."""
    home = assignment or nearby.nearest_assignment()
    if home is None:
        raise GraderError(
            "There is no reference/ here or in a folder above.", "Name one with --assignment DIR."
        )
    with Freezing(lambda: tell(f"Freezing {nearby.REFERENCE}/ of {home}: its code is run.")) as freezing:
        freezing.begin()
        kits.freeze(home, output, seed, freezing.told, quick=quick)
    loaded = kit_file.load(output)
    for exercise in loaded.kit.exercises:
        known = f"{len(exercise.misconceptions)} known mistakes"
        text = f"{exercise.name}: {len(exercise.cases)} cases of effort {exercise.effort:g}, {known}"
        tell(text, beside=False)
        for warning in exercise.warnings:
            tell(f"warning: {exercise.name}: {one_line(warning)}.", beside=False)
    if quick:
        tell(
            f"{kit_file.QUICK[0].upper()}{kit_file.QUICK[1:]}. No mistake was derived, no long run tried.",
            beside=False,
        )
    tell(
        f"Kit: {output} ({output.stat().st_size / 1024:.0f} KiB)\nDigest: {loaded.digest}",
        beside=False,
    )
    return 0
