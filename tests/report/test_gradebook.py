"""grades.csv: what a spreadsheet opens, and what it must not compute."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.overrides import parse
from grader.report import gradebook
from tests.report import samples


def test_the_whole_gradebook(tmp_path: Path) -> None:
    overrides = parse(
        f"student,exercise,score\ns02,{samples.TWO},7.5\ns05,{samples.ONE},4\ns05,{samples.TWO},0\n".encode()
    )

    path = gradebook.write(tmp_path, samples.RESULTS, overrides)

    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert path.name == "grades.csv"
    assert data.decode("utf-8-sig") == (
        "student,score,max_score,status,gradient_descent_torch_optimiser,"
        "gradient_descent_norm_torch_optimiser,corrected\r\n"
        "s01,20,20,graded,10,10,\r\n"
        "s02,17.5,20,graded,10,7.5,gradient_descent_norm_torch_optimiser (was 6)\r\n"
        "s03,0,20,load_failed,0,0,\r\n"
        "s04,10,20,graded,10,0,\r\n"
        "s05,4,20,harness,4,0,gradient_descent_torch_optimiser (was no mark); "
        "gradient_descent_norm_torch_optimiser (was no mark)\r\n"
    )


def test_a_fault_of_the_grader_is_an_empty_cell_and_no_zero() -> None:
    results = msgspec.structs.replace(samples.RESULTS, submissions=(samples.HARNESS,))

    assert gradebook.table(results).splitlines()[1] == "s05,,20,harness,,,"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("s01", "s01"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'=1"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        ("\uff1d1", "'\uff1d1"),
        ("|cmd", "'|cmd"),
        ("a=1", "a=1"),
        ("a\nb", "a b"),
        ("\u202e=1", r"\u202e=1"),
    ],
)
def test_no_cell_is_a_formula(text: str, safe: str) -> None:
    assert gradebook.cell(text) == safe


@given(st.text(min_size=1))
def test_any_student_is_one_row_of_plain_text(student: str) -> None:
    one = msgspec.structs.replace(samples.RIGHT, student=student)
    table = gradebook.table(msgspec.structs.replace(samples.RESULTS, submissions=(one,)))

    rows = list(csv.reader(io.StringIO(table, newline="")))

    assert len(rows) == 2
    assert rows[1][1:4] == ["20", "20", "graded"]
    assert rows[1][0].lstrip()[:1] not in list("=+-@")
    table.encode("utf-8")  # no lone surrogates
