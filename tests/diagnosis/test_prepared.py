"""What a session makes of a kit's exercise before the first student, and what it refuses. Under 1 s."""

from __future__ import annotations

import msgspec
import pytest

from grader import kit
from grader.descent.program import Minimised
from grader.diagnosis.prepared import Prepared
from grader.errors import GraderError
from tests.judging.build import case, criterion, exercise

AGAIN = "Freeze the assignment again with this version: grader freeze -o FILE."
ONE = exercise([case(0.8, start=[1.0], rate=0.1)], [criterion("values", [0])])


def asking(name: str, frozen: bytes) -> kit.Exercise:
    return msgspec.structs.replace(ONE, diagnosers={name: frozen})


def minimised(**names: str) -> bytes:
    known = {"moves": "theta", "rate": "rate", "steps": "steps", **names}
    return msgspec.msgpack.encode(Minimised(**known, gradients={1: ((0.0, 2.0),)}))


def test_a_diagnoser_is_made_of_its_part_of_the_kit() -> None:
    assert len(Prepared(asking("descent", minimised())).diagnosers) == 1


@pytest.mark.parametrize("frozen", [b"", minimised()])
def test_a_reference_that_is_no_descent_leaves_its_part_empty(frozen: bytes) -> None:
    assert len(Prepared(asking("descent", frozen)).diagnosers) == 1


def test_a_diagnoser_that_is_not_there_is_refused() -> None:
    with pytest.raises(GraderError) as error:
        Prepared(asking("softmax", b""))

    found = f"{ONE.name}: the kit asks for a diagnoser 'softmax'."
    assert (error.value.message, error.value.hint) == (found, AGAIN)


@pytest.mark.parametrize("frozen", [b"garbage", minimised(rate="speed"), minimised(moves="rate")])
def test_a_part_that_does_not_fit_the_exercise_is_damaged(frozen: bytes) -> None:
    with pytest.raises(GraderError) as error:
        Prepared(asking("descent", frozen))

    found = f"{ONE.name}: the kit's part for 'descent' is damaged."
    assert (error.value.message, error.value.hint) == (found, AGAIN)
