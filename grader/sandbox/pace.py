"""Child side: how fast this machine is, so that a limit means an amount of work and not of seconds.

Limits of time are written in seconds of a reference machine: one that does the piece of work below in a
millisecond, as a fast server of 2025 does. The zygote measures once how much longer this machine takes, and
the parent multiplies every limit by that. On a faster machine nothing is taken off, so that "no end within
10 s" is true everywhere.
"""

from __future__ import annotations

import time
from typing import Final

REFERENCE: Final = 1e-3  # seconds of CPU that the reference machine takes
_ROUNDS: Final = 20_000
_TRIES: Final = 20  # the best of them: what disturbs a machine only ever makes it slower


def pace() -> float:
    """How many times as long as the reference machine this one takes; at least 1."""
    return max(1.0, min(_seconds() for _ in range(_TRIES)) / REFERENCE)


def _seconds() -> float:
    start = time.thread_time()
    _work()
    return time.thread_time() - start


def _work() -> float:
    """Numbers, small objects, a dictionary: programs on small tensors are bound by the interpreter."""
    total = 1.0
    seen: dict[int, tuple[float, int]] = {}
    for i in range(_ROUNDS):
        total = total * 0.999 + i
        seen[i & 63] = (total, i)
    return total
