"""The worker's side: a plugin that opens one sandbox for the life of a worker process, and what it is asked.

A worker is as trusted as the parent: it holds the kit, judges and explains, and imports no torch. Student
code runs in confined processes below it, as everywhere. A submission comes as bytes and goes back as the
JSON that is stored of it, so that no machine needs another's files and the parent has only to write.

A task names all that marks hang on (`agreement.key`): whoever comes late with another version or weaker
walls grades nothing.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import msgspec
from distributed import Worker, WorkerPlugin, get_worker

from grader import decoders, store
from grader import kit as kits
from grader.cluster.agreement import Answer, Refused, Told, key
from grader.errors import GraderError
from grader.pipeline import Session, grade
from grader.records import Submission
from grader.report.head import Head
from grader.run import Options, opened

Encoded = tuple[bytes, bytes]
"""JSON of a SubmissionResult, and of the Evidence as it will stand on the disk."""


class Fault(Exception):
    """It could not be graded here, by no fault of the student's; dask tries once more."""


class Unlike(Exception):
    """A worker grades as the others do not, or not at all."""


class Sandbox:
    """A session that is opened when it is needed and may rest meanwhile; any thread may ask for it."""

    def __init__(self, loaded: kits.LoadedKit, options: Options) -> None:
        self._loaded = loaded
        self._options = options
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._open: tuple[Session, Head] | None = None
        self._running = 0

    def head(self) -> Head:
        """Raises GraderError where submissions cannot be run here as is asked."""
        with self._lock:
            return self._opened()[1]

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self._lock:
            session, _ = self._opened()
            self._running += 1
        try:
            yield session
        finally:
            with self._lock:
                self._running -= 1

    def rest(self) -> None:
        """End its processes, unless something runs in them."""
        with self._lock:
            if not self._running:
                self._open = None
                self._stack.close()

    def close(self) -> None:
        with self._lock:
            self._stack.close()

    def _opened(self) -> tuple[Session, Head]:
        if self._open is None:
            self._open = self._stack.enter_context(opened(self._loaded, self._options, warn=False))
        return self._open


class Grading(WorkerPlugin):
    """What a worker process grades with: a kit, options, and a sandbox for them."""

    idempotent = True  # named after its kit and options: whoever comes with the same ones shares it

    def __init__(self, name: str, kit: bytes, options: Options) -> None:
        self.name = name
        self._kit = kit
        self._options = msgspec.json.encode(options)

    async def setup(self, worker: Worker) -> None:
        """Open the sandbox; where that is refused, it is told to whoever asks."""
        options = msgspec.structs.replace(
            decoders.json(Options).decode(self._options), jobs=worker.state.nthreads
        )
        self._sandbox = Sandbox(kits.decode(self._kit, self.name), options)
        self._answer = asyncio.ensure_future(asyncio.to_thread(self._asked))
        for other in worker.plugins.values():
            if isinstance(other, Grading) and other is not self:
                other.rest()
        await self._answer

    async def teardown(self, worker: Worker) -> None:  # noqa: ARG002 -- dask's signature
        """The sandbox ends with the worker."""
        await asyncio.to_thread(self._sandbox.close)

    def rest(self) -> None:
        self._sandbox.rest()

    async def answer(self) -> Answer:
        return await self._answer

    def grade(self, key: str, submission: bytes) -> Encoded:
        """Raises Fault, or Unlike."""
        told = self._answer.result()  # no task comes before a worker's plugins are set up
        if isinstance(told, Refused):
            raise Unlike(f"does not grade: {told.text}")
        if told.key != key:
            raise Unlike("came late, and would grade as the others do not")
        with self._sandbox.session() as session:
            graded = grade(decoders.msgpack(Submission).decode(submission), session)
        if graded.result.status == "harness":
            raise Fault(graded.result.message)
        return store.encode(graded.result), store.encode(graded.evidence)

    def _asked(self) -> Answer:
        try:
            head = self._sandbox.head()
            return Told(head, key(head))
        except GraderError as error:
            return Refused(error.message, error.hint)
        except OSError as error:
            return Refused(
                f"its sandbox cannot be opened: {error}", "See that it has room, and may start processes."
            )


async def answer(name: str, dask_worker: Worker) -> bytes:
    """Run on a worker: what it grades with, or why it does not; empty where it has only just begun."""
    plugin = dask_worker.plugins.get(name)
    return store.encode(await plugin.answer()) if isinstance(plugin, Grading) else b""


def grade_one(name: str, key: str, submission: bytes) -> Encoded:
    """The task, of the msgpack of a Submission. Raises Fault, or Unlike."""
    worker = get_worker()
    plugin = worker.plugins.get(name)
    if not isinstance(plugin, Grading):
        raise Fault("this worker has no sandbox for it")
    try:
        return plugin.grade(key, submission)
    except Unlike as error:
        raise Unlike(f"Worker {worker.address} {error}") from None
