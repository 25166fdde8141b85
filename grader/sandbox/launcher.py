"""Parent side: one zygote process, and workers asked from it.

The zygote starts at once and in the background; whoever needs it first waits for it. Everything
that it inherits is named here: an environment without secrets, its control socket, the setup.
"""

from __future__ import annotations

import array
import os
import select
import site
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from io import FileIO
from typing import Final

import msgspec
import platformdirs

from grader import decoders
from grader.errors import GraderError, HarnessError
from grader.sandbox import jobs, limits, linux

KIND: Final = socket.SOCK_SEQPACKET if linux.ON_LINUX else socket.SOCK_DGRAM
MAX_REPORT: Final = 4096
_REPORTS: Final = decoders.msgpack(jobs.Report)
_ALONE: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_FOR_CUDA: Final = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "LD_LIBRARY_PATH")
_HINT: Final = "Run `grader doctor` to see what this machine lacks."


class ZygoteLost(Exception):
    """The zygote is gone, and its workers with it."""


@dataclass
class Pipes:
    """The parent's ends of what a worker reads and writes."""

    frames: int
    output: int
    status: socket.socket

    def close(self) -> None:
        os.close(self.frames)
        os.close(self.output)
        self.status.close()


class Zygote:
    """A fork server's process; thread-safe."""

    def __init__(self, setup: jobs.Setup, lock: FileIO) -> None:
        """`lock`: of the folder that its workers write to, held while one may live."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, KIND)
        self._control = ours
        self._lock = threading.Lock()
        self._ready: jobs.Ready | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the process
        with theirs, tempfile.TemporaryFile() as given:
            given.write(msgspec.msgpack.encode(setup))
            given.seek(0)
            self._process = subprocess.Popen(
                [sys.executable, *flags(), "-m", "grader.sandbox.zygote", str(theirs.fileno())],
                stdin=given,
                stdout=self._errors,
                stderr=self._errors,
                env=environment(cuda=not (setup.warm or setup.compares)),
                pass_fds=[theirs.fileno(), lock.fileno()],
                cwd="/",
                start_new_session=True,  # Ctrl-C is for the parent to handle
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ready(self) -> jobs.Ready:
        """Wait until it serves. Raises HarnessError; GraderError where its level cannot be had."""
        with self._lock:
            if self._ready is None:
                self._ready = self._first_report()
            return self._ready

    def _first_report(self) -> jobs.Ready:
        if not select.select([self._control], [], [], limits.START_SECONDS)[0]:
            text = f"The process that runs submissions did not start within {limits.START_SECONDS:g} s."
            raise HarnessError(text, _HINT)
        message = self._control.recv(MAX_REPORT)
        report = _REPORTS.decode(message) if message else jobs.Trouble(self._last_words())
        if isinstance(report, jobs.Ready):
            return report
        if isinstance(report, jobs.Refused):
            raise GraderError(report.text, report.hint)
        reason = report.text if isinstance(report, jobs.Trouble) else "it speaks out of turn"
        raise HarnessError(f"The process that runs submissions did not start: {reason}.", _HINT)

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it ended without a word"

    def fork(self, order: jobs.Start, job: int) -> Pipes:
        """Start a worker that reads the file `job`. Raises ZygoteLost."""
        self.ready()
        frames, frames_in = os.pipe()
        output, output_in = os.pipe()
        status, status_in = socket.socketpair(socket.AF_UNIX, KIND)
        pipes = Pipes(frames, output, status)
        files = array.array("i", [job, frames_in, output_in, status_in.fileno()])
        try:
            with self._lock:
                self._control.sendmsg(
                    [msgspec.msgpack.encode(order)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)]
                )
        except OSError:
            pipes.close()
            raise ZygoteLost from None
        finally:
            os.close(frames_in)
            os.close(output_in)
            status_in.close()
        return pipes

    def close(self) -> None:
        """Hang up: the zygote ends its workers and itself."""
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:  # still importing, for instance: no worker lives yet
            self._process.kill()
            self._process.wait()
        self._errors.close()


def flags() -> list[str]:
    """No path of the working folder, no bytecode.

    Not -I: the environment is ours anyway, and -I would ignore its PYTHONHASHSEED.
    """
    return ["-P", "-B"] if site.ENABLE_USER_SITE else ["-P", "-s", "-B"]


def environment(*, cuda: bool) -> dict[str, str]:
    """Everything that the zygote and its workers see of the user's environment."""
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "LOGNAME": "grader",  # a root without /etc/passwd knows no names
        "PYTHONHASHSEED": "0",
        "MALLOC_ARENA_MAX": "2",  # each reserves 64 MiB of addresses, and these have a limit
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": platformdirs.user_cache_dir(
            "torch-grader"
        ),  # its list of fonts, made once; no worker's
        **dict.fromkeys(_ALONE, "1"),
    }
    if site.ENABLE_USER_SITE:
        environment["PYTHONUSERBASE"] = site.getuserbase()
    if not cuda:
        return {**environment, "CUDA_VISIBLE_DEVICES": ""}
    return environment | {name: os.environ[name] for name in _FOR_CUDA if name in os.environ}
