"""A class of thousands: killed at half, resumed, and never whole in the parent's memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from grader import decoders, store
from grader.kept import Kept
from grader.overrides import NONE
from grader.report import documents
from grader.report.material import Material
from grader.results import SubmissionResult
from tests.cli.running import LIMIT, ROOT, clean_environment

SIZE: Final = 2_000
KINDS: Final = {"broken": b"def broken(:\n", "wrong": (ROOT / "submissions" / "s08.py").read_bytes()}


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No two with equal bytes; most cannot be loaded, for what is written of these is short."""
    folder = tmp_path_factory.mktemp("large")
    for number in range(SIZE):
        kind = "broken" if number % 50 else "wrong"
        (folder / f"c{number:04}-{kind}.py").write_bytes(KINDS[kind] + f"\n# {number}\n".encode())
    return folder


def recorded(told: Path, stop: int, *arguments: str | Path) -> dict[str, Any]:
    """`grader ARGUMENTS` where each kind is run once; ended as by a kill after so many are graded."""
    command = [sys.executable, ROOT / "bench" / "recorded.py", told, str(stop), *arguments]
    done = subprocess.run(
        [*map(str, command)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {"err": done.stderr, **(json.loads(told.read_bytes()) if told.exists() else {})}


def test_two_thousand_are_graded_across_a_kill_each_once_and_in_order(
    classroom: Path, kit_file: Path, tmp_path: Path
) -> None:
    output = tmp_path / "report"
    arguments = ("grade", classroom, "--kit", kit_file, "-o", output, "--jobs", "2")
    recorded(tmp_path / "told.json", SIZE // 2, *arguments)
    first = (output / "journal.jsonl").read_bytes()

    run = recorded(tmp_path / "told.json", 0, *arguments, "--resume")

    journal = (output / "journal.jsonl").read_bytes()
    students = sorted(path.stem for path in classroom.iterdir())
    assert f"{SIZE // 2} graded before and unchanged, {SIZE // 2} to grade" in run["err"]
    assert journal.startswith(first)
    line = decoders.json(SubmissionResult)
    assert sorted(line.decode(one).student for one in journal.split(b"\n")[1:-1]) == students
    results = store.read_results(output)
    assert [one.student for one in results.submissions] == students
    assert {one.status for one in results.submissions if "broken" in one.student} == {"load_failed"}
    assert len({one.score for one in results.submissions if "wrong" in one.student}) == 1
    assert len(list((output / "students").iterdir())) == SIZE
    assert (output / "students-all.html").exists()
    assert run["peak after render"] < 150e6  # bytes; PyTorch alone would be more


def test_a_large_file_of_results_is_read_one_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.report import samples

    store.write_results(tmp_path, samples.RESULTS)
    whole = store.read_results(tmp_path)
    monkeypatch.setattr(store, "LARGE", 0)

    large = store.read_results(tmp_path)
    (tmp_path / "results.json").replace(tmp_path / "moved.json")  # what is held open stays

    assert isinstance(large.submissions, Kept)
    assert documents.document(Material(large, NONE, lambda _: None)) == documents.document(
        Material(whole, NONE, lambda _: None)
    )
    assert tuple(large.submissions) == whole.submissions == samples.RESULTS.submissions
    assert large.submissions[1:3] == list(whole.submissions[1:3])
    assert msgspec.structs.replace(large, submissions=()) == msgspec.structs.replace(whole, submissions=())
