"""The parent's side: connect, compare, send submissions, yield results as they come.

What comes back is written by the parent alone, as without a cluster; nothing is kept here but what is
under way. Where the scheduler is lost the run ends, and `--resume` goes on.
"""

from __future__ import annotations

import hashlib
import queue
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from platform import python_version
from typing import Final

import msgspec
from dask.typing import Key
from distributed import Client, Future

from grader import decoders, pipeline
from grader import kit as kits
from grader.cluster import agreement, worker
from grader.cluster.agreement import Answer, Told
from grader.cluster.connecting import Where, connected, patience, wait_for_a_worker
from grader.errors import GraderError
from grader.records import Submission
from grader.report.head import Head
from grader.results import Graded, SubmissionResult, Written
from grader.run import Options, restricted, warn_of_isolation
from grader.sandbox import reading
from grader.text import one_line

LOOK: Final = 5.0  # seconds without a result, after which it is looked whether anybody works
AHEAD: Final = 3  # submissions under way for each place: the next is there when one is done
LEAST: Final = 16
CUDA: Final = "CUDA"  # the resource of a worker that has a device to itself
Back = worker.Encoded | Exception
GONE: Final = "The scheduler is gone, and what it was to grade with it."
GO_ON: Final = "What is done is kept; go on with the same command and --resume."


@contextmanager
def opened(
    loaded: kits.LoadedKit, options: Options, where: Where, say: Callable[[str], None]
) -> Iterator[tuple[Cluster, Head]]:
    """Connect, and send the kit to every worker. Raises GraderError where marks could differ."""
    kit = restricted(loaded.kit, options)
    with connected(where) as client, _while_there(client):
        named = msgspec.json.encode((loaded.digest, options))
        name = "grader-" + hashlib.sha256(named).hexdigest()[:16]
        told = _agreed(client, where, worker.Grading(name, kits.encode(loaded.kit), options), say)
        head = told.head
        on_cuda = any(one.graded and one.name == "cuda" for one in head.devices)
        if on_cuda:
            _refuse_without_cuda(client)
        warn_of_isolation(options.isolation, head.environment.isolation)
        yield Cluster(client, kit, name, told, cuda=on_cuda), head


@contextmanager
def _while_there(client: Client) -> Iterator[None]:
    """Whatever dask makes of a scheduler that has gone is told as that. Raises GraderError."""
    try:
        yield
    except GraderError:
        raise
    except Exception as error:
        if client.status == "running":
            raise
        raise GraderError(GONE, GO_ON) from error


