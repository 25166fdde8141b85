"""How far a class is, in words."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.commands.progress import pace
from tests.cli.running import ROOT, clean_environment, command


@pytest.mark.parametrize(
    ("count", "of", "seconds", "scores", "text"),
    [
        (0, 9, 0.0, [], "0.0 a second, time unknown, no marks yet"),
        (5, 20, 2.0, [100.0, 50.0], "2.5 a second, 6 s left, mean 75 %"),
        (20, 20, 40.0, [0.0], "0.5 a second, 0 s left, mean 0 %"),
    ],
)
def test_the_pace_is_told_with_rate_time_left_and_marks(
    count: int, of: int, seconds: float, scores: list[float], text: str
) -> None:
    assert pace(count, of, seconds, scores) == text


def everything(terminal: int) -> Iterator[str]:
    """Until the program has let go of it; one that is not read would stop the program in the end."""
    with contextlib.suppress(OSError):  # how a terminal without a program ends
        while piece := os.read(terminal, 1 << 16):
            yield piece.decode(errors="replace")


def test_a_terminal_shows_a_bar(kit_file: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    arguments = ("grade", ROOT / "submissions" / "s08.py", "--kit", kit_file, "-o", tmp_path / "out")
    environment = clean_environment() | {"TERM": "xterm"}

    with subprocess.Popen(
        command(*arguments), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = "".join(everything(ours))
    os.close(ours)
    assert process.returncode == 0
    assert "Grading" in shown
    assert "1/1" in shown
    assert "mean 40 %" in shown
