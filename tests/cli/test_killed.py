"""`grader grade` killed with SIGKILL: what it leaves, and who takes that away."""

from __future__ import annotations

import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.cli.running import ROOT, grader, held, results
from tests.hostile.test_lifetimes import descendants, wait_until_gone


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    for number in range(12):
        (folder / f"s{number:02}.py").write_bytes((ROOT / "submissions" / "s01.py").read_bytes())
    return folder


def begun(
    classroom: Path, kit: Path, output: Path, shared: Path
) -> AbstractContextManager[subprocess.Popen[str]]:
    """A run that has graded its first submission and has others before it."""
    arguments = ("grade", classroom, "--kit", kit, "-o", output, "--jobs", "1", "--verbose")
    return held(1, *arguments, TMPDIR=str(shared))


def test_the_next_run_sweeps_what_a_killed_one_left_and_spares_one_that_goes_on(
    classroom: Path, kit_file: Path, tmp_path: Path
) -> None:
    shared = tmp_path / "tmp"
    shared.mkdir()
    with begun(classroom, kit_file, tmp_path / "living", shared) as living:
        own = set(shared.iterdir())
        with begun(classroom, kit_file, tmp_path / "killed", shared) as killed:
            processes = descendants(killed.pid)
            killed.kill()
        wait_until_gone(processes)
        assert set(shared.iterdir()) > own, "a process that is killed cannot clear up"

        run = grader("check", classroom / "s00.py", "--kit", kit_file, TMPDIR=str(shared))

        assert (run.code, set(shared.iterdir())) == (0, own)
        living.communicate("x")
        assert living.returncode == 0
    assert [one["score"] for one in results(tmp_path / "living")["submissions"]] == [20.0] * 12
    assert list(shared.iterdir()) == []
