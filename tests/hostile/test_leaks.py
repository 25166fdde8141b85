"""After many jobs nothing is left: no process, no file, no descriptor, no memory. About 5 seconds.

Most jobs are trivial, for each costs the whole path once: a folder, four pipes, a fork, the walls, the
end. Among them are those that try to stay.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from grader.kit import Limits
from grader.records import Submission
from grader.sandbox.jobs import Level
from grader.sandbox.pool import Pool
from tests.hostile import attacking
from tests.hostile.test_lifetimes import descendants, descriptors, wait_until_gone
from tests.sandbox import small

LEVELS: Final[tuple[Level, ...]] = ("strict", "none")  # where most are graded, and where most can be done
LOOKS: Final = (
    200  # at what is there: the zygote tells the parent of a job's end before it has cleared it away
)
GROWTH: Final = 8 << 20  # bytes in a thousand jobs: 8 kB a job would be as much as one record kept
SHORT: Final = Limits(case_cpu_seconds=0.1, exercise_cpu_seconds=1.0, memory_bytes=attacking.MEMORY)

STAYING: Final = {
    "a daemon": "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(99)\n    os._exit(0)",
    "pairs that start each other again": (
        "end = time.monotonic() + 60\n"
        "def child():\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        while time.monotonic() < end: (os.fork() == 0 and time.sleep(0.05)); time.sleep(0.05)\n"
        "child(); child()"
    ),
    "a child that stopped itself": "if os.fork() == 0: os.setsid(); os.kill(os.getpid(), signal.SIGSTOP)",
    "itself, stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
    "a child that holds the pipes": "if os.fork() == 0: os.setsid(); time.sleep(1000)\nos._exit(0)",
    "threads": (
        "import threading\n"
        "for _ in range(20): threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()"
    ),
    "a thread that is no daemon": "import threading; threading.Thread(target=time.sleep, args=(99,)).start()",
    "a crash": "ctypes.string_at(0)",
    "a leaving": "os._exit(3)",
    "a loop": "while True: pass",
    "a flood": "while True: os.write(1, bytes(1 << 16))",
    "garbage": "os.write(4, b'garbage'); time.sleep(1000)",
    "files": "for i in range(300): open(str(i), 'w').write('x')\nos.mkdir('y'); os.chmod('y', 0)",
    "memory": "bytearray(1 << 30)",
}  # fmt: skip


@dataclass(frozen=True)
class State:
    """What a machine would miss."""

    processes: frozenset[int]
    descriptors: tuple[int, int]  # of the parent, of the zygote
    memory: tuple[int, int]  # likewise: private, in bytes
    files: frozenset[str]


def state(zygote: int, scratch: Path) -> State:
    return State(
        frozenset.intersection(*(frozenset(descendants(os.getpid())) for _ in range(LOOKS))),
        (descriptors(), of_zygote(zygote)),
        (private(os.getpid()), private(zygote)),
        frozenset(map(str, scratch.rglob("*"))),
    )


def of_zygote(pid: int) -> int:
    """Its descriptors; 0 for an ordinary user, whom it does not let look."""
    folder = Path(f"/proc/{pid}/fd")
    return min(len(list(folder.iterdir())) for _ in range(LOOKS)) if os.geteuid() == 0 else 0


def private(pid: int) -> int:
    """Bytes of memory that no file stands behind."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon:"))


def server(pool: Pool, level: Level) -> int:
    """The process that forks: at strict a child of the one that was started."""
    outer = pool._zygote(cuda=False).pid
    return min(descendants(outer)) if level == "strict" else outer


def jobs(folder: Path, count: int, every: int) -> Iterator[Submission]:
    """Each so many jobs one of those that stay."""
    honest = small.submission(folder, small.first("return initial_theta"), "honest.py")
    bodies = list(STAYING.values())
    for number in range(count):
        if number % every:
            yield honest
        else:
            body = bodies[number // every % len(bodies)]
            source = small.first(body, "import ctypes, os, signal, sys, time, torch")
            yield small.submission(folder, source, f"s{number // every % len(bodies):02}.py")


@pytest.mark.promise(7)
@pytest.mark.parametrize(
    ("count", "every"),
    [(5 * len(STAYING), 5), pytest.param(1_000, 25, marks=pytest.mark.exhaustive)],  # 10 ms each
)
@pytest.mark.parametrize("level", LEVELS)
def test_many_jobs_leave_nothing(
    level: Level, count: int, every: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if level != "none" and attacking.problem(level):
        pytest.skip(f"this machine has no {level}")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    given = list(jobs(tmp_path, count, every))
    others = descendants(os.getpid())
    with Pool(attacking.KIT, SHORT, 2, level=level) as pool, ThreadPoolExecutor(2) as threads:
        list(threads.map(pool.run, given[: 2 * every]))  # what is made once is made now
        zygote = server(pool, level)
        ours = descendants(os.getpid()) - others
        before = state(zygote, scratch)

        executions = list(threads.map(pool.run, given))

        after = state(zygote, scratch)
    assert {one.harness for one in executions} == {None}
    assert sum(one.failure is None for one in executions) == count
    assert (after.processes, after.descriptors, after.files) == (
        before.processes,
        before.descriptors,
        before.files,
    )
    grown = [after.memory[i] - before.memory[i] for i in range(2)]
    assert max(grown) < GROWTH, grown
    wait_until_gone(ours)
    assert list(scratch.iterdir()) == []
