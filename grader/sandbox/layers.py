"""`grader doctor`'s experiments: each layer alone, tried against the act that it forbids.

Run as `python -P -B -m grader.sandbox.layers`; prints its findings as JSON. An experiment has two
halves, each in a process of its own: without the layer the act must succeed, with the layer alone
it must fail. Where one half does not say so, nothing is known, and that is what is told.
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from grader.sandbox import landlock, linux, rooms, seccomp, walls
from grader.sandbox.jobs import Finding
from grader.sandbox.scratch import Scratch

_NOBODY: Final = 65_534
_HOST_NAME: Final = "grader-doctor"
_QUEUE: Final = 0x6772_6164  # key of a System V message queue
_CREATE_QUEUE: Final = 0o1600
_REMOVE_QUEUE: Final = 0
_NAMESPACES: Final = (
    "In a container, allow them (for Docker: --security-opt seccomp=unconfined --security-opt "
    "apparmor=unconfined); on Ubuntu 24.04: sysctl kernel.apparmor_restrict_unprivileged_userns=0."
)
_KERNEL: Final = "It needs Linux 5.13 or newer with Landlock in the kernel's list of security modules (lsm=)."
_FILTER: Final = "It needs Linux with CONFIG_SECCOMP_FILTER on x86-64 or aarch64."
_LINUX: Final = "It needs Linux."
_ROOT: Final = "It needs root; as an ordinary user the user namespace stands for it."
_TRY_AS_ROOT: Final = "It can be tried by root alone."


@dataclass(frozen=True)
class World:
    """What the acts reach for."""

    secret: str
    helper: int  # a process of the same user
    port: int
    name: str  # of the machine
    queue: int
    program: str  # one that says who runs it; root's and setuid, where this is root


@dataclass(frozen=True)
class Experiment:
    """A layer, and an act that succeeds (returns) or fails (raises OSError or MemoryError, or is ended)."""

    layer: str
    act: Callable[[World], object]
    apply: Callable[[World], object]
    remedy: str
    prepare: Callable[[World], object] = lambda _: None  # in both halves
    forks: bool = False  # the layer holds for the children of the process that applies it


def main() -> None:
    with Scratch() as folder:
        world, helper, listener = _world(folder)
        try:
            findings = [_find(one, world) for one in experiments()]
        finally:
            helper.kill()
            helper.wait()
            listener.close()
            if world.queue >= 0:
                ctypes.CDLL(None).msgctl(world.queue, _REMOVE_QUEUE, None)
    sys.stdout.buffer.write(msgspec.json.encode(findings))


def _world(folder: Path) -> tuple[World, subprocess.Popen[bytes], socket.socket]:
    secret = folder / "secret"
    secret.write_text("canary")
    secret.chmod(0o600)
    listener = socket.create_server(("127.0.0.1", 0))
    helper = subprocess.Popen(
        [sys.executable, "-S", "-E", "-c", _HELPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert helper.stdout is not None
    helper.stdout.readline()
    queue = ctypes.CDLL(None).msgget(_QUEUE + os.getpid(), _CREATE_QUEUE)
    world = World(
        str(secret),
        helper.pid,
        listener.getsockname()[1],
        socket.gethostname(),
        queue,
        _who(folder),
    )
    return world, helper, listener


def _who(folder: Path) -> str:
    """A copy of `id` that anybody may run with its owner's rights."""
    found = shutil.which("id")
    if found is None:
        return ""
    folder.chmod(0o711)
    program = folder / "id"
    shutil.copyfile(found, program)
    program.chmod(0o4755)
    return str(program)


_HELPER: Final = "print(flush=True); input()"  # there, until it is ended


