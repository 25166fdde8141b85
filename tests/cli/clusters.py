"""A scheduler and workers of dask as a user starts them, each a process of its own, on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import IO, Any, Final

from tests.cli.running import ROOT, Run, clean_environment, grader, results, without_times

LOOPBACK: Final = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0", "--no-dashboard")


@contextmanager
def scheduler(folder: Path, *more: str) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """Its file, and its process."""
    file = folder / "scheduler.json"
    arguments = ["scheduler", *LOOPBACK, "--port", "0", "--scheduler-file", str(file), *more]
    with _dask(arguments, folder) as process:
        while not file.exists():
            assert process.poll() is None, (folder / "scheduler.log").read_text()
            os.sched_yield()
        yield file, process


@contextmanager
def workers(
    file: Path, *more: str, count: int = 1, start: Sequence[str] = (sys.executable,), **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Workers that are there when this begins; `start`: the interpreter, and what it is started by."""
    arguments = ["worker", *LOOPBACK, "--nthreads", "1", "--nworkers", str(count), "--scheduler-file"]
    with _dask([*arguments, str(file), *more], file.parent, start, **environment) as process:
        log = file.parent / "worker.log"
        while log.read_text().count("Registered to") < count:
            assert process.poll() is None, log.read_text()
            os.sched_yield()
        yield process


@contextmanager
def _dask(
    arguments: Sequence[str], folder: Path, start: Sequence[str] = (sys.executable,), **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    with (
        (folder / f"{arguments[0]}.log").open("wb") as log,
        _started([*start, "-m", "dask", *arguments], folder, log, environment) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()


def _started(
    command: Sequence[str], folder: Path, log: IO[bytes], environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    own = clean_environment() | {"TMPDIR": str(folder)} | environment
    return subprocess.Popen(command, cwd=ROOT, env=own, stdout=log, stderr=log)


def grade(classroom: Path, kit: Path, output: Path, *more: str | Path) -> Run:
    return grader("grade", classroom, "--kit", kit, "-o", output, *more)


def everything(output: Path) -> tuple[Any, dict[str, bytes]]:
    evidence = {path.name: path.read_bytes() for path in (output / "evidence").iterdir()}
    return without_times(results(output)), evidence


def journal_of(output: Path) -> list[bytes]:
    file = output / "journal.jsonl"
    return file.read_bytes().split(b"\n")[1:-1] if file.exists() else []


def resumed_is_whole(classroom: Path, kit: Path, output: Path, alone: Path) -> None:
    """Nothing is lost, and what was done is not done again."""
    before = journal_of(output)
    run = grade(classroom, kit, output, "--resume", "--jobs", "1")

    assert run.code == 0
    assert not before or f"{len(before)} graded before and unchanged, {6 - len(before)} to grade" in run.err
    assert everything(output) == everything(alone)
    assert journal_of(output)[: len(before)] == before
    assert len(journal_of(output)) == 6


def other_packages(folder: Path, **versions: str | None) -> str:
    """A folder of packages as they are here, but for these: said to be of another version, or not there."""
    import msgspec

    folder.mkdir()
    others = tuple(f"{package.replace('-', '_')}-" for package in versions)
    for path in Path(msgspec.__file__).parents[1].iterdir():
        if not path.name.startswith(("torch_grader-", "__editable__", *others)):
            (folder / path.name).symlink_to(path)
    for package, number in versions.items():
        if number is not None:
            info = folder / f"{package.replace('-', '_')}-{number}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {number}\n")
            (info / "entry_points.txt").write_text(distribution(package).read_text("entry_points.txt") or "")
    return f"{folder}:{ROOT}"
