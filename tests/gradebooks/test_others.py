"""`grader export` for Gradescope, nbgrader, and any other table."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader.records import Origin, Person
from grader.report import gradescope as documents
from grader.report.html import Renderer
from grader.report.material import Material
from grader.results import SubmissionResult
from tests.cli.running import inside
from tests.gradebooks.reports import canvas, handed_in, report
from tests.report.samples import ONE


def gradescope(student: str, number: str, points: int = 20) -> SubmissionResult:
    people = (Person(student, "", f"{student}@example.org"),)
    return handed_in(student, Origin("gradescope", number, f"submission_{number}", people), points)


def nbgrader(student: str, points: int = 20) -> SubmissionResult:
    person, notebooks = (Person(id=student),), ("problem1.ipynb",)
    return handed_in(student, Origin("nbgrader", student, "ps1", person, notebooks=notebooks), points)


# --- Gradescope ------------------------------------------------------------------------------


def test_the_autograder_hands_each_submission_its_stored_mark(tmp_path: Path) -> None:
    report(
        tmp_path / "report",
        gradescope("s01", "101"),
        gradescope("s02", "102", 10),
        gradescope("s03", "103", -1),
        handed_in("s04", None),
        corrections=f"s02,{ONE},3.5,asked\n",
    )

    run = inside("export", "gradescope", "--output", "autograder.zip", cwd=tmp_path)

    assert (run.code, run.out, run.err) == (
        0,
        "",
        (
            "Written: autograder.zip\n"
            "Not in it:\n"
            "  s03: has no mark, by a fault of the grader.\n"
            "  s04: was not handed in through Gradescope.\n"
        ),
    )
    root = tmp_path / "autograder"
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        assert archive.namelist() == ["setup.sh", "run_autograder", "results/101.json", "results/102.json"]
        assert [info.external_attr >> 16 for info in archive.infolist()] == [0o755, 0o755, 0o644, 0o644]
        archive.extractall(root / "source")
    assert [handed_out(root, number)["score"] for number in (101, 102)] == [20.0, 3.5]
    assert {one["visibility"] for one in handed_out(root, 102)["tests"]} == {"visible"}
    with pytest.raises(subprocess.CalledProcessError) as error:
        handed_out(root, 103)
    assert error.value.stderr == "Submission 103 was not graded: it is not in this autograder.\n"


@pytest.mark.parametrize(("broken", "code"), [(KeyboardInterrupt(), 130), (OSError(28, "No space left"), 2)])
def test_an_autograder_that_is_not_whole_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: BaseException, code: int
) -> None:
    report(tmp_path / "report", gradescope("s01", "101"), gradescope("s02", "102"))
    (tmp_path / "autograder.zip").write_bytes(b"the one before")
    beside = set[str]()
    made = documents.document

    def interrupted(material: Material) -> str:
        beside.update(path.name for path in tmp_path.iterdir())
        if material.results.submissions[0].student == "s02":
            raise broken
        return made(material)

    monkeypatch.setattr(documents, "document", interrupted)

    run = inside("export", "gradescope", "--output", "autograder.zip", cwd=tmp_path)

    assert run.code == code
    assert len(beside) == 3, "it is written as it is made"
    assert {path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()} == {
        "report": False,
        "autograder.zip": b"the one before",
    }


def test_a_dry_run_writes_no_autograder(tmp_path: Path) -> None:
    report(tmp_path / "report", gradescope("s01", "101"))

    run = inside("export", "gradescope", "--output", "autograder.zip", "--dry-run", cwd=tmp_path)

    assert (run.code, run.out, run.err) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def handed_out(root: Path, number: int) -> dict[str, Any]:
    """What Gradescope finds when it has run the autograder for a submission."""
    metadata = {"id": number, "assignment": {"id": 7, "title": "Homework"}, "users": [{"id": 1}]}
    (root / "submission_metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    script = [sys.executable, "source/run_autograder"]
    subprocess.run(script, cwd=root, check=True, capture_output=True, text=True)
    found = json.loads((root / "results" / "results.json").read_bytes())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("gradescope", "-o", "a.zip"),
            (
                "error: report: nobody there handed in through Gradescope.\n"
                "  help: Grade Gradescope's export: the assignment, Review Grades, Export Submissions.\n"
            ),
        ),
        (
            ("gradescope",),
            "error: An autograder is a zip, and needs a file.\n  help: Name it: --output FILE.\n",
        ),
        (
            ("nbgrader",),
            (
                "error: report: nobody there handed in through nbgrader.\n"
                "  help: Grade the course's folder, which holds submitted/, or export a plain table: grader "
                "export csv.\n"
            ),
        ),
    ],
)
def test_what_cannot_go_there_is_refused(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    report(tmp_path / "report", handed_in("s01", None))

    run = inside("export", *arguments, cwd=tmp_path)

    assert (run.code, run.out, run.err) == (2, "", message)


# --- nbgrader --------------------------------------------------------------------------------


def test_marks_are_written_as_nbgrader_exports_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Renderer, "student_page", lambda _, result, *__: f"page of {result.student}")
    report(
        tmp_path / "report",
        nbgrader("s01"),
        nbgrader("=s02", -1),
        handed_in("s03", None),
        corrections=f"s01,{ONE},9.5,\n",
    )

    run = inside("export", "nbgrader", "-o", "grades.csv", "--feedback", "feedback.zip", cwd=tmp_path)

    assert (run.code, run.err) == (
        0,
        (
            "Written: grades.csv\n"
            "Not in it:\n  s03: was not handed in through nbgrader.\n"
            "Without a page in the pack:\n  s03: no notebook of an nbgrader course was handed in.\n"
            "Written: feedback.zip, 2 pages\n"
        ),
    )
    assert (tmp_path / "grades.csv").read_text(encoding="utf-8") == (
        "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,"
        "late_submission_penalty,score,max_score\n"
        "ps1,,,s01,,,,19.5,0,19.5,20\n"
        "ps1,,,'=s02,,,,,0,,20\n"
    )
    with zipfile.ZipFile(tmp_path / "feedback.zip") as archive:
        assert archive.namelist() == [
            "feedback/s01/ps1/problem1.html",
            "feedback/=s02/ps1/problem1.html",
        ]


# --- any table -------------------------------------------------------------------------------


def test_all_that_is_known_is_written_as_a_table(tmp_path: Path) -> None:
    pair = Origin("gradescope", "9", "", (Person("A, 01", "01", "a@example.org"), Person("@B")), late=True)
    report(
        tmp_path / "report",
        handed_in("pair", pair, 10),
        canvas("=1+1", "1001", -1),
        handed_in("s03", None, 16),
        corrections=f"s03,{ONE},8,\n",
    )

    shown = inside("export", "csv", cwd=tmp_path)
    written = inside("export", "csv", "-o", "all.csv", cwd=tmp_path)

    assert (shown.code, written.code) == (0, 0)
    assert (tmp_path / "all.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert (tmp_path / "all.csv").read_bytes() == shown.out.encode()
    rows = list(csv.reader(io.StringIO(shown.out.removeprefix("\ufeff"))))
    assert rows == [
        ["student", "name", "id", "email", "score", "max_score", "status", "late", "corrected"],
        ["pair", "A, 01", "01", "a@example.org", "10", "20", "graded", "yes", ""],
        ["pair", "'@B", "", "", "10", "20", "graded", "yes", ""],
        ["'=1+1", "'=1+1", "1001", "", "", "20", "harness", "", ""],
        ["s03", "", "", "", "14", "20", "graded", "", "yes"],
    ]


BLACKBOARD = (
    '"Last Name"\t"Username"\t"Homework 1 [Total Pts: 20 Score] |12345"\n"01"\t"s01"\t""\n"02"\t"S02"\t""\n'
)


def test_any_table_is_filled_by_its_columns_names(tmp_path: Path) -> None:
    report(tmp_path / "report", handed_in("s01", None, 16), handed_in("s02", None), handed_in("s03", None))
    (tmp_path / "all.csv").write_text(BLACKBOARD, encoding="utf-8")
    grade = "Homework 1 [Total Pts: 20 Score] |12345"
    options = ("--gradebook", "all.csv", "--key", "Username", "--grade", grade)

    run = inside("export", "csv", *options, "--in-place", cwd=tmp_path)

    assert (run.code, run.out) == (
        0,
        (
            "2 marks filled in, 0 there already, 0 kept as they were.\n"
            "Students without a mark there:\n  s03: no row.\n"
            "Written: all.csv\n"
        ),
    )
    assert (tmp_path / "all.csv").read_text(encoding="utf-8") == BLACKBOARD.replace(
        '"s01"\t""', '"s01"\t"16.00"'
    ).replace('"S02"\t""', '"S02"\t"20.00"')


def test_a_table_where_two_columns_bear_the_name_is_refused(tmp_path: Path) -> None:
    report(tmp_path / "report", handed_in("u01", None))
    (tmp_path / "all.csv").write_text("id,Mark,mark\nu01,,\n", encoding="utf-8")

    options = ("--key", "id", "--grade", "Mark", "--in-place")
    run = inside("export", "csv", "--gradebook", "all.csv", *options, cwd=tmp_path)

    assert (run.code, run.err) == (
        2,
        (
            "error: there are 2 columns 'Mark'; found id, Mark, mark.\n  --> all.csv:1\n"
            "  help: Rename all but one of them, and back again afterwards.\n"
        ),
    )


def test_a_file_that_is_filled_in_its_place_keeps_its_readers_and_its_link(tmp_path: Path) -> None:
    report(tmp_path / "report", handed_in("u01", None))
    table = tmp_path / "shared.csv"
    table.write_text("id,Mark\nu01,\n", encoding="utf-8")
    table.chmod(0o600)
    (tmp_path / "all.csv").symlink_to("shared.csv")

    options = ("--key", "id", "--grade", "Mark", "--in-place")
    inside("export", "csv", "--gradebook", "all.csv", *options, cwd=tmp_path)

    assert (tmp_path / "all.csv").is_symlink()
    assert table.read_text(encoding="utf-8") == "id,Mark\nu01,20.00\n"
    assert table.stat().st_mode & 0o777 == 0o600


def test_cells_of_several_lines_and_formulas_are_kept_and_shown_in_a_line(tmp_path: Path) -> None:
    report(tmp_path / "report", handed_in("u01", None), handed_in("u02", None))
    text = 'id,Name,Mark\nu01,"one\n+two\r\nthree",\nu02,=1+1,=1+1\n'
    (tmp_path / "all.csv").write_bytes(text.encode())

    options = ("--key", "id", "--grade", "Mark")
    shown = inside("export", "csv", "--gradebook", "all.csv", *options, "--dry-run", cwd=tmp_path)
    inside("export", "csv", "--gradebook", "all.csv", *options, "--in-place", cwd=tmp_path)

    assert shown.out.splitlines()[2:7] == [
        "@@ line 2, u01 @@",
        '-u01,"one\\n+two\\r\\nthree",',
        '+u01,"one\\n+two\\r\\nthree",20.00',
        "1 mark filled in, 0 there already, 1 kept as they were.",
        "Not filled:",
    ]
    assert "  line 5, u02: holds '=1+1'; the report says 20.00.\n" in shown.out
    assert (tmp_path / "all.csv").read_bytes() == text.replace('three",', 'three",20.00').encode()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--key", "Username"),
            (
                "error: --gradebook: which of its columns say whose a row is, and take marks, is not said.\n"
                "  help: Name both: --key NAME --grade NAME.\n"
            ),
        ),
        (
            ("--key", "User", "--grade", "x"),
            (
                "error: there is no column 'User'; found Last Name, Username, Homework 1 [Total Pts: 20 "
                "Score] |12345.\n  --> all.csv:1\n  help: Name one.\n"
            ),
        ),
        (
            ("--key", "Username", "--grade", "Username"),
            "error: all.csv: 'Username' says whose a row is and cannot hold marks.\n  help: Name another.\n",
        ),
        (
            ("--key", "Last Name", "--grade", "Username"),
            (
                "error: all.csv: nobody in the report stands in the column 'Last Name': of another course?\n"
                "  help: Name the column that holds ids, addresses or names: --key NAME; a --roster gives "
                "them.\n"
            ),
        ),
    ],
)
def test_a_table_without_such_columns_is_refused(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    report(tmp_path / "report", handed_in("s01", None))
    (tmp_path / "all.csv").write_text(BLACKBOARD, encoding="utf-8")

    run = inside("export", "csv", "--gradebook", "all.csv", *options, "--in-place", cwd=tmp_path)

    assert (run.code, run.out, run.err) == (2, "", message)
    assert (tmp_path / "all.csv").read_text(encoding="utf-8") == BLACKBOARD
