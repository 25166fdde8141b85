"""Where a result with many numbers differs: the picture's words, its cells and its table."""

from __future__ import annotations

from grader.report import differencepicture
from grader.report.drawing import Key, PictureView, Stroke
from grader.results import Difference, Number


def drawn(shape: tuple[int, ...], expected: list[Number], got: list[Number], *wrong: int) -> PictureView:
    return differencepicture.picture(Difference("result[0]", shape, tuple(expected), tuple(got), wrong))


def changed(count: int, **others: Number) -> list[Number]:
    return [others.get(f"at{i}", 1.0) for i in range(count)]


def test_a_matrix_is_a_map_of_what_is_right_and_of_how_far_off_the_rest_is() -> None:
    found = drawn((3, 5), changed(15), changed(15, at6=3.0, at7=1.5, at8=2.0), 6, 8, 7)

    assert found.title == "Where result[0] differs"
    assert found.caption == "3 of 15 numbers are wrong, all in row 1. The furthest, at [1, 1], is off by 2."
    assert found.legend == (
        Key("heat0", "right"),
        Key("heat1", "off by up to 0.5"),
        Key("heat2", "off by up to 1"),
        Key("heat4", "off by up to 2"),
    )
    assert found.strokes[1:] == (
        Stroke("heat1", "M122 58h34v24h-34z"),
        Stroke("heat2", "M156 58h34v24h-34z"),
        Stroke("heat4", "M88 58h34v24h-34z"),
    )
    assert found.numbers.rows == (
        ("[1, 1]", "1", "3", "2"),
        ("[1, 3]", "1", "2", "1"),
        ("[1, 2]", "1", "1.5", "0.5"),
    )


def test_neighbours_of_one_shade_are_one_rectangle_of_a_row() -> None:
    found = drawn((2, 8), changed(16), [2.0] * 16, *range(16))

    assert found.strokes == (Stroke("heat4", "M54 34h272v24h-272zM54 58h272v24h-272z"),)
    assert found.caption == "16 of 16 numbers are wrong. The furthest, at [0, 0], is off by 1."


def test_a_number_that_is_none_is_the_darkest() -> None:
    found = drawn((3, 5), changed(15), changed(15, at5="nan"), 5)

    assert found.caption == "1 of 15 numbers is wrong. It, at [1, 0], is no number."
    assert found.strokes[-1] == Stroke("heat4", "M54 58h34v24h-34z")
    assert found.numbers.rows == (("[1, 0]", "1", "nan", "nan"),)


def test_many_numbers_in_a_row_are_counted_by_how_far_off_they_are() -> None:
    found = drawn((40,), changed(40), changed(40, at3=2.0, at9="inf"), 9, 3)

    assert found.title == "How far off result[0] is"
    assert found.caption == "2 of 40 numbers are wrong. The furthest, at [9], is no number."
    assert [one.style for one in found.strokes] == ["grid", "heat0", "heat4", "bound"]
    assert [one.text for one in found.labels if "finite" in one.text] == ["1 not finite"]
    assert found.legend == (Key("heat0", "right"), Key("heat4", "wrong"))


def test_a_matrix_too_large_for_a_map_is_counted() -> None:
    found = drawn((65, 2), changed(130), changed(130, at1=2.0, at3=2.0), 1, 3)

    assert found.title == "How far off result[0] is"
    assert found.caption == (
        "2 of 130 numbers are wrong, all in column 1. The furthest, at [0, 1], is off by 1."
    )


def test_of_very_many_wrong_numbers_the_table_has_the_furthest() -> None:
    found = drawn((5, 5), [0.0] * 25, [float(i) for i in range(25)], *range(24, 0, -1))

    assert found.numbers.rows[0] == ("[4, 4]", "0", "24", "24")
    assert (len(found.numbers.rows), found.numbers.more) == (12, "12 more numbers are wrong.")
