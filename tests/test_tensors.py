"""Tensors as bytes, numbers, views and code to paste; numbers as JSON can hold them. About 5 s."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader import tensors
from grader.records import Items, Made, Table, Tensor, Value
from grader.results import TensorView, as_float, number
from grader.sandbox.values import record

QUICK = settings(deadline=None, max_examples=150)
INTEGERS = {"int64": 64, "int32": 32, "int16": 16, "int8": 8}
FLOATS = ("float64", "float32", "float16", "bfloat16")
SHAPES = st.sampled_from([(), (1,), (3,), (2, 2), (1, 1, 2), (0,), (0, 2), (2, 0)])


@st.composite
def any_tensor(draw: st.DrawFn) -> torch.Tensor:
    """Of every dtype, with every special value."""
    name = draw(st.sampled_from([*tensors.ITEM_SIZES]))
    shape = draw(SHAPES)
    count = math.prod(shape)
    elements: st.SearchStrategy[Any] = st.floats() | st.sampled_from(
        [0.0, -0.0, math.nan, math.inf, -math.inf]
    )
    if name in INTEGERS:
        half = 2 ** (INTEGERS[name] - 1)
        elements = st.integers(-half, half - 1)
    elif name == "uint8":
        elements = st.integers(0, 255)
    elif name == "bool":
        elements = st.booleans()
    values = draw(st.lists(elements, min_size=count, max_size=count))
    return torch.tensor(values, dtype=getattr(torch, name)).reshape(shape)


def evaluated(code: str) -> Any:
    return eval(code, {"torch": torch})  # noqa: S307 -- what a person would paste after `import torch`


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Bit by bit, but that any NaN is NaN."""
    if (one.dtype, one.shape) != (other.dtype, other.shape):
        return False
    nan = one.isnan()
    return bool((nan == other.isnan()).all()) and record(one[~nan]) == record(other[~nan])


@QUICK
@given(any_tensor())
def test_the_code_of_a_tensor_makes_the_same_bytes(tensor: torch.Tensor) -> None:
    assert same(evaluated(tensors.literal(record(tensor))), tensor)


@QUICK
@given(st.floats() | st.integers())
def test_the_code_of_a_number_makes_the_same_number(value: float) -> None:
    made = evaluated(tensors.literal(value))

    assert type(made) is type(value)
    assert made == value or (math.isnan(made) and math.isnan(value))
    assert math.copysign(1, made) == math.copysign(1, value) or math.isnan(value)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (torch.tensor(1.0), "torch.tensor(1.0)"),
        (torch.tensor([1.0, -2.5]), "torch.tensor([1.0, -2.5])"),
        (
            torch.tensor([[0.1], [0.2]], dtype=torch.float64),
            "torch.tensor([[0.1], [0.2]], dtype=torch.float64)",
        ),
        (torch.tensor(0.1), "torch.tensor(0.1)"),
        (torch.tensor([math.nan, -math.inf, -0.0]), "torch.tensor([float('nan'), float('-inf'), -0.0])"),
        (torch.tensor([True, False]), "torch.tensor([True, False], dtype=torch.bool)"),
        (torch.tensor(2**53 + 1), "torch.tensor(9007199254740993, dtype=torch.int64)"),
        (torch.empty(0, 2), "torch.empty((0, 2))"),
        (torch.empty(0, dtype=torch.int8), "torch.empty((0,), dtype=torch.int8)"),
    ],
)
def test_the_code_is_what_a_person_would_write(value: torch.Tensor, code: str) -> None:
    assert tensors.literal(record(value)) == code


@pytest.mark.parametrize(
    ("value", "code"), [(0.1, "0.1"), (3, "3"), (-0.0, "-0.0"), (math.nan, "float('nan')")]
)
def test_a_plain_number_is_written_as_it_is(value: float, code: str) -> None:
    assert tensors.literal(value) == code


def test_a_call_is_written_by_position_with_the_device_where_it_is_not_the_cpu() -> None:
    arguments: dict[str, Value] = {"theta": record(torch.tensor([1.0])), "rate": 0.1, "steps": 2}

    assert tensors.call("descend", arguments) == "descend(torch.tensor([1.0]), 0.1, 2)"
    assert tensors.call("f", arguments, "cuda") == "f(torch.tensor([1.0], device='cuda'), 0.1, 2)"
    assert tensors.call("f", {}) == "f()"


