"""`grader grade --scheduler` and `--workers`: the marks of one machine, whoever is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.clusters import everything, grade, journal_of, resumed_is_whole, scheduler, workers
from tests.cli.running import ROOT, clean_environment, command, held, without_pace
from tests.hostile.test_lifetimes import descendants, wait_until_gone

pytest.importorskip("distributed")

GONE = (
    "error: The scheduler is gone, and what it was to grade with it.\n"
    "  help: What is done is kept; go on with the same command and --resume.\n"
)
at_random = pytest.mark.parametrize("seed", [pytest.param(n, marks=pytest.mark.exhaustive) for n in range(7)])


def stopped(
    after: int, classroom: Path, kit: Path, output: Path, *more: str | Path
) -> AbstractContextManager[subprocess.Popen[str]]:
    """A run that has written so many results and waits for an x to go on."""
    return held(after, "grade", classroom, "--kit", kit, "-o", output, *more)


@contextmanager
def begun(
    classroom: Path, kit: Path, output: Path, *more: str | Path, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command("grade", classroom, "--kit", kit, "-o", output, *more),
        cwd=ROOT,
        env=clean_environment() | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def dask_workers(pid: int) -> list[int]:
    """Of what a process has started the workers, not who watches them."""
    found = []
    for one in descendants(pid):
        with suppress(FileNotFoundError, ProcessLookupError):  # a child of a sandbox that has ended meanwhile
            found += [one] if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes() else []
    return sorted(found)


@pytest.mark.parametrize(
    "count", [2, pytest.param(1, marks=pytest.mark.exhaustive), pytest.param(4, marks=pytest.mark.exhaustive)]
)
def test_workers_write_what_one_process_writes(
    count: int, small_class: Path, kit_file: Path, alone: Path, tmp_path: Path
) -> None:
    run = grade(small_class, kit_file, tmp_path, "--workers", str(count))

    assert (run.code, run.err) == (0, "")
    assert everything(tmp_path) == everything(alone)


# --- killed after a result that is written -------------------------------------------------------


def test_a_worker_that_is_killed_costs_nobody_anything(
    small_class: Path, kit_file: Path, alone: Path, tmp_path: Path
) -> None:
    with stopped(1, small_class, kit_file, tmp_path, "--workers", "1") as process:
        (victim,) = dask_workers(process.pid)
        os.kill(victim, signal.SIGKILL)
        wait_until_gone({victim})
        _, said = process.communicate("x")

    assert (process.returncode, without_pace(said)) == (0, "")
    assert everything(tmp_path) == everything(alone)
    assert len(journal_of(tmp_path)) == 6


def test_a_scheduler_that_is_killed_ends_the_run_and_resume_goes_on(
    small_class: Path, kit_file: Path, alone: Path, tmp_path: Path
) -> None:
    output = tmp_path / "report"
    with ExitStack() as stack:
        file, process = stack.enter_context(scheduler(tmp_path))
        stack.enter_context(workers(file))
        run = stack.enter_context(stopped(1, small_class, kit_file, output, "--scheduler", file))
        process.kill()
        process.wait()
        _, said = run.communicate("x")

    assert (run.returncode, without_pace(said)) == (2, GONE)
    resumed_is_whole(small_class, kit_file, output, alone)


# --- killed at moments that are drawn ------------------------------------------------------------


class Pace(NamedTuple):
    """Seconds of a run that nobody disturbs."""

    first: float  # until its first result
    each: float  # from one to the next


@pytest.fixture(scope="module")
def pace(small_class: Path, kit_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Pace:
    output, start = tmp_path_factory.mktemp("pace"), time.monotonic()
    with begun(small_class, kit_file, output, "--workers", "1") as process:
        wait_for_results(1, output, process)
        first = time.monotonic() - start
        wait_for_results(6, output, process)
        return Pace(first, (time.monotonic() - start - first) / 5)


def wait_for_results(count: int, output: Path, process: subprocess.Popen[str]) -> None:
    while len(journal_of(output)) < count and process.poll() is None:
        os.sched_yield()


def wait_for_moment(seed: int, pace: Pace, output: Path, process: subprocess.Popen[str]) -> None:
    """After none to five results, a part of what one takes. Nothing hangs on how long that is here."""
    count, part = seed % 6, random.Random(seed).random()  # noqa: S311 -- no secret
    print(f"seed {seed}: killed {part:.0%} of the way from result {count} to the next")  # noqa: T201 -- shown where it fails
    wait_for_results(count, output, process)
    with suppress(subprocess.TimeoutExpired):
        process.wait(part * (pace.each if count else pace.first))


@at_random
def test_a_worker_that_is_killed_costs_nobody_anything_at_any_moment(
    seed: int, pace: Pace, small_class: Path, kit_file: Path, alone: Path, tmp_path: Path
) -> None:
    with begun(small_class, kit_file, tmp_path, "--workers", "1") as process:
        wait_for_moment(seed, pace, tmp_path, process)
        for victim in dask_workers(process.pid):
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        _, said = process.communicate()

    if process.returncode == 2:  # dask tries once to start it
        assert without_pace(said) == (
            "error: --workers 1: a process ended while it was started: Nanny failed to start.\n"
            "  help: Start the command again; where it ends so each time, grade without --workers.\n"
        )
        assert journal_of(tmp_path) == []
        return
    assert (process.returncode, without_pace(said)) == (0, "")
    assert everything(tmp_path) == everything(alone)
    assert len(journal_of(tmp_path)) == 6


@at_random
def test_a_scheduler_that_is_killed_at_any_moment_costs_what_is_under_way_alone(
    seed: int, pace: Pace, small_class: Path, kit_file: Path, alone: Path, tmp_path: Path
) -> None:
    output = tmp_path / "report"
    with ExitStack() as stack:
        file, process = stack.enter_context(scheduler(tmp_path))
        stack.enter_context(workers(file))
        arguments = (small_class, kit_file, output, "--scheduler", file)
        run = stack.enter_context(begun(*arguments, DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="1s"))
        wait_for_moment(seed, pace, output, run)
        process.kill()
        _, said = run.communicate()

    away = f"error: --scheduler {file}: no scheduler answers there: "
    if run.returncode != 0:  # it was over otherwise
        assert run.returncode == 2
        assert without_pace(said) == GONE or said.startswith(away)
    resumed_is_whole(small_class, kit_file, output, alone)


@at_random
def test_a_parent_that_is_killed_leaves_no_process_and_resume_goes_on(
    seed: int, pace: Pace, small_class: Path, kit_file: Path, alone: Path, tmp_path: Path
) -> None:
    with begun(small_class, kit_file, tmp_path, "--workers", "2") as process:
        wait_for_moment(seed, pace, tmp_path, process)
        started = descendants(process.pid)
        process.kill()
    wait_until_gone(started)

    resumed_is_whole(small_class, kit_file, tmp_path, alone)
