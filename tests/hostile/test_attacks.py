"""Each attack as a submission of its own, at each level that promises to stop it. About 30 seconds.

Every attack is bounded: what it may eat of processes, bytes and seconds where a wall were missing.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import msgspec
import pytest
from _pytest.mark import ParameterSet

from grader.sandbox.jobs import Level
from tests.hostile.attacking import CANARY, ROOT, attempt
from tests.hostile.conftest import Pools
from tests.hostile.proving import OF_NAME
from tests.sandbox import small

NOT_THERE: Final = r"raised: FileNotFoundError: \[Errno 2\] No such file or directory: .*"
NO_RIGHT: Final = r"raised: PermissionError: \[Errno 13\] Permission denied: .*"
REFUSED: Final = r"raised: PermissionError: \[Errno 1\] Operation not permitted"
ENDED: Final = r"refused: it made a system call that is refused here, and was ended \(SIGSYS\)"
NO_ROOM: Final = r"raised: OSError: \[Errno 28\] No space left on device"
SPENT: Final = r"timed_out: no end within 1 s of CPU time"
IDLE: Final = r"timed_out: no end within 3 s; it waits more than it computes"
HARMLESS: Final = r"Tensor"
NO_MEMORY: Final = r"out_of_memory: .*"
FLOODED: Final = r"flooded: more than 64 MiB printed"
SPOILT: Final = r"raised: (OSError: \[Errno 30\] Read-only file system|PermissionError: \[Errno 13\] .*): .*"
FULL: Final = r"refused: it wrote more than 128 MiB"
MANY: Final = r"refused: it made more than 8192 files"
HIDDEN: Final = r"refused: it made folders that cannot be looked into"
LEFT: Final = r"exited: the process was ended from within \(exit code {}\)"

Outcome = str | dict[Level, str]  # the answer as a pattern; by level where they differ

FILES: dict[str, tuple[str, Outcome]] = {
    "reading /etc/passwd": (
        "raise ValueError(open('/etc/passwd').read())",
        {"strict": NOT_THERE, "standard": NO_RIGHT},
    ),
    "reading the reference": (
        f"raise ValueError(open({str(ROOT / 'reference' / 'gradient_descent.py')!r}).read())",
        {"strict": NOT_THERE, "standard": NO_RIGHT},
    ),
    "reading the grader's own files": (
        f"raise ValueError(open({str(ROOT / 'grader' / 'kit.py')!r}).read())",
        {"strict": NOT_THERE, "standard": NO_RIGHT},
    ),
    "listing the class": (
        f"raise ValueError(os.listdir({str(ROOT / 'submissions')!r}))",
        {"strict": NOT_THERE, "standard": NO_RIGHT},
    ),
    "reading the memory of the parent": (
        f"raise ValueError(open('/proc/{os.getpid()}/mem', 'rb').read(1))",
        {"strict": NOT_THERE, "standard": NO_RIGHT},
    ),
    "reading its own memory map": (
        "raise ValueError(open('/proc/self/maps').read())",
        {"strict": NOT_THERE, "standard": NO_RIGHT},
    ),
    "looking into the processes": (
        "raise ValueError(os.listdir('/proc'))",
        {"strict": NOT_THERE, "standard": NO_RIGHT},
    ),
    "poisoning torch": (
        "open(torch.__file__, 'a').write('#')",
        SPOILT,
    ),
    "poisoning the standard library's bytecode": (
        "import json; open(json.__cached__, 'wb').write(b'')",
        SPOILT,
    ),
    "a file in the root": (
        "open('/x', 'w')",
        {"strict": r"raised: OSError: \[Errno 30\] Read-only file system: '/x'", "standard": NO_RIGHT},
    ),
    "a device of its own": ("os.mknod('disk', 0o60600, os.makedev(8, 0))", REFUSED),
    "leaving the root by chroot": ("os.chroot('.')", ENDED),
}

PROCESSES: dict[str, tuple[str, Outcome]] = {
    "a fork": ("if os.fork() == 0: os._exit(0)", REFUSED),
    "a fork bomb": ("for _ in range(50):\n    if os.fork() == 0: time.sleep(1)", REFUSED),
    "a shell": ("import subprocess; subprocess.run(['/bin/sh', '-c', 'id'])", REFUSED + ".*"),
    "another program": ("os.execv('/bin/sh', ['sh', '-c', 'id'])", REFUSED),
    "os.system": ("raise ValueError(os.system('id'))", r"raised: ValueError: (-1|32512)"),
    "a spawned process": ("os.posix_spawn('/bin/true', ['true'], {})", REFUSED + ".*"),
    "killing everything": ("os.kill(-1, signal.SIGKILL)", REFUSED),
    "killing its group": ("os.killpg(0, signal.SIGKILL)", REFUSED),
    "killing the zygote": ("os.kill(os.getppid() or 2, signal.SIGKILL)", REFUSED),
    "killing the parent": (f"os.kill({os.getpid()}, signal.SIGKILL)", REFUSED),
    "signals by a file's owner": (
        f"import fcntl; fcntl.fcntl(1, fcntl.F_SETOWN, {os.getpid()})",
        REFUSED,
    ),
    "tracing the parent": (f"ctypes.CDLL(None).ptrace(16, {os.getpid()}, 0, 0)", ENDED),
    "writing into the parent": ("ctypes.CDLL(None).syscall(311, 1, 0, 0, 0, 0, 0)", ENDED),
    "namespaces of its own": ("ctypes.CDLL(None).unshare(0x10000000)", ENDED),
    "io_uring": ("ctypes.CDLL(None).syscall(425, 1, 0)", ENDED),
    "a call of the x32 table": ("ctypes.CDLL(None).syscall(0x40000000 + 39)", ENDED),
    "becoming root": ("os.setuid(0)", REFUSED),
    "being inspectable": (
        "if ctypes.CDLL(None).prctl(4, 1, 0, 0, 0): raise PermissionError(1, os.strerror(1))",
        REFUSED,
    ),
    "a session that outlives it": ("os.setsid()", REFUSED),
    "raising its limits": (
        "import resource; resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))",
        r"raised: (ValueError: not allowed to raise maximum limit|PermissionError: .*)",
    ),
    "a typed-in command": ("import fcntl; fcntl.ioctl(0, 0x5412, b'x')", r"raised: OSError: \[Errno 25\] .*"),
}

SOCKETS: Final = {"unix": (1, 1), "TCP": (2, 1), "UDP": (2, 2), "TCP 6": (10, 1), "netlink": (16, 3),
                  "raw packets": (17, 3), "the machine below": (40, 1)}  # fmt: skip
NETWORK: dict[str, tuple[str, Outcome]] = {
    **{
        f"a socket for {name}": (f"import socket; socket.socket({family}, {kind})", REFUSED)
        for name, (family, kind) in SOCKETS.items()
    },
    "a name looked up": ("import socket; socket.getaddrinfo('localhost', 80)", r"raised: gaierror: .*"),
    "a download": (
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
        r"raised: URLError: .*",
    ),
    "a pair that could write to others": (
        "import socket; socket.socketpair(type=socket.SOCK_DGRAM)",
        REFUSED,
    ),
}


def _fill_disk(folder: str) -> str:
    """In files small enough for the limit of one."""
    return f"for i in range(80): open(f'{folder}/{{i}}', 'wb').write(bytes(2 << 20))"


EXHAUSTION: dict[str, tuple[str, Outcome]] = {
    "memory in small pieces": ("a = []\nfor _ in range(1000): a.append(bytearray(1 << 24))", NO_MEMORY),
    "memory in tensors": ("torch.ones(10 ** 9)", NO_MEMORY),
    "memory that is a file": ("os.memfd_create('x')", REFUSED),
    "shared memory that no limit counts": (
        "mmap.mmap(-1, 1 << 20)",
        r"raised: OSError: \[Errno 12\] Cannot allocate memory",
    ),
    "threads without end": (
        (
            "import threading\nthreading.stack_size(1 << 15)\n"  # or memory alone would bound them
            "try:\n"
            "    for _ in range(1000): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
            "except RuntimeError: raise ValueError(threading.active_count()) from None\n"
            "time.sleep(9)"
        ),
        {
            "strict": r"raised: ValueError: 256",
            "standard": r"refused: it started more than 256 threads",
            "none": r"refused: it started more than 256 threads",
        },
    ),
    "files without end": (
        "keep = [open(os.devnull) for _ in range(1000)]",
        r"raised: OSError: \[Errno 24\] Too many open files: .*",
    ),
    "one large file": (
        "with open('x', 'wb') as file:\n    for _ in range(100): file.write(bytes(1 << 20))",
        r"raised: OSError: \[Errno 27\] File too large",
    ),
    "the disk": (
        _fill_disk(".") + "\ntime.sleep(9)",
        {"strict": NO_ROOM, "standard": FULL, "none": FULL},
    ),
    "the disk, in files without a name": (
        (
            "for i in range(600):\n"
            "    with open('x', 'wb') as file: file.write(bytes(2 << 20))\n"
            "    os.remove('x')\n"
            "time.sleep(9)"
        ),
        {"standard": r"refused: it wrote more than 1024 MiB"},
    ),
    "the disk, without writing": (
        "os.posix_fallocate(os.open('x', os.O_RDWR | os.O_CREAT), 0, 1 << 27)",
        r"raised: OSError: \[Errno (27|95)\] (File too large|Operation not supported)",
    ),
    "the shared memory of files": (
        _fill_disk("/dev/shm"),  # noqa: S108 -- a link to the worker's own
        {"strict": NO_ROOM, "standard": NO_RIGHT},
    ),
    "the names of files": (
        (
            "os.close(os.open('x', os.O_CREAT))\n"
            "for i in range(10000): os.link('x', str(i))\n"  # quicker to make than files of their own
            "time.sleep(9)"
        ),
        {"strict": NO_ROOM + ": .*", "standard": MANY, "none": MANY},
    ),
    "folders deeper than a path": (
        "for _ in range(5000): os.mkdir('d' * 200); os.chdir('d' * 200)\ntime.sleep(9)",
        {"standard": HIDDEN, "none": HIDDEN},
    ),
    "a folder that nobody may enter": (
        "os.mkdir('x'); open('x/y', 'w'); os.chmod('x', 0)\nreturn initial_theta",
        HARMLESS,
    ),
    "a loop": ("while True: pass", SPENT),
    "a loop of a regular expression": ("re.match('(a+)+$', 'a' * 40 + 'b')", SPENT),
    "a number that takes hours": ("10 ** (10 ** 9)", SPENT + "|" + NO_MEMORY),
    "sleep": ("time.sleep(1000)", IDLE),
    "a loop that ignores signals": (
        (
            "for number in set(range(1, 65)) - {9, 19, 32, 33}: signal.signal(number, signal.SIG_IGN)\n"
            "while True: pass"
        ),
        SPENT,
    ),
    "stopping itself": (
        "os.kill(os.getpid(), signal.SIGSTOP); return initial_theta",
        {"strict": HARMLESS, "standard": IDLE, "none": IDLE},
    ),
    "a flood of output": ("while True: os.write(1, bytes(1 << 16))", FLOODED),
    "a flood of errors": ("while True: os.write(2, bytes(1 << 16))", FLOODED),
    "a flood of prints": ("while True: print('x' * 10 ** 6, file=sys.stderr)", FLOODED),
    "a giant message": ("raise ValueError('x' * 10 ** 7)", r"raised: ValueError: x{1000,2100}.*"),
    "a giant name of a class": ("raise type('X' * 10 ** 6, (Exception,), {})('y')", r"raised: X{20,2100}.*"),
    "giant notes": ("e = ValueError('x'); e.add_note('y' * 10 ** 7); raise e", r"raised: ValueError: x.*"),
    "a gigantic tensor that is one number": (
        "return initial_theta.expand(10 ** 12)",
        r"Tensor: a tensor of 1000000000000 elements",
    ),
}  # fmt: skip

CHEATING: dict[str, tuple[str, Outcome]] = {
    "torch that finds everything equal": (
        "torch.equal = torch.allclose = lambda *_, **__: True\nreturn initial_theta * 0 + 7",
        HARMLESS,
    ),
    "a tensor that lies": (
        (
            "class Liar(torch.Tensor):\n"
            "    def __torch_function__(self, *_, **__): return True\n"
            "    def __eq__(self, other): return True\n"
            "return initial_theta.as_subclass(Liar)"
        ),
        r"Liar: an? .*",
    ),
    "the records of the grader": (
        (
            "names = {type(o).__name__ for o in gc.get_objects()}\n"
            "raise ValueError(sorted(names & {'Kit', 'Exercise', 'Case', 'Misconception', 'Criterion'}))"
        ),
        r"raised: ValueError: \[\]",
    ),
    "the modules of the assignment": (
        "raise ValueError({'gradient_descent', 'grader.oracle', 'grader.exercises'} & set(sys.modules))",
        r"raised: ValueError: set\(\)",
    ),
    "the secrets of the environment": (
        "raise ValueError('canary' in str(os.environ))",
        r"raised: ValueError: False",
    ),
    "leaving early": ("os._exit(0)", LEFT.format(0)),
    "an exit code of ours": ("os._exit(97)", LEFT.format(97)),
    "a message that ends the process": (
        "class E(Exception):\n    def __str__(self): os._exit(0)\nraise E",
        LEFT.format(0) + "|raised: E: .*",
    ),
    "a crash": ("ctypes.string_at(0)", r"crashed: the process crashed \(SIGSEGV\)"),
    "an abort": ("os.abort()", r"crashed: the process crashed \(SIG(ABRT|SEGV)\)"),
    "all files closed": ("os.closerange(0, 100)", LEFT.format(1)),
    "garbage for a frame": (
        "os.write(4, b'garbage'); time.sleep(9)",
        r"protocol: its results were tampered with: a frame cannot begin with b'garb'",
    ),
    "a frame that a decoder's message would quote": (
        (
            "import msgspec, zlib; from grader import wire\n"
            "body = msgspec.msgpack.encode({'type': 'x' * (1 << 20) + '\\x1b]0;mine\\x07\\n::error::'})\n"
            "frame = memoryview(wire.HEAD.pack(wire.MAGIC, len(body), zlib.crc32(body)) + body)\n"
            "while frame: frame = frame[os.write(4, frame):]\n"
            "time.sleep(9)"
        ),
        r"protocol: its results were tampered with: a frame that cannot be read: [^\x00-\x1f]{20,200}",
    ),
    "a frame of its own, too many": (
        (
            "from grader import wire; from grader.records import Returned\n"
            "for _ in range(2): os.write(4, wire.encode(wire.Case(0, 0, Returned('Tensor', None))))\n"
            "time.sleep(9)"
        ),
        r"(protocol: its results were tampered with: .*|Tensor.*)",
    ),
    "the end, forged": (
        "from grader import wire\nos.write(4, wire.encode(wire.Done())); os._exit(0)",
        r"(protocol|exited): .*",
    ),
}  # fmt: skip

ATTACKS: Final = FILES | PROCESSES | NETWORK | EXHAUSTION | CHEATING
AT_NONE: Final = (EXHAUSTION.keys() | CHEATING.keys()) - {
    "memory that is a file", "shared memory that no limit counts", "the shared memory of files",
    "the disk, without writing",
}  # fmt: skip


OF_GROUP: Final = ((FILES, 3), (PROCESSES, 7), (NETWORK, 6), (EXHAUSTION, 12), (CHEATING, 2))


def _promise(name: str) -> int:
    return OF_NAME.get(name) or next(number for group, number in OF_GROUP if name in group)


def _rows() -> list[ParameterSet]:
    rows: list[tuple[Level, str]] = []
    for name, (_, outcome) in ATTACKS.items():
        stopped: tuple[Level, ...] = (
            ("strict", "standard", "none") if name in AT_NONE else ("strict", "standard")
        )
        rows += [(level, name) for level in stopped if isinstance(outcome, str) or level in outcome]
    return [
        pytest.param(level, name, marks=pytest.mark.promise(_promise(name)))
        for level, name in sorted(rows, key=lambda row: row[0])
    ]


@pytest.mark.parametrize(("level", "name"), _rows(), ids=lambda value: str(value).replace(" ", "-"))
def test_an_attack_reaches_nothing(pools: Pools, tmp_path: Path, level: Level, name: str) -> None:
    body, outcome = ATTACKS[name]
    pattern = outcome if isinstance(outcome, str) else outcome[level]

    answer, other = attempt(pools.at(level), tmp_path, body)

    assert re.fullmatch(pattern, answer, re.DOTALL), answer
    assert other == "Tensor", "one function's attack costs the other nothing"


BOMB: Final = """
end = time.monotonic() + 2
while time.monotonic() < end:
    if os.fork() and os.getpid() != BORN: time.sleep(0.02)
