"""`grader export moodle`: a grading worksheet goes back, read as Moodle reads it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import msgspec
import pytest

from grader import store
from grader.commands import exporting
from grader.gradebooks import moodle as source
from grader.records import Origin, Person
from grader.report.html import Renderer
from tests.cli.running import Run, inside
from tests.gradebooks.consumers import Worksheet, moodle_comments, moodle_feedback, moodle_import
from tests.gradebooks.reports import handed_in, moodle, report
from tests.report.samples import ONE, TWO, WRONG_EXERCISE, missing, passed, submission

NEVER = "-"
HEADER = (
    "Identifier,Full name,Email address,Status,Group,Grade,Maximum grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments"
)
WORKSHEET = f"""\
\ufeff{HEADER}
"Participant 4711","Student 01",s01@example.org,"Submitted",,,20.00,Yes,"Friday, 1 March",-,
"Participant 4712","d'Étu, Ñ 02",s02@example.org,"Submitted",,-,20.00,Yes,"Friday, 1 March",-,"a ""b"" c"
"Participant 4713","Student 03",s03@example.org,"Submitted",,16.00,20.00,Yes,-,"1 March",
"Participant 4714","Student 04",s04@example.org,"Submitted",,,20.00,No,-,-,
"Participant 4715","Same Name",s05@example.org,"Submitted",,,20.00,Yes,-,-,
"Participant 4716","Same Name",s06@example.org,"Submitted",,5.00,20.00,Yes,-,"1 March",
"Participant 4717","Student 07",s07@example.org,"No submission",,,20.00,Yes,-,-,
"""
DATES = {"-": 0, "1 March": 1_000}
SIXTEEN = f"16 of 20 points. Likely mistake in {TWO}: The gradients of all steps add up."
TEN = f"10 of 20 points. No function named {TWO}."
THERE = Worksheet(
    20.0,
    {4711: (None, 0), 4712: (None, 0), 4713: (16.0, 1_000), 4714: (None, 0), 4715: (None, 0)}
    | {4716: (5.0, 1_000), 4717: (None, 0)},
    frozenset({4714}),
)


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    report(
        tmp_path / "report",
        moodle("Student 01", "4711"),
        moodle("d'Étu, Ñ 02", "4712", 16),
        moodle("Student 03", "4713", 16),
        moodle("Student 04", "4714", 10),
        moodle("Same Name", "4715", 10),
        moodle("Same Name", "4716", 16),
        corrections=f"Student 01,{ONE},12.5,more than there is\n",
    )
    (tmp_path / "grades.csv").write_bytes(WORKSHEET.encode())
    return tmp_path


def export(folder: Path, *options: str) -> Run:
    return inside("export", "moodle", "--worksheet", "grades.csv", *options, cwd=folder)


def test_a_worksheet_is_filled_and_every_other_byte_stays(graded: Path) -> None:
    run = export(graded, "--output", "filled.csv")

    assert (run.code, run.out) == (
        0,
        (
            "2 marks filled in, 1 there already, 3 kept as they were.\n"
            "2 comments filled in, 0 there already, 1 kept as they were (line 3).\n"
            "Not filled:\n"
            "  line 7, Same Name: holds '5.00'; the report says 16.00.\n"
            "  line 2, Student 01: 22.50 is more than Moodle's maximum.\n"
            "  line 5, Student 04: the grade is locked in Moodle.\n"
            "Rows of nobody in the report:\n"
            "  line 8, Student 07\n"
            "Written: filled.csv\n"
        ),
    )
    expected = (
        WORKSHEET.replace(',,-,20.00,Yes,"Friday', ',,16.00,20.00,Yes,"Friday')
        .replace(',,16.00,20.00,Yes,-,"1 March",', f',,16.00,20.00,Yes,-,"1 March",{SIXTEEN}')
        .replace(
            's05@example.org,"Submitted",,,20.00,Yes,-,-,',
            f's05@example.org,"Submitted",,10.00,20.00,Yes,-,-,{TEN}',
        )
    )
    assert (graded / "filled.csv").read_bytes() == expected.encode()
    assert moodle_import(expected.encode(), THERE, DATES) == {4712: 16.0, 4715: 10.0}
    assert moodle_comments(expected.encode(), THERE, DATES, {4712: 'a "b" c'}) == {4713: SIXTEEN, 4715: TEN}


def test_comments_of_an_instructor_are_replaced_where_that_is_asked_for_and_left_out_likewise(
    graded: Path,
) -> None:
    every = export(graded, "--dry-run", "--comments", "all")
    none = export(graded, "--dry-run", "--comments", "none")

    assert (
        "@@ line 3, d'Étu, Ñ 02 @@\n"
        '-"Participant 4712","d\'Étu, Ñ 02",s02@example.org,"Submitted",,-,20.00,Yes,"Friday, 1 March",-,'
        '"a ""b"" c"\n'
        '+"Participant 4712","d\'Étu, Ñ 02",s02@example.org,"Submitted",,16.00,20.00,Yes,"Friday, 1 March",-,'
        f'"{SIXTEEN}"\n'
    ) in every.out
    assert "3 comments filled in, 0 there already, 0 kept as they were.\n" in every.out
    assert "comment" not in none.out
    assert '+"Participant 4712","d\'Étu, Ñ 02",s02@example.org,"Submitted",,16.00,20.00' in none.out


def test_a_worksheet_that_was_filled_changes_nothing_any_more(graded: Path) -> None:
    export(graded, "--in-place", "--comments", "all", "--replace")
    before = (graded / "grades.csv").read_bytes()

    run = export(graded, "--in-place")

    assert (
        "0 marks filled in, 4 there already, 2 kept as they were.\n0 comments filled in, 4 there" in run.out
    )
    assert (graded / "grades.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("submissions/s01.ipynb is empty.", "What you handed in is empty."),
        ("submissions/s01.ipynb/hw.zip is empty.", "hw.zip is empty."),
        ("submissions/s01.ipynb: a text was handed in.", "a text was handed in."),
        ("s01.ipynb, line 2: no end.", "s01.ipynb, line 2: no end."),
    ],
)
def test_a_comment_does_not_say_where_the_instructor_has_the_file(
    why: str, said: str, tmp_path: Path
) -> None:
    failed = submission("s01", missing(ONE), status="load_failed", message=why)
    report(tmp_path / "report", failed)
    (tmp_path / "grades.csv").write_text(f"{HEADER}\nParticipant 1,s01,,,,,20,Yes,-,-,\n", encoding="utf-8")

    run = export(tmp_path, "--dry-run")

    cell = run.out.partition(",0.00,20,Yes,-,-,")[2].partition("\n")[0]
    assert cell.strip('"') == f"0 of 20 points. {said}"


def test_a_grade_that_a_german_site_has_locked_is_told(tmp_path: Path) -> None:
    report(tmp_path / "report", moodle("Student 01", "4711", 16))
    text = f'{GERMAN}\n"Teilnehmer/in4711",Student 01,,,"20,00",Nein,-\n'
    (tmp_path / "grades.csv").write_text(text, encoding="utf-8")

    named = ("--column", "grade", "Bewertung", "--column", "changeable", "Änderbar")
    run = export(tmp_path, "--in-place", *named)

    assert "Not filled:\n  line 2, Student 01: the grade is locked in Moodle.\n" in run.out
    assert (tmp_path / "grades.csv").read_text(encoding="utf-8") == text


def test_a_comment_is_html_that_the_worksheet_s_encoding_can_hold(tmp_path: Path) -> None:
    failed = submission("s01", missing(ONE), status="load_failed", message='hw.py: <b>θ</b> & "ü"')
    report(tmp_path / "report", failed)
    rows = "Participant 1,s01,,,,,20,Yes,-,-,\nParticipant 2,Jürgen,,,,,20,Yes,-,-,\n"
    (tmp_path / "grades.csv").write_bytes(f"{HEADER}\n{rows}".encode("cp1252"))

    export(tmp_path, "--in-place")

    text = (tmp_path / "grades.csv").read_bytes().decode("cp1252")
    assert text == (
        f"{HEADER}\nParticipant 1,s01,,,,0.00,20,Yes,-,-,"
        '"0 of 20 points. hw.py: &lt;b&gt;&#952;&lt;/b&gt; &amp; ""ü""."\n'
        "Participant 2,Jürgen,,,,,20,Yes,-,-,\n"
    )


def test_a_comment_says_what_the_student_s_own_page_may_say(tmp_path: Path) -> None:
    """What is expected is hidden there, and what an instructor has corrected is not found wrong any more."""
    row = msgspec.structs.replace(WRONG_EXERCISE.criteria[3], message="4 of 10 cases fail: expected 0.64")
    unknown = msgspec.structs.replace(WRONG_EXERCISE, criteria=(row,), diagnosis=None)
    one = submission("s01", passed(ONE), unknown)
    report(tmp_path / "report", one, msgspec.structs.replace(one, student="s02"))
    results = store.read_results(tmp_path / "report")
    rows = "".join(f"Participant {n},s0{n},,,,,20,Yes,-,-,\n" for n in (1, 2))
    (tmp_path / "grades.csv").write_text(f"{HEADER}\n{rows}", encoding="utf-8")

    shown = export(tmp_path, "--dry-run").out
    store.write_results(tmp_path / "report", msgspec.structs.replace(results, hide_expected=True))
    (tmp_path / "report" / "overrides.csv").write_text(
        f"student,exercise,score,comment\ns02,{TWO},10,as I asked for\n", encoding="utf-8"
    )
    hidden = export(tmp_path, "--dry-run").out

    assert f",16 of 20 points. {TWO}: 4 of 10 cases fail: expected 0.64.\n" in shown
    assert f",16 of 20 points. {TWO}: 4 of 10 cases fail: another value was expected.\n" in hidden
    assert f",20 of 20 points. {TWO}: as I asked for.\n" in hidden


def test_moodle_skips_a_grade_that_was_changed_there_meanwhile(graded: Path) -> None:
    export(graded, "--in-place", "--replace")
    there = Worksheet(20.0, THERE.grades | {4716: (5.0, 9_000)}, THERE.locked)

    data = (graded / "grades.csv").read_bytes()

    assert moodle_import(data, THERE, DATES) == {4712: 16.0, 4715: 10.0, 4716: 16.0}
    assert moodle_import(data, there, DATES) == {4712: 16.0, 4715: 10.0}


def test_a_worksheet_with_decimal_commas_in_quotes_stays_so(tmp_path: Path) -> None:
    report(tmp_path / "report", moodle("Student 01", "4711", 16))
    text = f'{HEADER}\r\n"Participant 4711","Student 01",,,,"","20,00",Yes,-,-,\r\n'
    (tmp_path / "grades.csv").write_bytes(text.encode())

    export(tmp_path, "--in-place")

    assert (tmp_path / "grades.csv").read_bytes() == (
        text.replace(',"","20', ',"16,00","20').replace("-,-,", f"-,-,{SIXTEEN}").encode()
    )
    assert moodle_import((tmp_path / "grades.csv").read_bytes(), THERE, DATES) == {4711: 16.0}


GERMAN = "ID,Vollständiger Name,Status,Bewertung,Bestwertung,Änderbar,Zuletzt geändert (Bewertung)"


def test_a_worksheet_in_another_language_needs_its_names(tmp_path: Path) -> None:
    report(tmp_path / "report", moodle("Student 01", "4711"))
    text = f'{GERMAN}\n"Teilnehmer/in4711",Student 01,,"","20,00",Ja,-\n'
    (tmp_path / "grades.csv").write_text(text, encoding="utf-8")

    refused = export(tmp_path, "--in-place")
    misnamed = export(tmp_path, "--in-place", "--column", "grade", "Note")
    named = export(tmp_path, "--in-place", "--column", "grade", "Bewertung")

    there = f"found {GERMAN.replace(',', ', ')}."
    help_ = (
        "  help: Say what it is called there: --column grade NAME, likewise for maximum, changeable, name, "
        "email, id, group, comments.\n"
    )
    assert (refused.code, refused.err) == (
        2,
        f"error: there is no column Grade; is it in another language? {there}\n  --> grades.csv:1\n{help_}",
    )
    assert misnamed.err == f"error: there is no column 'Note'; {there}\n  --> grades.csv:1\n{help_}"
    assert named.code == 0, named.err
    data = (tmp_path / "grades.csv").read_bytes()
    assert data == text.replace(',"","20', ',"20,00","20').encode()
    german = {"id": "ID", "grade": "Bewertung", "modified": "Zuletzt geändert (Bewertung)"}
    there_ = Worksheet(20.0, THERE.grades, words=german | {"participant": "Teilnehmer/in"})
    assert moodle_import(data, there_, DATES) == {4711: 20.0}
    _, hint, *_ = named.out.splitlines()
    assert hint == (
        "There is no column 'Feedback comments': if it has another name, "
        "--column comments NAME fills it, too."
    )


def test_a_worksheet_as_a_spreadsheet_in_germany_saves_it_is_filled_likewise(tmp_path: Path) -> None:
    report(tmp_path / "report", moodle("Student 01", "4711", 16))
    header = GERMAN.replace(",", ";")
    text = f"\ufeff{header};Feedback als Kommentar\r\nTeilnehmer/in4711;Student 01;;;20,00;Ja;-;\r\n"
    (tmp_path / "grades.csv").write_bytes(text.encode())

    named = ("--column", "grade", "Bewertung", "--column", "comments", "Feedback als Kommentar")
    export(tmp_path, "--in-place", *named)

    filled = text.replace(";;;20,00;Ja;-;", f";;16,00;20,00;Ja;-;{SIXTEEN}")
    assert (tmp_path / "grades.csv").read_bytes() == filled.encode()


def test_a_worksheet_of_another_assignment_is_refused(graded: Path) -> None:
    text = WORKSHEET.replace("Participant 47", "Participant 58")
    (graded / "grades.csv").write_text(text, encoding="utf-8")

    run = export(graded, "--in-place")

    assert (run.code, run.out, run.err) == (
        2,
        "",
        (
            "warning: overrides.csv, line 2: 12.5 is more than the 10 points there are; it counts as "
            "it stands.\n"
            "error: grades.csv: the worksheet knows participants by other numbers: of another assignment or "
            "course?\n"
            "  help: Download the worksheet of the assignment whose submissions were graded.\n"
        ),
    )
    assert (graded / "grades.csv").read_text(encoding="utf-8") == text


def test_a_number_that_is_somebody_elses_fills_nothing(tmp_path: Path) -> None:
    report(tmp_path / "report", moodle("Student 01", "4711"), moodle("Student 02", "4712"))
    rows = "Participant 4711,Student 09,,,,,20,Yes,-,-,\nParticipant 4712,Student 02,,,,,20,Yes,-,-,\n"
    (tmp_path / "grades.csv").write_text(f"{HEADER}\n{rows}", encoding="utf-8")

    run = export(tmp_path, "--dry-run")

    assert "@@ line 3, Student 02 @@\n" in run.out
    assert (
        "1 mark filled in, 0 there already, 0 kept as they were.\n"
        "1 comment filled in, 0 there already, 0 kept as they were.\n"
        "Students without a mark there:\n"
        "  Student 01: who bears the name or the number there is another.\n"
        "Rows of nobody in the report:\n"
        "  line 2, Student 09\n"
    ) in run.out


def test_under_blind_marking_the_number_is_all_there_is(tmp_path: Path) -> None:
    report(tmp_path / "report", moodle("Participant", "4711", 16))
    blind = HEADER.replace("Full name,Email address,", "")
    (tmp_path / "grades.csv").write_text(
        f"{blind}\nParticipant 4711,Submitted,,,20,Yes,-,-,\n", encoding="utf-8"
    )
    shown = f"{HEADER}\nParticipant 4711,Student 01,,Submitted,,,20,Yes,-,-,\n"

    assert export(tmp_path, "--in-place").code == 0
    assert (tmp_path / "grades.csv").read_text(encoding="utf-8").endswith(f",16.00,20,Yes,-,-,{SIXTEEN}\n")
    (tmp_path / "grades.csv").write_text(shown, encoding="utf-8")
    assert "1 mark filled in" in export(tmp_path, "--in-place").out


def test_everybody_in_a_group_gets_its_mark(tmp_path: Path) -> None:
    """A group's number is no participant's, also where somebody has the same."""
    report(
        tmp_path / "report", moodle("Group A", "12", 16), moodle("Default group", "", 10), moodle("s03", "3")
    )
    rows = (
        "Participant 11,Student 01,,,Group A,,20,Yes,-,-,\n"
        "Participant 12,Student 02,,,Group B,,20,Yes,-,-,\n"
        "Participant 13,Student 04,,,Group A,,20,Yes,-,-,\n"
        "Participant 3,s03,,,,,20,Yes,-,-,\n"
    )
    (tmp_path / "grades.csv").write_text(f"{HEADER}\n{rows}", encoding="utf-8")

    run = export(tmp_path, "--in-place")

    assert run.out == (
        "3 marks filled in, 0 there already, 0 kept as they were.\n"
        "3 comments filled in, 0 there already, 0 kept as they were.\n"
        "Students without a mark there:\n"
        "  Default group: no row.\n"
        "Rows of nobody in the report:\n"
        "  line 3, Student 02\n"
        "Written: grades.csv\n"
    )
    filled = (tmp_path / "grades.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [row.split(",")[5] for row in filled] == ["16.00", "", "16.00", "20.00"]


def test_a_student_whom_the_roster_renamed_is_still_moodles_participant(tmp_path: Path) -> None:
    prefix = "Student 01_4711_assignsubmission_file"
    origin = Origin("moodle", "4711", prefix, (Person("Other Name", "u01", "u01@example.org"),))
    report(tmp_path / "report", handed_in("u01", origin))
    (tmp_path / "grades.csv").write_text(
        f"{HEADER}\nParticipant 4711,Student 01,,,,,20,Yes,-,-,\n", encoding="utf-8"
    )

    assert "1 mark filled in" in export(tmp_path, "--in-place").out


def test_who_was_not_downloaded_from_moodle_is_found_by_address_id_or_name(tmp_path: Path) -> None:
    known = Origin("gradescope", "9", "", (Person("X", "", "S02@example.org"),))
    report(tmp_path / "report", handed_in("u01", None), handed_in("x", known), handed_in("Student 03", None))
    header = HEADER.replace("Email address,", "Email address,ID number,")
    rows = (
        "Participant 1,Student 01,,U01,,,,20,Yes,-,-,\n"
        "Participant 2,Student 02,s02@example.org,,,,,20,Yes,-,-,\n"
        'Participant 3,"Student 03",,,,,,20,Yes,-,-,\n'
    )
    (tmp_path / "grades.csv").write_text(f"{header}\n{rows}", encoding="utf-8")

    assert "3 marks filled in, 0 there already" in export(tmp_path, "--in-place").out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Student,ID,Grade,Section\nx,1,2,3\n",
            (
                "error: grades.csv: this is not a grading worksheet of Moodle, whose first column is "
                "Identifier (Participant and a number); found Student, ID, Grade, Section.\n"
                "  help: Download it again: the assignment, Submissions, Download grading worksheet.\n"
            ),
        ),
        (
            "Identifier,Full name,Grade,Scale\nParticipant 1,x,,Good\nParticipant 2,y,,Good\n",
            (
                "error: grades.csv: the column beside the grades does not say one maximum: is the "
                "assignment graded by a scale?\n"
                "  help: Only points are filled in; --column maximum NAME names the column, if it is "
                "another.\n"
            ),
        ),
        (
            "Identifier,Full name,Grade,Maximum grade\n",
            (
                "error: grades.csv: the worksheet has no participants.\n"
                "  help: Download the worksheet of the assignment whose submissions were graded.\n"
            ),
        ),
        (
            "Identifier,Full name,Grade,Maximum grade\nParticipant 1,x,,20\n",
            (
                "error: grades.csv: the worksheet has no row for anybody in the report: of another "
                "assignment or course?\n"
                "  help: Download the worksheet of the assignment whose submissions were graded.\n"
            ),
        ),
    ],
)
def test_another_file_is_refused(graded: Path, text: str, message: str) -> None:
    (graded / "report" / "overrides.csv").unlink()
    (graded / "grades.csv").write_text(text, encoding="utf-8")

    run = export(graded, "--in-place")

    assert (run.code, run.out, run.err) == (2, "", message)
    assert (graded / "grades.csv").read_text(encoding="utf-8") == text


def test_of_two_columns_of_grades_moodle_reads_the_last_one(tmp_path: Path) -> None:
    """The first is one that the site has added to its users."""
    report(tmp_path / "report", moodle("Student 01", "4711", 16))
    text = "Identifier,Full name,Grade,Grade,Maximum grade\nParticipant 4711,Student 01,,,20\n"
    (tmp_path / "grades.csv").write_text(text, encoding="utf-8")

    export(tmp_path, "--in-place")

    assert (tmp_path / "grades.csv").read_text(encoding="utf-8") == text.replace(",,,20", ",,16.00,20")


def test_every_column_that_can_be_named_can_be_named_on_the_command_line() -> None:
    assert tuple(source.NAMES) == exporting.COLUMNS


def test_pages_are_named_so_that_moodle_hands_them_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Renderer, "student_page", lambda _, result, *__: f"page of {result.student}")
    old = Origin("moodle", "4712", "d'Étu, Ñ 02_4712_assignsubmission_file_", (Person("d'Étu, Ñ 02"),))
    report(
        tmp_path / "report",
        moodle("Student 01", "4711"),
        handed_in("d'Étu, Ñ 02", old),
        moodle("Default group", ""),
    )

    run = inside("export", "moodle", "--feedback", "feedback.zip", cwd=tmp_path)

    assert (run.code, run.err) == (
        0,
        (
            "Without a page in the pack:\n"
            "  Default group: Moodle takes a page only for a participant whom its download numbers.\n"
            "Written: feedback.zip, 2 pages\n"
        ),
    )
    with zipfile.ZipFile(tmp_path / "feedback.zip") as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist()}
    assert pages == {
        "Student 01_4711_assignsubmission_file/feedback.html": "page of Student 01",
        "d'Étu, Ñ 02_4712_assignsubmission_file_/feedback.html": "page of d'Étu, Ñ 02",
    }
    assert [moodle_feedback(name, (4711, 4712)) for name in pages] == [
        (4711, "feedback.html"),
        (4712, "feedback.html"),
    ]
