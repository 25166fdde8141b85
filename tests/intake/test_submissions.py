"""Whatever a student hands in is found, and nobody is dropped silently. About five seconds."""

from __future__ import annotations

import errno
import io
import os
import stat
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import store
from grader.errors import GraderError, NothingToGrade
from grader.intake import archives
from grader.intake.files import HAND_IN
from grader.intake.submissions import Discovery, open_submissions
from grader.records import Submission
from grader.text import FORBIDDEN

Tree = dict[str, "bytes | Tree"]

LINK = stat.S_IFLNK | 0o777
PIPE = stat.S_IFIFO | 0o644


def plant(root: Path, tree: Tree) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for name, content in tree.items():
        if isinstance(content, bytes):
            (root / name).write_bytes(content)
        else:
            plant(root / name, content)
    return root


def found(path: Path, *, one: bool = False) -> Discovery:
    with open_submissions(path, one=one) as discovery:
        return discovery


def only(path: Path, *, one: bool = False) -> Submission:
    (submission,) = found(path, one=one).submissions
    return submission


def students(discovery: Discovery) -> list[str]:
    return [submission.student for submission in discovery.submissions]


def names(submission: Submission) -> list[str]:
    return [path.name for path in submission.files]


def zipped(path: Path, members: list[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def member(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


# --- how a file, a folder and a zip are read -------------------------------------------------


def test_a_file_is_one_submission_named_by_its_stem(tmp_path: Path) -> None:
    plant(tmp_path, {"s01.py": b"x = 1", "s02.py": b""})

    submission = only(tmp_path / "s01.py")

    assert submission == Submission("s01", str(tmp_path / "s01.py"), (tmp_path / "s01.py",))


def test_an_empty_file_is_a_readable_submission(tmp_path: Path) -> None:
    plant(tmp_path, {"s01.py": b""})

    assert only(tmp_path / "s01.py").problem is None


def test_a_flat_class_has_a_student_for_each_stem(tmp_path: Path) -> None:
    plant(tmp_path, {"s02.ipynb": b"{}", "s01.py": b"", "s01.ipynb": b"{}", "S03.PY": b"", "README.md": b""})

    discovery = found(tmp_path)

    assert students(discovery) == ["S03", "s01", "s02"]
    assert names(discovery.submissions[1]) == ["s01.ipynb", "s01.py"]
    assert [submission.folder for submission in discovery.submissions] == [None, None, None]
    assert discovery.unmatched == (f"{tmp_path}/README.md",)


def test_a_class_of_folders_has_a_student_for_each_folder(tmp_path: Path) -> None:
    own: Tree = {
        "hw.ipynb": b"{}",
        "helper.py": b"",
        "data.csv": b"",
        "src": {"deep.py": b""},
        ".hidden.py": b"",
    }
    plant(tmp_path, {"s01": own, "s02": {"hw.py": b""}})

    first, second = found(tmp_path).submissions

    assert (first.student, first.path, first.folder) == ("s01", f"{tmp_path}/s01", tmp_path / "s01")
    assert names(first) == ["helper.py", "hw.ipynb"]
    assert names(second) == ["hw.py"]


def test_the_same_folder_is_one_student_to_a_student_and_a_class_to_an_instructor(tmp_path: Path) -> None:
    folder = plant(tmp_path / "s07", {"hw.py": b"", "helper.py": b""})

    assert students(found(folder)) == ["helper", "hw"]
    assert only(folder, one=True) == Submission(
        "s07", str(folder), (folder / "helper.py", folder / "hw.py"), folder
    )


def test_a_folder_around_a_students_folder_is_looked_through(tmp_path: Path) -> None:
    plant(tmp_path, {"s01": {"homework": {"hw.py": b"", "__MACOSX": {}}}, "s02": {"hw.py": b""}})

    submission = found(tmp_path).submissions[0]

    assert (submission.student, submission.folder) == ("s01", tmp_path / "s01" / "homework")


def test_what_the_system_makes_is_skipped_and_everything_else_is_listed(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "s01.py": b"",
            ".DS_Store": b"",
            "._s01.py": b"",
            "__MACOSX": {"s01.py": b""},
            "Thumbs.db": b"",
            "__pycache__": {"s01.pyc": b""},
            ".ipynb_checkpoints": {"s01-checkpoint.ipynb": b""},
            "hw.kit": b"",
            "reference": {"one.py": b""},
            ".hidden.py": b"",
            "data": {"a.csv": b""},
            "x.txt": b"",
        },
    )

    discovery = found(tmp_path)

    assert students(discovery) == ["s01"]
    assert discovery.unmatched == tuple(
        f"{tmp_path}/{name}" for name in (".hidden.py", "data", "hw.kit", "reference", "x.txt")
    )


def test_a_folder_without_sources_is_a_student_where_folders_are_students(tmp_path: Path) -> None:
    plant(tmp_path, {"s01": {"hw.py": b""}, "s02": {"report.pdf": b"", "src": {"hw.py": b""}}, "s03": {}})

    problems = [submission.problem for submission in found(tmp_path).submissions]

    assert problems == [
        None,
        f"{tmp_path}/s02 has no .py or .ipynb file at its top; found report.pdf, src. {HAND_IN}",
        f"{tmp_path}/s03 has no .py or .ipynb file at its top; it is empty. {HAND_IN}",
    ]


def test_a_folder_named_like_a_file_is_read_as_a_folder(tmp_path: Path) -> None:
    plant(tmp_path, {"s01.py": {}, "s02.ipynb": {"s02.ipynb": b"{}"}, "s03.py": b""})

    first, second, third = found(tmp_path).submissions

    assert first.problem == (
        f"{tmp_path}/s01.py has no .py or .ipynb file at its top; it is empty. {HAND_IN}"
    )
    assert (second.student, names(second)) == ("s02.ipynb", ["s02.ipynb"])
    assert third.problem is None


def test_many_candidates_are_cut_with_a_note(tmp_path: Path) -> None:
    plant(tmp_path / "s01", {f"f{number:02}.py": b"" for number in range(40)})

    submission = only(tmp_path / "s01", one=True)

    assert len(submission.files) == 32
    assert submission.notes == (f"{tmp_path}/s01 holds 40 sources; the first 32 by name were read.",)


# --- names -----------------------------------------------------------------------------------


def test_names_that_collide_stay_apart_with_a_note(tmp_path: Path) -> None:
    composed, apart = "\u00e9", unicodedata.normalize("NFD", "\u00e9")
    plant(
        tmp_path, {"S01.py": b"", "s01.py": b"", "s01-2.py": b"", f"{composed}.py": b"", f"{apart}.py": b""}
    )

    discovery = found(tmp_path)

    assert students(discovery) == ["S01", "s01", "s01-2", "\u00e9", "\u00e9-2"]
    assert discovery.alike == (("S01", "s01"), ("\u00e9", "\u00e9-2"))
    assert discovery.notes == (
        f"{tmp_path}/{apart}.py: another submission is named '\u00e9' too; this one is '\u00e9-2'.",
    )
    assert discovery.submissions[-1].notes == discovery.notes


def test_the_exact_name_keeps_its_id_whatever_is_handed_in_beside_it(tmp_path: Path) -> None:
    names = ("BOB.py", "bob .py", "bob.py", " bob.py", "bob\n.py", "Bob-2.py")
    plant(tmp_path, dict.fromkeys(names, b""))
    plant(tmp_path / "bob", {"hw.py": b""})

    discovery = found(tmp_path)

    own = {one.student: Path(one.path).name for one in discovery.submissions}
    assert (own["bob"], own["BOB"], own["Bob-2"]) == ("bob", "BOB.py", "Bob-2.py")
    assert sorted(own) == ["BOB", "Bob-2", "bob", "bob-3", "bob-4", "bob-5", "bob-6"]
    assert [set(group) for group in discovery.alike] == [set(own) - {"Bob-2"}]


@pytest.mark.parametrize(
    ("name", "student"),
    [
        (b"caf\xe9.py", "caf\\udce9"),
        (b"-rf.py", "-rf"),
        (b"=HYPERLINK(1).py", "=HYPERLINK(1)"),
        (b"<img src=x onerror=alert(1)>.py", "<img src=x onerror=alert(1)>"),
        (b"a\nb\x1b[2J.py", "a b"),
        ("exe\u202eyp.py".encode(), "exe\\u202eyp"),
        (b" .py", "unnamed"),
        (b"x" * 247 + b".py", "x" * 178 + "… [69 characters cut]"),
        (b"'; drop--.py", "'; drop--"),
    ],
)
def test_any_file_name_is_graded_and_shown_harmless(tmp_path: Path, name: bytes, student: str) -> None:
    Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_bytes(b"")  # noqa: PTH118 -- bytes

    submission = only(tmp_path)

    assert submission.student == student
    assert submission.problem is None
    assert submission.files[0].read_bytes() == b""
    assert FORBIDDEN.search(submission.path) is None


# --- what cannot be read ---------------------------------------------------------------------


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    secret = plant(tmp_path / "secret", {"key.py": b""})
    folder = plant(tmp_path / "class", {"s01.py": b""})
    (folder / "s02.py").symlink_to(secret / "key.py")
    (folder / "s03.py").symlink_to("s03.py")
    (folder / "s04").symlink_to(secret)

    discovery = found(folder)

    assert [submission.problem for submission in discovery.submissions] == [
        None,
        f"{folder}/s02.py is a symbolic link, which could point anywhere. Hand in a .py or .ipynb file.",
        f"{folder}/s03.py is a symbolic link, which could point anywhere. Hand in a .py or .ipynb file.",
    ]
    assert discovery.unmatched == (f"{folder}/s04",)
    assert discovery.notes == (
        f"{folder}/s04 is a symbolic link, which could point anywhere. Hand in a .py or .ipynb file.",
    )


def test_a_link_that_the_user_names_is_followed(tmp_path: Path) -> None:
    folder = plant(tmp_path / "class", {"s01.py": b""})
    (tmp_path / "newest").symlink_to(folder)
    (tmp_path / "mine.py").symlink_to(folder / "s01.py")

    assert only(tmp_path / "newest").path == f"{tmp_path}/newest/s01.py"
    assert only(tmp_path / "mine.py") == Submission("mine", f"{tmp_path}/mine.py", (folder / "s01.py",))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "s01.ipynb")

    submission = only(tmp_path)

    assert (
        submission.problem
        == f"{tmp_path}/s01.ipynb is a pipe or a device, not a file. Hand in a .py or .ipynb file."
    )
    assert only(tmp_path / "s01.ipynb") == submission


def test_a_file_beyond_its_limit_is_not_read(tmp_path: Path) -> None:
    for name, size in {"s01.py": 104_857_600, "s02.ipynb": 32 << 20, "s03.ipynb": (32 << 20) + 1}.items():
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)

    problems = [submission.problem for submission in found(tmp_path).submissions]

    again = "Take out data and large outputs and hand it in again."
    assert problems == [
        f"{tmp_path}/s01.py has 100.0 MiB; a .py file may have 1. {again}",
        None,
        f"{tmp_path}/s03.ipynb has 32.0 MiB; a .ipynb file may have 32. {again}",
    ]


