"""Cells are replaced in a table, and every other byte of it stays."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from grader import sheets
from grader.errors import GraderError

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=6)
CELL = st.one_of(TEXT, st.sampled_from(['"', ",", ";", "\r\n", "\n", "", 'a"b', "1,5", "=1+1", " x "]))


def written(rows: list[list[str]], delimiter: str, end: str, quoted: bool) -> str:
    file = io.StringIO(newline="")
    csv.writer(
        file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    ).writerows(rows)
    return file.getvalue()


@given(
    st.integers(2, 4).flatmap(
        lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=2, max_size=5)
    ),
    st.sampled_from(",;\t"),
    st.sampled_from(["\r\n", "\n"]),
    st.booleans(),
    st.booleans(),
    st.data(),
)
def test_what_is_filled_is_read_back_and_nothing_else_has_changed(
    rows: list[list[str]], delimiter: str, end: str, quoted: bool, bom: bool, data: st.DataObject
) -> None:
    rows[0] = [f"column {place}" for place in range(len(rows[0]))]
    text = written(rows, delimiter, end, quoted)
    sheet = sheets.parse((b"\xef\xbb\xbf" if bom else b"") + text.encode(), "a.csv")
    filled = [place for place, row in enumerate(rows) if any(cell.strip() for cell in row)]
    assert [[cell.text for cell in row.cells] for row in sheet.rows] == [rows[place] for place in filled]
    row = data.draw(st.integers(1, len(sheet.rows) - 1)) if len(sheet.rows) > 1 else 0
    column = data.draw(st.integers(0, len(rows[0]) - 1))
    new = data.draw(CELL)
    cell = sheet.rows[row].cells[column]

    after = sheet.filled({(row, column): new})

    whole = sheet.text.encode()
    before, behind = sheet.text[: cell.start].encode(), sheet.text[cell.end :].encode()
    assert after.startswith(before)
    assert after.endswith(behind)
    assert sheet.filled({}) == whole
    rows[filled[row]][column] = new
    read = list(csv.reader(io.StringIO(after.decode("utf-8-sig"), newline=""), delimiter=delimiter))
    assert [each for each in read if any(one.strip() for one in each)] == [
        each for each in rows if any(one.strip() for one in each)
    ]


def test_a_row_that_was_cut_short_gets_its_missing_cells() -> None:
    sheet = sheets.parse(b"id,name,mark\ns01\n", "a.csv")

    assert sheet.filled({(1, 2): "5"}) == b"id,name,mark\ns01,,5\n"


def test_two_cells_beyond_the_end_of_a_row_stand_in_their_columns() -> None:
    sheet = sheets.parse(b"a,b,c,d,e\r\n1\r\n", "x.csv")

    assert sheet.filled({(1, 2): "3", (1, 4): "5,0"}) == b'a,b,c,d,e\r\n1,,3,,"5,0"\r\n'


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("Student;ID;Mark, of a, b, c and d\nx;1;\n", ";"),
        ("Name;Mark (most, 20);Comment\nDoe, Jane;5\n", ";"),
        ('Name;"Mark, a, b"\n', ";"),
        ("a,b\n1;2;3,4\n", ","),
        ("\n\na\tb\tc, d\n1\t2\t3\n", "\t"),
        ("alone\n1,2\n", ","),
    ],
)
def test_cells_are_told_apart_by_what_two_lines_have_in_common(text: str, delimiter: str) -> None:
    assert sheets.parse(text.encode(), "x.csv").delimiter == delimiter


def test_a_file_that_a_spreadsheet_on_windows_saved_keeps_its_encoding() -> None:
    data = "Name;Note\r\nÉtu;\r\n".encode("cp1252")

    sheet = sheets.parse(data, "a.csv")

    assert (sheet.delimiter, sheet.rows[1].cells[0].text) == (";", "Étu")
    assert sheet.filled({(1, 1): "1,5"}) == "Name;Note\r\nÉtu;1,5\r\n".encode("cp1252")


@pytest.mark.parametrize("order", ["le", "be"])
def test_a_file_as_blackboard_gives_it_keeps_its_encoding(order: str) -> None:
    def data(mark: str) -> bytes:
        return f'\ufeff"Username"\t"Mark"\r\n"É𝜃"\t"{mark}"\r\n'.encode(f"utf-16-{order}")

    sheet = sheets.parse(data(""), "gc.xls")

    assert (sheet.columns, sheet.rows[1].value(0)) == (["Username", "Mark"], "É𝜃")
    assert sheet.filled({(1, 1): "20.00"}) == data("20.00")


def test_a_quoted_line_end_counts_as_a_line() -> None:
    sheet = sheets.parse(b'a,b\n"x\r\ny",1\nz,2\n', "a.csv")

    assert [row.line for row in sheet.rows] == [1, 2, 4]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a.csv: the file is empty."),
        (b" \n,,\n", "a.csv: the file is empty."),
        (b"\xff\xfe", "a.csv: the file is empty."),
        (b"\xff\xfea\0b", "a.csv: this is no CSV file; is it a workbook?"),
        (b"PK\x03\x04", "a.csv: this is no CSV file; is it a workbook?"),
        (b'a,b\n"x,1\n', "a.csv, line 2: no cell of a table: '\"x,1'."),
        (b'a,b\n1,"x"y\n', "a.csv, line 2: no cell of a table: '\"x\"y'."),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(GraderError) as error:
        sheets.parse(data, "a.csv")

    assert error.value.message == message


@given(st.binary(max_size=200))
@example(b'"')
@example(b"\r")
@example(b'a"b,c\n')
def test_no_bytes_are_lost_whatever_they_are(data: bytes) -> None:
    try:
        sheet = sheets.parse(data, "a.csv")
    except GraderError:
        assume(False)
        return
    assert sheet.filled({}) == data


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(GraderError, match=r"a\.csv: cannot be read: No such file or directory"):
        sheets.read(tmp_path / "a.csv")


def test_a_file_beyond_its_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "LIMIT", 1 << 20)
    (tmp_path / "a.csv").write_bytes(b"a,b\n" * (1 << 19))

    with pytest.raises(GraderError, match=r"a\.csv: has more than 1 MiB\."):
        sheets.read(tmp_path / "a.csv")
