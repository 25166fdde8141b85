"""Whose files are whose in what learning systems export, also where somebody means ill."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import GraderError, NothingToGrade
from grader.intake import archives
from grader.intake.files import HAND_IN
from grader.intake.layouts import gradescope
from grader.intake.submissions import Asked, Discovery, open_submissions
from grader.records import Origin, Person, Submission
from tests.intake.exports import HW, Tree, packed, plant, zipped


def found(path: Path, roster: Path | None = None, layout: str = "") -> Discovery:
    with open_submissions(path, asked=Asked(layout, roster)) as discovery:
        return discovery


def read(root: Path, tree: Tree) -> dict[str, Submission]:
    """A class by its students."""
    return {one.student: one for one in found(plant(root / "class", tree)).submissions}


def origins(submissions: dict[str, Submission]) -> dict[str, Origin | None]:
    return {student: one.origin for student, one in submissions.items()}


# --- Canvas ----------------------------------------------------------------------------------


def test_what_canvas_knows_travels_with_each_submission(tmp_path: Path) -> None:
    tree = {
        "s01_11_501_hw.py": HW,
        "s01_11_502_a.csv": b"1",
        "s02_LATE_12_503_hw_2_3.py": HW,
        "LATE_anon_aB3xY_504_hw.py": HW,
        "anon_q9z_505_hw.py": HW,
        "s05_15_text.html": b"",
    }

    submissions = read(tmp_path, tree)

    assert origins(submissions) == {
        "s01": Origin("canvas", "11", "s01_11_502", (Person("s01", "11"),)),
        "s02": Origin("canvas", "12", "s02_LATE_12_503", (Person("s02", "12"),), late=True),
        "anon_aB3xY": Origin("canvas", "aB3xY", "LATE_anon_aB3xY_504", (Person("", "aB3xY"),), late=True),
        "anon_q9z": Origin("canvas", "q9z", "anon_q9z_505", (Person("", "q9z"),)),
        "s05": Origin("canvas", "15", "s05_15", (Person("s05", "15"),)),
    }
    assert [path.name for path in submissions["s02"].files] == ["hw_2_3.py"]
    assert submissions["s05"].problem == (
        f"{tmp_path}/class/s05_15_text.html: a text or a link was handed in, and no file. "
        "Hand in a .py or .ipynb file."
    )


def test_what_a_student_handed_in_stands_in_one_folder_under_its_own_names(tmp_path: Path) -> None:
    plant(
        tmp_path / "class", {"s01_11_501_hw.py": HW, "s01_11_502_helper.py": b"y", "s01_11_503_a.csv": b"1"}
    )

    with open_submissions(tmp_path / "class") as discovery:
        (one,) = discovery.submissions
        assert one.folder is not None
        assert {path.name: path.read_bytes() for path in one.folder.iterdir()} == {
            "hw.py": HW,
            "helper.py": b"y",
            "a.csv": b"1",
        }
        assert [path.name for path in one.files] == ["helper.py", "hw.py"]
    assert not one.folder.exists()


def test_of_what_was_downloaded_twice_the_newest_counts(tmp_path: Path) -> None:
    """Once on time, once late; the second download lies over the first."""
    tree = {"s01_11_501_hw.py": b"old", "s01_LATE_11_601_hw.py": HW, "s01_11_502_hw-1.py": b"older"}
    plant(tmp_path / "class", tree)

    with open_submissions(tmp_path / "class") as discovery:
        (one,) = discovery.submissions
        assert [path.read_bytes() for path in one.files] == [HW]

    shown = [f"{tmp_path}/class/{name}" for name in ("s01_11_501_hw.py", "s01_11_502_hw-1.py")]
    assert one.origin == Origin(
        "canvas", "11", "s01_LATE_11_601", (Person("s01", "11"),), late=True, earlier=tuple(shown)
    )
    assert one.notes == (
        "Handed in late.",
        *(f"{name} is an earlier attempt and does not count." for name in shown),
    )


def test_parts_that_a_student_numbered_are_no_attempts(tmp_path: Path) -> None:
    submissions = read(tmp_path, {"s01_11_501_part-1.py": HW, "s01_11_502_part-2.py": HW})

    assert [path.name for path in submissions["s01"].files] == ["part-1.py", "part-2.py"]


def test_a_pipe_a_link_and_a_file_too_large_are_their_students_and_are_not_opened(tmp_path: Path) -> None:
    root = plant(tmp_path / "class", {"s01_11_501_hw.py": HW, "s02_12_502_hw.py": HW, "s03_13_503_..": b""})
    os.mkfifo(root / "s01_11_504_data.bin")
    (root / "s04_14_505_hw.py").symlink_to("/etc/passwd")
    with (root / "s02_12_506_large.bin").open("wb") as file:
        file.truncate(archives.STUDENT_LIMIT + 1)

    submissions = {one.student: one for one in found(root).submissions}

    most = "is no plain file, or more than a student's 64 MiB."
    assert submissions["s01"].notes == (f"{root}/s01_11_504_data.bin {most}",)
    assert submissions["s02"].notes == (f"{root}/s02_12_506_large.bin {most}",)
    assert submissions["s03"].notes == (f"{root}/s03_13_503_.. has no file name and is not read.",)
    assert submissions["s04"].problem == (
        f"{root}/s04_14_505_hw.py is a symbolic link, which could point anywhere. "
        "Hand in a .py or .ipynb file."
    )


def test_a_class_of_plain_files_is_not_taken_for_a_download(tmp_path: Path) -> None:
    plant(tmp_path / "class", {**{f"s{n:02}.py": HW for n in range(3)}, "evil_1_2_hw.py": HW, "report": {}})

    discovery = found(tmp_path / "class")

    assert discovery.recognised == ""
    assert [one.student for one in discovery.submissions] == ["evil_1_2_hw", "s00", "s01", "s02"]


def test_a_gradebook_a_kit_and_a_report_beside_a_download_belong_to_nobody(tmp_path: Path) -> None:
    tree: Tree = {"s01_1_2_hw.py": HW, "grades.csv": b"", "hw.kit": b"", "reference": {"a.py": b""}}
    plant(tmp_path / "class", {**tree, "out": {"results.json": b"{}"}})

    with open_submissions(tmp_path / "class", output=tmp_path / "class" / "out") as discovery:
        assert [one.student for one in discovery.submissions] == ["s01"]
        assert [Path(one).name for one in discovery.unmatched] == ["grades.csv", "hw.kit", "out", "reference"]


# --- names -----------------------------------------------------------------------------------


def test_names_that_differ_by_case_or_normal_form_are_told_apart_by_number(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", "Étu 01")
    names = ["Étu 01_1", f"{apart}_2", "étu 01_3", "Other_4"]
    plant(tmp_path / "class", {f"{name}_assignsubmission_file": {"hw.py": HW} for name in names})

    discovery = found(tmp_path / "class")

    assert [one.student for one in discovery.submissions] == [
        "Other",
        "Étu 01 (1)",
        "Étu 01 (2)",
        "étu 01 (3)",
    ]
    assert discovery.alike == (("Étu 01 (1)", "Étu 01 (2)", "étu 01 (3)"),)


@pytest.mark.parametrize("name", ["=cmd()", "<b>", "a\u202eb", "../x", "a\nb", "\U0001f600", "-rf", " "])
def test_odd_names_are_shown_harmless_and_graded(tmp_path: Path, name: str) -> None:
    plain = name.replace("/", "")
    plant(tmp_path / "class", {f"{plain}_7_assignsubmission_file": {"hw.py": HW}})

    (one,) = found(tmp_path / "class").submissions

    assert one.problem is None
    assert one.origin is not None
    assert one.origin.prefix == f"{plain}_7_assignsubmission_file"
    assert "\n" not in one.student
    assert "\u202e" not in one.student


# --- Moodle ----------------------------------------------------------------------------------


def test_groups_and_blind_marking_are_read(tmp_path: Path) -> None:
    tree = {
        "Group A_12_assignsubmission_file_": {"hw.py": HW},
        "Default group_assignsubmission_file_": {"hw.py": HW},
        "Participant_4711_assignsubmission_file": {"hw.py": HW},
        "Teilnehmer_4712_assignsubmission_file": {"hw.py": HW},
        "Participant_4713_assignsubmission_file": {"hw.py": HW},
    }

    submissions = read(tmp_path, tree)

    assert {student: (one.origin.id if one.origin else "") for student, one in submissions.items()} == {
        "Group A": "12",
        "Default group": "",
        "Participant (4711)": "4711",
        "Teilnehmer": "4712",
        "Participant (4713)": "4713",
    }


def test_a_zip_within_a_students_zip_is_not_opened_and_told(tmp_path: Path) -> None:
    inner = packed({"hw.py": HW})
    path = zipped(
        tmp_path / "class.zip",
        {
            "Student 01_1_assignsubmission_file": {"hw.zip": inner},
            "Student 02_2_assignsubmission_file": {"hw.zip": packed({"again.zip": inner})},
            "Student 03_3_assignsubmission_file": {"a.zip": inner, "b.zip": inner},
        },
    )

    problems = {one.student: one.problem for one in found(path).submissions}

    at = f"{path}/Student 0"
    assert problems == {
        "Student 01": None,
        "Student 02": f"{at}2_2_assignsubmission_file/hw.zip has no .py or .ipynb file at its top; "
        "found again.zip. Hand in a .py or .ipynb file.",
        "Student 03": f"{at}3_3_assignsubmission_file has no .py or .ipynb file at its top; "
        "found a.zip, b.zip. Hand in a .py or .ipynb file.",
    }


@pytest.mark.parametrize("outer", [plant, lambda path, tree: zipped(path.with_suffix(".zip"), tree)])
def test_a_download_that_still_is_a_zip_in_something_is_recognised(
    tmp_path: Path, outer: Callable[[Path, Tree], Path]
) -> None:
    download = packed({"s01_1_501_hw.py": HW, "s02_2_502_hw.py": HW, "../x.py": HW})

    discovery = found(outer(tmp_path / "class", {"hw1_submissions.zip": download}))

    (note,) = discovery.notes
    assert note.endswith("/hw1_submissions.zip/../x.py leads out of the zip and was not unpacked.")
    assert [one.student for one in discovery.submissions] == ["s01", "s02"]
    assert discovery.recognised == "a Canvas download, 2 submissions"


def test_the_only_students_zip_is_a_student(tmp_path: Path) -> None:
    discovery = found(plant(tmp_path / "class", {"s01.zip": packed({"hw.py": HW, "helper.py": b""})}))

    assert [(one.student, len(one.files)) for one in discovery.submissions] == [("s01", 2)]


def test_a_bomb_costs_its_own_student_only(tmp_path: Path) -> None:
    zeros = bytes(8 << 20)
    path = zipped(
        tmp_path / "class.zip",
        {
            "s01_1_501_hw.py": HW,
            "s01_1_502_zeros.bin": zeros,
            "s02_2_503_hw.ipynb": zeros,
            "s03_3_504_hw.zip": packed({"zeros.ipynb": zeros}),
            "s04_4_505_hw.py": HW,
        },
    )

    problems = {one.student: one.problem or "" for one in found(path).submissions}

    assert (problems["s01"], problems["s04"]) == ("", "")
    assert problems["s02"].startswith(f"{path}/s02_2_503_hw.ipynb unpacks to more than")
    assert problems["s03"].startswith(f"{path}/s03_3_504_hw.zip/zeros.ipynb unpacks to more than")


def test_one_student_of_a_course_cannot_use_up_the_room_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "STUDENT_FILES", 2)
    work: Tree = {"ps1": {"a.ipynb": b"{}", "b.ipynb": b"{}", "c.ipynb": b"{}", "d.ipynb": b"{}"}}
    tree: Tree = {"source": {}, "submitted": {"s01": work, "s02": {"ps1": {"a.ipynb": b"{}"}}}}

    first, second = found(zipped(tmp_path / "course.zip", tree)).submissions

    assert [path.name for path in first.files] == ["a.ipynb", "b.ipynb"]
    assert (len(first.notes), second.problem) == (1, None)


# --- Gradescope ------------------------------------------------------------------------------


def said(root: Path, text: str | bytes, *submissions: str) -> Path:
    data = text.encode() if isinstance(text, str) else text
    return plant(root / "x", {gradescope.METADATA: data, **{one: {"hw.py": HW} for one in submissions}})


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        ("2024-03-10 02:30:00.000000000 -08:00", "2024-03-10 09:45:00.000000000 Z", "4"),  # in another zone
        ("2024-03-10 10:30:00.000000000 Z", "2024-03-09 10:45:00.000000000 Z", "4"),  # handed in before it
        ("2024-03-10 10:30:00.000000000 Z", "2024-03-11 10:45:00.000000000 Z", "5"),
        ("no time", "none either", "5"),
    ],
)
def test_of_two_submissions_to_gradescope_the_later_counts(
    first: str, second: str, counts: str, tmp_path: Path
) -> None:
    text = "".join(
        f"submission_{number}:\n  :submitters:\n  - :name: Student 01\n    :sid: '1'\n  :created_at: {time}\n"
        for number, time in ((4, first), (5, second))
    )
    (one,) = found(said(tmp_path, text, "submission_4", "submission_5")).submissions

    assert one.origin is not None
    assert (one.origin.id, len(one.origin.earlier)) == (counts, 1)


def test_what_gradescope_knows_travels_with_each_submission(tmp_path: Path) -> None:
    """Keys and tags of Ruby's, a number that is no octal, an alias, and what only looks like a submission."""
    text = (
        "submission_7: !ruby/object:Submission\n"
        "  :submitters: &people\n  - :name: Student 01\n    :sid: 0123\n    :email: s01@example.org\n"
        "  - !ruby/object:User\n    :name: Student 02\n    :sid: ~\n    :email:\n"
        "  :results: {submission_9: {':submitters': [{':name': nobody}]}}\n"
        "submission_8:\n  :submitters: *people\n"
        "other: {':submitters': []}\n"
    )

    found_ = {
        one.student: one for one in found(said(tmp_path, text, "submission_7", "submission_8")).submissions
    }

    people = (Person("Student 01", "0123", "s01@example.org"), Person("Student 02"))
    assert origins(found_) == {
        "Student 01 & Student 02": Origin("gradescope", "7", "submission_7", people),
        "submission_8": Origin("gradescope", "8", "submission_8"),
    }