@QUICK
@given(any_tensor())
def test_both_ways_to_numbers_are_the_values(tensor: torch.Tensor) -> None:
    stored, wanted = record(tensor), tensor.double().reshape(-1).tolist()

    assert np.array_equal(tensors.numbers(stored), np.array(wanted), equal_nan=True)
    assert np.array_equal(tensors.floats(stored), np.array(wanted), equal_nan=True)
    assert all(type(x) is float for x in tensors.floats(stored))


@QUICK
@given(st.floats())
def test_a_number_in_single_precision_is_torchs(value: float) -> None:
    wanted = torch.tensor(value, dtype=torch.float64).float().item()

    assert np.array_equal(tensors.single(value), wanted, equal_nan=True)


def digits(number: str) -> str:
    """Its significant digits."""
    return number.partition("e")[0].replace(".", "").strip("-0")


@QUICK
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@example(999999986991104.0)  # 1e15, which is written with more zeros
def test_the_shortest_decimal_of_single_precision_reads_back_the_same(value: float) -> None:
    told = tensors.text([value], "float32", ())

    assert tensors.single(float(told)) == value
    assert len(digits(told)) <= len(digits(repr(value)))


@pytest.mark.parametrize(
    ("values", "dtype", "shape", "told"),
    [
        ([0.1], "float64", (), "0.1"),
        ([float(np.float32(0.1))], "float32", (1,), "[0.1]"),
        (
            [1e300],
            "float32",
            (),
            "1e+300",
        ),  # an expected value may be larger than what the case's dtype holds
        ([math.nan, math.inf], "float32", (2,), "[nan, inf]"),
        ([1.0, 0.0], "bool", (2,), "[True, False]"),
        ([3.0], "int64", (), "3"),
        ([1.0, 2.0, 3.0, 4.0], "float64", (2, 2), "[[1.0, 2.0], [3.0, 4.0]]"),
        ([], "float32", (0,), "[]"),
        ([], "float32", (2, 0), "[[], []]"),
        ([], "float32", (0, 2), "[]"),
    ],
)
def test_values_for_people(values: list[float], dtype: str, shape: tuple[int, ...], told: str) -> None:
    assert tensors.text(values, dtype, shape) == told


def test_a_view_keeps_every_digit_and_names_what_json_cannot_hold() -> None:
    stored = record(torch.tensor([0.1, math.nan]))

    assert tensors.view(stored) == TensorView("float32", (2,), (0.10000000149011612, "nan"))


@pytest.mark.parametrize(("value", "shown"), [(0.1, 0.1), (3, 3), (math.inf, "inf")])
def test_an_argument_is_shown_as_it_is(value: Value, shown: object) -> None:
    assert tensors.argument_view(value) == shown
    assert type(tensors.argument_view(value)) is type(shown)


def test_a_tensor_as_argument_is_shown_as_a_tensor() -> None:
    assert tensors.argument_view(record(torch.tensor(1.5))) == TensorView("float32", (), (1.5,))


def test_float64_makes_a_record() -> None:
    assert tensors.float64([0.5, 2.0], (2,)) == record(torch.tensor([0.5, 2.0], dtype=torch.float64))
    assert tensors.float64(0.5, ()) == Tensor("float64", (), np.float64(0.5).tobytes())


@QUICK
@given(st.floats())
def test_a_number_survives_json(value: float) -> None:
    written = msgspec.json.encode(number(value))

    read = as_float(msgspec.json.decode(written))
    assert read == value or (math.isnan(read) and math.isnan(value))


@pytest.mark.parametrize(
    ("value", "stored"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf"), (1.5, 1.5)]
)
def test_what_json_cannot_hold_is_a_word(value: float, stored: object) -> None:
    assert number(value) == stored


def test_arguments_that_are_long_are_named_in_a_sentence() -> None:
    large = tensors.float64([0.1234567890123456] * 8, (4, 2))
    made = Made("torch.randint(-2048, 2049, (64, 10), generator=torch.Generator().manual_seed(0)) / 1024")
    arguments: dict[str, Value] = {
        "X": large,
        "rate": 0.1,
        "sizes": Items((1,) * 20),
        "noise": made,
        "flags": Table({"a": True}),
    }

    assert tensors.brief({"x": 1.0, "n": 2}) == "(1.0, 2)"
    assert tensors.brief({"flags": Table({"a": True})}) == "(flags of length 1)"
    assert tensors.brief(arguments) == (
        "(X of shape (4, 2), rate=0.1, sizes of length 20, noise=torch.randint(...), flags of length 1)"
    )
