"""Whatever the values are, coordinates are finite and inside of the frame."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report.scales import Axis, coordinate, domain, tick_text, ticks, whole_ticks

ANY = st.lists(st.floats(), max_size=12)


@given(ANY, ANY, st.floats())
def test_any_value_has_a_place_between_the_ends_of_its_axis(
    trusted: list[float], others: list[float], value: float
) -> None:
    axis = Axis(*domain(trusted, others), start=200.0, end=10.0)

    assert -math.inf < axis.low < axis.high < math.inf
    for one in (value, *trusted, *others):
        assert 10.0 <= axis.at(one) <= 200.0


@given(ANY, ANY)
def test_what_is_trusted_is_never_cut(trusted: list[float], others: list[float]) -> None:
    axis = Axis(*domain(trusted, others), start=0.0, end=1.0)

    assert not any(axis.cuts(one) for one in trusted if abs(one) <= 1e100)


@given(ANY, ANY)
def test_ticks_lie_on_the_axis_and_their_labels_differ(trusted: list[float], others: list[float]) -> None:
    low, high = domain(trusted, others)

    found = ticks(low, high)

    assert 2 <= len(found) <= 12
    assert all(low - 1e-9 * abs(low) <= one <= high + 1e-9 * abs(high) for one in found)
    assert len({tick_text(one) for one in found}) == len(found)


@pytest.mark.parametrize(
    ("trusted", "others", "wanted"),
    [
        ([1.0, 0.0], [0.5, -0.5], (-0.59, 1.09)),  # both, and some room
        ([1.0, 0.0], [1e30, math.nan, math.inf], (-0.06, 1.06)),  # too far from it: cut
        ([0.0, 0.0], [3.0, 4.0], (-0.24, 4.24)),  # nothing to go by but the student's
        ([2.0], [2.0], (1.0, 3.0)),
        ([], [], (-1.0, 1.0)),
    ],
)
def test_an_axis_spans_the_reference_and_what_is_near_it(
    trusted: list[float], others: list[float], wanted: tuple[float, float]
) -> None:
    assert domain(trusted, others) == pytest.approx(wanted)


def test_round_numbers_make_ticks() -> None:
    assert [tick_text(one) for one in ticks(-0.06, 1.06)] == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    assert [tick_text(one) for one in ticks(-3e5, 1.2e6)] == ["0", "500000", "1e+06"]
    assert tick_text(-0.25) == "\N{MINUS SIGN}0.25"


@given(st.integers(0, 500), st.integers(1, 500))
def test_labels_of_steps_are_few_and_among_the_steps(first: int, count: int) -> None:
    found = whole_ticks(first + count, first=first)

    assert len(found) <= 9
    assert all(first <= step <= first + count for step in found)


@pytest.mark.parametrize(("value", "text"), [(12.0, "12"), (12.04, "12"), (0.26, "0.3"), (-0.5, "-0.5")])
def test_a_coordinate_is_as_short_as_it_can_be(value: float, text: str) -> None:
    assert coordinate(value) == text