def test_two_of_one_name_without_an_id_are_two(tmp_path: Path) -> None:
    one = "  :submitters:\n  - :name: Same Name\n"
    text = f"submission_1:\n{one}submission_2:\n{one}"

    submissions = found(said(tmp_path, text, "submission_1", "submission_2")).submissions

    assert [one.student for one in submissions] == ["Same Name (1)", "Same Name (2)"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("submission_1: {\n", ", line 2: Gradescope's list of submissions cannot be read: "),
        ("submission_1: [\n  a: b: c\n", ", line 2: Gradescope's list of submissions cannot be read: "),
        ("", ": Gradescope's list of submissions cannot be read: it lists no submissions."),
        ("- a\n", ": Gradescope's list of submissions cannot be read: it lists no submissions."),
        ("a: 1\n", ": Gradescope's list of submissions cannot be read: it lists no submissions."),
        (b"\xff\xfe\x00", ": Gradescope's list of submissions cannot be read: "),
        ("submission_1: " + "[" * 100_000, ": Gradescope's list of submissions cannot be read: "),
        ("a: &a [*a]\n" + "x" * 300, ": Gradescope's list of submissions cannot be read: "),
    ],
)
def test_a_list_that_gradescope_did_not_write_is_told(tmp_path: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(GraderError) as error:
        found(said(tmp_path, text, "submission_1"))

    assert why in error.value.message
    assert error.value.message.startswith(f"{tmp_path}/x/submission_metadata.yml")
    assert error.value.hint == (
        "Export the submissions again, or grade the folders as students: --layout folders."
    )
    assert [one.student for one in found(tmp_path / "x", layout="folders").submissions] == ["submission_1"]


def test_a_list_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradescope, "LIMIT", 1 << 20)

    with pytest.raises(GraderError, match="cannot be read: it has more than 1 MiB"):
        found(said(tmp_path, "a: " + "b" * (1 << 20)))


