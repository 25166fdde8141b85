"""`grader export canvas`: a downloaded gradebook goes back, read as Canvas reads it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from grader.report.html import Renderer
from tests.cli.running import Run, inside
from tests.gradebooks.consumers import Course, User, canvas_attach, canvas_import
from tests.gradebooks.reports import canvas, handed_in, report
from tests.report.samples import ONE

GRADEBOOK = """\
Student,ID,SIS User ID,SIS Login ID,Section,Warm up (111),Homework 1 (222),"Of, another (333)",Current Score\r
,,,,,,Manual Posting,,\r
    Points Possible,,,,,10,20.00,20,(read only)\r
"01, Student",1001,sis-01,u01,Lab A,9.50,,12,95\r
"02, Student",1002,sis-02,u02,"Lab ""B"" x",,12.00,,20\r
"03, Student",1003,sis-03,u03,Lab A,,16.00,,20\r
"04, Student",1004,sis-04,u04,Lab A,,EX,,20\r
"d'Étu, Ñ 05",1005,,u05,Lab A,,,,\r
"06, Student",1006,,u06,Lab A,,7,,\r
"Student, Test",1099,,,Lab A,,,,\r
"""
COURSE = Course(
    {
        1001: User("Student 01", "01, Student", "sis-01", "u01"),
        1002: User("Student 02", "02, Student", "sis-02", "u02"),
        1003: User("Student 03", "03, Student", "sis-03", "u03"),
        1004: User("Student 04", "04, Student", "sis-04", "u04"),
        1005: User("Ñ 05 d'Étu", "d'Étu, Ñ 05", "", "u05"),
        1006: User("Student 06", "06, Student", "", "u06"),
        1099: User("Test Student", "Student, Test"),
    },
    {111: "Warm up", 222: "Homework 1", 333: "Of, another"},
    {
        (1001, 111): "9.5",
        (1001, 333): "12",
        (1002, 222): "12",
        (1003, 222): "16",
        (1004, 222): "EX",
        (1006, 222): "7",
    },
)


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    """Late, corrected, marked already, excused, no longer in the course, and a fault of ours."""
    report(
        tmp_path / "report",
        canvas("student01", "1001", 20, late=True),
        canvas("student02", "1002", 10),
        canvas("student03", "1003", 16),
        canvas("student04", "1004", 10),
        canvas("détuñ05", "1005", -1),
        canvas("gone", "1077", 10),
        handed_in("u06", None, 10),
        corrections=f"student01,{ONE},9.5,asked\n",
    )
    (tmp_path / "grades.csv").write_bytes(GRADEBOOK.encode())
    return tmp_path


def export(folder: Path, *options: str, file: str = "grades.csv", assignment: str = "222") -> Run:
    return inside("export", "canvas", "--gradebook", file, "--assignment", assignment, *options, cwd=folder)


TOLD = """\
1 mark filled in, 1 there already, 3 kept as they were.
Not filled:
  line 5, student02: holds '12.00'; the report says 10.00.
  line 7, student04: holds 'EX'; the report says 10.00.
  line 9, u06: holds '7'; the report says 10.00.
Students without a mark there:
  gone: no row.
  détuñ05: has no mark, by a fault of the grader.
