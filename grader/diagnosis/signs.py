"""Mistakes that no value shows, read from how calls end, what comes back, and who took the steps.

A sign is what can be seen, told as such: "takes 2 parameters, 3 are passed", "raises for tensors without
dimensions", "the steps are taken by Adam". It claims nothing about values, so it comes after the
programs that do, and speaks only of what these left open. The four kinds of signs
are in the order in which they are worth telling.
"""

from __future__ import annotations

from grader.diagnosis import endings, memory, precision, returns
from grader.diagnosis.candidates import Candidate
from grader.diagnosis.seen import Seen


def candidates(seen: Seen) -> tuple[Candidate, ...]:
    """Every sign there is; those that explain nothing are left to `diagnose` to pass over."""
    return (
        *endings.candidates(seen),
        *memory.candidates(seen),
        *precision.candidates(seen),
        *returns.candidates(seen),
    )