def test_a_list_that_is_a_pipe_or_a_link_is_not_opened(tmp_path: Path) -> None:
    root = plant(tmp_path / "x", {"submission_1": {"hw.py": HW}})
    (root / gradescope.METADATA).symlink_to("/etc/passwd")

    with pytest.raises(GraderError, match="is a symbolic link"):
        found(root)


@pytest.mark.parametrize(
    "tree",
    [
        {"s01": {gradescope.METADATA: b"submission_1: {}", "submission_1": {}, "hw.py": HW}},
        {"s01": {gradescope.METADATA: b"submission_1: {}", "hw.py": HW}, "s02": {"hw.py": HW}},
        {"s01": {"x_1_2_a.py": HW, "y_3_4_b.py": HW}},
        {"s01": {"a_1_assignsubmission_file": {"hw.py": HW}, "hw.py": HW}},
        {"s01": {"submitted": {"x": {"y": {"hw.py": HW}}}, "hw.py": HW}},
    ],
)
def test_no_student_can_make_a_class_of_the_own_folder(tmp_path: Path, tree: Tree) -> None:
    discovery = found(plant(tmp_path / "class", tree))

    assert discovery.recognised == ""
    assert [one.student for one in discovery.submissions] == list(tree)


# --- Blackboard and clones -------------------------------------------------------------------