def experiments() -> Iterator[Experiment]:
    """One for each layer that `isolation_report` names and that can be told from outside."""
    yield Experiment(
        "user namespace", _read_memory, lambda _: walls.own_user_namespace(0), _NAMESPACES, _as_child
    )
    yield Experiment("process namespace", _signal, lambda _: _spaces(walls.NEW_PIDS), _NAMESPACES, forks=True)
    yield Experiment("root of its own", _read, lambda _: _new_root(), _NAMESPACES)
    yield Experiment("limit of disk space", _fill, lambda _: _small_disk(), _NAMESPACES)
    yield Experiment("network namespace", _connect, lambda _: _spaces(walls.NEW_NETWORK), _NAMESPACES)
    yield Experiment("IPC namespace", _find_queue, lambda _: _spaces(walls.NEW_IPC), _NAMESPACES)
    yield Experiment("host name namespace", _know_name, lambda _: _other_name(), _NAMESPACES)
    yield Experiment("another user", _read, lambda _: walls.become(_NOBODY), _ROOT)
    yield Experiment("no capabilities", _give_away, lambda _: walls.drop_capabilities(), _ROOT)
    yield Experiment("Landlock: files", _read, lambda _: _landlock(), _KERNEL)
    yield Experiment("Landlock: TCP", _connect, lambda _: _landlock(), f"{_KERNEL} TCP: 6.7.")
    yield Experiment("Landlock: signals", _signal, lambda _: _landlock(), f"{_KERNEL} Signals: 6.12.")
    yield Experiment("system calls: sockets", _connect, lambda _: _seccomp(), _FILTER)
    yield Experiment("system calls: processes", _start, lambda _: _seccomp(), _FILTER)
    yield Experiment("system calls: the deadly ones", _trace, lambda _: _seccomp(), _FILTER)
    yield Experiment("limit of memory", _allocate, lambda _: _limit(resource.RLIMIT_DATA, 1 << 26), _LINUX)
    yield Experiment(
        "limit of a file's size", _fill, lambda _: _limit(resource.RLIMIT_FSIZE, 1 << 20), _LINUX
    )
    yield Experiment("limit of open files", _open_many, lambda _: _limit(resource.RLIMIT_NOFILE, 16), _LINUX)
    yield Experiment("limit of CPU time", _spin, lambda _: _limit(resource.RLIMIT_CPU, 1), _LINUX)
    yield Experiment(
        "limit of processes", _start, lambda _: _limit(resource.RLIMIT_NPROC, 0), _LINUX, _as_nobody
    )
    yield Experiment(
        "no new privileges", _gain, lambda _: linux.forbid_new_privileges(), _TRY_AS_ROOT, _as_nobody
    )
    yield Experiment("no inspection", _inspected, lambda _: linux.forbid_inspection(), _LINUX, _as_nobody)


# --- the halves -----------------------------------------------------------------------------


def _find(one: Experiment, world: World) -> Finding:
    without = _half(one, world, apply=False)
    within = _half(one, world, apply=True)
    if not without and within.startswith("refused"):
        return Finding(one.layer, "works", "", "")
    if within.startswith("not applied"):
        return Finding(one.layer, "missing", within.removeprefix("not applied: "), one.remedy)
    why = f"without it: {without or 'done'}; with it alone: {within or 'done'}"
    return Finding(one.layer, "missing" if not without else "unknown", why, one.remedy)


