"""A filter of system calls: what honest code needs is allowed, all else is refused.

Refused calls fail with EPERM, which Python raises as PermissionError, but for those that only an
attack makes: they end the process. The filter is a program of the kernel's classic BPF; it sees
numbers, never what a pointer points to, so files are left to Landlock and the mounts.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from collections.abc import Iterable
from typing import Final

from grader.sandbox import linux

SUPPORTED: Final = linux.ON_LINUX and platform.machine() == "x86_64" and struct.calcsize("P") == 8  # noqa: PLR2004 -- bytes of a 64-bit address

# Allowed whatever their arguments are: x86-64's numbers.
ALLOWED: Final = {
    "read": 0, "write": 1, "open": 2, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "poll": 7, "lseek": 8,
    "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15,
    "pread64": 17, "pwrite64": 18, "readv": 19, "writev": 20, "access": 21, "pipe": 22, "select": 23,
    "sched_yield": 24, "mremap": 25, "msync": 26, "mincore": 27, "madvise": 28, "dup": 32, "dup2": 33,
    "pause": 34, "nanosleep": 35, "getitimer": 36, "alarm": 37, "setitimer": 38, "getpid": 39, "sendfile": 40,
    "sendto": 44, "recvfrom": 45, "shutdown": 48, "getsockname": 51, "getsockopt": 55, "exit": 60,
    "wait4": 61, "uname": 63, "fsync": 74, "fdatasync": 75, "truncate": 76, "ftruncate": 77, "getdents": 78,
    "getcwd": 79, "chdir": 80, "fchdir": 81, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86,
    "unlink": 87, "symlink": 88, "readlink": 89, "chmod": 90, "fchmod": 91, "umask": 95, "gettimeofday": 96,
    "getrlimit": 97, "getrusage": 98, "sysinfo": 99, "times": 100, "getuid": 102, "getgid": 104,
    "geteuid": 107, "getegid": 108, "getppid": 110, "getpgrp": 111, "getgroups": 115, "getresuid": 118,
    "getresgid": 120, "getpgid": 121, "getsid": 124, "capget": 125, "rt_sigpending": 127,
    "rt_sigtimedwait": 128, "rt_sigsuspend": 130, "sigaltstack": 131, "utime": 132, "statfs": 137,
    "fstatfs": 138, "getpriority": 140, "sched_getparam": 143, "sched_getscheduler": 145,
    "sched_get_priority_max": 146, "sched_get_priority_min": 147, "arch_prctl": 158, "gettid": 186,
    "readahead": 187, "futex": 202, "sched_getaffinity": 204, "getdents64": 217, "set_tid_address": 218,
    "restart_syscall": 219, "fadvise64": 221, "clock_gettime": 228, "clock_getres": 229,
    "clock_nanosleep": 230, "exit_group": 231, "epoll_wait": 232, "epoll_ctl": 233, "utimes": 235,
    "waitid": 247, "openat": 257, "mkdirat": 258, "futimesat": 261, "newfstatat": 262, "unlinkat": 263,
    "renameat": 264, "linkat": 265, "symlinkat": 266, "readlinkat": 267, "fchmodat": 268, "faccessat": 269,
    "pselect6": 270, "ppoll": 271, "set_robust_list": 273, "utimensat": 280, "epoll_pwait": 281,
    "eventfd2": 290, "epoll_create1": 291, "dup3": 292, "pipe2": 293, "preadv": 295,
    "pwritev": 296, "getcpu": 309, "renameat2": 316, "getrandom": 318, "membarrier": 324,
    "copy_file_range": 326, "preadv2": 327, "pwritev2": 328, "statx": 332, "rseq": 334, "close_range": 436,
    "faccessat2": 439,
}  # fmt: skip

# No program that computes ever makes these: whoever does is ended (SIGSYS).
DEADLY: Final = {
    "ptrace": 101, "syslog": 103, "vhangup": 153, "modify_ldt": 154, "pivot_root": 155, "chroot": 161,
    "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168,
    "reboot": 169, "iopl": 172, "ioperm": 173, "init_module": 175, "delete_module": 176, "quotactl": 179,
    "clock_settime": 227, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
    "unshare": 272, "perf_event_open": 298, "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308,
    "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313,
    "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431,
    "fsmount": 432, "fspick": 433, "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442,
}  # fmt: skip

# Of those, what a driver or a profiler might make.
_OF_DRIVERS: Final = frozenset(
    {"name_to_handle_at", "perf_event_open", "kcmp", "process_madvise", "userfaultfd"},
)

# Looked into.
_MMAP, _IOCTL, _SOCKETPAIR, _CLONE, _KILL, _FCNTL, _PRCTL = 9, 16, 53, 56, 62, 72, 157
_TKILL, _TGKILL, _PRLIMIT, _CLONE3, _FLOCK, _FALLOCATE = 200, 234, 302, 435, 73, 285
EXAMINED: Final = frozenset({_MMAP, _IOCTL, _SOCKETPAIR, _CLONE, _KILL, _FCNTL, _PRCTL, _TGKILL, _PRLIMIT})
_ATTRIBUTES: Final = range(188, 200)  # setxattr to fremovexattr: copying a file asks, and takes "none" well

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
_SHARED, _VALIDATED, _ANONYMOUS, _MAP_KIND = 1, 3, 0x20, 0x0F
_THREAD: Final = 0x10000
_AF_UNIX, _SOCK_STREAM, _SOCK_KIND = 1, 1, 0x0F
_SOCKET, _AF_NETLINK = 41, 16

_ARCHITECTURE: Final = 0xC000_003E
_FOREIGN: Final = 0x4000_0000  # from here on the numbers are x32's
_KILL_PROCESS, _ERRNO, _ALLOW = 0x8000_0000, 0x0005_0000, 0x7FFF_0000
_DONE = _ERRNO  # number 0: the call succeeds, and nothing happens
_SECCOMP, _SET_FILTER, _EVERY_THREAD = 317, 1, 1

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_Step = tuple[int, int, int, int]  # code, jump where true, jump where false, value


def program(pid: int) -> bytes:
    """The filter of the process `pid`, which may send signals to itself and nobody else."""
    steps: list[_Step] = [
        *_head(),
        *_each(ALLOWED.values(), _ALLOW),
        *_each(DEADLY.values(), _KILL_PROCESS),
        *_each((_CLONE3,), _ERRNO | errno.ENOSYS),  # its flags are behind a pointer; libraries then use clone
        *_each((*_ATTRIBUTES, _FALLOCATE), _ERRNO | errno.ENOTSUP),  # a file's space: then it is written
        *_each((_FLOCK,), _DONE),
    ]
    for number, body in _examined(pid).items():
        steps += [(_EQUAL, 0, len(body), number), *body]
    return _packed([*steps, _end(_ERRNO | errno.EPERM)])


def without_network() -> bytes:
    """A filter for processes that must do what is not known here, a driver's: all but the network is allowed.

    Also refused is what reaches into other processes or makes namespaces and mounts. Nothing is deadly.
    """
    refused = [number for name, number in DEADLY.items() if name not in _OF_DRIVERS]
    families = [_argument(0), *_each((_AF_UNIX, _AF_NETLINK), _ALLOW), _end(_ERRNO | errno.EPERM)]
    steps = [*_head(), *_each(refused, _ERRNO | errno.EPERM), (_EQUAL, 0, len(families), _SOCKET), *families]
    return _packed([*steps, _end(_ALLOW)])


def _head() -> list[_Step]:
    """Only x86-64's own table of calls; then the call's number is loaded."""
    return [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, _ARCHITECTURE),
        _end(_KILL_PROCESS),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, 0, 1, _FOREIGN),
        _end(_KILL_PROCESS),
    ]


def _packed(steps: list[_Step]) -> bytes:
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _examined(pid: int) -> dict[int, list[_Step]]:
    """What is decided by arguments."""
    return {
        _MMAP: _mmap(),
        _CLONE: [_argument(0), (_ANY_BIT, 0, 1, _THREAD), _end(_ALLOW), _end(_ERRNO | errno.EPERM)],
        _IOCTL: _one_of(1, _IOCTLS, errno.ENOTTY),
        _FCNTL: [_argument(1), *_each(_LOCKS, _DONE), *_one_of(1, _FCNTLS, errno.EPERM)],
        _PRCTL: _one_of(0, _PRCTLS, errno.EPERM),
        _KILL: _one_of(0, (pid,), errno.EPERM),
        _TGKILL: _one_of(0, (pid,), errno.EPERM),
        _PRLIMIT: _reading(),
        _SOCKETPAIR: _pair(),
    }


def _mmap() -> list[_Step]:
    """Shared memory without a file counts against no limit: none of it."""
    refuse = _end(_ERRNO | errno.ENOMEM)
    return [
        _argument(3),
        (_ANY_BIT, 1, 0, _ANONYMOUS),
        _end(_ALLOW),
        (_AND, 0, 0, _MAP_KIND),
        (_EQUAL, 2, 0, _SHARED),
        (_EQUAL, 1, 0, _VALIDATED),
        _end(_ALLOW),
        refuse,
    ]


def _reading() -> list[_Step]:
    """prlimit64 without new limits: the pointer to them is null in both halves."""
    refuse = _end(_ERRNO | errno.EPERM)
    return [
        _argument(2),
        (_EQUAL, 1, 0, 0),
        refuse,
        _argument(2, high=True),
        (_EQUAL, 1, 0, 0),
        refuse,
        _end(_ALLOW),
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
    if linux.call(_SECCOMP, _SET_FILTER, _EVERY_THREAD, head):
        raise OSError(errno.EBUSY, "a thread has a filter of its own")
