"""The student's own line for a mistake, from places that may be made up. Under 2 s."""

from __future__ import annotations

from typing import Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.diagnosis.findings import NEIGHBOURS, quote
from grader.records import Cell, ExerciseRun, Landmark, Place
from grader.results import Quote
from tests.judging.build import QUICK, run

SOURCE: Final = "import torch\n\ndef descend(theta, rate, steps):\n    loss.backward()\n    return theta\n"
CELLS: Final = (Cell("s01.py", None, SOURCE), Cell("s01.ipynb", 2, "a = 1\n\nb = 2"))


def at(line: int, file: str = "s01.py", cell: int | None = None) -> Place:
    return Place(file, cell, line)


LINES: Final = run([], place=at(3), landmarks={"definition": at(3), "backward": at(4), "return": at(5)})


def text(where: str | None, ran: ExerciseRun = LINES, raised: Place | None = None) -> str | None:
    found = quote(where, ran, CELLS, raised)
    return found.text if found else None


def test_the_line_is_quoted_without_its_indentation() -> None:
    assert quote("backward", LINES, CELLS) == Quote("s01.py", None, 4, "loss.backward()")


def test_a_line_of_a_cell_is_counted_in_the_cell() -> None:
    ran = run([], landmarks={"loop": at(3, "s01.ipynb", 2)})

    assert quote("loop", ran, CELLS) == Quote("s01.ipynb", 2, 3, "b = 2")


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("zero_grad", "loss.backward()"),
        ("loss", "loss.backward()"),
        ("step", "loss.backward()"),
        ("loop", "loss.backward()"),
        ("optimiser", "def descend(theta, rate, steps):"),
        ("return", "return theta"),
        ("definition", "def descend(theta, rate, steps):"),
    ],
)
def test_for_a_line_that_is_missing_a_neighbour_is_quoted(where: str, line: str) -> None:
    assert text(where) == line


def test_without_any_landmark_the_definition_is_quoted() -> None:
    assert text("loop", run([], place=at(3))) == "def descend(theta, rate, steps):"
    assert text("loop", run([])) is None


def test_a_mistake_without_a_line_quotes_none() -> None:
    assert text(None) is None
    assert text("elsewhere") is None


def test_the_line_that_raised_comes_before_all() -> None:
    assert text("loop", raised=at(5)) == "return theta"
    assert text(None, raised=at(5)) == "return theta"
    assert text("loop", raised=at(99)) == "loss.backward()"


@pytest.mark.parametrize(
    "place",
    [at(0), at(-1), at(99), at(2**63 - 1), at(2), at(3, "other.py"), at(3, "s01.py", 1), at(1, "s01.ipynb")],
)
def test_a_place_where_nothing_stands_is_passed_over(place: Place) -> None:
    assert text("return", run([], landmarks={"return": place})) is None
    assert text("return", run([], landmarks={"return": place, "definition": at(3)})) is not None


def test_every_landmark_has_its_neighbours() -> None:
    assert set(NEIGHBOURS) == set(get_args(Landmark))


places = st.builds(
    Place,
    file=st.sampled_from(["s01.py", "s01.ipynb", "", "x" * 100]),
    cell=st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(0, 3),
    line=st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 8),
)
cells = st.builds(
    Cell, file=st.sampled_from(["s01.py", "s01.ipynb"]), cell=st.none() | st.integers(0, 3), text=st.text()
)


@QUICK
@given(
    st.sampled_from([*get_args(Landmark), "elsewhere", None]),
    st.dictionaries(st.sampled_from(get_args(Landmark)), places),
    st.none() | places,
    st.lists(cells, max_size=3),
)
def test_no_made_up_place_breaks_anything(
    where: str | None, claims: dict[Landmark, Place], place: Place | None, source: list[Cell]
) -> None:
    found = quote(where, run([], place=place, landmarks=claims), source, place)

    if found is not None:
        assert found.text
        assert any(
            found.text == one.text.split("\n")[found.line - 1].strip()
            for one in source
            if (one.file, one.cell) == (found.file, found.cell)
        )
