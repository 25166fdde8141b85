"""The parts of overrides.csv that the page of corrections works with: together they are the file again."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import overrides
from grader.report import corrections
from grader.report.corrections import FileView
from tests.report import samples
from tests.report.test_clusters import class_of, did

HEADER = "student,exercise,score,comment\r\n"
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


def file_of(data: bytes) -> FileView | None:
    return corrections.data_of(samples.RESULTS, data).file


def whole(file: FileView) -> str:
    return file.before + "".join(piece.raw for piece in file.pieces)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=6), st.sampled_from(["\r\n", "\n", "\r"]))
def test_the_parts_of_any_table_are_the_table(rows: list[list[str]], ends: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=ends).writerows([["student", "exercise", "score", "comment"], *rows])
    data = text.getvalue().encode()

    file = file_of(data)

    assert file is not None
    assert whole(file).encode() == data
    read = {(one.student, one.exercise): one.score for one in file.pieces if one.student}
    assert read == {key: row.score for key, row in overrides.parse(data).rows.items()}


def test_a_file_in_another_encoding_becomes_utf_8_and_says_so() -> None:
    file = file_of("student;exercise;score\r\nJörg;x;1,5\r\n".encode("cp1252"))

    assert file is not None
    assert whole(file) == "\ufeffstudent;exercise;score\r\nJörg;x;1,5\r\n"
    assert [(one.student, one.score) for one in file.pieces] == [("Jörg", 1.5)]


def test_no_file_is_one_with_a_header_alone() -> None:
    file = file_of(b"")

    assert file is not None
    assert whole(file) == HEADER


@pytest.mark.parametrize(
    "data",
    [
        *(b"student,score\n", b'"', b"PK\x03\x04", b"\xff\xfe", b"\n\n"),
        "\ufeffstudent,exercise,score\n".encode("utf-16-le"),
    ],
)
def test_what_is_no_table_of_corrections_has_no_parts(data: bytes) -> None:
    assert file_of(data) is None


def test_who_made_the_same_mistake_stands_together_for_each_exercise() -> None:
    data = corrections.data_of(samples.RESULTS, b"")

    assert [one.name for one in data.exercises] == [samples.ONE, samples.TWO]
    assert [one.id for one in data.students] == ["s01", "s02", "s03", "s04", "s05"]
    told = [(data.exercises[one.exercise].name, tuple(one.students)) for one in data.mistakes]
    assert told[0] == (samples.TWO, (1,))


def test_who_fails_alike_stands_together_though_no_known_mistake_fits() -> None:
    alike = [did(name, "aa 0.44;bb") for name in ("s06", "s08")]
    results = class_of(samples.WRONG, alike[0], did("s07", "aa 7;bb"), alike[1])

    data = corrections.data_of(results, b"")
    shown = corrections.view(results, overrides.NONE, data).shared

    (same,) = [one for one in data.mistakes if not one.named]
    assert (same.title, list(same.students)) == ("Not passed: “many steps”, “the rates 0, 0.5 and 1”", [1, 3])
    assert data.exercises[same.exercise].name == samples.TWO
    assert [(one.title, one.told, one.count) for one in shown] == [
        (same.title, f"the same answers in {samples.TWO}, and no known mistake fits", 2)
    ]


@given(st.text(st.characters(codec=None)))
def test_nothing_in_the_data_can_end_the_element_that_it_stands_in(text: str) -> None:
    data = corrections.data_of(samples.RESULTS, b"", key=f"</script><!--{text}")

    encoded = "".join(corrections.encoded(data))

    assert encoded.isascii()
    assert not set("<>&\x7f") & set(encoded)
    assert json.loads(encoded)["key"] == data.key
