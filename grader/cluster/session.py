"""The parent's side: connect, compare, send submissions, yield results as they come.

What comes back is written by the parent alone, as without a cluster; nothing is kept here but what is
under way. Where the scheduler is lost the run ends, and `--resume` goes on.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from platform import python_version
from typing import Final

import dask
import msgspec
from dask.typing import Key
from dask.utils import parse_timedelta
from distributed import Client, Future, LocalCluster

from grader import decoders, pipeline
from grader import kit as kits
from grader.cluster import agreement, worker
from grader.cluster.agreement import Answer
from grader.errors import GraderError
from grader.records import Record, Submission
from grader.report.head import Head
from grader.results import Graded, SubmissionResult, Written
from grader.run import Options, restricted, warn_of_isolation
from grader.sandbox import reading
from grader.sandbox.scratch import Scratch
from grader.text import one_line

LOOK: Final = 5.0  # seconds without a result, after which it is looked whether anybody works
UNWATCHED: Final = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.large-graph-warning-threshold": "1TiB",
}
"""What dask keeps for its dashboard, and a warning of large folders: nobody looks at it here, and it costs
some percent of a core."""

PATIENCE: Final = "10 minutes"
AHEAD: Final = 3  # submissions under way for each place: the next is there when one is done
LEAST: Final = 16
CUDA: Final = "CUDA"  # the resource of a worker that has a device to itself
Back = worker.Encoded | Exception
GO_ON: Final = "What is done is kept; go on with the same command and --resume."


class Where(Record, frozen=True):
    """Where to grade: by a scheduler that is there, or with so many processes of this machine."""

    scheduler: str = ""  # tcp://HOST:PORT, tls://..., or the path of a scheduler file
    workers: int = 0


@contextmanager
def opened(loaded: kits.LoadedKit, options: Options, where: Where) -> Iterator[tuple[Cluster, Head]]:
    """Connect, and send the kit to every worker. Raises GraderError where marks could differ."""
    kit = restricted(loaded.kit, options)
    with _quiet(), dask.config.set(UNWATCHED), _connected(where) as client:
        _wait_for_a_worker(client, where)
        _compare_versions(client)
        data = kits.encode(loaded.kit)
        named = msgspec.json.encode((loaded.digest, options))
        name = "grader-" + hashlib.sha256(named).hexdigest()[:16]
        client.register_plugin(worker.Grading(name, data, options), name=name)
        told = agreement.agreed(_answers(client, name))
        head = told.head
        on_cuda = any(one.graded and one.name == "cuda" for one in head.devices)
        if on_cuda:
            _refuse_without_cuda(client)
        warn_of_isolation(options.isolation, head.environment.isolation)
        yield Cluster(client, kit, name, told.key, cuda=on_cuda), head


class Cluster:
    """Grades a class on the workers of a scheduler."""

    def __init__(self, client: Client, kit: kits.Kit, name: str, key: str, *, cuda: bool) -> None:
        self.kit = kit
        self._client = client
        self._name = name
        self._key = key
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
        futures = self._client.map(
            partial(worker.grade_one, self._name, self._key),
            carried,
            key=[
                f"{self._name}-{hashlib.sha256(one).hexdigest()}" for one in carried
            ],  # of student and bytes
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
        """How many places the workers have."""
        found = self._client.scheduler_info(n_workers=-1)["workers"].values()
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
            elif time.monotonic() - since > _patience():
                raise GraderError(f"The scheduler has had no worker for {_patience():g} s.", GO_ON)

    def _graded(self, submission: Submission, future: Future[worker.Encoded], back: Back) -> Graded | Written:
        """What came back; where it failed twice, or took its workers with it, a result without a score."""
        if not isinstance(back, Exception):
            result, evidence = back
            return Written(decoders.json(SubmissionResult).decode(result), evidence)
        if future.status != "error":  # not the task's: no answer came
            raise GraderError("The scheduler is gone, and what it was to grade with it.", GO_ON) from back
        if isinstance(back, worker.Unlike):
            raise GraderError(f"{back}.", f"Stop it, or make it like the others. {GO_ON}")
        fault = isinstance(back, worker.Fault)
        said = str(back) if fault else f"its worker was lost: {type(back).__name__}: {back}"
        return pipeline.faulted(submission, self.kit, one_line(said))


@contextmanager
def _connected(where: Where) -> Iterator[Client]:
    """A client of the scheduler, or of processes that live as long as this. Raises GraderError."""
    if not where.workers:
        with _client(where.scheduler) as client:
            yield client
        return
    with (
        Scratch() as folder,
        LocalCluster(
            n_workers=where.workers,
            threads_per_worker=1,
            memory_limit=0,  # the pool has its own limits, and knows who used what
            dashboard_address="127.0.0.1:0",  # any port: with None it is 8787, which another run may hold
            local_directory=str(folder),
            silence_logs=logging.CRITICAL,
            security=True,  # whoever may connect may run code: a key of this run's own
        ) as cluster,
        _within(cluster) as client,
    ):
        yield client


def _within(cluster: LocalCluster) -> Client:
    """A client of the scheduler in this process: no socket and no key between them."""
    assert cluster.scheduler is not None  # it is in this process
    cluster.sync(cluster.scheduler.listen, "inproc://")
    return Client(cluster.scheduler.listeners[-1].contact_address, loop=cluster.loop)


def _client(scheduler: str) -> Client:
    address = scheduler if "://" in scheduler else _address(scheduler)
    try:
        return Client(address)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise GraderError(
            f"--scheduler {scheduler}: no scheduler answers there: {one_line(str(error))}.",
            "Start one with `dask scheduler`; for tls:// set dask's distributed.comm.tls.",
        ) from None


class _File(msgspec.Struct):
    """What dask writes into a scheduler file, as far as it is wanted."""

    address: str


def _address(file: str) -> str:
    hint = "Name what `dask scheduler` prints, tcp://HOST:8786, or the file of its --scheduler-file."
    try:
        return decoders.json(_File).decode(Path(file).read_bytes()).address
    except OSError as error:
        text = f"--scheduler {file}: this is no address, and no file that can be read: {error.strerror}."
        raise GraderError(text, hint) from None
    except decoders.BROKEN as error:
        text = f"--scheduler {file}: this is no scheduler file: {one_line(str(error))}."
        raise GraderError(text, hint) from None


def _patience() -> float:
    """Seconds without a worker, after which a run ends: dask's own setting, else what a queue may take."""
    return float(parse_timedelta(dask.config.get("distributed.scheduler.no-workers-timeout") or PATIENCE))


def _wait_for_a_worker(client: Client, where: Where) -> None:
    try:
        client.wait_for_workers(1, timeout=_patience())
    except TimeoutError:
        raise GraderError(
            f"--scheduler {where.scheduler}: it has had no worker for {_patience():g} s.",
            "Start some where torch-grader is installed: dask worker ADDRESS --nthreads 1",
        ) from None


def _compare_versions(client: Client) -> None:
    """With functions of the standard library alone: a worker may have no grader to be asked with."""
    found: dict[str, dict[str, str | None]] = defaultdict(dict)
    for package in agreement.COMPARED:
        for address, one in client.run(version, package, on_error="return").items():
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


@contextmanager
def _quiet() -> Iterator[None]:
    """What dask would log is told in sentences, where it matters."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)
