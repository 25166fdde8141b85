"""`grader grade` with more jobs than processors, on a machine that has other things to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cli.running import LIMIT, ROOT, clean_environment, results, without_times

ENDLESS: Final = ROOT / "submissions" / "s18.py"  # nothing but a limit of time ends it: no matter of jobs
BURN: Final = """
import os, sys, time
until = time.monotonic() + float(sys.argv[2])  # whatever becomes of the test
while os.getppid() == int(sys.argv[1]) and time.monotonic() < until: pass
"""
IMPATIENT: Final = "import sys; sys.setswitchinterval(1e-6); from grader.cli import main; main()"
LISTENING: Final = """
import sys, threading
def hear(event, arguments):
    if event == "import" and threading.current_thread() is not threading.main_thread():
        print("imported by", threading.current_thread().name, arguments[0], file=sys.stderr)
sys.addaudithook(hear)
from grader.cli import main
main()
"""

often = pytest.mark.parametrize("times", [2, pytest.param(25, marks=pytest.mark.exhaustive)])


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    for path in (ROOT / "submissions").iterdir():
        if path != ENDLESS:
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


@contextmanager
def busy() -> Iterator[None]:
    """A process for each processor, which does nothing but keep it from others."""
    command = [sys.executable, "-S", "-c", BURN, str(os.getpid()), str(LIMIT)]
    with ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            burner = stack.enter_context(subprocess.Popen(command))
            stack.callback(burner.kill)
        yield


def grade(program: str, folder: Path, kit: Path, output: Path, jobs: int) -> subprocess.CompletedProcess[str]:
    arguments = ["grade", str(folder), "--kit", str(kit), "-o", str(output), "--jobs", str(jobs)]
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False
    )


def stored(output: Path) -> Any:
    return without_times(results(output))


@often
def test_many_jobs_on_a_busy_machine_end_well_and_give_what_one_job_gives(
    classroom: Path, kit_file: Path, tmp_path: Path, times: int
) -> None:
    alone = grade(IMPATIENT, classroom, kit_file, tmp_path / "alone", 1)
    with busy():
        runs = [grade(IMPATIENT, classroom, kit_file, tmp_path / str(n), 8) for n in range(times)]

    assert [run.returncode for run in (alone, *runs)] == [0] * (times + 1), runs[-1].stderr
    assert [n for n in range(times) if stored(tmp_path / str(n)) != stored(tmp_path / "alone")] == []


def test_no_thread_but_the_main_one_imports_anything(classroom: Path, kit_file: Path, tmp_path: Path) -> None:
    """Two threads that import modules which need each other may see one half done."""
    run = grade(LISTENING, classroom, kit_file, tmp_path / "out", 4)

    assert run.returncode == 0, run.stderr
    assert "imported by" not in run.stderr
