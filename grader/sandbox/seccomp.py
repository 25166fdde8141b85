"""A filter of system calls: what honest code needs is allowed, all else is refused.

Refused calls fail with EPERM, which Python raises as PermissionError, but for those that only an
attack makes: they end the process. The filter is a program of the kernel's classic BPF; it sees
numbers, never what a pointer points to, so files are left to Landlock and the mounts.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterable
from typing import Final

from grader.sandbox import linux, syscalls
from grader.sandbox.syscalls import Table

SUPPORTED: Final = syscalls.HERE is not None

_ALLOWED: Final = """
    read write open close stat fstat lstat poll lseek mprotect munmap brk rt_sigaction rt_sigprocmask
    rt_sigreturn pread64 pwrite64 readv writev access pipe select sched_yield mremap msync mincore
    madvise dup dup2 pause nanosleep getitimer alarm setitimer getpid sendfile sendto recvfrom shutdown
    getsockname getsockopt exit wait4 uname fsync fdatasync truncate ftruncate getdents getcwd chdir
    fchdir rename mkdir rmdir creat link unlink symlink readlink umask gettimeofday getrlimit getrusage
    sysinfo times getuid getgid geteuid getegid getppid getpgrp getgroups getresuid getresgid getpgid
    getsid capget rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack statfs fstatfs getpriority
    sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min arch_prctl gettid
    readahead futex sched_getaffinity getdents64 set_tid_address restart_syscall fadvise64 clock_gettime
    clock_getres clock_nanosleep exit_group epoll_wait epoll_ctl waitid openat mkdirat newfstatat unlinkat
    renameat linkat symlinkat readlinkat faccessat pselect6 ppoll set_robust_list epoll_pwait eventfd2
    epoll_create1 dup3 pipe2 preadv pwritev getcpu renameat2 getrandom membarrier copy_file_range
    preadv2 pwritev2 statx rseq close_range faccessat2
"""
ALLOWED: Final = tuple(_ALLOWED.split())
"""Allowed whatever their arguments are."""

METADATA: Final = ("chmod", "fchmod", "fchmodat", "fchmodat2", "utime", "utimes", "futimesat", "utimensat")
"""The mode and the times of a file: Landlock knows nothing of them, so where there is nothing else these are
answered and not done, which copying a file can bear."""

_DEADLY: Final = """
    ptrace syslog vhangup modify_ldt pivot_root chroot acct settimeofday mount umount2 swapon swapoff
    reboot iopl ioperm init_module delete_module quotactl clock_settime kexec_load add_key request_key
    keyctl unshare perf_event_open name_to_handle_at open_by_handle_at setns process_vm_readv
    process_vm_writev kcmp finit_module kexec_file_load bpf userfaultfd io_uring_setup io_uring_enter
    io_uring_register open_tree move_mount fsopen fsconfig fsmount fspick pidfd_getfd process_madvise
    mount_setattr
