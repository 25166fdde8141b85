"""Freezing from outside, and the cache of frozen assignments. About 10 s."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader import kits
from grader.errors import GraderError, HarnessError

SMALL = """
import torch
from hypothesis import strategies as st
from grader.exercises import Criterion, Exercise

EXERCISE = Exercise(name="double", title="Double", statement="Double it.", reference=lambda x: 2 * x,
                    arguments=st.fixed_dictionaries({"x": st.sampled_from([1.0, 2.0]).map(torch.tensor)}),
                    rubric=(Criterion("value", "Right", 1, "values"),))
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "torch-grader"


@pytest.fixture
def assignment(tmp_path: Path) -> Path:
    folder = tmp_path / "week"
    (folder / "reference").mkdir(parents=True)
    (folder / "reference" / "double.py").write_text(SMALL)
    return folder


def test_an_assignment_is_frozen_once_and_again_when_a_file_changes(cache: Path, assignment: Path) -> None:
    told: list[str] = []
    first = kits.cached(assignment, before=lambda: told.append("freezing"))
    (entry,) = cache.iterdir()
    written = entry.stat().st_mtime_ns
    again = kits.cached(assignment, before=lambda: told.append("freezing"))

    assert first == again
    assert told == ["freezing"]
    assert entry.stat().st_mtime_ns == written
    with (assignment / "reference" / "double.py").open("a") as file:
        file.write("# changed\n")
    kits.cached(assignment)
    assert len(list(cache.iterdir())) == 2


def test_a_damaged_entry_of_the_cache_is_made_again(cache: Path, assignment: Path) -> None:
    first = kits.cached(assignment)
    (entry,) = cache.iterdir()
    entry.write_bytes(b"torn")

    assert kits.cached(assignment) == first
    assert kits.load(entry) == first


def test_a_cache_that_cannot_be_written_costs_time_only(
    assignment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    assert kits.cached(assignment).kit.title == "week"


def test_an_assignment_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(GraderError) as error:
        kits.cached(tmp_path / "none")

    assert str(error.value) == (
        f"{tmp_path}/none: there is no such folder.\n  Name the folder that contains reference/."
    )


def test_what_the_freezer_refuses_is_raised_here(assignment: Path, tmp_path: Path) -> None:
    (assignment / "reference" / "double.py").write_text("1 / 0\n")

    with pytest.raises(GraderError) as error:
        kits.freeze(assignment, tmp_path / "out.kit")

    assert str(error.value) == (
        f"{assignment}/reference/double.py, line 1: ZeroDivisionError: division by zero.\n"
        "  Correct this line."
    )
    assert error.value.exit_code == 2


def test_a_freezer_that_breaks_is_a_fault_of_the_grader(assignment: Path, tmp_path: Path) -> None:
    (assignment / "reference" / "double.py").write_text("import os\nos._exit(7)\n")

    with pytest.raises(HarnessError) as error:
        kits.freeze(assignment, tmp_path / "out.kit")

    assert error.value.message == "The freezer broke: it said nothing (exit code 7)."
    assert error.value.exit_code == 3


def test_the_key_covers_every_source_that_the_freezer_imports() -> None:
    program = (
        "import sys, grader.freezing.freeze;"
        "print(*(m.__file__ for name, m in sys.modules.items() if name.startswith('grader')))"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    imported = {str(Path(name).relative_to(kits.PACKAGE)) for name in told.stdout.split()}

    assert imported | {"strategies.py"} == set(kits.FREEZER)  # strategies is imported by the exercises
