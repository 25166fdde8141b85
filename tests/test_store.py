"""Results on disk: what is written reads back, whole or not at all, and no id is ever a path."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import store
from grader.errors import GraderError, HarnessError
from grader.results import Evidence, Number, Results, TensorView, as_float, number
from tests.report import samples
from tests.report.reading import filled

IDS: Final = st.one_of(st.text(min_size=1), st.text(alphabet="abAB01._- /\\", min_size=1, max_size=6))


@pytest.mark.parametrize("student", ["s01", "doe_jane", "a.b-c", "0", "_", "2026-11-22", "x" * 64])
def test_a_plain_id_stays_as_it_is(student: str) -> None:
    assert store.file_names([student]) == {student: student}


@pytest.mark.parametrize(
    ("student", "stem"),
    [
        ("S01", "S01-"),
        ("Doe, Jane", "Doe-Jane-"),
        ("../../etc/passwd", "etc-passwd-"),
        ("müller", "m-ller-"),
        ("漢字", "student-"),
        ("", "student-"),
        (".", "student-"),
        (".hidden", "hidden-"),
        ("con", "con-"),
        ("nul.txt", "nul-txt-"),
        ("a\x00b", "a-b-"),
        ("ends.", "ends-"),
        ("x" * 65, "x" * 40 + "-"),
        ("slug-0123456789ab", "slug-0123456789ab-"),
        ("\udcff", "udcff-"),
    ],
)
def test_anything_else_becomes_a_slug_and_a_hash(student: str, stem: str) -> None:
    made = store.file_name(student)

    assert re.fullmatch(r"[A-Za-z0-9_-]+-[0-9a-f]{12}", made)
    assert made.startswith(stem)


@given(st.lists(IDS, unique=True, max_size=8))
def test_students_stay_apart_even_where_case_is_not_told_apart(students: list[str]) -> None:
    names = store.file_names(students)

    assert len({name.lower() for name in names.values()}) == len(
        {store.spelled(student) for student in students}
    )
    assert all(
        re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name) and len(name) <= 64 for name in names.values()
    )
    assert all(name == store.file_name(student) for student, name in names.items())


def test_a_students_file_does_not_depend_on_the_rest_of_the_class() -> None:
    assert store.file_names(["s01", "S01"]) == {**store.file_names(["S01"]), **store.file_names(["s01"])}


NUMBERS: Final = st.floats().map(number)
TENSORS: Final = st.builds(
    TensorView, dtype=st.text(), shape=st.tuples(st.integers(0, 9)), values=st.lists(NUMBERS).map(tuple)
)


@given(st.floats())
def test_a_number_of_any_kind_survives(value: float) -> None:
    stored = number(value)
    read = msgspec.json.decode(msgspec.json.encode(stored), type=Number)

    assert as_float(read) == value or (value != value and as_float(read) != as_float(read))  # noqa: PLR0124 -- nan


@given(
    expected=TENSORS,
    got=st.none() | TENSORS,
    over=st.none() | NUMBERS,
    argument=TENSORS | NUMBERS | st.integers(-99, 99),
)
def test_results_of_any_numbers_read_back_as_they_were(
    expected: TensorView, got: TensorView | None, over: Number | None, argument: TensorView | Number | int
) -> None:
    found = msgspec.structs.replace(
        samples.COUNTEREXAMPLE,
        expected=expected,
        got=got,
        error_over_bound=over,
        arguments={"theta": argument},
    )
    exercise = msgspec.structs.replace(samples.WRONG_EXERCISE, counterexample=found)
    results = msgspec.structs.replace(samples.RESULTS, submissions=(samples.submission("s01", exercise),))

    assert msgspec.json.decode(store.encode(results), type=Results) == results


@given(st.text())
def test_results_of_any_text_read_back_but_for_lone_surrogates(text: str) -> None:
    results = filled(samples.RESULTS, lambda one: text + one)

    read = msgspec.json.decode(store.encode(results), type=Results)

    assert read == filled(results, store.spelled)


def test_results_and_evidence_are_written_and_read(tmp_path: Path) -> None:
    store.write_results(tmp_path / "new", samples.RESULTS)
    store.write_evidence(tmp_path / "new", "s02", samples.EVIDENCE)

    assert store.read_results(tmp_path / "new") == samples.RESULTS
    assert store.read_evidence(tmp_path / "new", "s02") == samples.EVIDENCE
    assert store.read_evidence(tmp_path / "new", "s99") is None
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.*")) == [
        "new/evidence/s02.json",
        "new/results.json",
    ]


def test_unknown_keys_of_a_later_version_are_ignored(tmp_path: Path) -> None:
    store.write_results(tmp_path, samples.RESULTS)
    path = tmp_path / "results.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"title"', '"new": [1], "title"'), encoding="utf-8"
    )

    assert store.read_results(tmp_path) == samples.RESULTS


def test_results_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(GraderError) as caught:
        store.read_results(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path}/results.json: there are no results here.\n"
        "  Name the folder that grader grade wrote: its -o DIR."
    )
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is damaged: Input data was truncated."),
        (b'{"schema": "grader/results/v1"', "the file is damaged: Input data was truncated."),
        (b"[]", "the file is damaged: Expected `object`, got `array`."),
        (
            b'{"schema": "grader/results/v1"}',
            "the file is damaged: Object missing required field `assignment`.",
        ),
        (
            b'{"schema": "grader/results/v9"}',
            "the file has the format 'grader/results/v9', this grader reads 'grader/results/v1'.",
        ),
        (b'{"schema": "\xff"}', None),
        (b"[" * 100_000, None),
    ],
)
def test_damaged_results_are_told_with_what_to_do(tmp_path: Path, data: bytes, told: str | None) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(data)

    with pytest.raises(GraderError) as caught:
        store.read_results(tmp_path)

    assert told is None or caught.value.message == f"{path}: {told}"
    assert caught.value.message.startswith(f"{path}: the file ")
    assert caught.value.hint == f"Grade the class again: grader grade SUBMISSIONS -o {tmp_path}"


def test_damaged_evidence_is_told_with_what_to_do(tmp_path: Path) -> None:
    store.write_evidence(tmp_path, "s02", samples.EVIDENCE)
    path = store.evidence_path(tmp_path, "s02")
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(GraderError) as caught:
        store.read_evidence(tmp_path, "s02")

    assert caught.value.message == f"{path}: the file is damaged: Input data was truncated."
    assert caught.value.hint == (
        "Delete it to report without it, or grade this student again: grader grade SUBMISSIONS --student ID"
    )


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(GraderError) as caught:
        store.write_results(tmp_path / "file", samples.RESULTS)

    assert str(caught.value) == (
        f"{tmp_path}/file/results.json: cannot be written: File exists.\n"
        "  Name a place that you may write to and that has room: -o."
    )


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "results.json").mkdir()

    with pytest.raises(GraderError) as caught:
        store.read_results(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path}/results.json: cannot be read: Is a directory.\n"
        "  Make it readable, or name another folder."
    )


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "results.json").mkdir()
    (tmp_path / "results.json" / "full").write_bytes(b"")

    with pytest.raises(GraderError):
        store.write_results(tmp_path, samples.RESULTS)

    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def test_a_link_in_the_folder_is_replaced_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "results.json").symlink_to(outside)

    store.write_results(folder, samples.RESULTS)

    assert outside.read_bytes() == b"mine"
    assert store.read_results(folder) == samples.RESULTS


def test_a_bare_nan_is_a_fault_of_ours_and_not_written_as_null() -> None:
    broken: Evidence = msgspec.structs.replace(
        samples.EVIDENCE,
        exercises=(
            msgspec.structs.replace(
                samples.EVIDENCE.exercises[0],
                cases=(msgspec.structs.replace(samples.case(1, "x"), expected=samples.tensor(float("nan"))),),
            ),
        ),
    )

    with pytest.raises(HarnessError, match=r"Evidence cannot be stored: Expected"):
        store.encode(broken)


def test_files_are_readable_by_others_as_the_user_has_set(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        store.write_results(tmp_path, samples.RESULTS)
    finally:
        os.umask(old)

    assert (tmp_path / "results.json").stat().st_mode & 0o777 == 0o644


def test_a_file_whose_making_fails_leaves_what_was_there_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "pages.zip"
    path.write_bytes(b"before")

    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write_pieces(path, pieces())

    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("pages.zip", b"before")]


def test_no_file_takes_the_place_of_a_pipe_or_a_device(tmp_path: Path) -> None:
    """`-o /dev/null` of an administrator would take the device from everybody."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    with pytest.raises(GraderError) as caught:
        store.write_bytes(path, b"marks")

    assert caught.value.message == f"{path}: this is a device or a pipe, and a file would take its place."
    assert [(one.name, one.is_fifo()) for one in tmp_path.iterdir()] == [("pipe", True)]
