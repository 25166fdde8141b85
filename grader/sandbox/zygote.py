"""Child side: the fork server. It imports torch once and forks one single-use worker for each job.

Started as `python -P -B -m grader.sandbox.zygote FD` in an environment made for it, with the setup on
its standard input; FD is the control socket. It never reads a byte of a submission. It is the only
process that forks, kills and reaps workers, so no process id is ever used after its process is gone.
A zygote that is not warm (for CUDA) does not import torch: its workers do, each for itself.
At the level `strict` it is the first process of a namespace, and the one that was started only waits for it.
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import os
import platform
import select
import signal
import socket
import sys
import time
from importlib import metadata
from typing import Final, NoReturn

import msgspec

from grader import decoders
from grader.sandbox import confine, folders, jobs, levels, linux, pace, rooms
from grader.sandbox.excess import PROCESSES, Watchman

_ORDERS: Final = decoders.msgpack(jobs.Start)
_SETUP: Final = decoders.msgpack(jobs.Setup)
_LOOK_MS: Final = 50  # between two looks at what the workers take of the machine
_FILES: Final = 4  # that come with an order to start: job, frames, output, status
_MAX_ORDER: Final = 4096
_PAYS_AFTER: Final = 20  # forks: these have cost as much as gathering the pages; a check never has so many
_STRAY_ROUNDS: Final = 200  # a millisecond each: a killed process is gone long before


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    setup = _SETUP.decode(sys.stdin.buffer.read())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the parent decides
    gc.disable()  # what is imported stays: looking for garbage meanwhile is a tenth of the start
    try:
        level, weaker = levels.choose(setup.level)
        room = rooms.seclude(level)
    except levels.Refused as error:
        control.send(msgspec.msgpack.encode(jobs.Refused(error.text, error.hint)))
        return
    linux.adopt_orphans()
    linux.forbid_inspection()
    try:
        report = _warm() if setup.warm else _cold(compares=setup.compares)
        room = rooms.furnish(room)
    except Exception as error:  # noqa: BLE001 -- a broken torch fails in its own ways; the parent tells it
        report = jobs.Trouble(f"PyTorch cannot be imported: {type(error).__name__}: {error}"[:500])
    gc.freeze()  # the collector then writes to no page that the workers share
    gc.enable()
    if isinstance(report, jobs.Ready):
        told = msgspec.structs.replace(report, level=level, weaker=weaker, privileged=room.privileged)
        control.send(msgspec.msgpack.encode(told))
        Server(control, setup, room).serve()
    control.send(msgspec.msgpack.encode(report))


def _warm() -> jobs.Ready | jobs.Trouble:
    """Import what every submission uses."""
    import torch  # noqa: PLC0415 -- a zygote for CUDA must not

    from grader.sandbox import devices, worker  # noqa: F401, PLC0415 -- they import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    devices.wake("cpu")
    if linux.threads() != 1:  # a fork copies one thread; locks that others hold would stay locked
        return jobs.Trouble(
            f"the zygote has {linux.threads()} threads after importing PyTorch, it must have one"
        )
    return _ready(str(torch.__version__), torch.version.cuda)


def _cold(*, compares: bool) -> jobs.Ready:
    if compares:
        from grader.sandbox import comparing  # noqa: F401, PLC0415 -- the new root does not hold the grader
    return _ready(metadata.version("torch"), None)


def _ready(torch_version: str, torch_cuda: str | None) -> jobs.Ready:
    return jobs.Ready(
        platform.python_version(), torch_version, platform.platform(), torch_cuda, "none", pace.pace()
    )


class Server:
    """Obeys the parent until it hangs up, then ends every worker and itself."""

    def __init__(self, control: socket.socket, setup: jobs.Setup, room: rooms.Room) -> None:
        self._control = control
        self._setup = setup
        self._room = room
        self._workers: dict[int, socket.socket] = {}  # each worker's status socket by process id
        self._folders: dict[int, str] = {}  # likewise its folder on the machine
        self._watchmen: dict[int, Watchman] = {}
        self._forkable = room.level == "none"  # that workers can fork
        self._excess: dict[int, str] = {}
        self._forks = 0
        self._wake, self._waker = os.pipe()
        self._poll = select.poll()

    def serve(self) -> NoReturn:
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waker, False)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._poll.register(self._control, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        while True:
            ready = {fd for fd, _ in self._poll.poll(_LOOK_MS if self._watchmen else None)}
            self._end_excess()
            for pid, status in self._workers.items():
                if status.fileno() in ready:
                    self._poll.unregister(status)  # asked once is enough
                    _kill(pid)
            if self._wake in ready:
                os.read(self._wake, 4096)
                self._reap()
            if self._control.fileno() in ready:
                self._obey()

    def _obey(self) -> None:
        files = array.array("i")
        try:
            message, extra, _, _ = self._control.recvmsg(
                _MAX_ORDER, socket.CMSG_SPACE(_FILES * files.itemsize)
            )
        except OSError:  # the parent is gone, as a datagram socket tells it
            message, extra = b"", []
        if not message:
            self._end()
        for level, kind, data in extra:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                files.frombytes(data)
        self._start(_ORDERS.decode(message), *files)

    def _start(self, order: jobs.Start, job: int, frames: int, output: int, status: int) -> None:
        if self._setup.warm:
            _import_each(order.warm)
        self._forks += 1
        if self._forks == _PAYS_AFTER:
            linux.gather_pages()
        speaker = socket.socket(fileno=status)
        try:
            pid = rooms.fork(self._room)
        except OSError as error:
            _tell(speaker, jobs.Trouble(f"cannot start a process: {error.strerror}"))
        else:
            if pid == 0:
                _tell(speaker, jobs.Forked(linux.own_pid()))
                self._become_worker(order, job, frames, output)
            self._workers[pid] = speaker
            self._folders[pid] = order.folder
            if self._room.level != "strict":  # there the kernel counts
                self._watchmen[pid] = Watchman(pid, order.folder, forks=self._forkable)
            self._poll.register(speaker, select.POLLIN)
        for fd in (job, frames, output):
            os.close(fd)

    def _become_worker(self, order: jobs.Start, job: int, frames: int, output: int) -> NoReturn:
        try:
            confine.prepare(job, frames, output)
            if self._setup.compares:
                _compare(self._room, order)
            _import_each(order.warm)  # those that the zygote could not: the new root may not hold them
            from grader.sandbox import worker  # noqa: PLC0415 -- torch: here at the latest

            warm = self._setup.warm and order.device == "cpu"
            worker.run(self._room, order, self._setup.exercises, warm=warm)
        except MemoryError:  # the student's code has left no room for what is to be sent
            os._exit(jobs.EXIT_NO_MEMORY)
        except BaseException as error:  # noqa: BLE001 -- whatever it is, it must not reach the zygote's loop
            text = f"\na fault of the worker: {type(error).__name__}: {error}"[:500]
            os.write(2, text.encode("utf-8", "backslashreplace"))
            os._exit(jobs.EXIT_FAILED)
        os._exit(0)

    def _reap(self) -> None:
        """Collect every child that has ended; its process group goes with it, and what it left behind."""
        ended: list[tuple[socket.socket, jobs.Ended, str]] = []
        while (dead := _next_dead()) is not None:
            pid, status, seconds = dead
            speaker = self._workers.pop(pid, None)
            folder = self._folders.pop(pid, "")
            self._watchmen.pop(pid, None)
            if speaker is not None:
                _kill(pid, group_only=True)
                report = jobs.Ended(status, seconds, excess=self._excess.pop(pid, ""))
                ended.append((speaker, report, folder))
        self._end_strays()
        for speaker, report, folder in ended:
            with contextlib.suppress(KeyError):
                self._poll.unregister(speaker)
            if not _tell(speaker, report):
                folders.remove(folder)  # a parent that was killed leaves it behind
            speaker.close()

    def _end_excess(self) -> None:
        """A fork bomb is stopped by its number of processes, not by what the machine can bear."""
        for pid, watchman in self._watchmen.items():
            if pid not in self._excess and (excess := watchman.excess()):
                self._excess[pid] = excess
                _kill(pid)
        if not self._forkable:
            return
        strays = linux.children() - self._workers.keys()
        if sum(1 + linux.descendants(pid, PROCESSES) for pid in strays) > PROCESSES:
            self._end_strays()

    def _end_strays(self) -> None:
        """Kill what workers left behind. Orphans come to the zygote, so whoever is no worker is a stray.

        A worker with a process namespace of its own leaves nobody: the kernel ends them all with it.
        """
        if self._room.level == "strict":
            return
        for _ in range(_STRAY_ROUNDS):
            strays = linux.children() - self._workers.keys()
            if not strays:
                break
            for pid in strays:
                _kill(pid)
            time.sleep(0.001)
            for pid in strays:
                _collect(pid)

    def _end(self) -> NoReturn:
        for pid in self._workers:
            _kill(pid)
        while self._workers and (dead := _next_dead(wait=True)) is not None:
            self._workers.pop(dead[0], None)
        self._end_strays()
        for folder in self._folders.values():
            folders.remove(folder)
        os._exit(0)


def _compare(room: rooms.Room, order: jobs.Start) -> NoReturn:
    from grader.sandbox import comparing  # noqa: PLC0415 -- few zygotes need it

    comparing.run(room, order)
    os._exit(0)


def _tell(speaker: socket.socket, report: jobs.Report) -> bool:
    """Whether the parent was still there to be told."""
    try:
        speaker.send(msgspec.msgpack.encode(report))
    except OSError:
        return False
    return True


def _import_each(names: tuple[str, ...]) -> None:
    for name in names:
        _import_once(name)


def _import_once(name: str) -> None:
    """Import before the fork what this worker would have to; where it is missing the worker will say so."""
    if name not in sys.modules:
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001 -- a broken package of the user's; the student's import meets it again
            return
        gc.freeze()


def _next_dead(*, wait: bool = False) -> tuple[int, int, float] | None:
    try:
        pid, status, usage = os.wait4(-1, 0 if wait else os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status, usage.ru_utime + usage.ru_stime) if pid else None


def _collect(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _kill(pid: int, *, group_only: bool = False) -> None:
    """Its process group, and itself where it has not made one yet."""
    for kill in (os.killpg,) if group_only else (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


if __name__ == "__main__":
    main()
