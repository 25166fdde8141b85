"""How long commands take to start, each beside the least that Python and torch allow."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from usage import Usage, middle, run

PYTHON: Final = Path(sys.executable)
GRADER: Final = PYTHON.with_name("grader")
ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
BARE: Final = """
import torch
theta = torch.nn.Parameter(torch.ones(2))
optimiser = torch.optim.SGD([theta], lr=0.1)
optimiser.zero_grad()
(theta * theta).sum().backward()
optimiser.step()
"""
TO_WORK: Final = (
    "import grader.cli, grader.commands.report"  # all that `grader report` imports before it works
)


def environment(cache: Path) -> dict[str, str]:
    """Ours, with one thread for torch and a cache of its own for kits."""
    return {**os.environ, **ONE_THREAD, "XDG_CACHE_HOME": str(cache)}


def starts(repository: Path, file: Path, given: Mapping[str, str], rounds: int) -> dict[str, Usage]:
    """The medians of interleaved rounds; the first round, which fills the system's caches, is not counted."""
    commands: dict[str, Sequence[str | Path]] = {
        "bare": [PYTHON, "-c", BARE],
        "check": [GRADER, "check", file],
        "help": [GRADER, "--help"],
        "report": [PYTHON, "-c", TO_WORK],
    }
    seen: dict[str, list[Usage]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            seen[name].append(run(command, cwd=repository, environment=given).usage)
    return {name: middle(usages[1:]) for name, usages in seen.items()}
