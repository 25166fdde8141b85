"""A submission's files as bytes, whatever lies there. Under a second."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from grader.intake import files
from grader.records import Failure, Note, Submission
from grader.sandbox import folders, limits, reading
from grader.sandbox.jobs import File
from grader.sandbox.pool import Pool
from tests.sandbox import small


def given(*files: Path, problem: str | None = None) -> Submission:
    return Submission("s01", "class/s01", files, problem=problem)


def make_file(path: Path) -> None:
    path.write_bytes(b"x = 1")


def make_link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def make_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100 << 20)


def make_unreadable(path: Path) -> None:
    path.parent.joinpath("gone").mkdir()


@pytest.mark.parametrize(
    ("name", "make", "problem"),
    [
        ("s01.py", make_link, "s01.py: a symbolic link; submit the file itself."),
        ("s01.py", Path.mkdir, "s01.py is a folder, not a file; submit the file itself."),
        (
            "s01.py",
            os.mkfifo,
            "s01.py is no regular file (a pipe, socket or device); submit the file itself.",
        ),
        (
            "s01.py",
            make_large,
            "s01.py has 100.0 MiB, more than the 1 MiB allowed; submit only the code.",
        ),
        (
            "s01.ipynb",
            make_large,
            "s01.ipynb has 100.0 MiB, more than the 32 MiB allowed; clear its outputs and save it again.",
        ),
        (
            "s01.py",
            make_unreadable,
            "s01.py: cannot be read (No such file or directory); check that it is there and readable.",
        ),
    ],
)
def test_what_is_no_readable_file_is_said(
    pool: Pool, tmp_path: Path, name: str, make: object, problem: str
) -> None:
    assert callable(make)
    make(tmp_path / name)

    execution = pool.run(given(tmp_path / name))

    assert (execution.loaded, execution.failure, execution.message) == (False, Failure.LOAD_FAILED, problem)
    assert execution.harness is None


def test_a_file_that_cannot_be_read_is_a_note_beside_one_that_can(tmp_path: Path) -> None:
    make_file(tmp_path / "a.py")
    make_link(tmp_path / "b.py")

    content = reading.read(given(tmp_path / "b.py", tmp_path / "a.py"))

    assert content.files == (File("a.py", b"x = 1"),)
    assert content.notes == (Note("b.py: a symbolic link; submit the file itself."),)
    assert content.sha256 == hashlib.sha256(b"x = 1").hexdigest()
    assert content.problem is None


def test_a_problem_found_earlier_is_told() -> None:
    assert reading.read(given(problem="s01: a FIFO.")).problem == "s01: a FIFO."
    assert reading.read(given()).problem == "class/s01: there is no file to grade."


def test_a_file_exactly_at_the_cap_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s01.py"
    path.write_bytes(b"#" * limits.PYTHON_FILE)

    assert len(reading.read_file(path)) == limits.PYTHON_FILE


def test_a_folder_is_copied_without_links_and_hidden_folders(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    for folder in (source / "data" / "deep", source / ".git", source / "__pycache__", target):
        folder.mkdir(parents=True)
    for name in ("a.py", ".hidden", "data/deep/b.txt", ".git/config", "__pycache__/a.pyc"):
        make_file(source / name)
    make_link(source / "link")
    os.mkfifo(source / "pipe")

    whole = reading.copy_folder(Submission("s01", "s01", folder=source), target)

    assert whole
    assert sorted(str(path.relative_to(target)) for path in target.rglob("*")) == [
        ".hidden",
        "a.py",
        "data",
        "data/deep",
        "data/deep/b.txt",
    ]


def test_a_folder_over_the_cap_is_cut_and_said(pool: Pool, tmp_path: Path) -> None:
    for i in range(limits.FOLDER_FILES + 1):
        (tmp_path / f"{i:05}.txt").touch()
    path = tmp_path / "s01.py"
    path.write_text("import os\nprint(len(os.listdir()))\n")

    execution = pool.run(Submission("s01", "s01", (path,), tmp_path))

    assert execution.output == "1000\n"
    assert small.notes(execution) == [
        (
            "The folder is too large: its first 1000 files, or 64 MiB, down to 32 folders deep, "
            "were there when the code ran."
        )
    ]


def nested(folder: Path, depth: int) -> Path:
    """A folder so deep that Python's own functions, which call themselves, give up."""
    here = Path.cwd()
    folder.mkdir()
    os.chdir(folder)
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    Path("deep.txt").write_text("x")
    os.chdir(here)
    return folder


