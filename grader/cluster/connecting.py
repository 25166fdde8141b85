"""A client of dask's, for a scheduler that is there or for processes of this machine that live as long."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import dask
import msgspec
from dask.utils import parse_timedelta
from distributed import Client, LocalCluster, Security
from distributed.comm.core import connect
from distributed.versions import VersionMismatchWarning

from grader import decoders
from grader.errors import GraderError
from grader.records import Record
from grader.sandbox.scratch import Scratch
from grader.text import one_line

UNWATCHED: Final = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.large-graph-warning-threshold": "1TiB",
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
}
"""What dask keeps for its dashboard costs some percent of a core, and nobody looks at it here. And it would
warn of large messages, where folders are handed in, and give memory back after each."""

PATIENCE: Final = "10 minutes"


class Where(Record, frozen=True):
    """Where to grade: by a scheduler that is there, or with so many processes of this machine."""

    scheduler: str = ""  # tcp://HOST:PORT, tls://..., or the path of a scheduler file
    workers: int = 0


@contextmanager
def connected(where: Where) -> Iterator[Client]:
    """Raises GraderError where nobody answers, or a process of this machine does not start."""
    with _quiet(), dask.config.set(UNWATCHED):
        if where.workers:
            with _local(where.workers) as client:
                yield client
        else:
            client = _client(where.scheduler)
            try:
                yield client
            finally:
                with suppress(OSError):  # dask waits for who is gone, and not for long
                    client.close()


@contextmanager
def _local(workers: int) -> Iterator[Client]:
    with Scratch() as folder, _started(workers, folder) as cluster, _within(cluster) as client:
        yield client


def _started(workers: int, folder: Path) -> LocalCluster:
    try:
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=0,  # the pool has its own limits, and knows who used what
            dashboard_address="127.0.0.1:0",  # any port: with None it is 8787, which another run may hold
            local_directory=str(folder),
            silence_logs=logging.CRITICAL,
            security=True,  # whoever may connect may run code: a key of this run's own
        )
    except (OSError, RuntimeError) as error:
        raise GraderError(
            f"--workers {workers}: a process ended while it was started: {one_line(str(error))}",
            "Start the command again; where it ends so each time, grade without --workers.",
        ) from None


def _within(cluster: LocalCluster) -> Client:
    """A client of the scheduler in this process: no socket and no key between them."""
    assert cluster.scheduler is not None  # it is in this process
    cluster.sync(cluster.scheduler.listen, "inproc://")
    return Client(cluster.scheduler.listeners[-1].contact_address, loop=cluster.loop)


def _client(scheduler: str) -> Client:
    address = scheduler if "://" in scheduler else _address(scheduler)
    try:
        with ThreadPoolExecutor(1) as elsewhere:  # another loop may run here
            elsewhere.submit(lambda: asyncio.run(_greeted(address))).result()
        return Client(address)
    except Exception as error:  # noqa: BLE001 -- whatever comes of what another program answers on its port
        told = isinstance(error, (OSError, ValueError, TypeError, RuntimeError)) and one_line(str(error))
        why = told or "what listens there does not answer as one, as a dashboard does not"
        raise GraderError(
            f"--scheduler {scheduler}: no scheduler answers there: {why}.",
            "Start one with `dask scheduler`; for tls:// set dask's distributed.comm.tls.",
        ) from None


async def _greeted(address: str) -> None:
    """Raises where nobody answers in time: dask itself waits for ever for what is connected and mute."""
    patience = dask.config.get("distributed.comm.timeouts.connect")
    greeting = connect(address, **Security().get_connection_args("client"))
    comm = await asyncio.wait_for(greeting, 2 * parse_timedelta(patience))  # dask's own is the first to end
    await comm.close()


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


def patience() -> float:
    """Seconds without a worker, after which a run ends: dask's own setting, else what a queue may take."""
    return float(parse_timedelta(dask.config.get("distributed.scheduler.no-workers-timeout") or PATIENCE))


def wait_for_a_worker(client: Client, where: Where, say: Callable[[str], None]) -> None:
    """Says so where that may take as long as a queue; own ones start. Raises GraderError where none comes."""
    if where.scheduler and not client.scheduler_info()["workers"]:
        say(f"{where.scheduler} has no worker yet: waiting for one, {patience():g} s at most.")
    try:
        client.wait_for_workers(1, timeout=patience())
    except TimeoutError:
        raise GraderError(
            f"--scheduler {where.scheduler}: it has had no worker for {patience():g} s.",
            "Start some where torch-grader is installed: dask worker ADDRESS --nthreads 1",
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """What dask would log, or warn of, is told in sentences, where it matters."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        with warnings.catch_warnings(action="ignore", category=VersionMismatchWarning):
            yield
    finally:
        logging.disable(before)
