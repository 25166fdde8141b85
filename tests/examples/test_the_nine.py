"""The assignment in `examples/`, and beside each of its exercises a small class whose mistakes are known.

What `right/` and `wrong/` hold was written as students write it, by someone who had read the statements and
no exercise. Attention, whose statement speaks of devices, is graded on the CPU and on its twin, the others
on the CPU. By itself it takes three of the nine, a minute; ALL_NINE=1 takes all, as in `make test-all`.
"""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from grader import kit as kits
from grader.kit import LoadedKit
from grader.results import ExerciseResult, Results
from tests.cli.running import ROOT, grader
from tests.conftest import cache_home, frozen

HERE: Final = Path(__file__).parent
WHOLE: Final = os.environ.get("ALL_NINE") == "1"
SOME: Final = ("MLP", "Softplus", "attention")  # a module, a function of autograd, and two devices
NAMES: Final = tuple(sorted(path.parent.name for path in HERE.glob("*/labels.toml"))) if WHOLE else SOME
KINDS: Final = ("right", "wrong")
MUTANTS: Final = 30
NAMED: Final = 0.9  # of the wrong ones, by what explains every failing case
SURE: Final = ("proven", "error", "trace")  # a trace where the functions called are all that is wrong


@pytest.fixture(scope="session")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`examples/` with the CPU's twin in the place of CUDA, which a machine may lack."""
    folder = tmp_path_factory.mktemp("twins") / "examples"
    shutil.copytree(ROOT / "examples", folder, ignore=shutil.ignore_patterns("__pycache__"))
    settings = folder / "reference" / "assignment.toml"
    text = settings.read_text().replace('"cuda"', '"twin"')
    settings.write_text(text if WHOLE else text.partition("order =")[0])
    files = {name.lower() for name in NAMES}
    for path in (folder / "reference").glob("[!_]*.py"):
        if path.stem not in files:
            path.unlink()
    return folder


@pytest.fixture(scope="session")
def nine(assignment: Path) -> LoadedKit:
    return frozen(assignment=assignment)


@pytest.fixture(scope="session")
def graded(nine: LoadedKit, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, ExerciseResult]:
    """Each submission's own exercise, by `MLP-wrong-s01`."""
    folder = tmp_path_factory.mktemp("nine")
    (folder / "class").mkdir()
    for name in NAMES:
        for kind in KINDS:
            for path in (HERE / name / kind).glob("*.py"):
                shutil.copy(path, folder / "class" / f"{name}-{kind}-{path.name}")
    (folder / "nine.kit").write_bytes(kits.encode(nine.kit))
    run = grader("grade", "class", "--kit", "nine.kit", "--device", "all", "--jobs", "2", cwd=folder)
    assert run.code == 0, run.err
    results = msgspec.json.decode((folder / "report" / "results.json").read_bytes(), type=Results)
    return {one.student: _own(one.student, one.exercises) for one in results.submissions}


def _own(student: str, exercises: tuple[ExerciseResult, ...]) -> ExerciseResult:
    return next(one for one in exercises if one.name == student.partition("-")[0])


def of_kind(kind: str, graded: Mapping[str, ExerciseResult]) -> dict[str, ExerciseResult]:
    return {student: one for student, one in graded.items() if f"-{kind}-" in student}


def test_the_nine_are_the_assignments_and_each_has_five_right_and_ten_wrong(nine: LoadedKit) -> None:
    assert sorted(one.name for one in nine.kit.exercises) == list(NAMES)
    assert nine.kit.devices == ("cpu", "twin")
    for name in NAMES:
        labels = tomllib.loads((HERE / name / "labels.toml").read_text())
        handed_in = [
            f"{kind}/{path.stem}" for kind in KINDS for path in sorted((HERE / name / kind).iterdir())
        ]
        assert [len([one for one in labels if one.startswith(kind)]) for kind in KINDS] == [5, 10]
        assert sorted(labels) == handed_in


def test_attention_alone_is_graded_on_the_second_device(graded: Mapping[str, ExerciseResult]) -> None:
    devices = {one.name: {row.device for row in one.criteria} for one in graded.values()}
    assert devices == {name: {"cpu"} for name in NAMES} | {"attention": {"cpu", "twin"}}


def test_nobody_who_is_right_loses_a_point_on_either_device(graded: Mapping[str, ExerciseResult]) -> None:
    lost = [
        f"{student}, {row.id} on {row.device}: {row.message}"
        for student, one in of_kind("right", graded).items()
        for row in one.criteria
        if row.outcome == "failed"
    ]
    right = of_kind("right", graded)
    assert lost == []
    assert [student for student, one in right.items() if one.score != one.max_score] == []
    assert len(right) == 5 * len(NAMES)


def test_nobody_who_is_wrong_keeps_all_points(graded: Mapping[str, ExerciseResult]) -> None:
    wrong = of_kind("wrong", graded)

    assert [student for student, one in wrong.items() if one.score == one.max_score] == []
    assert len(wrong) == 10 * len(NAMES)


def test_nine_of_ten_wrong_ones_are_named_by_what_explains_every_failing_case(
    graded: Mapping[str, ExerciseResult],
) -> None:
    rows = {
        name: {student: one for student, one in of_kind("wrong", graded).items() if one.name == name}
        for name in NAMES
    }
    table = "\n".join(_line(name, own) for name, own in rows.items())
    everyone = [one for own in rows.values() for one in own.values()]

    assert sum(map(is_named, everyone)) >= NAMED * len(everyone), table


def _line(name: str, own: Mapping[str, ExerciseResult]) -> str:
    unnamed = [student.rpartition("-")[2] for student, one in own.items() if not is_named(one)]
    return f"{name:32} {len(own) - len(unnamed):2} of {len(own)}   {' '.join(unnamed)}"


def is_named(exercise: ExerciseResult) -> bool:
    found = exercise.diagnosis
    return found is not None and found.evidence in SURE and found.explained == found.failing


# --- the assignment itself ----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_has_thirty_mistakes_of_its_reference_alone(name: str, nine: LoadedKit) -> None:
    exercise = next(one for one in nine.kit.exercises if one.name == name)

    derived = [one.id for one in exercise.misconceptions if one.derived]
    assert len(derived) + len(exercise.unseen) >= MUTANTS


@pytest.mark.parametrize("name", NAMES)
def test_a_teachers_own_mistakes_all_show(name: str, nine: LoadedKit) -> None:
    exercise = next(one for one in nine.kit.exercises if one.name == name)

    own = [one for one in exercise.misconceptions if not one.derived and not one.idle]
    assert 3 <= len(own) <= 8
    assert all(one.costs and one.teacher and one.hint for one in own)
    lines = (ROOT / "examples" / "reference" / f"_mistakes_{name.lower()}.py").read_text().splitlines()
    assert len(own) == lines.count("    Misconception(")


def test_an_exercise_is_a_page() -> None:
    for path in (ROOT / "examples" / "reference").glob("[!_]*.py"):
        assert len(path.read_text().splitlines()) < 90, path.name


def test_the_assignment_is_verified_whole_and_its_right_programs_are_right_on_both_devices(
    assignment: Path, nine: LoadedKit
) -> None:
    assert nine.kit.exercises  # frozen before, so that the command finds it in its cache
    run = grader("verify", "--assignment", assignment, "--json", XDG_CACHE_HOME=str(cache_home()))

    assert run.code == 0, run.out + run.err
    found: dict[str, Any] = json.loads(run.out)
    assert found["mutation_score"] == 1.0
    assert found["fit"] is True
    assert [one["alike"] for one in found["exercises"]] == [[]] * len(NAMES)
