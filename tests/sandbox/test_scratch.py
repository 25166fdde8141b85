"""Temporary folders: gone at the end, swept by the next run after a kill, and never anybody else's."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from grader.sandbox import scratch
from grader.sandbox.scratch import Scratch

HOLDER = """
import subprocess, sys
from grader.sandbox.scratch import Scratch
made = Scratch()
(made.path / "deep" / "er").mkdir(parents=True)
(made.path / "deep" / "er" / "s01.py").write_text("x = 1")
{more}
print(made.path, flush=True)
sys.stdin.read()
"""
INHERITED = """subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"],
                 pass_fds=[made.lock.fileno()], stdout=subprocess.DEVNULL)"""


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which temporary folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def holder(shared: Path, more: str = "") -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another run that has a temporary folder, until it is killed."""
    command = [sys.executable, "-c", HOLDER.format(more=more)]
    environment = os.environ | {"TMPDIR": str(shared)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())


def abandoned(shared: Path) -> Path:
    with holder(shared) as (process, left):
        process.kill()
    assert (left / "deep" / "er" / "s01.py").exists()
    return left


def test_a_folder_goes_with_its_run_whatever_is_in_it(shared: Path) -> None:
    with Scratch() as folder:
        (folder / "closed" / "inner").mkdir(parents=True)
        (folder / "closed").chmod(0)
        assert folder.parent == shared.resolve()

    assert list(shared.iterdir()) == []


def test_closing_twice_does_no_harm(shared: Path) -> None:
    made = Scratch()
    made.close()
    made.close()

    assert list(shared.iterdir()) == []


def test_what_a_killed_run_left_the_next_one_removes_and_nothing_of_one_that_lives(shared: Path) -> None:
    with holder(shared) as (_, kept):
        left = abandoned(shared)

        with Scratch() as own:
            assert {path.name for path in shared.iterdir()} == {kept.name, own.name}
        assert not left.exists()
        assert (kept / "deep" / "er" / "s01.py").read_text() == "x = 1"


def test_what_a_process_of_a_killed_run_may_still_write_to_stays(shared: Path) -> None:
    """The zygote ends after its parent: until then its workers may write."""
    with holder(shared, INHERITED) as (process, kept):
        process.kill()
        process.wait()
        scratch.sweep()
        assert kept.exists()

        assert process.stdin is not None
        process.stdin.close()  # the inheritor ends
        while kept.exists():
            scratch.sweep()


def test_two_that_sweep_at_once_do_not_disturb_each_other(shared: Path) -> None:
    for _ in range(3):
        abandoned(shared)
    sweep = "from grader.sandbox import scratch; scratch.sweep()"
    environment = os.environ | {"TMPDIR": str(shared)}

    sweepers = [subprocess.Popen([sys.executable, "-c", sweep], env=environment) for _ in range(4)]

    assert [sweeper.wait() for sweeper in sweepers] == [0] * 4
    assert list(shared.iterdir()) == []


def _no_lock(left: Path) -> None:
    (left / ".torch-grader.lock").unlink()


def _linked_lock(left: Path) -> None:
    lock = left / ".torch-grader.lock"
    lock.rename(left / "elsewhere")
    lock.symlink_to(left / "elsewhere")


def _pipe(left: Path) -> None:
    (left / ".torch-grader.lock").unlink()
    os.mkfifo(left / ".torch-grader.lock")


def _others_may_write(left: Path) -> None:
    left.chmod(stat.S_IRWXU | stat.S_IRWXO)


def _anothers(left: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(left, 65_534, 65_534)


@pytest.mark.parametrize("disguise", [_no_lock, _linked_lock, _pipe, _others_may_write, _anothers])
def test_what_looks_like_ours_and_may_not_be_stays(shared: Path, disguise: Callable[[Path], None]) -> None:
    left = abandoned(shared)
    disguise(left)

    scratch.sweep()

    assert (left / "deep" / "er" / "s01.py").exists()


def test_a_link_in_the_place_of_a_folder_is_not_followed(shared: Path) -> None:
    left = abandoned(shared)
    left.rename(shared / "course")
    (shared / left.name).symlink_to(shared / "course")

    scratch.sweep()

    assert (shared / "course" / "deep" / "er" / "s01.py").exists()


def test_a_link_within_an_abandoned_folder_goes_and_its_target_stays(shared: Path) -> None:
    (shared / "course").mkdir()
    (shared / "course" / "s01.py").write_text("x = 1")
    left = abandoned(shared)
    (left / "deep" / "course").symlink_to(shared / "course")
    (left / "course").symlink_to(shared / "course")

    scratch.sweep()

    assert not left.exists()
    assert (shared / "course" / "s01.py").exists()


def test_a_sweep_that_was_interrupted_is_taken_up_again(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock goes last, so what is left is still known to be ours."""
    left = abandoned(shared)
    removed: list[str] = []

    def interrupt(folder: str) -> None:
        removed.append(folder)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("grader.sandbox.folders.remove", interrupt)
        with pytest.raises(KeyboardInterrupt):
            scratch.sweep()
    assert removed == [str(left / "deep")]

    scratch.sweep()
    assert not left.exists()
