"""Landlock: the files that a process may read or write, whatever its user may.

Also no TCP and no signals to outside, where the kernel is new enough to say so (ABI 4 and 6).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from grader.sandbox import linux

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION: Final = 1  # flag: only ask
_PATH_BENEATH: Final = 1

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG, _MAKE_SYM = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 12
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_READ: Final = _READ_FILE | _READ_DIR
_WRITE: Final = (
    _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_SYM | _REFER | _TRUNCATE
)
_OF_FILES: Final = _WRITE_FILE | _READ_FILE | _TRUNCATE  # what a rule about a single file may name
_KINDS: Final = {1: 13, 2: 14, 3: 15, 4: 15}  # kinds of access that each ABI knows; 16 from the fifth on
_EMPTYING_ABI: Final = 3
_NETWORK_ABI: Final = 4
_SCOPE_ABI: Final = 6
_ALL_OF_TWO: Final = 3  # bind and connect; abstract sockets and signals


def version() -> int:
    """The kernel's ABI; 0 where there is none."""
    try:
        return linux.call(_CREATE, None, 0, _VERSION)
    except OSError:
        return 0


def knows_emptying() -> bool:
    """Whether it keeps a file from being emptied by who may not write it."""
    return version() >= _EMPTYING_ABI


def restrict(readable: Sequence[str], writable: Sequence[str]) -> None:
    """Everything else is refused from now on; after no_new_privs. Raises OSError."""
    abi = version()
    known = (1 << _KINDS.get(abi, 16)) - 1
    size = 8 if abi < _NETWORK_ABI else 16 if abi < _SCOPE_ABI else 24
    rules = linux.call(_CREATE, struct.pack("QQQ", known, _ALL_OF_TWO, _ALL_OF_TWO)[:size], size, 0)
    try:
        for paths, access in ((readable, _READ), (writable, _WRITE)):
            for path in paths:
                _allow(rules, path, access & known)
        linux.call(_RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: str, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        given = access if Path(path).is_dir() else access & _OF_FILES
        linux.call(_ADD, rules, _PATH_BENEATH, struct.pack("=Qi", given, place), 0)
    finally:
        os.close(place)
