"""What the two commands that run submissions share: their options as a record."""

from __future__ import annotations

from typing import Any

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