"""
DEADLY: Final = tuple(_DEADLY.split())
"""No program that computes ever makes these: whoever does is ended (SIGSYS)."""

# Of those, what a driver or a profiler might make.
_OF_DRIVERS: Final = frozenset(
    {"name_to_handle_at", "perf_event_open", "kcmp", "process_madvise", "userfaultfd"},
)

EXAMINED: Final = ("mmap", "ioctl", "socketpair", "clone", "kill", "fcntl", "prctl", "tgkill", "prlimit64")
ATTRIBUTES: Final = tuple(  # copying a file asks for them, and takes "none" well
    f"{of}{act}xattr" for act in ("set", "get", "list", "remove") for of in ("", "l", "f")
)
_IOCTLS: Final = (
    0x5401,
    0x5413,
    0x5421,
    0x5450,
    0x5451,
    0x541B,
)  # terminal? size, flags, bytes waiting
_FCNTLS: Final = (
    0,
    1,
    2,
    3,
    4,
    5,
    1030,
    1032,
)  # copies and flags
_LOCKS: Final = (6, 7, 37, 38)  # taking one: it would be a channel, so it is answered and not taken
_PRCTLS: Final = (3, 15, 16, 23, 39, 0x53564D41)  # names, and questions
_SHARED, _VALIDATED, _ANONYMOUS, _MAP_KIND, _GROWS_DOWN = 1, 3, 0x20, 0x0F, 0x100
_EMPTY, _ACCESS = 0x200, 3  # O_TRUNC, and the bits that say whether a file is opened to be written
_THREAD: Final = 0x10000
_AF_UNIX, _SOCK_STREAM, _SOCK_KIND = 1, 1, 0x0F
_AF_NETLINK: Final = 16

_FOREIGN: Final = 0x4000_0000  # from here on the numbers are x32's
_KILL_PROCESS, _ERRNO, _ALLOW = 0x8000_0000, 0x0005_0000, 0x7FFF_0000
_DONE = _ERRNO  # number 0: the call succeeds, and nothing happens
_SET_FILTER, _EVERY_THREAD = 1, 1

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_Step = tuple[int, int, int, int]  # code, jump where true, jump where false, value


def program(pid: int, *, modes: bool = True, emptying: bool = True, table: Table | None = None) -> bytes:
    """The filter of the process `pid`, which may send signals to itself and nobody else.

    Without `modes` it changes no file's mode and times; without `emptying` it empties only what it may write,
    which Landlock before its third version does not see to.
    """
    here = table or _here()
    examined = _examined(pid, modes=modes, emptying=emptying)
    allowed = [name for name in ALLOWED if name not in examined and (emptying or name != "truncate")]
    steps: list[_Step] = [
        *_head(here),
        *_each(here.of(allowed), _ALLOW),
        *_each(here.of(name for name in METADATA if name not in examined), _ALLOW if modes else _DONE),
        *_each(here.of(DEADLY), _KILL_PROCESS),
        *_each(
            here.of(["clone3"]), _ERRNO | errno.ENOSYS
        ),  # flags behind a pointer; libraries then use clone
        *_each(here.of((*ATTRIBUTES, "fallocate")), _ERRNO | errno.ENOTSUP),  # no space ahead: it is written
        *_each(here.of(["flock"]), _DONE),
    ]
    for name, body in examined.items():
        steps += [step for number in here.of([name]) for step in ((_EQUAL, 0, len(body), number), *body)]
    return _packed([*steps, _end(_ERRNO | errno.EPERM)])


def without_network(table: Table | None = None) -> bytes:
    """A filter for processes that must do what is not known here, a driver's: all but the network is allowed.

    Also refused is what reaches into other processes or makes namespaces and mounts. Nothing is deadly.
    """
    here = table or _here()
    refused = here.of(name for name in DEADLY if name not in _OF_DRIVERS)
    families = [_argument(0), *_each((_AF_UNIX, _AF_NETLINK), _ALLOW), _end(_ERRNO | errno.EPERM)]
    steps = [
        *_head(here),
        *_each(refused, _ERRNO | errno.EPERM),
        (_EQUAL, 0, len(families), here.numbers["socket"]),
        *families,
    ]
    return _packed([*steps, _end(_ALLOW)])


def _here() -> Table:
    if syscalls.HERE is None:
        raise OSError(errno.ENOSYS, "no filter of system calls is written for this machine")
    return syscalls.HERE


def _head(here: Table) -> list[_Step]:
    """Only the processor's own table of calls; then the call's number is loaded."""
    return [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, here.architecture),
        _end(_KILL_PROCESS),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, 0, 1, _FOREIGN),
        _end(_KILL_PROCESS),
    ]


def _packed(steps: list[_Step]) -> bytes:
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _examined(pid: int, *, modes: bool, emptying: bool) -> dict[str, list[_Step]]:
    """What is decided by arguments."""
    opening = {} if emptying else {"open": _opening(1), "openat": _opening(2)}
    touching = {} if modes else {"utimensat": _null(2, _ERRNO | errno.EPERM, _DONE)}
    return {
        **opening,
        **touching,
        "mmap": _mmap(),
        "clone": [_argument(0), (_ANY_BIT, 0, 1, _THREAD), _end(_ALLOW), _end(_ERRNO | errno.EPERM)],
        "ioctl": _one_of(1, _IOCTLS, errno.ENOTTY),
        "fcntl": [_argument(1), *_each(_LOCKS, _DONE), *_one_of(1, _FCNTLS, errno.EPERM)],
        "prctl": _one_of(0, _PRCTLS, errno.EPERM),
        "kill": _one_of(0, (pid,), errno.EPERM),
        "tgkill": _one_of(0, (pid,), errno.EPERM),
        "prlimit64": _null(2, _ALLOW, _ERRNO | errno.EPERM),  # a question: there are no new limits
        "socketpair": _pair(),
    }


def _mmap() -> list[_Step]:
    """Shared memory without a file, and what grows like a stack, do not count as memory that is written."""
    refuse = _end(_ERRNO | errno.ENOMEM)
    return [
        _argument(3),
        (_ANY_BIT, 0, 1, _GROWS_DOWN),
        refuse,
        (_ANY_BIT, 1, 0, _ANONYMOUS),
        _end(_ALLOW),
        (_AND, 0, 0, _MAP_KIND),
        (_EQUAL, 2, 0, _SHARED),
        (_EQUAL, 1, 0, _VALIDATED),
        _end(_ALLOW),
        refuse,
    ]


def _opening(flags: int) -> list[_Step]:
    """Not to empty a file that is not opened to be written: no right was asked for."""
    return [
        _argument(flags),
        (_AND, 0, 0, _EMPTY | _ACCESS),
        (_EQUAL, 2, 0, _EMPTY),
        (_EQUAL, 1, 0, _EMPTY | _ACCESS),
        _end(_ALLOW),
        _end(_ERRNO | errno.EPERM),
    ]


def _null(index: int, null: int, otherwise: int) -> list[_Step]:
    """By a pointer. A time that is none is now: who makes a file that way must hear that it is not there."""
    other = _end(otherwise)
    return [
        _argument(index),
        (_EQUAL, 1, 0, 0),
        other,
        _argument(index, high=True),
        (_EQUAL, 1, 0, 0),
        other,
        _end(null),
    ]


def _pair() -> list[_Step]:
    """A stream between two ends of one's own, for asyncio; a datagram socket could write to others."""
    refuse = _end(_ERRNO | errno.EPERM)
    return [
        _argument(0),
        (_EQUAL, 1, 0, _AF_UNIX),
        refuse,
        _argument(1),
        (_AND, 0, 0, _SOCK_KIND),
        (_EQUAL, 1, 0, _SOCK_STREAM),
        refuse,
        _end(_ALLOW),
    ]


def _one_of(argument: int, values: Iterable[int], error: int) -> list[_Step]:
    return [_argument(argument), *_each(values, _ALLOW), _end(_ERRNO | error)]


def _each(numbers: Iterable[int], action: int) -> list[_Step]:
    return [step for number in numbers for step in ((_EQUAL, 0, 1, number), _end(action))]


def _argument(index: int, *, high: bool = False) -> _Step:
    """Load a half of an argument, the lower one unless asked otherwise."""
    return (_LOAD, 0, 0, 16 + 8 * index + 4 * high)


def _end(action: int) -> _Step:
    return (_RETURN, 0, 0, action)


def load(code: bytes) -> None:
    """For every thread of this process; no way back. After no_new_privs. Raises OSError."""
    held = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(held))
    if linux.call(_here().numbers["seccomp"], _SET_FILTER, _EVERY_THREAD, head):
        raise OSError(errno.EBUSY, "a thread has a filter of its own")
