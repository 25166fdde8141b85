"""`grader grade` on what learning systems export: recognised without options, shown before it is graded."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from grader.commands.layouts import LAYOUTS
from grader.intake import layouts
from tests.cli.running import ROOT, grader, inside, results
from tests.gradebooks.consumers import Course, User, canvas_attach, canvas_import
from tests.intake import exports
from tests.intake.exports import HW, Tree, packed, plant, zipped
from tests.report.reading import Page

CANVAS = """\
Recognised: a Canvas download, 9 submissions, 1 late, 2 earlier attempts left out

Student      Files
Same (1008)  hw.py
dÉtuñ02      my_2_hw.py
               Handed in late.
s_09         part-1.py, part-2.py
same (1007)  hw.py
student01    helper.py, hw.py
student03    hw-2.py
               student03_1003_50010_hw.py is an earlier attempt and does not
               count.
               student03_1003_50020_hw-1.py is an earlier attempt and does not
               count.
student04    cannot be graded: student04_1004_text.html: a text or a link was
             handed in, and no file. Hand in a .py or .ipynb file.
student05    cannot be graded: student05_1005_link.html: a text or a link was
             handed in, and no file. Hand in a .py or .ipynb file.
student06    hw.py

Belong to nobody:
  gradebook.csv

Can be taken for one another:
  Same (1008), same (1007)

Nothing was graded: leave out --dry-run.
"""

GRADESCOPE = """\
Recognised: a Gradescope export, 5 submissions, 1 earlier attempt left out

Student                   Files
Student 01                hw.py
                            assignment_77_export/submission_409194023 is an
                            earlier attempt and does not count.
Student 04                cannot be graded:
                          assignment_77_export/submission_409194026:
                          submission_metadata.yml lists it, and there is no such
                          folder.
d'Étu, Ñ 02 & Student 03  hw.py
submission_409194025      hw.py
                            submission_metadata.yml does not say whose
                            submission_409194025 is.
submission_409194099      hw.py
                            submission_metadata.yml does not say whose
                            submission_409194099 is.

Nothing was graded: leave out --dry-run.
"""

MOODLE = """\
Recognised: a Moodle download, 7 submissions

Student           Files
Same Name (4716)  hw.py
Same Name (4717)  hw.py
Student 01        hw.py
Student 03        cannot be graded: Student 03_4713_assignsubmission_onlinetext:
                  a text was handed in, and no file. Hand in a .py or .ipynb
                  file.
Student 04        hw.py
Student 05        cannot be graded: Student 05_4715_assignsubmission_file has no
                  .py or .ipynb file at its top; found report.pdf. Hand in a .py
                  or .ipynb file.
d'Étu, Ñ 02       hw.ipynb
                    d'Étu, Ñ 02_4712_assignsubmission_onlinetext is not read:
                    d'Étu, Ñ 02_4712_assignsubmission_file counts.

Can be taken for one another:
  Same Name (4716), Same Name (4717)

Nothing was graded: leave out --dry-run.
"""

FLAT = """\
Recognised: a Moodle download, 3 submissions

Student      Files
Student 01   helper.py, hw.py
Student 03   cannot be graded: Student
             03_4713_assignsubmission_onlinetext_onlinetext.html: a text was
             handed in, and no file. Hand in a .py or .ipynb file.
d'Étu, Ñ 02  my_hw.ipynb

Nothing was graded: leave out --dry-run.
"""

NBGRADER = """\
Recognised: an nbgrader course, 2 submissions

Student  Files
s01      problem1.ipynb
s02      problem1.ipynb

Belong to nobody:
  autograded
  gradebook.db
  nbgrader_config.py
  source
  submitted/s03

Nothing was graded: leave out --dry-run.
"""

BLACKBOARD = """\
Recognised: a Blackboard download, 3 submissions, 1 earlier attempt left out

Student  Files
b_s01    hw.py
s01      helper.py, hw.py
           Homework_1_s01_attempt_2024-03-01-10-00-00_hw.py is an earlier
           attempt and does not count.
s02      cannot be graded: Homework_1_s02_attempt_2024-03-01-12-00-00.txt: no
         file was handed in.