def test_what_all_names_of_a_download_share_is_the_assignment(tmp_path: Path) -> None:
    when = "attempt_2024-03-01-10-00-00"
    alone = read(tmp_path / "a", {f"Homework_1_s_01_{when}_hw.py": HW})
    both = read(tmp_path / "b", {f"Homework_1_s_01_{when}_hw.py": HW, f"Homework_1_t_01_{when}_hw.py": HW})

    assert list(alone) == ["01"]
    assert list(both) == ["s_01", "t_01"]


def test_clones_elsewhere_keep_the_names_of_their_folders(tmp_path: Path) -> None:
    tree: Tree = {"hw1-s01": {".git": {}, "hw.py": HW}, "hw1-s02": {".git": b"gitdir: x", "hw.py": HW}}

    submissions = read(tmp_path, tree)

    assert origins(submissions) == {
        name: Origin("repositories", name, name, (Person(id=name),)) for name in ("hw1-s01", "hw1-s02")
    }


# --- the roster ------------------------------------------------------------------------------


def named(tmp_path: Path, tree: Tree, roster: str) -> tuple[list[str], Sequence[str]]:
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "roster.csv").write_text(roster, encoding="utf-8")
    discovery = found(plant(tmp_path / "class", tree), tmp_path / "roster.csv")
    return [one.student for one in discovery.submissions], discovery.notes