return initial_theta
"""


@pytest.mark.promise(7, "none")
def test_a_fork_bomb_without_walls_is_ended_by_its_number(pools: Pools, tmp_path: Path) -> None:
    answer, other = attempt(pools.at("none"), tmp_path, BOMB, "BORN = os.getpid()")

    assert answer in (
        "refused: it started more than 64 processes",
        "timed_out: no end within 1 s of CPU time",
    )
    assert other == "Tensor"


@pytest.mark.parametrize("level", ["strict", "standard", "none"])
def test_a_folder_of_traps_is_harmless(pools: Pools, tmp_path: Path, level: Level) -> None:
    """Links, pipes and modules that bear the names of others'."""
    (tmp_path / "passwd").symlink_to("/etc/passwd")
    (tmp_path / "above").symlink_to("/")
    os.mkfifo(tmp_path / "pipe")
    for name in ("torch.py", "sitecustomize.py", "conftest.py", "numpy.py"):
        (tmp_path / name).write_text("raise SystemExit('not this one')\n")
    body = (
        "import numpy\nraise ValueError(sorted(os.listdir()), numpy.__file__.endswith('numpy/__init__.py'))"
    )
    given = small.submission(tmp_path, small.first(body))

    execution = pools.at(level).run(msgspec.structs.replace(given, folder=tmp_path))

    found = "['conftest.py', 'numpy.py', 's01.py', 'sitecustomize.py', 'torch.py']"
    assert small.answers(execution.exercises[0]) == [f"raised: ValueError: ({found}, True)"]


SEARCH: Final = f"""
import struct
gc.unfreeze()
wanted = struct.pack('<f', {CANARY})
everything = gc.get_referents(*gc.get_objects())
FOUND = [part for part in everything if type(part) is bytes and wanted in part and part is not wanted]
"""


@pytest.mark.promise(1)
@pytest.mark.parametrize("level", ["strict", "standard", "none"])
def test_the_expected_values_are_nowhere_in_a_worker(pools: Pools, tmp_path: Path, level: Level) -> None:
    answer, _ = attempt(pools.at(level), tmp_path, "raise ValueError(len(FOUND))", SEARCH)

    assert answer == "raised: ValueError: 0"