def _half(one: Experiment, world: World, *, apply: bool) -> str:
    """Empty where the act was done; else what stood in its way."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        _perform(one, world, theirs, apply=apply)
    os.close(theirs)
    with os.fdopen(ours, "rb") as file:
        said = file.read().decode("utf-8", "replace")
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code < 0 and not said:
        return f"refused: ended by {signal.Signals(-code).name}"
    return said if said != "done" else ""


def _perform(one: Experiment, world: World, report: int, *, apply: bool) -> NoReturn:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        one.prepare(world)
        applied = one.apply(world) if apply else None
    except OSError as error:
        _end(report, f"not applied: {error.strerror or error}")
    if applied is False:
        _end(report, "not applied: refused by the kernel")
    if one.forks and os.fork():
        os.wait()
        os._exit(0)
    try:
        one.act(world)
    except (OSError, MemoryError) as error:
        _end(report, f"refused: {getattr(error, 'strerror', None) or type(error).__name__}")
    _end(report, "done")


def _end(report: int, text: str) -> NoReturn:
    os.write(report, text.encode("utf-8", "backslashreplace"))
    os._exit(0)


# --- the layers, each alone -----------------------------------------------------------------


def _as_nobody(_: World) -> None:
    """An ordinary user, whose own processes may look into each other."""
    if os.geteuid() == 0:
        walls.become(_NOBODY)
    linux.allow_inspection()


def _as_child(world: World) -> None:
    """Go on in a child, whose parent is of the same user."""
    _as_nobody(world)
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        os._exit(0)


def _spaces(kinds: int) -> None:
    if walls.is_privileged():
        walls.unshare(kinds)
    else:
        walls.own_user_namespace(kinds)


def _other_name() -> None:
    _spaces(walls.NEW_NAMES)
    socket.sethostname(_HOST_NAME)


def _small_disk() -> None:
    _spaces(walls.NEW_MOUNTS)
    walls.mount(None, "/", None, walls.RECURSIVE | walls.PRIVATE)
    folder = tempfile.gettempdir()
    walls.mount("scratch", folder, "tmpfs", walls.NO_SETUID | walls.NO_DEVICES, f"size={1 << 20}")


def _new_root() -> None:
    _spaces(walls.NEW_MOUNTS)
    walls.mount(None, "/", None, walls.RECURSIVE | walls.PRIVATE)
    walls.enter_root(rooms.furnish(rooms.Room("strict")).root)


def _landlock() -> None:
    if not landlock.version():
        raise OSError(0, "the kernel has no Landlock, or it is switched off")
    linux.forbid_new_privileges()
    landlock.restrict(tuple(rooms.visible()), ())


def _seccomp() -> None:
    linux.forbid_new_privileges()
    seccomp.load(seccomp.program(os.getpid()))


def _limit(kind: int, most: int) -> None:
    more = linux.data_bytes() if kind == resource.RLIMIT_DATA else 0
    resource.setrlimit(kind, (most + more, most + more))


# --- the acts -------------------------------------------------------------------------------


def _read(world: World) -> None:
    Path(world.secret).read_text()


def _signal(world: World) -> None:
    os.kill(world.helper, 0)


def _connect(world: World) -> None:
    socket.create_connection(("127.0.0.1", world.port), 1).close()


def _find_queue(_: World) -> None:
    _done(ctypes.CDLL(None, use_errno=True).msgget(_QUEUE + os.getppid(), 0))


def _know_name(world: World) -> None:
    if socket.gethostname() != world.name:
        raise OSError(0, "another name")


def _give_away(world: World) -> None:
    os.chown(world.secret, _NOBODY, _NOBODY)
    os.chown(world.secret, os.getuid(), os.getgid())


def _read_memory(_: World) -> None:
    os.close(os.open(f"/proc/{os.getppid()}/mem", os.O_RDONLY))


def _fill(_: World) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(bytes(4 << 20))


def _start(_: World) -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _trace(_: World) -> None:
    _done(ctypes.CDLL(None, use_errno=True).ptrace(0, 0, None, None))  # PTRACE_TRACEME


def _allocate(_: World) -> None:
    bytearray(1 << 28)


def _open_many(_: World) -> None:
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(64)]
    for fd in files:
        os.close(fd)


def _spin(_: World) -> None:
    """More than a second, which the limit ends by a signal."""
    while time.process_time() < 1.6:  # noqa: PLR2004 -- seconds
        sum(range(1000))


def _gain(world: World) -> None:
    done = subprocess.run([world.program, "-u"], capture_output=True, text=True, check=True)
    if done.stdout.strip() != "0" or os.getuid() == 0:
        raise PermissionError(0, "no rights were gained")


def _inspected(_: World) -> None:
    """Somebody else of the same user looks into this process."""
    target = os.getpid()
    pid = os.fork()
    if pid == 0:
        with suppress(OSError):
            os.close(os.open(f"/proc/{target}/mem", os.O_RDONLY))
            os._exit(0)
        os._exit(1)
    if os.waitpid(pid, 0)[1]:
        raise PermissionError(0, "its memory cannot be opened")


def _done(result: int) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


if __name__ == "__main__":
    main()