Nothing was graded: leave out --dry-run.
"""

SHOWN: list[tuple[Callable[[], Tree], str]] = [
    (exports.canvas, CANVAS),
    (exports.gradescope, GRADESCOPE),
    (exports.moodle, MOODLE),
    (exports.moodle_flat, FLAT),
    (exports.nbgrader, NBGRADER),
    (exports.blackboard, BLACKBOARD),
]


@pytest.mark.parametrize(("export", "shown"), SHOWN)
def test_a_download_is_recognised_and_nothing_is_graded(
    export: Callable[[], Tree], shown: str, tmp_path: Path
) -> None:
    plant(tmp_path / "class", export())

    run = inside("grade", "class", "--dry-run", cwd=tmp_path)

    assert (run.code, run.err, run.out) == (0, "", shown)
    assert max(map(len, run.out.splitlines())) <= 81
    assert list(tmp_path.iterdir()) == [tmp_path / "class"]


@pytest.mark.parametrize(("export", "shown"), SHOWN)
def test_it_is_the_same_in_a_zip(export: Callable[[], Tree], shown: str, tmp_path: Path) -> None:
    zipped(tmp_path / "class.zip", export())

    run = inside("grade", "class.zip", "--dry-run", cwd=tmp_path)

    assert (run.code, run.err, run.out) == (0, "", shown)


def test_a_dry_run_needs_no_kit_and_makes_no_folder(tmp_path: Path) -> None:
    plant(tmp_path / "class", exports.canvas())

    run = grader("grade", "class", "--dry-run", cwd=tmp_path)

    assert (run.code, run.err, run.out) == (0, "", CANVAS)
    assert list(tmp_path.iterdir()) == [tmp_path / "class"]


def test_clones_are_called_by_their_students(tmp_path: Path) -> None:
    plant(tmp_path, exports.repositories())

    run = inside("grade", "hw1-submissions", "--dry-run", cwd=tmp_path)

    assert (run.code, run.err, run.out) == (
        0,
        "",
        (
            "Recognised: a folder of repositories, 3 submissions\n\n"
            "Student  Files\n"
            "s01      hw.py\n"
            "s02-x    hw.py\n"
            "s03      cannot be graded: hw1-s03 has no .py or .ipynb file at its top; found\n"
            "         README.md. Hand in a .py or .ipynb file.\n\n"
            "Nothing was graded: leave out --dry-run.\n"
        ),
    )


def test_files_and_folders_are_shown_as_they_were_always_read(tmp_path: Path) -> None:
    plant(tmp_path / "class", {"s01.py": HW, "s02": {"hw.py": HW}, "notes.txt": b""})

    run = inside("grade", "class", "--dry-run", cwd=tmp_path)

    assert run.out == (
        "Recognised: files and folders, 2 submissions\n\n"
        "Student  Files\ns01      s01.py\ns02      hw.py\n\n"
        "Belong to nobody:\n  notes.txt\n\n"
        "Nothing was graded: leave out --dry-run.\n"
    )


def test_a_layout_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    plant(tmp_path / "class", {"s01.py": HW})

    known = LAYOUTS[:-1]
    runs = {name: inside("grade", "class", "--dry-run", "--layout", name, cwd=tmp_path) for name in known}

    help_ = "  help: Leave --layout out to see what it is taken for: grader grade PATH --dry-run.\n"
    assert {name: run.code for name, run in runs.items()} == dict.fromkeys(known, 2) | {"files": 0}
    assert {name: run.err for name, run in runs.items() if run.code} == {
        "gradescope": "error: class is not a Gradescope export: looked for submission_metadata.yml beside "
        f"folders submission_ID.\n{help_}",
        "moodle": "error: class is not a Moodle download: looked for folders named "
        f"name_number_assignsubmission_file, or files that begin so.\n{help_}",
        "blackboard": "error: class is not a Blackboard download: looked for files named "
        f"assignment_user_attempt_date_file.\n{help_}",
        "canvas": "error: class is not a Canvas download: looked for files named "
        f"name_userid_attachmentid_file, as s01_123_456_hw.py.\n{help_}",
        "nbgrader": "error: class is not an nbgrader course: looked for folders submitted/student/assignment "
        f"with notebooks.\n{help_}",
        "repositories": "error: class is not a folder of repositories: looked for folders with .git in "
        f"them.\n{help_}",
        "folders": "error: class is not a class of folders: looked for a folder with a .py or .ipynb file.\n"
        f"{help_}",
    }


def test_an_empty_name_is_not_the_working_folder() -> None:
    class_, output = inside("grade", "", "--dry-run"), inside("grade", "submissions", "-o", "")

    told = "the name is empty; the working folder is '.'\n  help: grader grade --help\n"
    assert (class_.code, class_.err) == (2, f"error: Invalid value for 'PATH': {told}")
    assert (output.code, output.err) == (2, f"error: Invalid value for '-o' / '--output': {told}")


def test_a_file_is_no_download(tmp_path: Path) -> None:
    plant(tmp_path, {"s01.py": HW})

    run = inside("grade", "s01.py", "--dry-run", "--layout", "moodle", cwd=tmp_path)

    assert (run.code, run.err.splitlines()[0]) == (
        2,
        (
            "error: s01.py is not a Moodle download: looked for folders named "
            "name_number_assignsubmission_file, or files that begin so."
        ),
    )


def test_long_and_wide_names_keep_to_eighty_columns(tmp_path: Path) -> None:
    long, wide = "a b " * 20 + "c", "\u5b66\u751f" * 20
    tree: Tree = {f"{name}_7_assignsubmission_file": {"hw.py": HW, "helper.py": b""} for name in (long, wide)}
    plant(tmp_path / "class", tree)

    run = inside("grade", "class", "--dry-run", cwd=tmp_path)

    assert run.code == 0
    assert run.out.splitlines()[2:8] == [
        "Student                           Files",
        "a b a b a b a b a b a b a b a b   helper.py, hw.py",
        "a b a b a b a b a b a b a b a b",
        "a b a b a b a b c",
        "\u5b66\u751f" * 8 + "  helper.py, hw.py",
        "\u5b66\u751f" * 8,
    ]
    assert max(map(cell_len, run.out.splitlines())) <= 80


def test_every_layout_is_explained() -> None:
    page = (ROOT / "docs" / "gradebooks.md").read_text(encoding="utf-8")

    assert tuple(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == LAYOUTS


def test_every_layout_can_be_named() -> None:
    assert LAYOUTS == layouts.NAMES


def test_a_layout_that_there_is_not_names_the_nearest() -> None:
    run = inside("grade", "submissions", "--layout", "cnvas")

    assert (run.code, run.err.splitlines()[0]) == (
        2,
        "error: Invalid value for '--layout': there is no layout 'cnvas'. Did you mean 'canvas'?",
    )


def test_what_else_lies_in_a_download_keeps_it_from_being_recognised_and_it_is_said(tmp_path: Path) -> None:
    tree: Tree = {f"Student {n}_{n}_assignsubmission_file": {"hw.py": HW} for n in (1, 2, 3)}
    plant(tmp_path / "class", {**tree, "solution": {"hw.py": HW}, "more": {"hw.py": HW}})

    taken = inside("grade", "class", "--dry-run", cwd=tmp_path)
    forced = inside("grade", "class", "--dry-run", "--layout", "moodle", cwd=tmp_path)

    assert taken.out.startswith("Recognised: files and folders, 5 submissions\n")
    assert (
        "Notes:\n"
        "  class: 3 students' files are named as in a Moodle download, too much else is\n"
        "    not; if it is one: --layout moodle.\n"
    ) in taken.out
    assert forced.out == (
        "Recognised: a Moodle download, 3 submissions\n\n"
        "Student    Files\nStudent 1  hw.py\nStudent 2  hw.py\nStudent 3  hw.py\n\n"
        "Belong to nobody:\n  more\n  solution\n\n"
        "Nothing was graded: leave out --dry-run.\n"
    )


def test_a_class_in_a_zip_in_a_zip_is_said_to_be_read_as_one_student_s(tmp_path: Path) -> None:
    zipped(tmp_path / "class.zip", {"week1.zip": packed({"s01.py": HW, "s02.py": HW})})
    zipped(tmp_path / "one.zip", {"s01.zip": packed({"hw.py": HW, "hw.ipynb": b"{}"})})

    whole, single = (inside("grade", name, "--dry-run", cwd=tmp_path) for name in ("class.zip", "one.zip"))

    assert (
        "Student  Files\nweek1    s01.py, s02.py\n\n"
        "Notes:\n  week1.zip was read as one student's; if it holds a class, grade that zip.\n"
    ) in whole.out
    assert "Notes" not in single.out


@pytest.mark.parametrize("roster", ["Al\u200ci Reza", "Ali Reza"])
def test_signs_that_are_not_seen_keep_nobody_from_their_name(roster: str, tmp_path: Path) -> None:
    """Persian names have a joiner in them, which some systems leave out."""
    plant(
        tmp_path / "class", {"Al\u200ci Reza_1_assignsubmission_file": {"hw.py": HW}, "Al\u200di Reza.py": HW}
    )
    (tmp_path / "roster.csv").write_text(f"id,name\nu1,{roster}\n", encoding="utf-8")
    options = ("--dry-run", "--roster", "roster.csv")

    folder = inside("grade", "class", *options, "--layout", "moodle", cwd=tmp_path)
    file = inside("grade", "class", *options, "--layout", "files", cwd=tmp_path)

    assert "\nu1       hw.py\n" in folder.out
    assert "\nu1       Al\\u200di Reza.py\n" in file.out


COLLECTED = r"names:.*_(?P<student_id>\w+)_attempt_(?P<timestamp>[0-9\-]+)_(?P<file_id>\w+)"


def test_files_that_are_named_by_a_pattern_of_nbgrader_s_are_read_by_it(tmp_path: Path) -> None:
    tree: Tree = {
        "ps1_s01_attempt_2016-01-30-15-00-00_problem1.ipynb": b"{}",
        "ps1_s01_attempt_2016-01-29-15-00-00_problem1.ipynb": b"{}",
        "late": {"ps1_s02_attempt_2016-02-30-15-00-00_problem1.ipynb": b"{}"},
        "notes": {"readme.txt": b""},
    }
    plant(tmp_path / "class", tree)
    zipped(tmp_path / "class.zip", tree)

    runs = [
        inside("grade", at, "--dry-run", "--layout", COLLECTED, cwd=tmp_path) for at in ("class", "class.zip")
    ]

    assert [(run.code, run.out) for run in runs] == 2 * [
        (
            0,
            (
                "Recognised: a class of files that are named by the pattern, 2 submissions, 1 earlier "
                "attempt left out\n\n"
                "Student  Files\n"
                "s01      problem1.ipynb\n"
                "           ps1_s01_attempt_2016-01-29-15-00-00_problem1.ipynb is an earlier\n"
                "           attempt and does not count.\n"
                "s02      problem1.ipynb\n\n"
                "Belong to nobody:\n"
                "  notes/readme.txt\n\n"
                "Nothing was graded: leave out --dry-run.\n"
            ),
        )
    ]


def test_a_pattern_takes_a_course_of_another_structure(tmp_path: Path) -> None:
    tree: Tree = {
        "week1": {
            "s01": {"a.py": HW, "b.py": HW, "data": {"a.py": HW}},
            "s02": {"hw.zip": packed({"x.py": HW})},
        }
    }
    plant(tmp_path / "class", tree)
    pattern = r"names:week1/(?P<student_id>[^/]+)/(?P<file_id>.+)"

    run = inside("grade", "class", "--dry-run", "--layout", pattern, cwd=tmp_path)

    assert run.out.splitlines()[2:5] == [
        "Student  Files",
        "s01      a.py, b.py, data_a.py",
        "s02      x.py",
    ]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "no regular expression: missing ), unterminated subpattern at position 0."),
        (".*", "the pattern has to say whose a file is: names:(?P<student_id>[^_]+)_.*"),
        ("", "the pattern has to say whose a file is: names:(?P<student_id>[^_]+)_.*"),
    ],
)
def test_a_pattern_that_cannot_say_whose_a_file_is_is_refused(pattern: str, message: str) -> None:
    run = inside("grade", "submissions", "--layout", f"names:{pattern}", "--dry-run")

    assert (run.code, run.err) == (
        2,
        f"error: Invalid value for '--layout': names:{pattern}: {message}\n  help: grader grade --help\n",
    )


def test_a_pattern_that_no_file_has_is_refused(tmp_path: Path) -> None:
    plant(tmp_path / "class", {"s01.py": HW})

    run = inside("grade", "class", "--layout", "names:(?P<student_id>x)", "--dry-run", cwd=tmp_path)

    assert (run.code, run.err) == (
        2,
        (
            "error: class is not a class of files that are named by the pattern: looked for files whose "
            "paths begin as (?P<student_id>x).\n"
            "  help: Leave --layout out to see what it is taken for: grader grade PATH --dry-run.\n"
        ),
    )


def test_another_layout_can_be_forced(tmp_path: Path) -> None:
    plant(tmp_path / "class", {"hw_1_2_final.py": HW, "hw_1_3_final.py": HW})

    taken = inside("grade", "class", "--dry-run", cwd=tmp_path)
    forced = inside("grade", "class", "--dry-run", "--layout", "files", cwd=tmp_path)

    assert taken.out.startswith("Recognised: a Canvas download, 1 submission,")
    assert forced.out.startswith("Recognised: files and folders, 2 submissions\n")


def test_a_notebook_that_cannot_be_read_gets_the_feedback_that_says_so(
    kit_file: Path, tmp_path: Path
) -> None:
    whole = (ROOT / "submissions" / "s07.ipynb").read_bytes()
    tree = {
        "s01": {"ps1": {"problem1.ipynb": b'{"cells": ['}},
        "s02": {"ps1": {"problem1.ipynb": whole, "problem2.ipynb": b"{}", "helper.py": HW}},
        "s03": {"ps1": {"problem1.py": HW}},
    }
    plant(tmp_path / "course", {"submitted": tree})

    assert grader("grade", "course", "--kit", kit_file, cwd=tmp_path).code == 0
    run = inside("export", "nbgrader", "-o", "grades.csv", "--feedback", "feedback.zip", cwd=tmp_path)

    assert (run.code, run.out, run.err) == (
        0,
        "",
        (
            "Written: grades.csv\n"
            "Without a page in the pack:\n"
            "  s03: no notebook of an nbgrader course was handed in.\n"
            "Written: feedback.zip, 2 pages\n"
        ),
    )
    with zipfile.ZipFile(tmp_path / "feedback.zip") as archive:
        pages = {name: Page(archive.read(name).decode()).text for name in archive.namelist()}
    assert list(pages) == [
        "feedback/s01/ps1/problem1.html",
        "feedback/s02/ps1/problem1.html",
        "feedback/s02/ps1/problem2.html",
    ]
    broken = "This is no notebook: invalid JSON (Expecting value). Open it in Jupyter, save it again"
    assert f"problem1.ipynb, line 1: {broken}" in pages["feedback/s01/ps1/problem1.html"]
    assert "This is JSON, but no notebook: it has no cells." in pages["feedback/s02/ps1/problem2.html"]


def test_one_of_several_assignments_of_a_course_has_to_be_named(tmp_path: Path) -> None:
    tree = {"s01": {"ps1": {"a.ipynb": b"{}"}, "ps2": {"b.ipynb": b"{}"}}, "s02": {"ps2": {"b.ipynb": b"{}"}}}
    plant(tmp_path / "course", {"submitted": tree})

    several = inside("grade", "course", "--dry-run", cwd=tmp_path)
    other = inside("grade", "course", "--dry-run", "--layout", "nbgrader:ps3", cwd=tmp_path)
    named = inside("grade", "course", "--dry-run", "--layout", "nbgrader:ps1", cwd=tmp_path)

    assert (several.code, several.err) == (
        2,
        (
            "error: course/submitted: the nbgrader course has 2 assignments, and one is graded.\n"
            "  help: Name one with --layout nbgrader:NAME: ps1, ps2.\n"
        ),
    )
    assert (other.code, other.err) == (
        2,
        (
            "error: course/submitted: the nbgrader course has no assignment 'ps3'.\n"
            "  help: Name one with --layout nbgrader:NAME: ps1, ps2.\n"
        ),
    )
    assert named.out == (
        "Recognised: an nbgrader course, 1 submission\n\n"
        "Student  Files\ns01      a.ipynb\n\n"
        "Belong to nobody:\n  submitted/s01/ps2\n  submitted/s02\n\n"
        "Nothing was graded: leave out --dry-run.\n"
    )


def test_under_blind_marking_all_are_called_by_their_number_and_nobody_is_taken_for_another(
    tmp_path: Path,
) -> None:
    files = {f"Teilnehmer_{one}_assignsubmission_file_hw.py": HW for one in (4711, 4712, 4713)}
    zipped(tmp_path / "class.zip", files)

    run = inside("grade", "class.zip", "--dry-run", cwd=tmp_path)

    assert (run.code, run.out) == (
        0,
        (
            "Recognised: a Moodle download, 3 submissions\n\n"
            "Student          Files\n"
            "Teilnehmer 4711  hw.py\n"
            "Teilnehmer 4712  hw.py\n"
            "Teilnehmer 4713  hw.py\n\n"
            "Nothing was graded: leave out --dry-run.\n"
        ),
    )


# --- the roster ------------------------------------------------------------------------------

ROSTER = """\
id;name;email
u01;Student 01;s01@example.org
u02;"02, d'Étu, Ñ";s02@example.org
u07;Same Name;
u08;same name;
u09;Nobody 09;
"""


def test_a_roster_calls_students_by_its_ids_and_says_who_cannot_be_told_apart(tmp_path: Path) -> None:
    plant(tmp_path / "class", exports.moodle())
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")

    run = inside("grade", "class", "--dry-run", "--roster", "roster.csv", cwd=tmp_path)

    assert run.code == 0, run.err
    head, _, tail = run.out.partition("Can be taken for one another:\n")
    assert [line.split("  ")[0] for line in head.splitlines()[3:] if line[:1].strip()] == [
        "Same Name (4716)",
        "Same Name (4717)",
        "Student 03",
        "Student 04",
        "Student 05",
        "u01",
        "u02",
    ]
    assert tail == (
        "  Same Name (4716), Same Name (4717)\n\n"
        "Notes:\n"
        "  roster.csv: 2 students are named 'same name': u07, u08; none of them is\n"
        "    found by that name.\n"
        "  Same Name_4716_assignsubmission_file: roster.csv has several like 'Same Name\n"
        "    (4716)', and none of them is found: u07, u08.\n"
        "  Same Name_4717_assignsubmission_file: roster.csv has several like 'Same Name\n"
        "    (4717)', and none of them is found: u07, u08.\n"
        "  Student 03_4713_assignsubmission_onlinetext: roster.csv has nobody like\n"
        "    'Student 03'.\n"
        "  Student 04_4714_assignsubmission_file: roster.csv has nobody like 'Student\n"
        "    04'.\n"
        "  Student 05_4715_assignsubmission_file: roster.csv has nobody like 'Student\n"
        "    05'.\n"
        "  roster.csv: nothing was handed in by u07, u08, u09.\n\n"
        "Nothing was graded: leave out --dry-run.\n"
    )


def test_a_number_of_canvas_that_is_anothers_id_in_the_course_makes_nobody_the_other(tmp_path: Path) -> None:
    files = {"doejane_1001_501_hw.py": HW, "roejohn_1002_502_hw.py": HW, "poeann_1003_503_hw.py": HW}
    zipped(tmp_path / "class.zip", files)
    (tmp_path / "roster.csv").write_text("id,name\n1001,John Roe\nu2,Jane Doe\n1003,\n", encoding="utf-8")

    run = inside("grade", "class.zip", "--dry-run", "--roster", "roster.csv", cwd=tmp_path)

    assert (run.code, run.out) == (
        0,
        (
            "Recognised: a Canvas download, 3 submissions\n\n"
            "Student  Files\n"
            "1001     hw.py\n"
            "1003     hw.py\n"
            "doejane  hw.py\n\n"
            "Notes:\n"
            "  doejane_1001_501_hw.py: roster.csv has several like 'doejane', and none of\n"
            "    them is found: 1001, u2.\n"
            "  roster.csv: nothing was handed in by u2.\n\n"
            "Nothing was graded: leave out --dry-run.\n"
        ),
    )


def test_a_roster_that_is_not_there_is_told_before_anything_is_read(tmp_path: Path) -> None:
    plant(tmp_path / "class", {"s01.py": HW})

    run = inside("grade", "class", "--dry-run", "--roster", "none.csv", cwd=tmp_path)

    assert (run.code, run.out, run.err) == (
        2,
        "",
        (
            "error: none.csv: cannot be read: No such file or directory.\n"
            "  help: Name the file as you downloaded it.\n"
        ),
    )


def test_a_damaged_list_of_gradescopes_is_told_with_its_line(tmp_path: Path) -> None:
    text = b"submission_1:\n  :submitters: [\n"
    plant(tmp_path / "class", {"submission_metadata.yml": text, "submission_1": {"hw.py": HW}})

    run = inside("grade", "class", "--dry-run", cwd=tmp_path)

    assert run.code == 2
    assert run.err.splitlines()[1:] == [
        "  --> class/submission_metadata.yml:3",
        "  help: Export the submissions again, or grade the folders as students: --layout folders.",
    ]


# --- there and back --------------------------------------------------------------------------

GRADEBOOK = """\
Student,ID,SIS Login ID,Section,Homework (222)
    Points Possible,,,,20
