"""An assignment and a mistake's id -> the source of its program, in each exercise that has it.

A process of its own (`python -m grader.freezing.showing ASSIGNMENT ID`), for it runs the instructor's files.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from grader.errors import GraderError
from grader.exercises import Exercise, Misconception
from grader.freezing import assignment, place
from grader.freezing.derived import mutants_of


def sources(loaded: assignment.Assignment, name: str) -> dict[str, str]:
    """By exercise; of a mistake that a diagnoser makes of a rule there is none."""
    found = {}
    for exercise, file in zip(loaded.exercises, loaded.files, strict=True):
        pieces = list(_pieces(exercise, file, name))
        if pieces:
            found[exercise.name] = "\n\n".join(dict.fromkeys(pieces))
    return found


def _pieces(exercise: Exercise, file: Path, name: str) -> Iterator[str]:
    own = next((one for one in exercise.misconceptions if one.id == name), None)
    if own is not None:
        yield from _written(own, file)
        return
    mutants = mutants_of(exercise)
    for one in (mutants[part] for part in name.split("+") if part in mutants):
        yield one.source()


def _written(mistake: Misconception, file: Path) -> Iterator[str]:
    """The call in the exercise's file, and the function that it names where that is not written there."""
    segment = place.segment(file.parent, file, mistake)
    if segment:
        yield textwrap.dedent(segment)
    if "<lambda>" not in getattr(mistake.program, "__qualname__", "<lambda>") or not segment:
        yield _source(mistake.program)


def _source(program: Callable[..., Any]) -> str:
    try:
        return textwrap.dedent(inspect.getsource(program)).rstrip()
    except (OSError, TypeError):
        return f"# {program!r}: it has no source to read"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print them as JSON; a GraderError becomes one JSON line on stderr."""
    parser = argparse.ArgumentParser(prog="grader.freezing.showing")
    parser.add_argument("assignment", type=Path)
    parser.add_argument("mistake")
    options = parser.parse_args(arguments)
    try:
        found = sources(assignment.load(options.assignment), options.mistake)
    except GraderError as error:
        sys.stderr.write(json.dumps({"message": error.message, "hint": error.hint}) + "\n")
        return error.exit_code
    sys.stdout.write("\n" + json.dumps({"sources": found}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
