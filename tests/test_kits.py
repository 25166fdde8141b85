"""Freezing from outside, and the cache of frozen assignments. About 10 s."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader import kits
from grader.errors import GraderError, HarnessError
from tests.own_exercise import SMALLEST


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "torch-grader"


@pytest.fixture
def assignment(tmp_path: Path) -> Path:
    folder = tmp_path / "week"
    (folder / "reference").mkdir(parents=True)
    (folder / "reference" / "double.py").write_text(SMALLEST)
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


def rename(assignment: Path, old: str, new: str) -> None:
    file = assignment / "reference" / "double.py"
    file.write_text(file.read_text().replace(old, new))


class Heard:
    """What was told of a freeze."""

    def __init__(self) -> None:
        self.share = 0.0
        self.doing: list[str] = []

    def __call__(self, share: float, doing: str) -> None:
        self.share += share
        self.doing.append(doing)


FROZEN = [
    "drawing inputs",
    "looking for long runs that tell something",
    "shrinking what shows each mistake",
    "choosing the cases",
    "running every mistake on them",
    "writing the kit",
]


@pytest.mark.usefixtures("cache")
def test_other_words_cost_no_freeze_and_give_the_kit_that_one_would_give(
    assignment: Path, tmp_path: Path
) -> None:
    first, again = Heard(), Heard()
    before = kits.cached(assignment, told=first)
    (assignment / "reference" / "assignment.toml").write_text('title = "Week 7"')
    rename(assignment, '"Double it."', '"Return twice x."')
    rename(assignment, '"Right"', '"The value is right"')

    after = kits.cached(assignment, told=again)

    assert (first.doing, round(first.share, 9), again.doing) == (FROZEN, 1.0, [])
    kits.freeze(assignment, tmp_path / "anew.kit")
    assert after == kits.load(tmp_path / "anew.kit")
    assert after.digest != before.digest
    assert after.kit.title == "Week 7"
    assert after.kit.exercises[0].statement == "Return twice x."
    assert after.kit.exercises[0].rubric[0].title == "The value is right"


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("old", "new"), [("2 * x", "3 * x"), ("[1.0, 2.0]", "[1.0, 4.0]"), ('1, "values"', '2, "values"')]
)
def test_another_program_strategy_or_price_is_frozen_anew(assignment: Path, old: str, new: str) -> None:
    kits.cached(assignment)
    rename(assignment, old, new)
    heard = Heard()

    kits.cached(assignment, told=heard)

    assert heard.doing == FROZEN


@pytest.mark.usefixtures("cache")
def test_what_an_exercise_prints_while_it_is_frozen_is_no_news(assignment: Path) -> None:
    with (assignment / "reference" / "double.py").open("a") as file:
        file.write("import os\nos.write(1, b'hello\\n{\"frozen\": 1}\\n[]\\n')\n")
    heard = Heard()

    kits.cached(assignment, told=heard)

    assert heard.doing == FROZEN


def test_no_bytecode_is_left_in_the_instructors_folder(assignment: Path, tmp_path: Path) -> None:
    (assignment / "reference" / "_helper.py").write_text("TWO = 2\n")
    rename(assignment, "import torch\n", "import torch, _helper\n")

    kits.freeze(assignment, tmp_path / "out.kit")

    assert sorted(path.name for path in (assignment / "reference").iterdir()) == ["_helper.py", "double.py"]


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


@pytest.mark.parametrize(
    "line",
    [
        "[" * 20_000,
        '{"frozen": ' + "9" * 400 + ', "doing": "x", "message": 7, "hint": ""}',
        '{"frozen": NaN, "doing": "x"}',
        '"\ud800"',
    ],
    ids=["nested without end", "no text", "no number", "no character"],
)
def test_odd_words_of_an_exercise_are_no_news_and_no_refusal(line: str) -> None:
    told: list[tuple[float, str]] = []
    kits._pass_on(line, lambda share, doing: told.append((share, doing)))

    refused = kits._refusal(line, 1)

    assert told == []
    assert isinstance(refused, HarnessError)
    assert refused.message == f"The freezer broke: {line} (exit code 1)."


def test_the_key_covers_every_source_that_the_freezer_imports() -> None:
    program = (
        "import sys, grader.freezing.freeze;"
        "print(*(m.__file__ for name, m in sys.modules.items() if name.startswith('grader')))"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    imported = {str(Path(name).relative_to(kits.PACKAGE)) for name in told.stdout.split()}
    covered = {str(path.relative_to(kits.PACKAGE)) for path in kits.sources()}

    assert imported | {"strategies.py"} == covered  # strategies is imported by the exercises