"Étu, d'",1001,u01,A,
"02, Student",1002,u02,A,
"""


@pytest.fixture(scope="module")
def there_and_back(kit_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Canvas zip, graded: one on time, one late with an earlier attempt."""
    folder = tmp_path_factory.mktemp("canvas")
    right, wrong = ((ROOT / "submissions" / name).read_bytes() for name in ("s01.py", "s07.ipynb"))
    tree: Tree = {
        "détu_1001_501_hw.py": right,
        "student02_LATE_1002_503_hw-1.ipynb": wrong,
        "student02_1002_502_hw.ipynb": b"{}",
    }
    plant(folder / "class", tree)
    run = grader("grade", "class", "--kit", kit_file, cwd=folder)
    assert run.code == 0, run.err
    assert "Recognised: a Canvas download, 2 submissions, 1 late, 1 earlier attempt left out\n" in run.err
    (folder / "grades.csv").write_text(GRADEBOOK, encoding="utf-8")
    return folder


def test_what_the_system_knows_is_stored_with_the_marks(there_and_back: Path) -> None:
    stored = {one["student"]: one for one in results(there_and_back / "report")["submissions"]}

    earlier = "class/student02_1002_502_hw.ipynb"
    assert {student: one["score"] for student, one in stored.items()} == {"détu": 20.0, "student02": 12.0}
    assert stored["détu"]["origin"] == {
        "layout": "canvas",
        "id": "1001",
        "prefix": "détu_1001_501",
        "people": [{"name": "détu", "id": "1001"}],
    }
    assert stored["student02"]["origin"] == {
        "layout": "canvas",
        "id": "1002",
        "prefix": "student02_LATE_1002_503",
        "people": [{"name": "student02", "id": "1002"}],
        "late": True,
        "earlier": [earlier],
    }
    assert stored["student02"]["notes"][:2] == [
        "Handed in late.",
        f"{earlier} is an earlier attempt and does not count.",
    ]
    assert "Handed in late." in (there_and_back / "report/students/student02.html").read_text(
        encoding="utf-8"
    )


