"""Damaged files on the command line: exit code 2 and what is wrong, or a report, and never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from grader import cli
from tests.cli.running import COURSE, Run, grader
from tests.fuzz.damaging import FORMS
from tests.fuzz.readers import CORPUS, output_folder

KIT, RESULTS = CORPUS / "kit" / "small.kit", CORPUS / "results" / "results.json"
DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "half a file": lambda data: data[: len(data) // 2],
    "no file of ours": lambda data: b"\xff\xfe" + data,
    "nested without end": lambda data: b"[" * 20_000 + b"\x91" * 20_000 + data,
    "an empty file": lambda _: b"",
}
FREEZE = "help: Freeze the assignment again with this version: grader freeze -o FILE."


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_kit_ends_a_check_with_what_to_do(tmp_path: Path, damage: str) -> None:
    (tmp_path / "a.kit").write_bytes(DAMAGED[damage](KIT.read_bytes()))

    run = grader("check", COURSE, "--kit", "a.kit", cwd=tmp_path)

    assert run == Run(2, "", f"error: a.kit: this is not a kit.\n  {FREEZE}\n")


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_results_end_a_report_with_what_to_do(tmp_path: Path, damage: str) -> None:
    output_folder(tmp_path, {"results.json": DAMAGED[damage](RESULTS.read_bytes())})

    run = grader("report", ".", cwd=tmp_path)

    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("error: results.json: the file is damaged: ")
    assert run.err.endswith("\n  help: Grade the class again: grader grade SUBMISSIONS -o .\n")


def _ended(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> object:
    """The exit code of the command line, in this process: hundreds of others would take minutes."""
    monkeypatch.setattr(sys, "argv", ["grader", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


@pytest.mark.exhaustive
def test_no_damaged_results_are_a_fault_of_the_grader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    codes: set[object] = set()

    @settings(
        max_examples=150,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(FORMS["json"](RESULTS.read_bytes()))
    def damaged(data: bytes) -> None:
        output_folder(tmp_path, {"results.json": data})
        code = _ended(["report", str(tmp_path)], monkeypatch)
        told = capsys.readouterr().err
        assert code in (0, 2, 3), told
        assert "a fault of the grader" not in told
        assert (code == 2) == told.startswith("error: ")
        codes.add(code)

    damaged()
    assert {0, 2} <= codes