def test_students_are_found_by_id_address_or_name(tmp_path: Path) -> None:
    text = "submission_1:\n  :submitters:\n  - :name: Odd\n    :email: S02@example.org\n"
    export: Tree = {gradescope.METADATA: text.encode(), "submission_1": {"hw.py": HW}}
    roster = 'id,name,email\nu01,"01, Student",\nu02,Other,s02@example.org\nu03,Étu Ñ 03,\n'

    assert named(tmp_path / "a", {"U01.py": HW, "ÉTU ñ 03.py": HW}, roster)[0] == ["u01", "u03"]
    assert named(tmp_path / "b", export, roster)[0] == ["u02"]
    assert named(tmp_path / "c", {"01student_1_2_hw.py": HW}, roster)[0] == ["u01"]


def test_two_submissions_of_one_student_keep_their_names(tmp_path: Path) -> None:
    students, notes = named(tmp_path, {"u01.py": HW, "Student 01.py": HW}, "id,name\nu01,Student 01\n")

    assert students == ["Student 01", "u01"]
    assert notes == (
        f"{tmp_path}/class/Student 01.py: another submission is of 'u01' too; both keep their names.",
        f"{tmp_path}/class/u01.py: another submission is of 'u01' too; both keep their names.",
    )


def test_a_group_is_called_by_all_its_ids_or_not_at_all(tmp_path: Path) -> None:
    text = "submission_1:\n  :submitters:\n  - :name: A 01\n  - :name: A 02\n"
    export: Tree = {gradescope.METADATA: text.encode(), "submission_1": {"hw.py": HW}}

    assert named(tmp_path / "a", export, "id,name\nu1,A 01\nu2,A 02\n")[0] == ["u1 & u2"]
    assert named(tmp_path / "b", export, "id,name\nu1,A 01\n")[0] == ["A 01 & A 02"]


