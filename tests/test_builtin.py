"""The kit in the wheel is the assignment in reference/ as it stands there today.

It is frozen by hand (`make builtin`), for a build needs no PyTorch, and not compared byte for byte: another
PyTorch, Hypothesis or processor draws other inputs, and many a change of the freezer changes no kit. What
is compared are its words, points and mistakes; that its own cases catch them is what `grader verify` says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader import kits, nearby
from grader.kit import Kit, LoadedKit
from grader.records import Protocol
from tests.cli.running import grader

STALE = "reference/ or the freezer has changed: make builtin"


@pytest.fixture(scope="module")
def shipped() -> LoadedKit:
    (name,) = nearby.builtins()
    assert name == "gradient-descent"
    return kits.load(nearby.kit_file(Path(f"{nearby.BUILTIN}{name}")))


def told(kit: Kit) -> Any:
    """What does not hang on the inputs that were drawn."""
    return [
        (kit.title, kit.devices, kit.limits, kit.quick, kit.made_with["grader"]),
        [
            (
                [exercise.name, exercise.title, exercise.statement, exercise.parameters],
                [
                    (one.id, one.title, one.points, one.kind, one.optimiser, one.part)
                    for one in exercise.rubric
                ],
                [(one.id, one.title, one.hint, one.teacher) for one in exercise.misconceptions],
            )
            for exercise in kit.exercises
        ],
    ]


def test_it_says_what_the_assignment_says(shipped: LoadedKit, kit: LoadedKit) -> None:
    assert told(shipped.kit) == told(kit.kit), STALE


def test_it_is_fit_to_grade() -> None:
    run = grader("verify", "--kit", "builtin:gradient-descent")

    assert run.code == 0, run.out
    assert run.out.endswith("\nFit to grade.\n")


def test_it_holds_no_solution(shipped: LoadedKit) -> None:
    """Nor any other source of its author's: there is no probe, and nothing makes arguments."""
    assert [exercise.protocol for exercise in shipped.kit.exercises] == [Protocol(), Protocol()]