"""


def test_a_dry_run_shows_each_change_and_writes_nothing(graded: Path) -> None:
    run = export(graded, "--dry-run")

    assert (run.code, run.err) == (0, "")
    assert run.out == (
        "--- grades.csv\n+++ grades.csv, filled\n"
        "@@ line 4, student01 @@\n"
        '-"01, Student",1001,sis-01,u01,Lab A,9.50,,12,95\n'
        '+"01, Student",1001,sis-01,u01,Lab A,9.50,19.50,12,95\n'
        f"{TOLD}Nothing was written: leave out --dry-run.\n"
    )
    assert (graded / "grades.csv").read_bytes() == GRADEBOOK.encode()
    assert {path.name for path in graded.iterdir()} == {"report", "grades.csv"}


def test_corrected_marks_are_filled_in_and_every_other_byte_stays(graded: Path) -> None:
    run = export(graded, "--output", "filled.csv")

    assert (run.code, run.err, run.out) == (0, "", f"{TOLD}Written: filled.csv\n")
    expected = GRADEBOOK.replace("Lab A,9.50,,12", "Lab A,9.50,19.50,12")
    assert (graded / "filled.csv").read_bytes() == expected.encode()
    assert (graded / "grades.csv").read_bytes() == GRADEBOOK.encode()


def test_canvas_takes_the_marks_and_nothing_else(graded: Path) -> None:
    export(graded, "--output", "filled.csv", "--replace")

    assert canvas_import((graded / "filled.csv").read_bytes(), COURSE) == {
        ("Student 01", "Homework 1"): "19.50",
        ("Student 02", "Homework 1"): "10.00",
        ("Student 04", "Homework 1"): "10.00",
        ("Student 06", "Homework 1"): "10.00",
    }


def test_who_gets_nothing_since_nothing_could_be_read_is_told(tmp_path: Path) -> None:
    """A text that was typed in is somebody's to read; a zero of a correction is meant."""
    report(tmp_path / "report", canvas("typed", "1", 0, attachment=""), canvas("right", "2", 10))
    text = "Student,ID,Section,A (222)\nx,1,,\ny,2,,\n"
    (tmp_path / "grades.csv").write_text(text, encoding="utf-8")

    run = export(tmp_path, "--in-place")

    assert run.out == (
        "2 marks filled in, 0 there already, 0 kept as they were.\n"
        "With 0, since nothing of theirs could be read or run:\n"
        "  typed\n"
        "Written: grades.csv\n"
    )


def test_a_second_export_changes_nothing(graded: Path) -> None:
    export(graded, "--in-place", "--replace")
    once = (graded / "grades.csv").read_bytes()

    run = export(graded, "--in-place", "--replace")

    assert run.out.startswith("0 marks filled in, 5 there already, 0 kept as they were.\n")
    assert (graded / "grades.csv").read_bytes() == once


def test_semicolons_decimal_commas_a_mark_of_byte_order_and_line_ends_stay(graded: Path) -> None:
    text = (
        "\ufeffStudent;ID;SIS Login ID;Section;Homework 1 (222)\n"
        "    Points Possible;;;;20,00\n"
        '"01, Student";1001;u01;"A;B";\n'
    )
    (graded / "grades.csv").write_bytes(text.encode())

    run = export(graded, "--output", "filled.csv")

    assert run.code == 0, run.err
    filled = (graded / "filled.csv").read_bytes()
    assert filled == text.replace('"A;B";', '"A;B";19,50').encode()
    assert canvas_import(filled, COURSE) == {("Student 01", "Homework 1"): "19.50"}


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Student,ID,Section,Homework 1 (222)", '"01, Student",1001,,'),
        ("Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (222)", '"01, Student",,student01,x,A,'),
        ("Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (222)", '"01, Student",,x,Student01,A,'),
        (
            "Student,ID,SIS User ID,SIS Login ID,Integration ID,Root Account,Section,Homework 1 (222)",
            "x,,student01,,,,,",
        ),
        ("Student,ID,Section,Homework 1 (222)", '"01, Student",,,'),
        ("Student,ID,Section,Homework 1 (222)", "Student 01,,,"),
        ("LastName,FirstName,ID,Section,Homework 1 (222)", "01,Student,,,"),
    ],
)
def test_a_student_is_found_by_number_then_ids_then_name(graded: Path, header: str, row: str) -> None:
    (graded / "grades.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")

    run = export(graded, "--output", "filled.csv")

    assert run.code == 0, run.err
    assert (graded / "filled.csv").read_text(encoding="utf-8") == f"{header}\n{row}19.50\n"


def test_two_of_one_name_are_told_apart_by_number_alone(tmp_path: Path) -> None:
    """One handed in through Canvas, the other's file has only the name."""
    named = handed_in("same name", None, 10)
    report(tmp_path / "report", canvas("same", "1", 20), named, canvas("same", "3"))
    rows = 'Same,1,,\nSame,2,,\nSame Name,4,,\n"Name, Same",5,,\nSa Mename,6,,\n'
    (tmp_path / "grades.csv").write_text(f"Student,ID,Section,H (222)\n{rows}", encoding="utf-8")

    run = export(tmp_path, "--output", "filled.csv")

    assert run.out == (
        "1 mark filled in, 0 there already, 0 kept as they were.\n"
        "Students without a mark there:\n"
        "  same name: could be any of the lines 4 and 5; none of them was filled.\n"
        "  same: no row.\n"
        "Rows of nobody in the report:\n"
        "  line 3, Same\n  line 4, Same Name\n  line 5, Name, Same\n  line 6, Sa Mename\n"
        "Written: filled.csv\n"
    )
    assert (tmp_path / "filled.csv").read_text(encoding="utf-8").splitlines()[1] == "Same,1,,20.00"


