"""Nothing outlives its job, whoever is killed; nothing is left on the machine. About 15 seconds."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grader.sandbox.jobs import Level
from grader.sandbox.pool import Pool
from grader.sandbox.scratch import sweep
from tests.hostile import attacking
from tests.hostile.conftest import Pools
from tests.sandbox import small

LEAVE = (
    "open('/tmp/left', 'w').write('x'); open('left.py', 'w').write('x'); raise ValueError(os.listdir('/tmp'))"
)


def descendants(pid: int) -> set[int]:
    """The children of all threads of a process, and theirs, by the machine's numbers."""
    found: set[int] = set()
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found |= {int(child)} | descendants(int(child))
    return found


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def wait_until_gone(pids: set[int]) -> None:
    """The kernel ends them; the test's own time limit is the only other end."""
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            while "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text():
                os.sched_yield()


@pytest.mark.promise(5, "strict")
def test_what_one_submission_leaves_the_next_does_not_find(pools: Pools, tmp_path: Path) -> None:
    pool = pools.at("strict")

    found = [attacking.attempt(pool, tmp_path, LEAVE)[0] for _ in range(2)]

    for answer in found:
        assert answer.startswith("raised: ValueError: ['")
        assert answer.count("left") == 1, answer
    assert not Path("/tmp/left").exists()  # noqa: S108 -- where the submission wrote, had it been the machine's


@pytest.mark.promise(15, "strict")
def test_a_job_whose_zygote_is_killed_runs_again_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if attacking.problem("strict"):
        pytest.skip("this machine has no strict")
    slow = small.first("open('x', 'w').write('x'); time.sleep(0.5); return initial_theta")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    before = (descendants(os.getpid()), descriptors())
    with (
        Pool(attacking.KIT, attacking.LIMITS, fresh=True, level="strict") as pool,
        ThreadPoolExecutor(1) as threads,
    ):
        job = threads.submit(pool.run, small.submission(tmp_path, slow))
        zygote = pool._zygote(cuda=False)
        zygote.ready()
        while len(descendants(zygote.pid)) < 2:  # the inner zygote, and its worker
            os.sched_yield()
        workers = descendants(zygote.pid)
        os.kill(zygote.pid, signal.SIGKILL)
        execution = job.result()

        wait_until_gone(workers)
    assert execution.harness is None
    assert small.answers(execution.exercises[0]) == ["Tensor"]
    assert (descendants(os.getpid()), descriptors()) == before, "no zombie either"
    assert list(scratch.iterdir()) == []


PARENT = """
import os, signal, sys, threading
from pathlib import Path
from grader.sandbox.pool import Pool
from grader.sandbox.scratch import sweep
from tests.hostile import attacking, test_lifetimes
from tests.sandbox import small
pool = Pool(attacking.KIT, attacking.LIMITS, fresh=True, level=sys.argv[2])  # the worker imports torch
given = small.submission(Path(sys.argv[1]), small.first("while True: pass"))
threading.Thread(target=pool.run, args=(given,), daemon=True).start()
zygote = pool._zygote(cuda=False)
zygote.ready()
least = 2 if sys.argv[2] == "strict" else 1
while len(test_lifetimes.descendants(zygote.pid)) < least:
    os.sched_yield()
print(zygote.pid, *test_lifetimes.descendants(zygote.pid), flush=True)
if "stop" in sys.argv:
    os.kill(zygote.pid, signal.SIGSTOP)
os.kill(os.getpid(), 9)
"""


def outliving(folder: Path, *arguments: str, **environment: str) -> list[int]:
    """The zygote of a parent that was killed, and its workers."""
    done = subprocess.run(
        [sys.executable, "-c", PARENT, str(folder), *arguments],
        cwd=attacking.ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) >= 2
    return pids


@pytest.mark.promise(7)
@pytest.mark.parametrize("level", ["strict", "standard", "none"])
def test_a_parent_that_is_killed_leaves_nothing_but_an_empty_folder_for_the_next_to_sweep(
    tmp_path: Path, level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a process nor its working folder: the zygote removes that, too."""
    if level != "none" and attacking.problem(level):
        pytest.skip(f"this machine has no {level}")
    with tempfile.TemporaryDirectory() as shared:
        wait_until_gone(set(outliving(tmp_path, level, TMPDIR=shared)))

        (left,) = Path(shared).iterdir()
        assert [path.name for path in left.iterdir()] == [".torch-grader.lock"]
        monkeypatch.setattr(tempfile, "tempdir", shared)
        sweep()
        assert list(Path(shared).iterdir()) == []


def test_nothing_is_swept_where_a_worker_may_still_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its zygote, which ends it when the parent is gone, did not come to that yet."""
    with tempfile.TemporaryDirectory() as shared:
        zygote, *workers = outliving(tmp_path, "none", "stop", TMPDIR=shared)
        monkeypatch.setattr(tempfile, "tempdir", shared)

        sweep()

        assert len(list(Path(shared).glob("*/grader-*"))) == len(workers) == 1
        os.kill(zygote, signal.SIGCONT)
        wait_until_gone({zygote, *workers})
        sweep()
        assert list(Path(shared).iterdir()) == []
