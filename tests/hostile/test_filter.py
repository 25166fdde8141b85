"""The filter's program on both processors: run by an interpreter of its own, call by call. At once.

So what is decided on a machine that is not at hand is seen on any other. The numbers here are written a
second time, by hand, from the kernel's tables.
"""

from __future__ import annotations

import errno
import struct
from pathlib import Path
from typing import Final

import pytest

from grader.sandbox import seccomp, syscalls
from grader.sandbox.syscalls import AARCH64, X86_64, Table

pytestmark = pytest.mark.promise(14, "strict", "standard")
PID: Final = 7
X86, ARM, ARM_32 = 0xC000_003E, 0xC000_00B7, 0x4000_0028
ALLOW, KILL, DONE = "allowed", "ended", "answered"
EPERM, ENOMEM, ENOSYS, ENOTTY, ENOTSUP = errno.EPERM, errno.ENOMEM, errno.ENOSYS, errno.ENOTTY, errno.ENOTSUP
GROWS, ANONYMOUS, PRIVATE, SHARED = 0x100, 0x20, 2, 1

# A call's name, its number on x86-64 and on aarch64 (None: it has none), its arguments, and what comes of it.
Row = tuple[str, int | None, int, tuple[int, ...], str | int]
ROWS: Final[tuple[Row, ...]] = (
    ("read", 0, 63, (), ALLOW),
    ("openat", 257, 56, (0, 0, 0x200), ALLOW),
    ("getrandom", 318, 278, (), ALLOW),
    ("newfstatat", 262, 79, (), ALLOW),
    ("exit_group", 231, 94, (), ALLOW),
    ("faccessat2", 439, 439, (), ALLOW),
    ("clone, a thread", 56, 220, (0x3D0F00,), ALLOW),
    ("clone, a process", 56, 220, (17,), EPERM),
    ("clone3", 435, 435, (), ENOSYS),
    ("fork", 57, 1079, (), EPERM),
    ("execve", 59, 221, (), EPERM),
    ("socket", 41, 198, (2, 2), EPERM),
    ("socketpair, a stream", 53, 199, (1, 0x80001), ALLOW),
    ("socketpair, datagrams", 53, 199, (1, 2), EPERM),
    ("connect", 42, 203, (), EPERM),
    ("msgget", 68, 186, (), EPERM),
    ("shmget", 29, 194, (), EPERM),
    ("memfd_create", 319, 279, (), EPERM),
    ("mknodat", 259, 33, (), EPERM),
    ("ptrace", 101, 117, (), KILL),
    ("unshare", 272, 97, (), KILL),
    ("mount", 165, 40, (), KILL),
    ("bpf", 321, 280, (), KILL),
    ("process_vm_writev", 311, 271, (), KILL),
    ("io_uring_setup", 425, 425, (), KILL),
    ("kill, oneself", 62, 129, (PID,), ALLOW),
    ("kill, another", 62, 129, (1,), EPERM),
    ("kill, everybody", 62, 129, (0xFFFF_FFFF,), EPERM),
    ("tgkill, another", 234, 131, (1,), EPERM),
    ("tkill", 200, 130, (PID,), EPERM),
    ("pidfd_send_signal", 424, 424, (), EPERM),
    ("ioctl, a size", 16, 29, (0, 0x5413), ALLOW),
    ("ioctl, a typed key", 16, 29, (0, 0x5412), ENOTTY),
    ("fcntl, a copy", 72, 25, (0, 1030), ALLOW),
    ("fcntl, a lock", 72, 25, (0, 6), DONE),
    ("fcntl, an owner", 72, 25, (0, 8), EPERM),
    ("flock", 73, 32, (), DONE),
    ("prctl, a name", 157, 167, (15,), ALLOW),
    ("prctl, inspectable", 157, 167, (4, 1), EPERM),
    ("prlimit64, a question", 302, 261, (0, 7, 0), ALLOW),
    ("prlimit64, a new limit", 302, 261, (0, 7, 1), EPERM),
    ("prlimit64, a new limit far up", 302, 261, (0, 7, 1 << 40), EPERM),
    ("mmap, private", 9, 222, (0, 0, 3, PRIVATE | ANONYMOUS), ALLOW),
    ("mmap, a file that is shared", 9, 222, (0, 0, 3, SHARED), ALLOW),
    ("mmap, shared", 9, 222, (0, 0, 3, SHARED | ANONYMOUS), ENOMEM),
    ("mmap, shared and validated", 9, 222, (0, 0, 3, 3 | ANONYMOUS), ENOMEM),
    ("mmap, one that grows", 9, 222, (0, 0, 3, PRIVATE | ANONYMOUS | GROWS), ENOMEM),
    ("mmap, one that grows over a file", 9, 222, (0, 0, 1, PRIVATE | GROWS), ENOMEM),
    ("fsetxattr", 190, 7, (), ENOTSUP),
    ("fallocate", 285, 47, (), ENOTSUP),
    ("fchownat", 260, 54, (), EPERM),
    ("no call yet", 470, 470, (), EPERM),
)
MODES: Final = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
}  # fmt: skip
# How a file is opened, and what comes of it where Landlock does not know of emptying.
OPENINGS: Final = {0: ALLOW, 1: ALLOW, 0x241: ALLOW, 0x202: ALLOW, 0x200: EPERM, 0x203: EPERM, 0x80203: EPERM}


