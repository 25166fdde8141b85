"""`dask ssh` of docs/cluster.md, on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.clusters import everything, grade
from tests.cli.running import ROOT, clean_environment

for needed in ("distributed", "paramiko", "asyncssh"):  # with paramiko dask ssh connects
    pytest.importorskip(needed)


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, Path]]:
    """Its port, and the key that it lets in; what it has started ends with it."""
    key = folder / "key"
    with subprocess.Popen(
        [sys.executable, "-m", "tests.cli.sshd", str(key)],
        cwd=ROOT,
        env=clean_environment() | {"SHELL": "/bin/sh", "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), key
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.exhaustive
def test_workers_that_dask_starts_by_ssh_write_what_one_process_writes(
    small_class: Path, kit_file: Path, alone: Path, tmp_path: Path
) -> None:
    port = free_port()
    with server(tmp_path) as (ssh, key), (tmp_path / "log").open("wb") as log:
        command = [
            *(sys.executable, "-m", "dask", "ssh", "127.0.0.1"),
            *("--ssh-port", ssh, "--ssh-private-key", str(key), "--ssh-username", "grader"),
            *("--scheduler", "127.0.0.1", "--scheduler-port", str(port), "--nthreads", "1"),
        ]
        with subprocess.Popen(command, stdout=log, stderr=log, env=clean_environment()) as dask:
            run = grade(small_class, kit_file, tmp_path / "report", "--scheduler", f"tcp://127.0.0.1:{port}")
            dask.kill()

    waited = f"tcp://127.0.0.1:{port} has no worker yet: waiting for one, 600 s at most.\n"
    assert run.code == 0, (tmp_path / "log").read_text()
    assert run.err in ("", waited)  # dask starts the scheduler first
    assert everything(tmp_path / "report") == everything(alone)