def test_a_row_that_two_submissions_claim_is_nobodys(tmp_path: Path) -> None:
    report(
        tmp_path / "report", canvas("one", "1", 20), handed_in("s01", None, 10), handed_in("01s", None, 16)
    )
    text = "Student,ID,SIS Login ID,Section,H (222)\nOne,1,,,\nTwo,2,s01,,\nS 01,2,01s,,\n"
    (tmp_path / "grades.csv").write_text(text.replace("S 01,2,01s", "Two,2,S01"), encoding="utf-8")

    run = export(tmp_path, "--dry-run")

    assert "  s01: could be any of the lines 3 and 4; none of them was filled.\n" in run.out
    (tmp_path / "grades.csv").write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,H (222)\nOne,1,,,,\nTwo,2,s01,01s,,\n", encoding="utf-8"
    )
    run = export(tmp_path, "--dry-run")
    assert (
        "Students without a mark there:\n"
        "  s01: line 3 could be 01s's as well; it was not filled.\n"
        "  01s: line 3 could be s01's as well; it was not filled.\n"
    ) in run.out


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Student,ID,Section,Other (9),Third (8)\nx,1,,,\n",
            (
                "error: grades.csv: the gradebook has no assignment 222; it has: Other (9), Third (8).\n"
                "  help: Is it of another course? --assignment takes the number that ends its header.\n"
            ),
        ),
        (
            "Student,ID,Section,A (222),B (222)\nx,1,,,\n",
            (
                "error: grades.csv: the gradebook has 2 assignments 222; it has: A (222), B (222).\n"
                "  help: Is it of another course? --assignment takes the number that ends its header.\n"
            ),
        ),
        (
            "Student,ID,Section,A (222)\nx,1,,\n",
            (
                "error: grades.csv: nobody in the report has a row in this gradebook: of another "
                "course?\n"
                "  help: Students are found by Canvas's ID, SIS User ID, SIS Login ID or name; a "
                "--roster gives them.\n"
            ),
        ),
        (
            "Studierende,Nummer,Abschnitt,A (222)\nx,1,,\n",
            (
                "error: this is not a gradebook of Canvas, whose first columns are Student, ID and at last "
                "Section; found Studierende, Nummer, Abschnitt, A (222).\n  --> grades.csv:1\n"
                "  help: Download it again: Grades, Export, with Canvas in English.\n"
            ),
        ),
        (
            "Student,ID,Section,A (222)\nPoints Possible,,,(read only)\n01,1001,,\n",
            (
                "error: grades.csv: Canvas takes no marks for A (222): it is read only.\n"
                "  help: Name another assignment.\n"
            ),
        ),
        (
            "Student,ID,Section,A (222)\nPoints Possible,,,100\n01,1001,,\n",
            (
                "error: grades.csv: the assignment has 100 points there, and 20 in the report.\n"
                "  help: Set it to as many, or have marks converted: --scale.\n"
            ),
        ),
    ],
)
def test_another_gradebook_is_refused_and_nothing_is_written(graded: Path, text: str, message: str) -> None:
    (graded / "grades.csv").write_text(text, encoding="utf-8")

    run = export(graded, "--in-place")

    assert (run.code, run.out, run.err) == (2, "", message)
    assert (graded / "grades.csv").read_text(encoding="utf-8") == text


