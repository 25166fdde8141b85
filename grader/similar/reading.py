"""Parent side: what was handed in as fingerprints, from confined workers that read code and run nothing.

Bytes go in, arrays of numbers come out, each checked by itself. A batch that ends its worker is read again
one by one, so a file that no tokeniser survives costs nobody else a place in the list.
"""

from __future__ import annotations

import os
import select
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from grader import decoders
from grader.errors import HarnessError
from grader.records import Submission
from grader.results import Isolation
from grader.sandbox import jobs, limits
from grader.sandbox.jobs import Batch, File, Part, Prints
from grader.sandbox.launcher import MAX_REPORT, Pipes, Zygote, ZygoteLost
from grader.sandbox.reading import Unreadable, read_file
from grader.sandbox.scratch import Scratch
from grader.text import clean, decode, one_line

TOGETHER: Final = 32  # submissions of one worker: a fork costs as much as reading ten
MOST: Final = 4_000  # fingerprints of one submission
_BYTES: Final = 64 << 20  # bytes of one worker
_MEMORY: Final = 512 << 20
_CPU: Final = 60.0  # seconds, for files of 32 MiB each
_WALL: Final = 600.0  # likewise; only what has broken out of its task waits
ANSWER: Final = decoders.msgpack(tuple[Prints, ...])
_REPORTS: Final = decoders.msgpack(jobs.Report)

Hashes = NDArray[np.uint64]
Spans = NDArray[np.uint32]


@dataclass(frozen=True)
class Read:
    """One submission: its fingerprints with where each stands (part, first and last line)."""

    student: str
    hashes: Hashes
    spans: Spans  # one row for each hash
    problem: str = ""
    parts: tuple[Part, ...] = ()  # cleaned


class Reader:
    """A zygote whose workers read; a context manager."""

    def __init__(self, threads: int, level: jobs.Wanted = "auto") -> None:
        self._threads = threads
        self._scratch = Scratch()
        setup = jobs.Setup((), warm=False, level=level, compares=True)
        self._zygote = Zygote(setup, self._scratch.lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._zygote.close()
        self._scratch.close()

    @property
    def isolation(self) -> Isolation:
        """Raises HarnessError where nothing can be read here, GraderError where not at this level."""
        ready = self._zygote.ready()
        return limits.isolation_report(ready.level, privileged=ready.privileged, weaker=ready.weaker)

    def read(self, submissions: Sequence[Submission], *, texts: bool = False) -> Iterator[Read]:
        """Each in its order."""
        with ThreadPoolExecutor(self._threads) as threads:
            starts = range(0, len(submissions), TOGETHER)
            parts = [submissions[at : at + TOGETHER] for at in starts]
            for found in threads.map(lambda some: self._together(some, texts=texts), parts):
                yield from found

    def _together(self, some: Sequence[Submission], *, texts: bool) -> list[Read]:
        files, problems = zip(*map(_files, some), strict=True)
        answer = self._asked(Batch(tuple(files), texts))
        if answer is None:
            alone = [self._asked(Batch((one,), texts)) or (_UNREAD,) for one in files]
            answer = tuple(found[0] for found in alone)
        return [
            checked(one.student, prints, problem)
            for one, prints, problem in zip(some, answer, problems, strict=True)
        ]

    def _asked(self, batch: Batch) -> tuple[Prints, ...] | None:
        """What a worker makes of it; None where it did not come to an end."""
        order = jobs.Start("cpu", _MEMORY, _CPU * self._zygote.ready().pace, folder="")
        folder = Path(tempfile.mkdtemp(prefix="grader-", dir=self._scratch.path))
        try:
            with tempfile.TemporaryFile() as job:
                job.write(msgspec.msgpack.encode(batch))
                job.seek(0)
                pipes = self._zygote.fork(msgspec.structs.replace(order, folder=str(folder)), job.fileno())
                data = _followed(pipes)
        except ZygoteLost:
            raise HarnessError("The process that reads code has ended.", "Please report it.") from None
        finally:
            with suppress(OSError):
                folder.rmdir()
        try:
            answer = ANSWER.decode(data)
        except decoders.BROKEN:
            return None
        return answer if len(answer) == len(batch.submissions) else None


_UNREAD: Final = Prints(b"", b"", "its code could not be read within the time and memory allowed")


def _files(submission: Submission) -> tuple[tuple[File, ...], str]:
    """Its candidates as bytes, and why there are fewer."""
    files: list[File] = []
    problems = [submission.problem] if submission.problem else []
    for path in submission.files:
        try:
            files.append(File(one_line(path.name), read_file(path)))
        except Unreadable as error:
            problems.append(str(error))
    return tuple(files), " ".join(problems)


def _followed(pipes: Pipes) -> bytes:
    """What a worker writes until it ends. Raises HarnessError where it could not be started or confined."""
    data = bytearray()
    ends = time.monotonic() + _WALL
    try:
        while len(data) <= _BYTES and (left := ends - time.monotonic()) > 0:
            if not select.select([pipes.frames], [], [], left)[0]:
                break
            piece = os.read(pipes.frames, 1 << 16)
            if not piece:
                _refuse_fault(pipes)
                break
            data += piece
    finally:
        pipes.close()  # hangs up, and ends it
    return bytes(data) if len(data) <= _BYTES else b""


def _refuse_fault(pipes: Pipes) -> None:
    """A worker that has closed its end tells by its exit code whether it was confined."""
    while data := pipes.status.recv(MAX_REPORT):
        report = _REPORTS.decode(data)
        if isinstance(report, jobs.Trouble):
            raise HarnessError(
                f"Code cannot be read here: {report.text}.", "grader doctor says what is missing."
            )
        if isinstance(report, jobs.Ended):
            if os.waitstatus_to_exitcode(report.status) == jobs.EXIT_FAILED:
                words = one_line(decode(os.read(pipes.output, 1 << 12)))
                raise HarnessError(
                    f"Code cannot be read here: {words}.", "grader doctor says what is missing."
                )
            return


def checked(student: str, found: Prints, problem: str) -> Read:
    """Arrays that do not fit together are none."""
    count = len(found.hashes) // 8
    fits = len(found.hashes) == 8 * count and len(found.spans) == 12 * count and count <= MOST
    hashes = np.frombuffer(found.hashes if fits else b"", np.uint64)
    spans = np.frombuffer(found.spans if fits else b"", np.uint32).reshape(-1, 3)
    parts = tuple(
        msgspec.structs.replace(part, file=one_line(part.file), text=clean(part.text)) for part in found.parts
    )
    return Read(student, hashes, spans, one_line(problem or found.problem), parts)