def test_the_marks_of_a_graded_download_come_back_to_canvas(there_and_back: Path) -> None:
    options = ("--gradebook", "grades.csv", "--assignment", "222", "-o", "filled.csv", "--feedback", "f.zip")

    run = grader("export", "canvas", *options, cwd=there_and_back)

    assert (run.code, run.out) == (
        0,
        "2 marks filled in, 0 there already, 0 kept as they were.\nWritten: filled.csv\n",
    )
    users = {1001: User("d' Étu", "Étu, d'"), 1002: User("Student 02", "02, Student")}
    data = (there_and_back / "filled.csv").read_bytes()
    assert canvas_import(data, Course(users, {222: "Homework"})) == {
        ("d' Étu", "Homework"): "20.00",
        ("Student 02", "Homework"): "12.00",
    }
    with zipfile.ZipFile(there_and_back / "f.zip") as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist()}
    assert {canvas_attach(name, {501: 1001, 503: 1002}) for name in pages} == {
        (1001, "détu_1001_501_feedback.html"),
        (1002, "student02_LATE_1002_503_feedback.html"),
    }
    page = (there_and_back / "report" / "students" / "student02.html").read_text(encoding="utf-8")
    assert pages["student02_LATE_1002_503_feedback.html"] == page


def test_on_resuming_what_is_known_is_todays_and_no_note_is_stale(
    there_and_back: Path, kit_file: Path, tmp_path: Path
) -> None:
    shutil.copytree(there_and_back, tmp_path, dirs_exist_ok=True)
    for before, after in (("student02_LATE_1002_503", "student02_1002_503"), ("1001_501", "1001_601")):
        (old,) = (tmp_path / "class").glob(f"*{before}*")
        old.rename(old.with_name(old.name.replace(before, after)))

    run = grader("grade", "class", "--kit", kit_file, "--resume", cwd=tmp_path)

    assert "1 graded before and unchanged, 1 to grade\n" in run.err
    stored = {one["student"]: one for one in results(tmp_path / "report")["submissions"]}
    assert stored["détu"]["origin"]["prefix"] == "détu_1001_601"
    assert stored["student02"]["origin"]["prefix"] == "student02_1002_503"
    assert "Handed in late." not in stored["student02"]["notes"]
