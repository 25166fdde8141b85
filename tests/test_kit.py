"""The kit's file: read as it was written, refused with a reason otherwise. Under 1 s."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import kit as kits
from grader.errors import GraderError
from grader.kit import Kit, Limits, LoadedKit, decode, encode, load
from grader.records import Tensor, Value
from tests.judging.build import case, criterion, exercise, kit_of, mistake, returned, step, tensor, trace

SMALL = kit_of(
    exercise(
        [case(0.5), case(0.5, repeats=0, trajectory=[tensor(1.0), tensor(0.5)])],
        [criterion("values", [0, 1]), criterion("sgd", [1], "optimiser")],
        [mistake("m", [returned(0.1), returned(0.2)], traces={1: trace(step([1.0], [0.2]))}, smallest=0)],
        [case(0.25)],
    ),
    devices=("cpu", "cuda"),
)
NO_BOUND = "a case has no bound for each number that is expected"
AGAIN = "Freeze the assignment again with this version: grader freeze -o FILE."


def refusal(data: bytes) -> tuple[str, str]:
    with pytest.raises(GraderError) as caught:
        decode(data, "hw.kit")
    assert caught.value.exit_code == 2
    return caught.value.message, caught.value.hint


def with_first(**changes: object) -> Kit:
    """The small kit with something in its exercise changed."""
    return msgspec.structs.replace(SMALL, exercises=(msgspec.structs.replace(SMALL.exercises[0], **changes),))


def with_case(**changes: object) -> Kit:
    """The small kit with something in its first case changed."""
    first, *others = SMALL.exercises[0].cases
    return with_first(cases=(msgspec.structs.replace(first, **changes), *others))


def with_mistake(**changes: object) -> Kit:
    """The small kit with something in its misconception changed."""
    known = SMALL.exercises[0].misconceptions[0]
    return with_first(misconceptions=(msgspec.structs.replace(known, **changes),))


def test_a_kit_is_read_as_it_was_written() -> None:
    data = encode(SMALL)

    assert decode(data, "hw.kit") == LoadedKit(SMALL, "sha256:" + hashlib.sha256(data).hexdigest())


def test_equal_kits_are_equal_bytes(kit: LoadedKit) -> None:
    data = encode(kit.kit)

    assert encode(decode(data, "hw.kit").kit) == data
    assert decode(data, "hw.kit").digest == kit.digest


def test_arguments_keep_the_order_of_the_call() -> None:
    arguments: dict[str, Value] = {"z": 1.0, "a": 2, "theta": tensor(1.0)}
    first, *others = SMALL.exercises[0].cases
    changed = with_first(cases=(msgspec.structs.replace(first, arguments=arguments), *others))

    read = decode(encode(changed), "hw.kit").kit.exercises[0].cases[0].arguments

    assert list(read.items()) == list(arguments.items())
    assert [type(value) for value in read.values()] == [type(value) for value in arguments.values()]


def test_points_and_effort_are_summed() -> None:
    assert (SMALL.max_score, SMALL.exercises[0].max_score, SMALL.exercises[0].effort) == (4.0, 4.0, 2.0)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"{}", b"\xc1", b"\x81\xa6schema\xa2\xff\xff", b"\x93\x01\x02\x03"]
)
def test_another_file_is_no_kit(data: bytes) -> None:
    assert refusal(data) == ("hw.kit: this is not a kit.", AGAIN)


def test_a_file_nested_without_end_is_no_kit() -> None:
    assert refusal(b"\x91" * 100_000) == ("hw.kit: this is not a kit.", AGAIN)


def test_a_kit_of_another_version_says_which() -> None:
    data = msgspec.msgpack.encode({"schema": "grader/kit/v9", "cases": []})

    assert refusal(data) == (
        "hw.kit: the kit has the format 'grader/kit/v9', this grader reads 'grader/kit/v4'.",
        AGAIN,
    )


def test_a_format_of_hostile_length_is_cut() -> None:
    message, _ = refusal(msgspec.msgpack.encode({"schema": "x" * 10_000}))

    assert message == f"hw.kit: the kit has the format {'x' * 40!r}, this grader reads 'grader/kit/v4'."


def test_a_kit_with_a_field_of_the_wrong_kind_is_damaged() -> None:
    plain = msgspec.to_builtins(SMALL, builtin_types=(bytes,))
    plain["exercises"][0]["cases"][0]["effort"] = "much"

    assert refusal(msgspec.msgpack.encode(plain)) == (
        "hw.kit: the kit is damaged: Expected `float`, got `str` - at `$.exercises[0].cases[0].effort`.",
        AGAIN,
    )


def test_a_kit_with_an_unknown_field_is_damaged() -> None:
    plain = {**msgspec.to_builtins(SMALL, builtin_types=(bytes,)), "seed": 7}

    assert refusal(msgspec.msgpack.encode(plain)) == (
        "hw.kit: the kit is damaged: Object contains unknown field `seed`.",
        AGAIN,
    )


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (with_first(cases=SMALL.exercises[0].cases[:1]), "it speaks of a case that is not there"),
        (with_case(repeats=-1), "it speaks of a case that is not there"),
        (
            with_first(misconceptions=(mistake("m", [returned(0.1)]),)),
            "a misconception does not answer every case",
        ),
        (with_case(criterion="sgd"), "a case has no criterion or no bound"),
        (with_case(bounds={}), "a case has no criterion or no bound"),
        (with_case(arguments={"theta": 1.0}), "a case has no tensor theta"),
        (with_case(expected=Tensor("float64", (2,), bytes(8))), "a tensor's bytes do not fit its shape"),
        (with_case(expected=Tensor("float64", (-1, -1), bytes(8))), "a tensor's bytes do not fit its shape"),
        (with_case(expected=Tensor("what", (0,), b"")), "a tensor's bytes do not fit its shape"),
        (with_case(bounds={"what": tensor(0.1)}), NO_BOUND),
        (with_case(bounds={"float64": Tensor("float64", (0,), b"")}), NO_BOUND),
        (with_case(dtype="what"), NO_BOUND),
        (with_case(shape=(3,)), NO_BOUND),
        (with_mistake(traces={7: trace()}), "it speaks of a case that is not there"),
        (
            with_mistake(tolerances=(Tensor("float64", (0,), b""), None)),
            "a misconception has no tolerance for each of its numbers",
        ),
        (
            with_mistake(traces={1: trace(msgspec.structs.replace(step([1.0], [0.2]), after=()))}),
            "a step has other parameters after it than before",
        ),
        (
            with_first(
                rubric=(
                    SMALL.exercises[0].rubric[0],
                    msgspec.structs.replace(SMALL.exercises[0].rubric[1], optimiser=None),
                )
            ),
            "a criterion names no optimiser",
        ),
    ],
)
def test_a_kit_that_does_not_fit_together_is_damaged(broken: Kit, why: str) -> None:
    name = SMALL.exercises[0].name

    assert refusal(encode(broken)) == (f"hw.kit: the kit is damaged: {name}: {why}.", AGAIN)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"devices": ()}, "it names no device"),
        ({"exercises": SMALL.exercises * 2}, "two exercises have one name"),
        (
            {"limits": Limits(case_cpu_seconds=0.0)},
            "Expected `float` > 0.0 - at `$.limits.case_cpu_seconds`",
        ),
        (
            {"limits": Limits(exercise_cpu_seconds=float("nan"))},
            "Expected `float` > 0.0 - at `$.limits.exercise_cpu_seconds`",
        ),
        ({"limits": Limits(memory_bytes=-1)}, "Expected `int` >= 1 - at `$.limits.memory_bytes`"),
    ],
)
def test_a_kit_that_nothing_can_be_graded_with_is_damaged(changes: dict[str, object], why: str) -> None:
    broken = msgspec.structs.replace(SMALL, **changes)

    assert refusal(encode(broken)) == (f"hw.kit: the kit is damaged: {why}.", AGAIN)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_a_damaged_kit_is_refused_or_has_another_digest(place: int, other: bytes) -> None:
    data = encode(SMALL)
    place %= len(data)
    damaged = data[:place] + other + data[place + len(other) :]

    try:
        read = decode(damaged, "hw.kit")
    except GraderError as error:
        assert error.message.startswith("hw.kit: ")  # noqa: PT017 -- either is right
    else:
        assert isinstance(read.kit, Kit)
        assert (read.digest == decode(data, "hw.kit").digest) == (damaged == data)


def test_a_kit_is_loaded_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "hw.kit"
    path.write_bytes(encode(SMALL))

    assert load(path).kit == SMALL


@pytest.mark.parametrize("what", ["nothing", "a folder"])
def test_a_kit_that_cannot_be_read_says_why(tmp_path: Path, what: str) -> None:
    path = tmp_path / "hw.kit"
    if what == "a folder":
        path.mkdir()

    with pytest.raises(GraderError) as caught:
        load(path)

    reason = "Is a directory" if what == "a folder" else "No such file or directory"
    assert caught.value.message == f"{path}: cannot read the kit: {reason}."
    assert caught.value.hint == "Name a file made by: grader freeze -o FILE."


def test_a_kit_holds_no_seed_and_no_code(kit: LoadedKit) -> None:
    data = encode(kit.kit)

    assert "seed" not in msgspec.to_builtins(kit.kit, builtin_types=(bytes,))
    assert b"def " not in data
    assert b"import torch" not in data
    assert kits.SCHEMA == "grader/kit/v4"