def test_a_folder_nested_without_end_is_cut_and_ends_nothing(tmp_path: Path) -> None:
    source = nested(tmp_path / "source", 1_500)
    (source / "a.txt").write_text("x")
    target = tmp_path / "target"
    target.mkdir()

    whole = reading.copy_folder(Submission("s01", "s01", folder=source), target)

    assert not whole
    assert [path.name for path in target.rglob("*")] == ["a.txt"]
    folders.remove(str(source))
    assert not source.exists()


def test_whatever_a_submission_made_of_its_folder_is_removed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.txt").write_text("x")
    folder = nested(tmp_path / "folder", 3)
    for name in ("closed", "read-only"):
        (folder / name / "inner").mkdir(parents=True)
        (folder / name / "inner" / "x").touch()
    (folder / "link").symlink_to(elsewhere, target_is_directory=True)
    os.mkfifo(folder / "pipe")
    (folder / os.fsdecode(b"\xff\n")).touch()
    (folder / "read-only").chmod(0o500)
    (folder / "closed").chmod(0)

    folders.remove(str(folder))

    assert [path.name for path in tmp_path.iterdir()] == ["elsewhere"]
    assert (elsewhere / "kept.txt").exists()


def test_files_are_counted_by_what_they_take_of_the_disk_and_no_further_than_asked(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(1 << 20))
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 30)
    (tmp_path / "link").symlink_to("/")

    size, number = folders.occupied(str(tmp_path), most=10)

    assert (1 << 20) <= size < (2 << 20)
    assert number == 3
    assert folders.occupied(str(tmp_path), most=1)[1] == 2
    nested(tmp_path / "deep", 2_100)
    with pytest.raises(folders.Hidden):
        folders.occupied(str(tmp_path), most=10_000)
    folders.remove(str(tmp_path / "deep"))


def test_a_hostile_file_name_is_plain_text_everywhere(pool: Pool, tmp_path: Path) -> None:
    path = Path(os.fsdecode(bytes(tmp_path / "s\x1b[31m") + b"\xff\n.py"))
    path.write_text("1 / 0\n")

    execution = pool.run(given(path))

    assert execution.cells[0].file == "s\\udcff .py"
    assert small.notes(execution) == [
        (
            "s\\udcff .py:1: This statement raised ZeroDivisionError: division by zero. "
            "What stands below it ran all the same."
        )
    ]


def test_a_students_further_files_are_part_of_what_was_handed_in(tmp_path: Path) -> None:
    file = tmp_path / "hw.py"
    file.write_bytes(b"x = 1")
    submission = Submission("s01", "hw", files=(file,), folder=tmp_path)
    alone = reading.read(submission).sha256
    (tmp_path / "helper").mkdir()
    (tmp_path / "helper" / "data.csv").write_bytes(b"1")
    first = reading.read(submission).sha256
    (tmp_path / "helper" / "data.csv").write_bytes(b"2")

    assert alone == hashlib.sha256(b"x = 1").hexdigest()
    assert len({alone, first, reading.read(submission).sha256}) == 3


def test_a_notebook_that_is_named_py_may_be_as_large_as_a_notebook(tmp_path: Path) -> None:
    path = tmp_path / "s01.py"
    path.write_bytes(b' \n{"cells": [' + b" " * limits.PYTHON_FILE)
    link = tmp_path / "s02.py"
    link.symlink_to(path)

    assert len(reading.read_file(path)) > limits.PYTHON_FILE
    assert files.entry(path, "s01.py").problem is None
    assert "symbolic link" in (files.entry(link, "s02.py").problem or "")
    path.write_bytes(b"x = {" + b" " * limits.PYTHON_FILE)
    assert "a .py file may have 1." in (files.entry(path, "s01.py").problem or "")
    with pytest.raises(reading.Unreadable, match="more than the 1 MiB allowed"):
        reading.read_file(path)
