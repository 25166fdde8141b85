"""Numbers as people read them."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report import counterview, figures
from grader.results import Counterexample, Number, TensorView, number
from tests.report.samples import tensor


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (1.5, "1.5"), (2 / 3, "0.67"), (0.0, "0"), (10.0, "10"), (None, "\N{EN DASH}")],
)
def test_points_have_at_most_two_decimals(value: float | None, text: str) -> None:
    assert figures.points(value) == text


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float32_is_shown_so_that_it_reads_back_the_same(value: float) -> None:
    assert struct.pack("<f", float(figures.single(value))) == struct.pack("<f", value)


@given(st.decimals(min_value=-1000, max_value=1000, places=3))
def test_a_float32_made_of_a_short_decimal_is_shown_as_that_decimal(value: object) -> None:
    short = float(str(value))
    (stored,) = struct.unpack("<f", struct.pack("<f", short))

    assert float(figures.single(stored)) == short


@given(st.floats())
def test_a_float64_is_shown_so_that_it_reads_back_the_same(value: float) -> None:
    shown = float(figures.component(number(value), "float64"))

    assert struct.pack("<d", shown) == struct.pack("<d", value) or (math.isnan(shown) and math.isnan(value))


@pytest.mark.parametrize(
    ("view", "text"),
    [
        (tensor(0.64, shape=()), "0.64"),
        (tensor(1.0, -2.5), "[1.0, -2.5]"),
        (tensor(1.0, 2.0, 3.0, 4.0, shape=(2, 2)), "[[1.0, 2.0], [3.0, 4.0]]"),
        (tensor(shape=(0,)), "[]"),
        (tensor(1.0, 0.0, dtype="bool"), "[True, False]"),
        (tensor(3.0, dtype="int64"), "[3]"),
        (TensorView("float32", (2,), ("nan", "-inf")), "[nan, -inf]"),
        (tensor(1.0, shape=(7,)), "[1.0]"),
        (tensor(1e300), "[1e+300]"),
        (tensor(0.5, dtype="float8"), "[0.5]"),
    ],
)
def test_a_tensor_is_shown_as_nested_lists(view: TensorView, text: str) -> None:
    assert figures.values(view) == text


def test_expected_values_stand_in_the_precision_of_what_came_back() -> None:
    expected = tensor(0.6400000000000001, dtype="float64")

    assert figures.pair(expected, tensor(0.4399999976158142)) == ("[0.64]", "[0.44]")


def test_values_that_look_alike_are_shown_with_the_digits_that_differ() -> None:
    expected = tensor(0.1, dtype="float64")

    assert figures.pair(expected, tensor(0.10000000149011612)) == ("[0.1]", "[0.10000000149011612]")


def test_long_tensors_are_cut_with_the_place_where_they_differ() -> None:
    zeros, other = tensor(*[0.0] * 100), tensor(*[0.0] * 70, 5.0)

    expected, got = figures.pair(zeros, other)

    start = ", ".join(["0.0"] * 24)
    assert expected == f"{start} and 76 more values; the two first differ in value 70: 0.0"
    assert got == f"{start} and 47 more values; the two first differ in value 70: 5.0"


def test_a_tensor_that_is_the_start_of_another_ends_somewhere() -> None:
    expected, got = figures.pair(tensor(*[0.0] * 30), tensor(*[0.0] * 3))

    assert expected.endswith("and 6 more values; the two first differ in value 3: 0.0")
    assert got == "[0.0, 0.0, 0.0]; it ends before value 3"


@pytest.mark.parametrize(
    ("value", "bound", "text"),
    [
        (None, None, ""),
        ("inf", 0.0, "No rounding is allowed for here: the value must be exact."),
        ("inf", 2e-3, "The error is beyond all that honest rounding can explain."),
        ("inf", None, "The error is beyond all that honest rounding can explain."),
        ("nan", 2e-3, "The error is not a number."),
        (1.5, 2e-3, "The error is 1.5 times what honest rounding can explain."),
        (69905.07, 2e-3, "The error is 69,900 times what honest rounding can explain."),
        (4.2e8, None, "The error is 4.2e+08 times what honest rounding can explain."),
    ],
)
def test_a_distance_is_a_sentence(value: Number | None, bound: Number | None, text: str) -> None:
    assert figures.ratio(value, bound) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("case_cpu_seconds", 2.0, "case cpu: 2 s"),
        ("memory_bytes", 2.0**30, "memory: 1,024 MiB"),
        ("workers", 4.0, "workers: 4"),
    ],
)
def test_a_limit_has_its_unit(name: str, value: float, text: str) -> None:
    assert figures.limit(name, value) == text


@pytest.mark.parametrize(
    ("value", "bound", "told"),
    [
        (math.nan, 2e-3, "The error is beyond all that honest rounding can explain."),
        (0.75, 0.0, "No rounding is allowed for here: the value must be exact."),
    ],
)
def test_a_value_is_called_one_that_must_be_exact_only_where_its_bound_is_0(
    value: float, bound: float, told: str
) -> None:
    found = Counterexample("cpu", {}, "f()", tensor(0.5), tensor(value), None, "inf", None, bound=bound)

    assert counterview.counter(found, None, several=False).facts == (told,)