def run(code: bytes, number: int, arguments: tuple[int, ...] = (), architecture: int = X86) -> str | int:
    """What the kernel would answer."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    steps = list(struct.iter_unpack("HBBI", code))
    at, value = 0, 0
    while True:
        kind, yes, no, operand = steps[at]
        at += 1
        if kind == 0x06:
            return _action(operand)
        if kind == 0x20:
            value = struct.unpack_from("<I", data, operand)[0]
        elif kind == 0x54:
            value &= operand
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[kind]
            at += yes if holds else no


def _action(value: int) -> str | int:
    if value in (0x7FFF_0000, 0x8000_0000, 0x0005_0000):
        return {0x7FFF_0000: ALLOW, 0x8000_0000: KILL, 0x0005_0000: DONE}[value]
    assert value & 0xFFFF_0000 == 0x0005_0000
    return value & 0xFFFF


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
def test_a_call_is_answered_alike_on_both_processors(row: Row) -> None:
    _, x86, arm, arguments, expected = row

    if x86 is not None:
        assert run(seccomp.program(PID, table=X86_64), x86, arguments) == expected
    assert run(seccomp.program(PID, table=AARCH64), arm, arguments, ARM) == expected


@pytest.mark.parametrize(
    ("table", "own", "other"), [(X86_64, X86, ARM), (AARCH64, ARM, X86), (AARCH64, ARM, ARM_32)]
)
def test_calls_of_another_processor_or_of_its_older_tables_end_the_process(
    table: Table, own: int, other: int
) -> None:
    for code in (seccomp.program(PID, table=table), seccomp.without_network(table)):
        assert run(code, table.numbers["read"], architecture=own) == ALLOW
        assert run(code, table.numbers["read"], architecture=other) == KILL
        assert run(code, 0x4000_0000 + table.numbers["read"], architecture=own) == KILL


@pytest.mark.parametrize("name", MODES)
def test_modes_and_times_are_answered_and_not_done_where_landlock_stands_alone(name: str) -> None:
    for number, table, architecture in zip(MODES[name], (X86_64, AARCH64), (X86, ARM), strict=True):
        if number is not None:
            apart, shared = seccomp.program(PID, table=table), seccomp.program(PID, modes=False, table=table)
            assert run(apart, number, architecture=architecture) == ALLOW
            assert run(shared, number, (1, 1, 1), architecture) == DONE


@pytest.mark.parametrize(("table", "architecture", "number"), [(X86_64, X86, 280), (AARCH64, ARM, 88)])
def test_who_touches_a_file_to_make_it_hears_that_it_is_not_there(
    table: Table, architecture: int, number: int
) -> None:
    shared = seccomp.program(PID, modes=False, table=table)

    assert run(shared, number, (0, 1, 0), architecture) == EPERM
    assert run(shared, number, (0, 1, 1 << 40), architecture) == DONE


@pytest.mark.parametrize(("flags", "expected"), OPENINGS.items())
def test_an_older_landlock_is_helped_out_where_a_file_would_be_emptied(
    flags: int, expected: str | int
) -> None:
    x86 = seccomp.program(PID, emptying=False, table=X86_64)
    arm = seccomp.program(PID, emptying=False, table=AARCH64)

    assert run(x86, 2, (0, flags)) == expected
    assert run(x86, 257, (0, 0, flags)) == expected
    assert run(arm, 56, (0, 0, flags), ARM) == expected
    assert (run(x86, 76), run(arm, 45, architecture=ARM)) == (EPERM, EPERM), "truncate"
    assert (run(x86, 77), run(arm, 46, architecture=ARM)) == (ALLOW, ALLOW), "ftruncate of what is open"


def test_a_newer_landlock_sees_to_that_itself() -> None:
    assert run(seccomp.program(PID, table=X86_64), 76) == ALLOW
    assert run(seccomp.program(PID, table=X86_64), 257, (0, 0, 0x200)) == ALLOW


@pytest.mark.parametrize(("table", "architecture", "socket"), [(X86_64, X86, 41), (AARCH64, ARM, 198)])
def test_a_driver_may_do_all_but_reach_out(table: Table, architecture: int, socket: int) -> None:
    code = seccomp.without_network(table)

    def answered(number: int, *arguments: int) -> str | int:
        return run(code, number, arguments, architecture)

    assert [answered(socket, family) for family in (1, 16, 2, 10)] == [ALLOW, ALLOW, EPERM, EPERM]
    assert answered(table.numbers["ptrace"]) == EPERM
    assert answered(table.numbers["mmap"], 0, 0, 3, SHARED | ANONYMOUS) == ALLOW


@pytest.mark.parametrize("table", [X86_64, AARCH64], ids=["x86_64", "aarch64"])
def test_no_number_stands_for_two_calls_and_the_program_fits_into_the_kernel(table: Table) -> None:
    decided = (*seccomp.ALLOWED, *seccomp.METADATA, *seccomp.DEADLY, *seccomp.EXAMINED)

    assert len(set(table.numbers.values())) == len(table.numbers)
    assert len(set(decided)) == len(decided)
    assert len(seccomp.program(1, modes=False, emptying=False, table=table)) // 8 < 4096


def test_only_calls_of_the_older_kind_have_no_number_on_aarch64() -> None:
    assert X86_64.numbers.keys() - AARCH64.numbers.keys() == {
        "open", "stat", "lstat", "poll", "access", "pipe", "select", "dup2", "pause", "alarm", "getdents",
        "rename", "mkdir", "rmdir", "creat", "link", "unlink", "symlink", "readlink", "chmod", "getpgrp",
        "utime", "arch_prctl", "epoll_wait", "utimes", "futimesat", "modify_ldt", "iopl", "ioperm",
    }  # fmt: skip
    assert AARCH64.numbers.keys() <= X86_64.numbers.keys()


@pytest.mark.skipif(not Path("/usr/include/asm-generic/unistd.h").exists(), reason="no headers of the kernel")
def test_the_numbers_of_aarch64_are_those_of_the_kernels_generic_table() -> None:
    lines = Path("/usr/include/asm-generic/unistd.h").read_text().splitlines()
    given = [line.split() for line in lines if line.startswith("#define __NR")]
    told = {parts[1].removeprefix("__NR_").removeprefix("__NR3264_"): parts[2] for parts in given}
    wide = {"newfstatat": "fstatat"}  # by another name where addresses have 64 bits

    differing = {
        name: number
        for name, number in AARCH64.numbers.items()
        if told.get(wide.get(name, name), str(number))
        not in (str(number), f"__NR3264_{wide.get(name, name)}")
    }

    assert differing == {}


def test_the_numbers_here_are_of_the_machine_that_this_is() -> None:
    assert syscalls.HERE in (X86_64, AARCH64, None)
