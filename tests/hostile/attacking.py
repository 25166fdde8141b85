"""What the attacks share: a kit of one call for each function, and programs that try something in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from grader.kit import Exercise, Limits
from grader.sandbox.jobs import Level
from grader.sandbox.pool import Pool
from tests.sandbox import small
from tests.sandbox.small import NAMES

MEMORY = 64 << 20
# Short, so that what never ends ends soon; filling the disk of a worker takes 0.1 s on an idle machine.
LIMITS = Limits(case_cpu_seconds=0.2, exercise_cpu_seconds=2.0, memory_bytes=MEMORY)
CANARY = 8_765.432_1  # in what is expected, and so nowhere in a worker
ROOT = Path(__file__).resolve().parents[2]
_TRY = "import sys; from grader.sandbox import levels; print(levels.problem(sys.argv[1]))"


def _one_call(name: str) -> Exercise:
    full = small.exercise(name, 1.0)
    case = msgspec.structs.replace(full.cases[0], expected=small.tensor(CANARY))
    return msgspec.structs.replace(full, cases=(case,), ladder=())


KIT = msgspec.structs.replace(small.KIT, limits=LIMITS, exercises=tuple(_one_call(name) for name in NAMES))


def problem(level: Level) -> str:
    """Why this machine has not this level; found out in a process of its own, as a zygote does."""
    done = subprocess.run(
        [sys.executable, "-c", _TRY, level], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def attempt(pool: Pool, folder: Path, body: str, head: str = "") -> tuple[str, str]:
    """What the two functions answered: the one that attacks, and the one after it."""
    source = small.first(body, f"import ctypes, errno, gc, mmap, os, re, signal, sys, time, torch\n{head}")
    execution = pool.run(small.submission(folder, source))
    assert execution.harness is None, execution.harness
    one, two = execution.exercises
    return small.answers(one)[0], small.answers(two)[0]
