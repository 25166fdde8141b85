"""`grader check --watch`: the answer to every save, and what is said where a save is none."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from grader import kit as kits
from grader.commands.changes import MOST, Changes, Place
from grader.kit import LoadedKit
from tests.cli.running import clean_environment, command, grader
from tests.cli.watched import GOES_ON, NEVER_ENDS, RIGHT, TIME, WRONG, Watched, watched
from tests.hostile.test_lifetimes import wait_until_gone

KIT = Path("/homework.kit")  # there is none


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A student's folder with a right program; what is temporary has a folder of its own."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "mine.py").write_text(RIGHT, encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    return folder


@pytest.fixture
def watch(work: Path, kit_file: Path) -> Iterator[Watched]:
    """A watch of it that has answered once."""
    with watched(
        "check", "mine.py", "-q", "--kit", kit_file, cwd=work, TMPDIR=str(work.parent / "tmp")
    ) as it:
        assert it.answer() == "mine.py: 20 / 20 points. All 12 checks passed.\n"
        yield it


def test_every_save_is_answered_by_the_same_warm_process(work: Path, watch: Watched) -> None:
    warm = watch.processes()

    watch.save(work / "mine.py", WRONG)
    wrong = watch.answer()
    watch.save(work / "mine.py", RIGHT)
    right = watch.answer()

    assert (wrong, right) == (
        "mine.py: 8 / 20 points. 6 of 12 checks passed.\n",
        "mine.py: 20 / 20 points. All 12 checks passed.\n",
    )
    assert warm
    assert warm <= watch.processes()


def test_without_a_terminal_each_answer_is_what_a_check_says(work: Path, kit_file: Path) -> None:
    with watched("check", "mine.py", "--kit", kit_file, cwd=work) as watch:
        first = watch.answer()
        right = grader("check", "mine.py", "--kit", kit_file, cwd=work)
        watch.save(work / "mine.py", WRONG)
        second = watch.answer()
        wrong = grader("check", "mine.py", "--kit", kit_file, cwd=work)

    assert (first, second) == (right.out, wrong.out)


def test_saves_in_quick_succession_are_one(work: Path, watch: Watched) -> None:
    with watch.held():
        for turn in range(5):
            (work / "mine.py").write_text(f"{WRONG}\n# {turn}\n", encoding="utf-8")
    answers = [watch.answer()]
    watch.save(work / "mine.py", RIGHT)
    answers += [watch.answer()]

    assert answers == [
        "mine.py: 8 / 20 points. 6 of 12 checks passed.\n",
        "mine.py: 20 / 20 points. All 12 checks passed.\n",
    ]


def replaced(file: Path, text: str) -> None:
    """As Jupyter and many editors save: beside, and moved into its place."""
    beside = file.with_name(f".~{file.name}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)


def vim(file: Path, text: str) -> None:
    """As vim saves: it tries whether it may write, moves the old file away, and writes a new one."""
    (file.parent / "4913").touch()
    (file.parent / "4913").unlink()
    old = file.rename(file.with_name(f"{file.name}~"))
    file.write_text(text, encoding="utf-8")
    old.unlink()


@pytest.mark.parametrize("save", [replaced, vim])
def test_a_save_by_a_rename_is_one_save(
    work: Path, watch: Watched, save: Callable[[Path, str], None]
) -> None:
    answers = []
    for text in (WRONG, RIGHT):
        with watch.held():
            save(work / "mine.py", text)
        answers.append(watch.answer())

    assert answers == [
        "mine.py: 8 / 20 points. 6 of 12 checks passed.\n",
        "mine.py: 20 / 20 points. All 12 checks passed.\n",
    ]


def test_a_save_while_a_check_goes_on_is_not_kept_waiting(work: Path, watch: Watched) -> None:
    warm = watch.processes()
    watch.save(work / "mine.py", NEVER_ENDS)
    while watch.processes() == warm:
        os.sched_yield()

    watch.save(work / "mine.py", WRONG)

    assert watch.answer() == "mine.py: 8 / 20 points. 6 of 12 checks passed.\n"


def test_a_file_that_is_no_program_yet_is_told_of_and_its_next_save_checked(
    work: Path, watch: Watched
) -> None:
    watch.save(work / "mine.py", RIGHT[: RIGHT.index("(")])
    half = watch.answer()
    watch.save(work / "mine.py", RIGHT)

    assert half == "mine.py: 0 / 20 points. Nothing of this submission could run.\n"
    assert watch.answer() == "mine.py: 20 / 20 points. All 12 checks passed.\n"


def test_a_file_that_is_gone_is_told_of_and_checked_when_it_is_back(work: Path, watch: Watched) -> None:
    (work / "mine.py").unlink()
    gone = watch.answer()
    watch.save(work / "mine.py", RIGHT)

    assert gone == f"error: mine.py cannot be read: No such file or directory.\n{GOES_ON}"
    assert watch.answer() == "mine.py: 20 / 20 points. All 12 checks passed.\n"


def test_a_folder_that_is_gone_is_told_of_and_watched_when_it_is_back(work: Path, kit_file: Path) -> None:
    file = work / "week1" / "mine.py"
    file.parent.mkdir()
    file.write_text(RIGHT, encoding="utf-8")
    with watched("check", file, "-q", "--kit", kit_file) as watch:
        watch.answer()
        with watch.held():
            shutil.rmtree(file.parent)
        gone = watch.answer()
        with watch.held():
            file.parent.mkdir()
            file.write_text(WRONG, encoding="utf-8")
        back = watch.answer()
        watch.save(file, RIGHT)

        assert gone == f"error: {file} cannot be read: No such file or directory.\n{GOES_ON}"
        assert back == f"{file}: 8 / 20 points. 6 of 12 checks passed.\n"
        assert watch.answer() == f"{file}: 20 / 20 points. All 12 checks passed.\n"


def test_a_folder_of_one_student_is_watched_with_all_in_it(work: Path, kit_file: Path) -> None:
    counted = WRONG.replace("range(1, ", "range(FIRST, ")
    (work / "mine.py").write_text(f"from help.steps import FIRST\n{counted}", encoding="utf-8")
    (work / "help").mkdir()
    (work / "help" / "steps.py").write_text("FIRST = 1\n", encoding="utf-8")
    with watched("check", work, "-q", "--kit", kit_file) as watch:
        wrong = watch.answer()
        watch.save(work / "help" / "steps.py", "FIRST = 0\n")

        assert wrong == f"{work}: 8 / 20 points. 6 of 12 checks passed.\n"
        assert watch.answer() == f"{work}: 20 / 20 points. All 12 checks passed.\n"


def test_a_kit_that_changes_meanwhile_is_used_and_one_that_is_damaged_is_not(
    work: Path, kit: LoadedKit
) -> None:
    file = work / "homework.kit"
    one = msgspec.structs.replace(kit.kit, exercises=kit.kit.exercises[:1])
    file.write_bytes(kits.encode(kit.kit))
    with watched("check", "mine.py", "-q", cwd=work) as watch:
        first = watch.answer()
        watch.save(file, kits.encode(one))
        fewer = watch.answer()
        watch.save(file, b"no kit")
        damaged = watch.answer()
        watch.save(file, kits.encode(kit.kit))
        mended = watch.answer()

    used = f"Kit: {file} (from the working folder)\n"
    whole, half = (
        f"mine.py: {points} / {points} points. All {checks} checks passed.\n"
        for points, checks in ((20, 12), (10, 6))
    )
    assert (first, fewer, mended) == (used + whole, used + half, used + whole)
    assert damaged.startswith(f"{used}error: ")
    assert damaged.endswith(f"\n  help: It goes on with the kit as it was before.\n{half}")


def test_ctrl_c_leaves_no_process_and_no_folder_behind(work: Path, watch: Watched) -> None:
    warm = watch.processes()
    assert list((work.parent / "tmp").iterdir()) != []

    ended = watch.interrupt()

    wait_until_gone(warm)
    assert ended == (130, "")
    assert list((work.parent / "tmp").iterdir()) == []


def test_ctrl_c_in_the_midst_of_a_check_leaves_nothing_behind_either(work: Path, watch: Watched) -> None:
    warm = watch.processes()
    watch.save(work / "mine.py", NEVER_ENDS)
    while watch.processes() == warm:
        os.sched_yield()
    all_of_them = watch.processes()

    ended = watch.interrupt()

    wait_until_gone(all_of_them)
    assert ended == (130, "")
    assert list((work.parent / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("file", "code", "said"),
    [
        (
            "nobody.py",
            2,
            "error: nobody.py cannot be read: No such file or directory.\n  help: Name a .py ",
        ),
        ("empty", 5, "error: empty: no submission found."),
    ],
)
def test_what_is_not_there_at_first_is_refused_as_without_a_watch(
    work: Path, kit_file: Path, file: str, code: int, said: str
) -> None:
    (work / "empty").mkdir()

    run = grader("check", file, "--watch", "--kit", kit_file, cwd=work)

    assert (run.code, run.out, run.err[: len(said)]) == (code, "", said)


# --- on a terminal --------------------------------------------------------------------------


def test_a_terminal_is_drawn_anew_and_its_ctrl_c_ends_the_watch(work: Path, kit_file: Path) -> None:
    ours, theirs = pty.openpty()
    environment = clean_environment() | {"TERM": "xterm"}
    shutil.copy(kit_file, work / "own.kit")
    arguments = command("check", "mine.py", "-q", "--watch")
    in_charge = ["setsid", "--ctty", "env", "--default-signal=INT", *arguments]
    with subprocess.Popen(
        in_charge, cwd=work, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        first = until_answered(ours)
        replaced(work / "mine.py", WRONG)
        second = until_answered(ours)
        os.write(ours, b"\x03")
        code = process.wait()
    os.close(ours)

    kit, foot = f"Kit: {work}/own.kit (from the working folder)\r\n", "Watching mine.py; Ctrl-C ends it.\r\n"
    again = f"Working ...\r\n\x1b[2J\x1b[H{kit}"
    assert (first, second, code) == (
        f"{kit}{again}mine.py: 20 / 20 points. All 12 checks passed.\r\n{foot}",
        f"{again}mine.py: 8 / 20 points. 6 of 12 checks passed.\r\n{foot}",
        130,
    )


def until_answered(terminal: int) -> str:
    shown = ""
    while not shown.endswith("ends it.\r\n"):
        shown += os.read(terminal, 1 << 16).decode()
    return TIME.sub("", shown.replace("\r\n", "\n")).replace("\n", "\r\n")


# --- what is looked at ----------------------------------------------------------------------


def names(place: Place, root: Path) -> list[str]:
    return sorted(os.path.relpath(one, root) for one in place.look().handed_in)


def test_neither_links_nor_what_tools_keep_nor_the_output_is_looked_into(work: Path) -> None:
    for name in ("report/students", ".git", "__pycache__", "sub"):
        (work / name / "in").mkdir(parents=True)
    for name in (".mine.py.swp", "mine.py~", "sub/data.csv"):
        (work / name).touch()
    (work / "everything").symlink_to("/")

    place = Place(work, KIT, (), work / "report")

    assert names(place, work) == [".", "everything", "mine.py", "sub", "sub/data.csv", "sub/in"]
    assert set(place.look().folders) == {"/", str(work), str(work / "sub"), str(work / "sub" / "in")}


def test_a_folder_without_end_is_looked_at_in_part(work: Path) -> None:
    for number in range(MOST + 10):
        (work / str(number)).touch()

    assert len(Place(work, KIT).look().handed_in) == MOST


def test_a_link_is_watched_where_it_stands_and_where_it_leads(work: Path, tmp_path: Path) -> None:
    (work / "elsewhere").mkdir()
    target = (work / "mine.py").rename(work / "elsewhere" / "real.py")
    link = tmp_path / "link.py"
    link.symlink_to(target)

    seen = Place(link, KIT).look()

    assert set(seen.handed_in) == {str(target)}
    assert set(seen.folders) == {"/", str(tmp_path), str(target.parent)}


def test_where_no_change_can_be_told_of_the_files_are_looked_at_all_the_same(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> Iterator[None]:
        raise RuntimeError("OS file watch limit reached")
        yield

    monkeypatch.setattr("watchfiles.watch", refuse)
    seen = iter(Changes(Place(work / "mine.py", KIT)))
    first = next(seen)
    (work / "mine.py").write_text(WRONG, encoding="utf-8")

    assert next(seen).handed_in.keys() == first.handed_in.keys()