class Cluster:
    """Grades a class on the workers of a scheduler."""

    def __init__(self, client: Client, kit: kits.Kit, name: str, told: Told, *, cuda: bool) -> None:
        self.kit = kit
        self._client = client
        self._name = name
        self._told = told
        self._asked, self._most = float("-inf"), LEAST
        self._needs = {CUDA: 1.0} if cuda else {}
        self._done: queue.SimpleQueue[tuple[Key, Back]] = queue.SimpleQueue()
        self._running: dict[Key, tuple[Submission, Future[worker.Encoded]]] = {}

    def grade_class(
        self, submissions: Sequence[Submission], keep: pipeline.Keep
    ) -> Iterator[SubmissionResult]:
        """Each as it is done, in the order of completion; `keep` runs here, in the caller's thread."""
        waiting = iter(submissions)
        try:
            self._send(waiting)
            while self._running:
                key, back = self._next()
                graded = self._graded(*self._running.pop(key), back)
                self._send(waiting)
                yield keep(graded)
        finally:
            self._client.cancel([future for _, future in self._running.values()])

    def _send(self, waiting: Iterator[Submission]) -> None:
        """Keep as many under way as there are places, and some more; half of them go out in one message."""
        room = self._room()
        free = room - len(self._running)
        if free < room // 2 or not (some := list(islice(waiting, free))):
            return
        carried = [msgspec.msgpack.encode(reading.carried(one)) for one in some]
        keys = [f"{self._name}-{hashlib.sha256(one).hexdigest()}" for one in carried]  # of student and bytes
        futures = self._client.map(
            partial(worker.grade_one, self._name, self._told.key),
            carried,
            key=keys,
            pure=False,
            retries=1,
            resources=self._needs,
        )
        assert self._client.loop is not None  # of a client that is connected
        for one, future in zip(some, futures, strict=True):
            self._running[future.key] = one, future
            self._client.loop.add_callback(self._fetch, future)

    async def _fetch(self, future: Future[worker.Encoded]) -> None:
        """Wait in the client's thread; dask has graded again what was done and went with its worker."""
        try:
            back = await self._client.gather(future, asynchronous=True)
        except Exception as error:  # noqa: BLE001 -- it is raised where it is asked for
            back = error
        self._done.put((future.key, back))

    def _room(self) -> int:
        """How many may be under way; the scheduler is asked now and then: that costs as much as a task."""
        now = time.monotonic()
        if now - self._asked > LOOK:
            self._asked, self._most = now, max(LEAST, AHEAD * self.jobs)
        return self._most

    @property
    def jobs(self) -> int:
        """How many places the workers have. Raises GraderError where the scheduler is gone."""
        try:
            found = self._client.scheduler_info(n_workers=-1)["workers"].values()
        except OSError:
            raise GraderError(GONE, GO_ON) from None
        return sum(int(one["resources"].get(CUDA, 0)) if self._needs else one["nthreads"] for one in found)

    def _next(self) -> tuple[Key, Back]:
        """The next that is done. Raises GraderError where the scheduler is gone, or nobody works for long."""
        since = time.monotonic()
        while True:
            with suppress(queue.Empty):
                return self._done.get(timeout=LOOK)
            if self._client.status != "running":
                raise GraderError("The scheduler does not answer any more.", GO_ON)
            if self.jobs:
                since = time.monotonic()
            elif time.monotonic() - since > patience():
                raise GraderError(f"The scheduler has had no worker for {patience():g} s.", GO_ON)

    def _graded(self, submission: Submission, future: Future[worker.Encoded], back: Back) -> Graded | Written:
        """What came back; where it failed twice, or took its workers with it, a result without a score."""
        if not isinstance(back, Exception):
            result, evidence = back
            return Written(decoders.json(SubmissionResult).decode(result), evidence)
        if future.status != "error":  # not the task's: no answer came
            raise GraderError(GONE, GO_ON) from back
        if isinstance(back, worker.Unlike):
            self._refuse_unlike()
            raise GraderError(f"{back}.", f"Stop it, or make it like the others. {GO_ON}")
        fault = isinstance(back, worker.Fault)
        said = str(back) if fault else f"its worker was lost: {type(back).__name__}: {back}"
        return pipeline.faulted(submission, self.kit, one_line(said))

    def _refuse_unlike(self) -> None:
        """Ask all once more, as before anything was graded. Raises GraderError in the words of then."""
        try:
            with suppress(OSError):  # it may have left meanwhile
                _compare_versions(self._client)
                agreement.agreed({"the others": self._told, **_answers(self._client, self._name)})
        except GraderError as error:
            raise GraderError(error.message, f"{error.hint} {GO_ON}") from None


def _agreed(client: Client, where: Where, plugin: worker.Grading, say: Callable[[str], None]) -> Told:
    """What all workers grade with. Who is lost meanwhile is replaced, and all are asked anew."""
    since = time.monotonic()
    while client.status == "running" and time.monotonic() - since < patience():
        with suppress(OSError):
            wait_for_a_worker(client, where, say)
            _compare_versions(client)
            client.register_plugin(plugin, name=plugin.name)
            if answers := _answers(client, plugin.name):
                return agreement.agreed(answers)
    if client.status == "running":
        raise GraderError(
            f"No worker was there for long enough, in {patience():g} s.", "See what they print."
        )
    raise GraderError(GONE, GO_ON)


def _compare_versions(client: Client) -> None:
    """With functions of the standard library alone: a worker may have no grader to be asked with.

    Raises GraderError for who differs, and OSError for who is lost meanwhile.
    """
    found: dict[str, dict[str, str | None]] = defaultdict(dict)
    for package in agreement.COMPARED:
        for address, one in client.run(version, package, on_error="return").items():
            if isinstance(one, OSError):
                raise one
            found[address][package] = None if isinstance(one, PackageNotFoundError) else str(one)
    for address, one in client.run(python_version).items():
        found[address]["python"] = one
    for address, versions in found.items():
        agreement.refuse_other_versions(address, versions)


def _answers(client: Client, name: str) -> dict[str, Answer]:
    told = client.run(worker.answer, name)
    return {address: decoders.json(Answer).decode(one) for address, one in told.items() if one}


def _refuse_without_cuda(client: Client) -> None:
    found = client.scheduler_info(n_workers=-1)["workers"].values()
    if not any(one["resources"].get(CUDA) for one in found):
        raise GraderError(
            "No worker offers the resource CUDA, and the assignment is graded on it.",
            "Start a worker for each device with --resources CUDA=1, or grade with --device cpu.",
        )