@pytest.mark.parametrize(
    ("roster", "message"),
    [
        ("name,email\nx,y\n", "{0}, line 1: the roster has no column id; found name, email."),
        ("id,name\nu1,a\n\n,b\n", "{0}, line 4: the id is empty."),
        ("id,name\nu1,a\nU1,b\n", "{0}, line 3: the id 'U1' stands in line 2 too."),
        ("", "{0}: the file is empty."),
    ],
)
def test_what_is_no_roster_is_refused(tmp_path: Path, roster: str, message: str) -> None:
    with pytest.raises(GraderError) as error:
        named(tmp_path, {"s01.py": HW}, roster)

    assert error.value.message == message.format(tmp_path / "roster.csv")


# --- laws ------------------------------------------------------------------------------------

WHO = st.sampled_from(
    ["s01_11", "s01_LATE_11", "s02_12", "S02_13", "é_14", "e\u0301_15", "anon_aB", "s_01_16"]
)
FILE = st.sampled_from(
    ["hw.py", "hw-1.py", "hw-2.py", "a-3.ipynb", "x.csv", "a_b.py", "text.html", "..", "z.zip"]
)
NAME = st.one_of(
    st.builds(lambda who, number, file: f"{who}_{number}_{file}", WHO, st.integers(1, 9), FILE),
    st.builds(lambda who: f"{who}_text.html", WHO),
    st.sampled_from(["notes.txt", "grades.csv", "hw.kit", "x.py"]),
)


@given(st.sets(NAME, max_size=12))
def test_every_file_of_a_download_is_somebodys_or_listed(names: set[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = plant(Path(folder) / "class", {name: name.encode() for name in names})
        try:
            with open_submissions(root) as discovery:
                copied = {
                    path.read_bytes().decode()
                    for one in discovery.submissions
                    if one.folder is not None
                    for path in one.folder.iterdir()
                }
        except NothingToGrade:
            assert not any(name.endswith((".py", ".ipynb", ".zip")) for name in names)
            return
        told = [one.problem or "" for one in discovery.submissions]
        told += [*discovery.unmatched, *(note for one in discovery.submissions for note in one.notes)]
        plain = {path.name for one in discovery.submissions for path in one.files}
        left = {name for name in names if name not in copied | plain}
        assert {name for name in left if not _is_told(name, " ".join(told))} == set()
        assert len({one.student.casefold() for one in discovery.submissions}) == len(discovery.submissions)


def _is_told(name: str, told: str) -> bool:
    """By its whole name; of a student without a source, by the name it had: "found text.html"."""
    return f"/{name}" in told or f" {name.rpartition('_')[2]}" in told


def test_a_link_in_the_place_of_a_student_s_folder_is_not_followed(tmp_path: Path) -> None:
    outside = plant(tmp_path / "outside", {"key.py": HW})
    moodle = plant(tmp_path / "moodle", {"Student 01_1_assignsubmission_file": {"hw.py": HW}})
    text = "submission_1:\n  :submitters:\n  - :name: Student 01\n"
    links = (moodle / "Student 02_2_assignsubmission_file", said(tmp_path, text) / "submission_1")
    for link in links:
        link.symlink_to(outside)

    read = [one for link in links for one in found(link.parent).submissions]

    assert [(len(one.files), one.problem) for one in read] == [
        (1, None),
        *((0, f"{link} is a symbolic link, which could point anywhere. {HAND_IN}") for link in links),
    ]