def test_what_may_not_be_read_is_a_submission_with_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system refuses, as it would for anyone but root, who may read everything."""
    plant(tmp_path, {"s01.py": b"", "s02": {"hw.py": b""}, "s03": {"hw.py": b""}})
    opened, listed = os.open, os.scandir

    def refuse(path: Path | str) -> None:
        if Path(path).name in ("s01.py", "s02"):
            raise PermissionError(errno.EACCES, "Permission denied")

    def refusing_open(path: Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        refuse(path)
        return opened(path, flags, mode, dir_fd=dir_fd)

    def refusing_list(path: Path) -> Iterator[os.DirEntry[str]]:
        refuse(path)
        return listed(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refusing_open)
        patched.setattr(os, "scandir", refusing_list)
        with open_submissions(tmp_path) as discovery:
            problems = [submission.problem for submission in discovery.submissions]
        patched.undo()

    assert problems == [
        f"{tmp_path}/s01.py cannot be read: Permission denied. Check its rights, or hand it in again.",
        f"{tmp_path}/s02 cannot be read: Permission denied. Check its rights, or hand it in again.",
        None,
    ]


def test_a_bad_candidate_beside_a_good_one_is_a_note(tmp_path: Path) -> None:
    plant(tmp_path, {"s01.py": b""})
    os.mkfifo(tmp_path / "s01.ipynb")

    submission = only(tmp_path)

    assert (names(submission), submission.problem) == (["s01.py"], None)
    assert submission.notes == (
        f"{tmp_path}/s01.ipynb is a pipe or a device, not a file. Hand in a .py or .ipynb file.",
    )


def test_a_file_of_another_kind_is_told_so(tmp_path: Path) -> None:
    plant(tmp_path, {"report.pdf": b""})

    assert only(tmp_path / "report.pdf").problem == (
        f"{tmp_path}/report.pdf is neither a .py nor an .ipynb file. Hand in a .py or .ipynb file."
    )


@pytest.mark.parametrize("one", [True, False])
def test_nothing_to_grade_says_what_was_looked_for(tmp_path: Path, one: bool) -> None:
    plant(tmp_path, {"README.md": b"", "photos": {"a.png": b""}})

    with pytest.raises(NothingToGrade) as error, open_submissions(tmp_path, one=one):
        pass

    assert str(error.value) == (
        f"{tmp_path}: no submission found. Looked for .py and .ipynb files, "
        f"and for folders and zips that hold some. Found {tmp_path}/README.md, {tmp_path}/photos.\n"
        "  Name a file, or the folder that holds one file or one folder for each student."
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nowhere", "No such file or directory"),
        ("a\0b", "embedded null byte"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_path_that_does_not_exist_is_an_error_of_the_user(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(GraderError) as error, open_submissions(tmp_path / name):
        pass

    assert error.value.exit_code == 2
    assert error.value.message.endswith(f" cannot be read: {why}.")
    assert FORBIDDEN.search(error.value.message) is None


def test_links_in_a_circle_are_an_error_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")

    with pytest.raises(GraderError, match="cannot be read"), open_submissions(tmp_path / "a"):
        pass


# --- zips ------------------------------------------------------------------------------------


def test_a_zip_is_read_like_the_folder_in_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "class.zip", [("s01.py", b"x = 1"), ("s02/hw.ipynb", b"{}"), ("s02/data/a.csv", b"1")]
    )

    with open_submissions(path) as discovery:
        first, second = discovery.submissions
        assert first.files[0].read_bytes() == b"x = 1"
        assert (first.path, second.path) == (f"{path}/s01.py", f"{path}/s02")
        assert second.folder is not None
        assert (second.folder / "data" / "a.csv").read_bytes() == b"1"

    assert not first.files[0].exists()


def test_a_folder_around_a_class_in_a_zip_is_looked_through(tmp_path: Path) -> None:
    flat = zipped(
        tmp_path / "flat.zip", [("class/s01.py", b""), ("class/s02.py", b""), ("__MACOSX/._class", b"")]
    )
    folders = zipped(tmp_path / "folders.zip", [("class/s01/hw.py", b""), ("class/s02/hw.py", b"")])
    single = zipped(tmp_path / "single.zip", [("s01/hw.py", b""), ("s01/hw.ipynb", b"{}")])

    assert students(found(flat)) == ["s01", "s02"]
    assert students(found(folders)) == ["s01", "s02"]
    assert students(found(single)) == ["s01"]


def test_a_students_zip_is_a_students_folder(tmp_path: Path) -> None:
    zipped(tmp_path / "s01.zip", [("homework/hw.py", b""), ("homework/helper.py", b"")])
    (tmp_path / "s02.zip").write_bytes(b"PK no zip")

    discovery = found(tmp_path)

    assert students(discovery) == ["s01", "s02"]
    assert names(discovery.submissions[0]) == ["helper.py", "hw.py"]
    assert discovery.submissions[1].problem == (
        f"{tmp_path}/s02.zip cannot be read as a zip: File is not a zip file. "
        "Zip the files again, or hand them in as they are."
    )
    assert names(only(tmp_path / "s01.zip", one=True)) == ["helper.py", "hw.py"]


def test_a_zip_without_sources_is_a_student_where_others_are_and_else_nobody(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "s04.zip", [("hw.py", b"")]).read_bytes()
    zipped(tmp_path / "s01.zip", [])
    zipped(tmp_path / "s02.zip", [("a.png", b"")])
    zipped(tmp_path / "s03.zip", [("inner.zip", inner)])
    with_students = found(tmp_path)
    (tmp_path / "s04.zip").unlink()
    (tmp_path / "s05.py").write_bytes(b"")
    without = found(tmp_path)

    assert {one.student: one.problem for one in with_students.submissions} == {
        "s01": f"{tmp_path}/s01.zip has no .py or .ipynb file at its top; it is empty. {HAND_IN}",
        "s02": f"{tmp_path}/s02.zip has no .py or .ipynb file at its top; found a.png. {HAND_IN}",
        "s03": f"{tmp_path}/s03.zip has no .py or .ipynb file at its top; found inner.zip. {HAND_IN}",
        "s04": None,
    }
    assert with_students.unmatched == ()
    assert students(without) == ["s05"]
    assert without.unmatched == tuple(f"{tmp_path}/s0{n}.zip" for n in (1, 2, 3))


def test_students_zips_inside_a_class_zip_are_read(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("hw.py", b"")

    assert students(
        found(zipped(tmp_path / "class.zip", [("s01.zip", inner.getvalue()), ("s02.py", b"")]))
    ) == ["s01", "s02"]


def test_a_broken_zip_that_the_user_names_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "class.zip").write_bytes(b"\x00" * 100)

    with pytest.raises(GraderError, match=r"class\.zip cannot be read as a zip: File is not a zip file"):
        found(tmp_path / "class.zip")


def test_no_member_leaves_the_folder(tmp_path: Path) -> None:
    escapes = ["../out.py", "/out.py", "s01/../../out.py", "..\\out.py", "C:\\out.py", "\\\\host\\out.py"]
    path = zipped(
        tmp_path / "class.zip", [*((name, b"") for name in escapes), ("s01.py", b""), ("win\\hw.py", b"")]
    )

    discovery = found(path)

    assert students(discovery) == ["s01", "win"]
    assert discovery.unmatched == tuple(sorted(f"{path}/{name}" for name in escapes))
    assert discovery.notes[0] == f"{path}/../out.py leads out of the zip and was not unpacked."
    assert sorted(each.name for each in tmp_path.iterdir()) == ["class.zip"]


def test_odd_members_are_told_to_the_student_who_handed_them_in(tmp_path: Path) -> None:
    encrypted = zipped(tmp_path / "locked.zip", [("hw.py", b"x")])
    data = bytearray(encrypted.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    encrypted.write_bytes(data)
    path = zipped(
        tmp_path / "class.zip",
        [
            (member("s01.py", LINK), b"/etc/passwd"),
            (member("s02/hw.py", PIPE), b""),
            (member("s03/data", LINK), b"/"),
            *(("s03/hw.py", b""), ("s04.zip", bytes(data)), ("s05.py", b"one")),
        ],
    )

    found_ = {submission.student: submission for submission in found(path).submissions}

    assert found_["s01"].problem == (
        f"{path}/s01.py is a symbolic link, which could point anywhere; hand in the file itself."
    )
    assert found_["s02"].problem == f"{path}/s02/hw.py is no ordinary file; hand in a .py or .ipynb file."
    assert found_["s03"].problem is None
    assert found_["s03"].notes == (
        f"{path}/s03/data is a symbolic link, which could point anywhere; hand in the file itself.",
    )
    assert found_["s04"].problem == f"{path}/s04.zip/hw.py is encrypted; zip it without a password."
    assert found_["s05"].problem is None


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_not_guessed(tmp_path: Path) -> None:
    twice = [
        ("s01.py", b"a"),
        ("s01.py", b"b"),
        ("s01.py", b"c"),
        ("s02.py", b""),
        ("s03.py", b""),
        ("s03.py/x.py", b""),
    ]
    path = zipped(tmp_path / "class.zip", [*twice])

    discovery = found(path)

    assert [submission.problem for submission in discovery.submissions] == [
        f"{path}/s01.py stands in the zip twice, and it is unclear which one is meant; hand in one.",
        None,
        None,
    ]
    assert discovery.unmatched == (f"{path}/s03.py/x.py",)
    assert discovery.notes == (
        f"{path}/s03.py/x.py cannot be unpacked: no folder can stand where its folder should.",
    )


def test_a_bomb_costs_its_own_student_only(tmp_path: Path) -> None:
    zeros = bytes(8 << 20)
    path = zipped(
        tmp_path / "class.zip",
        [("s01/hw.py", b""), ("s01/zeros.bin", zeros), ("s02.ipynb", zeros), ("s03.py", b"")],
    )

    first, second, third = found(path).submissions

    (note,) = first.notes
    assert note == (
        f"{path}/s01/zeros.bin unpacks to more than 1.6 MiB; one file may have 32 MiB and "
        "200 times its packed size, one student's files 64 MiB together."
    )
    assert second.problem is not None
    assert second.problem.startswith(f"{path}/s02.ipynb unpacks to more than 1.6 MiB")
    assert third.problem is None


def test_one_students_files_share_a_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "STUDENT_LIMIT", 1000)
    monkeypatch.setattr(archives, "STUDENT_FILES", 3)
    path = zipped(
        tmp_path / "class.zip",
        [
            ("s01/hw.py", b"x" * 600),
            ("s01/zz.py", b"y" * 600),
            ("s01/a/b.py", b""),
            ("s01/a/c.py", b""),
            ("s02.py", b"z" * 900),
        ],
    )

    first, second = found(path).submissions

    assert names(first) == ["hw.py"]
    assert [note.split(" ", 1)[1][:40] for note in first.notes] == [
        "and what follows is left out: these are ",
        "unpacks to more than 0.0 MiB; one file m",
    ]
    assert second.problem is None


def test_a_class_that_unpacks_to_too_much_is_refused_and_not_whoever_comes_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "CLASS_LIMIT", 2 << 20)
    path = zipped(tmp_path / "class.zip", [(f"s0{one}.ipynb", bytes(900_000)) for one in range(1, 5)])

    with pytest.raises(GraderError) as error:
        found(path)

    assert str(error.value) == (
        f"{path} unpacks to more than 2 MiB.\n  Unpack it where there is room, and grade the folder."
    )


def test_a_crowded_class_is_refused_with_what_its_instructor_can_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "CLASS_MEMBERS", 3)
    path = zipped(tmp_path / "class.zip", [(f"s0{one}.py", b"") for one in range(1, 5)])

    with pytest.raises(GraderError) as error:
        found(path)

    assert str(error.value) == (
        f"{path} holds more than 3 files. Unpack it where there is room, and grade the folder."
    )


def test_a_name_that_is_too_long_for_this_system_costs_its_own_student_only(tmp_path: Path) -> None:
    long = "\u984c" * 90  # 270 bytes
    path = zipped(tmp_path / "class.zip", [("s01.py", b""), (f"{long}.py", b""), (f"{long}/hw.py", b"")])

    discovery = found(path)

    assert [(one.student, one.problem) for one in discovery.submissions] == [
        ("s01", None),
        (long, f"{path}/{long}.py cannot be unpacked: File name too long."),
    ]
    assert discovery.unmatched == (f"{path}/{long}/hw.py",)


def test_a_crowded_zip_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "STUDENT_MEMBERS", 10)
    zipped(tmp_path / "s01.zip", [(f"{number}.py", b"") for number in range(11)])

    assert only(tmp_path).problem == (
        f"{tmp_path}/s01.zip holds more than 10 files; hand in the files with your functions only."
    )


@given(st.binary(max_size=400), st.integers(0, 400))
def test_a_damaged_zip_is_never_an_exception(noise: bytes, place: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("hw.py", b"x = 1\n" * 20)
        archive.writestr("d/\u00e9.ipynb", b"{}")
    data = buffer.getvalue()
    damaged = data[:place] + noise + data[place + len(noise) :]
    with tempfile.TemporaryDirectory() as name:
        root = plant(Path(name), {"s01.zip": damaged, "s02.py": b""})

        discovery = found(root)

        assert "s02" in students(discovery)
        assert "s01" in students(discovery) or discovery.unmatched == (f"{root}/s01.zip",)


# --- laws ------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    [
        *(
            "s01.py",
            "s01.ipynb",
            "S01.py",
            "s02.py",
            "s02",
            "S02",
            "s01",
            "notes.txt",
            "a.zip",
            "-x.py",
            "=1.py",
        ),
        *(
            "reference",
            ".git",
            ".DS_Store",
            "._s01.py",
            ".hidden.py",
            "x.kit",
            "s03.py",
            "\u00e9.py",
            "e\u0301.py",
            ".venv",
        ),
    ]
)
CONTENT = st.binary(max_size=3)
TREES = st.recursive(
    st.dictionaries(NAMES, CONTENT, max_size=5),
    lambda inner: st.dictionaries(NAMES, CONTENT | inner, max_size=6),
    max_leaves=12,
)


def seen(root: Path) -> list[Path]:
    """Every regular file that no system made."""
    every = [path for path in root.rglob("*") if path.is_file()]
    return [
        path for path in every if not any(archives.is_junk(part) for part in path.relative_to(root).parts)
    ]


@given(TREES)
def test_every_file_is_in_one_submission_or_unmatched(tree: Tree) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = plant(Path(name) / "class", tree)
        try:
            discovery = found(root)
        except NothingToGrade:
            assert not any(
                path.suffix in archives.SOURCES and path.parent == root and path.name[0] != "."
                for path in seen(root)
            )
            return
        unmatched = [Path(each) for each in discovery.unmatched]
        for path in seen(root):
            own = [
                each
                for each in discovery.submissions
                if path in each.files or str(path).startswith(f"{each.path}/")
            ]
            zips = [each for each in discovery.submissions if each.path == str(path)]
            left = [each for each in unmatched if path == each or each in path.parents]
            assert len({each.student for each in (*own, *zips)}) + len(left) == 1

        ids = [each.student for each in discovery.submissions]
        files = {store.file_name(each).casefold() for each in ids}
        assert len(set(ids)) == len(ids) == len(files)
        assert students(discovery) == sorted(students(discovery))
        assert found(root) == discovery
