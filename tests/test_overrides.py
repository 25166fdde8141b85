"""An instructor's corrections: none is lost, and every row that cannot count is told with its line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import overrides
from grader.errors import GraderError
from grader.overrides import NONE, Override, Overrides
from grader.report import gradebook
from tests.report import samples

LOST = "so this row does not count."
HEADER = "student,exercise,score,comment\n"


def test_the_file_is_made_once_with_its_header_and_then_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "overrides.csv"
    overrides.create(path)
    assert path.read_bytes() == b"student,exercise,score,comment\r\n"
    assert overrides.read(path) == NONE

    path.write_bytes(b"mine")
    overrides.create(path)
    assert path.read_bytes() == b"mine"


def test_no_file_corrects_nothing(tmp_path: Path) -> None:
    assert overrides.read(tmp_path / "overrides.csv") == NONE


def test_a_row_is_read_with_its_line() -> None:
    found = overrides.parse(f'{HEADER}\ns02,{samples.TWO},7.5,"nearly\nright"\ns01,x,0,\n'.encode())

    assert found == Overrides(
        rows={
            ("s02", samples.TWO): Override("s02", samples.TWO, 7.5, "nearly\nright", 3),
            ("s01", "x"): Override("s01", "x", 0.0, "", 5),
        }
    )


@pytest.mark.parametrize(
    "data",
    [
        "student;exercise;score;comment\r\ns02;x;7,5;sch\u00f6n\r\n".encode("cp1252"),
        "\ufeffstudent;exercise;score;comment\r\ns02;x;7,5;sch\u00f6n\r\n".encode(),
        "Student\tExercise\tScore\tComment\ns02\tx\t7.5\tsch\u00f6n\n".encode(),
        "comment,score,exercise,student,more\nsch\u00f6n,7.5,x,s02,\n".encode(),
        " student , exercise , score , comment \n s02 , x , 7.5 , sch\u00f6n \n".encode(),
    ],
)
def test_what_spreadsheets_write_is_read(data: bytes) -> None:
    assert overrides.parse(data) == Overrides(rows={("s02", "x"): Override("s02", "x", 7.5, "sch\u00f6n", 2)})


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        ("", ["overrides.csv, line 1: the file is empty, so nothing in it counts."]),
        (
            "student,points\ns01,3\n",
            [
                (
                    "overrides.csv, line 1: the header lacks exercise and score, so nothing in it counts; "
                    "it must be student,exercise,score,comment."
                )
            ],
        ),
        (f"{HEADER},x,3,\n", ["overrides.csv, line 2: the student is empty, so this row does not count."]),
        (f"{HEADER}s01,,3,\n", ["overrides.csv, line 2: the exercise is empty, so this row does not count."]),
        (f"{HEADER}s01\n", ["overrides.csv, line 2: the exercise is empty, so this row does not count."]),
        *(
            (
                f"{HEADER}\ns01,x,{score},\n",
                [f"overrides.csv, line 3: the score {score!r} is not a number of 0 or more, {LOST}"],
            )
            for score in ("", "ten", "-1", "nan", "inf", "1e999")
        ),
    ],
)
def test_a_row_that_cannot_count_is_told_with_its_line(text: str, warnings: list[str]) -> None:
    found = overrides.parse(text.encode())

    assert list(found.warnings) == warnings
    assert found.rows == {}


def test_a_bad_row_costs_only_itself() -> None:
    found = overrides.parse(f"{HEADER}s01,x,ten,\ns02,x,5,\n".encode())

    assert list(found.rows) == [("s02", "x")]
    assert len(found.warnings) == 1


def test_quotes_that_never_end_are_told_since_they_swallow_rows() -> None:
    found = overrides.parse(f'{HEADER}s01,x,5,\ns02,x,5,"open\ns03,x,5,\n'.encode())

    assert list(found.rows) == [("s01", "x")]
    assert found.warnings == (
        (
            "overrides.csv, line 3: not a row of a CSV file (unexpected end of data); "
            f"what follows in the same quotes is not read, {LOST}"
        ),
    )


def test_the_later_of_two_corrections_counts_and_both_are_told() -> None:
    found = overrides.parse(f"{HEADER}s01,x,5,\ns01,x,6,\n".encode())

    assert found.rows["s01", "x"].score == 6.0
    assert found.warnings == ("overrides.csv, line 2: line 3 corrects the same exercise and counts instead.",)


def test_corrections_of_what_is_not_there_are_told_with_the_nearest_name() -> None:
    found = overrides.parse(
        f"{HEADER}s1,{samples.ONE},5,\ns02,gradient_descent,5,\nzzzzzz,x,5,\ns01,{samples.ONE},11,bonus\n".encode()
    )

    checked = overrides.check(found, samples.RESULTS)

    assert checked.rows == found.rows
    assert checked.warnings == (
        "overrides.csv, line 2: there is no submission of 's1'; the nearest is 's01'.",
        (
            "overrides.csv, line 3: there is no exercise 'gradient_descent'; "
            "the nearest is 'gradient_descent_torch_optimiser'."
        ),
        "overrides.csv, line 4: there is no submission of 'zzzzzz'.",
        "overrides.csv, line 5: 11 is more than the 10 points there are; it counts as it stands.",
    )


def test_a_file_that_cannot_be_read_is_no_reason_to_forget_corrections(tmp_path: Path) -> None:
    with pytest.raises(GraderError) as caught:
        overrides.read(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path}: cannot read the corrections: Is a directory.\n"
        "  Make it readable, or move it away to report without corrections."
    )


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(GraderError, match=r"file/overrides\.csv: cannot be written: "):
        overrides.create(tmp_path / "file" / "overrides.csv")


def test_a_mark_without_corrections_is_what_the_grader_gave() -> None:
    for result in samples.CLASS:
        worth = overrides.mark(result, NONE)
        assert (worth.score, worth.graded, worth.corrected) == (result.score, result.score, False)


def test_a_corrected_mark_is_the_sum_of_what_counts() -> None:
    found = overrides.parse(f"{HEADER}s02,{samples.TWO},7.5,\ns05,{samples.ONE},4,\n".encode())

    wrong, fault = overrides.mark(samples.WRONG, found), overrides.mark(samples.HARNESS, found)

    assert (wrong.score, wrong.graded, wrong.corrected) == (17.5, 16.0, True)
    assert (fault.score, fault.graded, fault.corrected) == (
        None,
        None,
        True,
    )  # one exercise is still without a mark


@given(
    student=st.text(min_size=1).map(str.strip).filter(bool),
    score=st.floats(min_value=0, max_value=100),
    comment=st.text().map(str.strip),
)
def test_any_row_that_python_writes_is_read_back(student: str, score: float, comment: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([overrides.COLUMNS, (student, "x", score, comment)])

    try:
        data = file.getvalue().encode()
    except UnicodeEncodeError:  # a lone surrogate: no file holds one
        return
    found = overrides.parse(data)

    assert found.warnings == ()
    assert [(row.score, row.comment) for row in found.rows.values()] == [(score, comment)]


@given(st.binary(max_size=300))
def test_no_bytes_whatever_break_the_reader(data: bytes) -> None:
    for start in (b"", HEADER.encode()):
        found = overrides.parse(start + data)
        overrides.check(found, samples.RESULTS)


def test_an_id_copied_from_the_gradebook_is_understood() -> None:
    strange = msgspec.structs.replace(samples.WRONG, student="=s02")
    found = overrides.parse(f"{HEADER}{gradebook.cell('=s02')},{samples.TWO},7.5,\n".encode())

    assert overrides.mark(strange, found).score == 17.5
