"""What the two commands that run submissions share: their options, and how they show their text."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from grader.report.terminal import can_show
from grader.run import Options


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
