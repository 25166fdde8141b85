"""A scheduler and workers of dask as a user starts them, each a process of its own, on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from tests.cli.running import ROOT, clean_environment

LOOPBACK: Final = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0", "--no-dashboard")


@contextmanager
def scheduler(folder: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """Its file, and its process."""
    file = folder / "scheduler.json"
    arguments = ["scheduler", *LOOPBACK, "--port", "0", "--scheduler-file", str(file)]
    with _dask(arguments, folder) as process:
        while not file.exists():
            assert process.poll() is None, (folder / "scheduler.log").read_text()
            os.sched_yield()
        yield file, process


@contextmanager
def workers(
    file: Path, count: int = 1, before: Sequence[str] = (), **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Workers that are there when this begins; `before`: arguments of the interpreter."""
    arguments = ["worker", *LOOPBACK, "--nthreads", "1", "--nworkers", str(count), "--scheduler-file"]
    with _dask([*arguments, str(file)], file.parent, before, **environment) as process:
        log = file.parent / "worker.log"
        while log.read_text().count("Registered to") < count:
            assert process.poll() is None, log.read_text()
            os.sched_yield()
        yield process


@contextmanager
def _dask(
    arguments: Sequence[str], folder: Path, before: Sequence[str] = (), **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    with (
        (folder / f"{arguments[0]}.log").open("wb") as log,
        _started([sys.executable, *before, "-m", "dask", *arguments], folder, log, environment) as process,
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
