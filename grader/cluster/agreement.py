"""Who may take part: every worker has to grade as every other would, and what differs is told by name."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Final

import msgspec

from grader.errors import GraderError
from grader.report.head import Head
from grader.results import Stored

COMPARED: Final = {"torch-grader": "grader", "torch": "torch", "distributed": "distributed"}
"""Packages in which a worker must be as the parent is, and what they are called."""


class Told(Stored, frozen=True, tag="told"):
    """The worker's sandbox stands."""

    head: Head
    key: str


class Refused(Stored, frozen=True, tag="refused"):
    """The worker does not grade, and why."""

    text: str
    hint: str


Answer = Told | Refused


def key(head: Head) -> str:
    """Of this process: equal where versions are, and the marks and what is said of the run would be."""
    versions = [_public(version(package)) for package in COMPARED]
    return hashlib.sha256(msgspec.json.encode((versions, _compared(head)))).hexdigest()[:16]


def _compared(head: Head) -> dict[str, object]:
    """Not what only describes a machine: its system, its hardware, when it began."""
    it = head.environment
    return {
        "kit": head.assignment.digest,
        "grader": it.grader,
        "Python": _minor(it.python),
        "torch": _public(it.torch),
        "isolation": it.isolation.level,
        "layers that are missing": ", ".join(it.isolation.missing),
        "devices": ", ".join(one.name for one in head.devices if one.graded),
        "limits": str(it.limits),
    }


def agreed(answers: Mapping[str, Answer]) -> Told:
    """What all workers grade with. Raises GraderError for one that refuses or differs, by its name."""
    told = {}
    for worker, answer in answers.items():
        if isinstance(answer, Refused):
            raise GraderError(f"Worker {worker} does not grade: {answer.text}", answer.hint)
        told[worker] = answer
    first, one = next(iter(told.items()))
    for worker, other in told.items():
        _refuse_difference(first, _compared(one.head), worker, _compared(other.head))
    return one


def _refuse_difference(first: str, one: dict[str, object], worker: str, other: dict[str, object]) -> None:
    for what, value in one.items():
        if other[what] != value:
            raise GraderError(
                f"Two workers would grade differently: {what} is {value or 'nothing'} at {first}, "
                f"and {other[what] or 'nothing'} at {worker}.",
                "Make them alike, stop one of them, or ask for what both have: --isolation, --device.",
            )


def refuse_other_versions(worker: str, found: Mapping[str, str | None]) -> None:
    """Raises GraderError where a worker's packages or Python are not the parent's."""
    for package, called in COMPARED.items():
        theirs, ours = found[package], version(package)
        if theirs is None:
            raise GraderError(
                f"Worker {worker} has no {called}, and {ours} is here.",
                f"Install it there: pip install 'torch-grader[cluster]=={version('torch-grader')}'.",
            )
        if _public(theirs) != _public(ours):
            raise GraderError(*_differs(worker, called, theirs, ours))
    if _minor(found["python"] or "") != _minor(platform.python_version()):
        raise GraderError(*_differs(worker, "Python", found["python"], platform.python_version()))


def _differs(worker: str, called: str, theirs: str | None, ours: str) -> tuple[str, str]:
    return (
        f"Worker {worker} has {called} {theirs}, and {ours} is here.",
        "Grade with the same versions everywhere: one environment, or one container image.",
    )


def _public(version: str) -> str:
    """Without which build it is: `2.6.0+cu124` is `2.6.0`, for CPU and GPU builds mix in a cluster."""
    return version.partition("+")[0]


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