def test_marks_are_converted_where_it_is_asked_for(graded: Path) -> None:
    text = "Student,ID,Section,A (222)\nPoints Possible,,,100\n01,1001,,\n03,1003,,\n"
    (graded / "grades.csv").write_text(text, encoding="utf-8")

    export(graded, "--in-place", "--scale")

    assert (graded / "grades.csv").read_text(encoding="utf-8").splitlines()[2:] == [
        "01,1001,,97.50",
        "03,1003,,80.00",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--gradebook", "grades.csv", "--assignment", "222"),
            (
                "error: grades.csv: where the filled file goes is not said.\n"
                "  help: Look first with --dry-run; then --output FILE, or --in-place.\n"
            ),
        ),
        (
            ("--gradebook", "grades.csv", "--assignment", "222", "--in-place", "--output", "a.csv"),
            "error: --output and --in-place: one of the two.\n  help: Leave one out.\n",
        ),
        (
            ("--gradebook", "grades.csv", "--assignment", "222", "--output", "grades.csv"),
            "error: grades.csv: would be written over itself.\n  help: If that is meant: --in-place.\n",
        ),
        (
            ("--gradebook", "grades.csv", "--in-place"),
            (
                "error: --gradebook: which assignment's column is to be filled is not said.\n"
                "  help: Name the number that ends its header: --assignment ID.\n"
            ),
        ),
        (
            (),
            (
                "error: There is nothing to fill: --gradebook is not named.\n"
                "  help: Download the file and name it: --gradebook FILE; or pack pages: --feedback FILE.\n"
            ),
        ),
        (
            ("nowhere", "--gradebook", "grades.csv", "--assignment", "222", "--dry-run"),
            (
                "error: nowhere/results.json: there are no results here.\n"
                "  help: Name the folder that grader grade wrote: its -o DIR.\n"
            ),
        ),
        (
            ("--gradebook", "nowhere.csv", "--assignment", "222", "--dry-run"),
            (
                "error: nowhere.csv: cannot be read: No such file or directory.\n"
                "  help: Name the file as you downloaded it.\n"
            ),
        ),
    ],
)
def test_what_is_not_said_is_asked_for(graded: Path, options: tuple[str, ...], message: str) -> None:
    run = inside("export", "canvas", *options, cwd=graded)

    assert (run.code, run.out, run.err) == (2, "", message)
    assert (graded / "grades.csv").read_bytes() == GRADEBOOK.encode()


# --- feedback --------------------------------------------------------------------------------


def test_pages_are_named_so_that_canvas_attaches_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number in a name stands before Canvas's own; a text, an anonymous and a plain file have no place."""
    monkeypatch.setattr(Renderer, "student_page", lambda _, result, *__: f"page of {result.student}")
    report(
        tmp_path / "report",
        canvas("student01", "1001", attachment="501", late=True),
        canvas("s_07", "1002", attachment="502"),
        canvas("typed", "1003", attachment=""),
        canvas("anon", "aB3xY", attachment="504"),
        handed_in("s05", None),
    )

    run = inside("export", "canvas", "--feedback", "feedback.zip", cwd=tmp_path)

    assert (run.code, run.err) == (
        0,
        (
            "Without a page in the pack:\n"
            "  typed: Canvas takes a page only beside a file of somebody whom its download names.\n"
            "  anon: Canvas takes a page only beside a file of somebody whom its download names.\n"
            "  s05: Canvas takes a page only beside a file of somebody whom its download names.\n"
            "Written: feedback.zip, 2 pages\n"
        ),
    )
    with zipfile.ZipFile(tmp_path / "feedback.zip") as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist()}
    assert pages == {
        "student01_LATE_1001_501_feedback.html": "page of student01",
        "student_1002_502_feedback.html": "page of s_07",
    }
    attachments = {501: 1001, 502: 1002}
    assert [canvas_attach(name, attachments) for name in pages] == [
        (1001, "student01_LATE_1001_501_feedback.html"),
        (1002, "student_1002_502_feedback.html"),
    ]


def test_the_pages_in_a_pack_show_the_corrected_marks_and_are_the_same_each_time(tmp_path: Path) -> None:
    report(tmp_path / "report", canvas("s01", "1001"), corrections=f"s01,{ONE},7.25,asked\n")

    for name in ("a.zip", "b.zip"):
        assert inside("export", "canvas", "--feedback", name, cwd=tmp_path).code == 0

    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        page = archive.read("s01_1001_5_feedback.html").decode()
    assert "17.25" in page


def test_a_correction_of_nobody_is_told(graded: Path) -> None:
    (graded / "report" / "overrides.csv").write_text(
        f"student,exercise,score,comment\nstuden01,{ONE},1,\n", encoding="utf-8"
    )

    run = export(graded, "--dry-run")

    assert run.err == (
        "warning: overrides.csv, line 2: there is no submission of 'studen01'; the nearest is 'student01'.\n"
    )
