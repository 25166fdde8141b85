"""`grader doctor`, `grader verify` and `grader freeze`: what an instructor runs before the class."""

from __future__ import annotations

import json
import platform
import re
from pathlib import Path

import msgspec
import pytest

from grader import kit as kits
from grader.kit import LoadedKit
from tests.cli.running import COURSE, ROOT, grader
from tests.cli.test_authors import SOURCE
from tests.conftest import cache_home
from tests.own_exercise import FORTY_LINES, FORTY_LINES_HANDED_IN, SMALLEST, SMALLEST_HANDED_IN


def test_the_doctor_runs_a_submission_and_names_each_layer() -> None:
    run = grader("doctor")

    lines = run.out.splitlines()
    assert (run.code, run.err) == (0, "")
    assert lines[0] == f"ok    Python {platform.python_version()}"
    assert lines[1].startswith("ok    PyTorch 2.")
    assert re.fullmatch(
        r"ok    pace: a second of a limit of time is [0-9]+\.[0-9] s on this machine", lines[2]
    )
    assert lines[3] == "ok    running a submission"
    assert any("    CUDA: " in line for line in lines)
    assert lines[4] in ("ok    isolation: strict", "WARN  isolation: standard")
    assert "   works: limit of memory" in lines


def test_the_assignment_is_fit_to_grade_and_cheap(kit_file: Path, kit: LoadedKit) -> None:
    run = grader("verify", "--kit", kit_file)

    effort = sum(exercise.effort for exercise in kit.kit.exercises)
    assert (run.code, run.err) == (0, "")
    assert run.out.endswith(
        f"\nThe suites cost an effort of {effort:g} a submission.\nKit {kit.digest}\nFit to grade.\n"
    )
    assert "Mutation score: 100 %" in run.out
    assert "cannot tell apart" not in run.out
    assert run.out.count("\n  Mistakes that begin late are caught up to number_steps = 100.\n") == 2
    assert effort <= 1300


def test_a_rubric_that_misses_a_mistake_is_not_fit_to_grade(kit: LoadedKit, tmp_path: Path) -> None:
    first, *others = kit.kit.exercises
    rubric = tuple(
        msgspec.structs.replace(one, cases=one.cases[:1]) if one.id == "many-steps" else one
        for one in first.rubric
    )
    blind = msgspec.structs.replace(
        kit.kit, exercises=(msgspec.structs.replace(first, rubric=rubric), *others)
    )
    (tmp_path / "blind.kit").write_bytes(kits.encode(blind))

    run = grader("verify", "--kit", tmp_path / "blind.kit", "--json")

    document = json.loads(run.out)
    assert (run.code, document["fit"]) == (1, False)
    assert document["mutation_score"] < 1
    assert "NOT CAUGHT: must fail many-steps" in grader("verify", "--kit", tmp_path / "blind.kit").out


def test_an_exercise_of_forty_lines_is_verified_and_graded_with_no_other_change(tmp_path: Path) -> None:
    week = tmp_path / "week7"
    (week / "reference").mkdir(parents=True)
    (week / "reference" / "fit.py").write_text(FORTY_LINES, encoding="utf-8")
    (week / "class").mkdir()
    for student, source in FORTY_LINES_HANDED_IN.items():
        (week / "class" / f"{student}.py").write_text(source, encoding="utf-8")
    cache = {"XDG_CACHE_HOME": str(cache_home())}

    verified = grader("verify", cwd=week, **cache)
    graded = grader("grade", "class", cwd=week, **cache)

    marks = [
        (one["student"], one["score"])
        for one in json.loads((week / "report/results.json").read_bytes())["submissions"]
    ]
    assert (verified.code, graded.code) == (0, 0), verified.err + graded.err
    assert "  On cpu the reference gets full marks.\n" in verified.out
    assert marks == [("s01", 5.0), ("s02", 2.0), ("s03", 1.0)]
    assert "No momentum" in graded.out


def test_a_frozen_kit_is_described_and_grades_as_the_assignment_does(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "double.py").write_text(SMALLEST, encoding="utf-8")
    (tmp_path / "s01.py").write_text(SMALLEST_HANDED_IN, encoding="utf-8")

    freezes_and_describes(tmp_path, tmp_path / "homework.kit")

    assert grader("check", tmp_path / "s01.py", "--kit", tmp_path / "homework.kit").code == 0


def test_a_kit_for_trying_says_so_wherever_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "scaled.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "s01.py").write_text("def scaled(x, factor):\n    return x\n", encoding="utf-8")
    kit_file = tmp_path / "try.kit"

    frozen = grader("freeze", "--quick", "--assignment", tmp_path, "-o", kit_file)
    verified = grader("verify", "--kit", kit_file)
    checked = grader("check", tmp_path / "s01.py", "--kit", kit_file)

    assert frozen.code == 0, frozen.err
    warning, trying = frozen.out.splitlines()[1:3]
    assert warning == (
        "warning: scaled: no `honest` programs are given, so no bound is tried on a right program of another"
        " style."
    )
    assert trying == "Frozen with --quick: not for grading. No mistake was derived, no long run tried."
    assert kits.load(kit_file).kit.title == f"{tmp_path.name} (frozen with --quick: not for grading)"
    assert (verified.code, verified.err) == (
        1,
        f"note: {kit_file} was frozen with --quick: not for grading.\n",
    )
    assert verified.out.endswith("\nFrozen with --quick: not for grading.\n")
    assert (checked.code, checked.err) == (1, f"note: {kit_file} was frozen with --quick: not for grading.\n")


def test_the_tables_signs_are_explained_and_those_alone_that_stand_in_them(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "scaled.py").write_text(SOURCE, encoding="utf-8")
    grader("freeze", "--quick", "--assignment", tmp_path, "-o", tmp_path / "try.kit")

    run = grader("verify", "--kit", tmp_path / "try.kit")

    assert (
        "In the tables: a number is how many cases of the criterion catch the mistake;\n"
        "  .  no case catches it, the points stay\n"
        "  x  no case catches it, but the points are lost: it does nothing anywhere\n"
        "Rungs are more calls, the simplest first: an unknown mistake is shown in one.\n\n"
    ) in run.out


@pytest.mark.exhaustive
def test_the_course_is_frozen_to_the_same_bytes_again(tmp_path: Path, kit: LoadedKit) -> None:
    loaded = freezes_and_describes(ROOT, tmp_path / "homework.kit")

    assert loaded.digest == kit.digest, "the same seed freezes the same bytes"
    assert grader("check", COURSE, "--kit", tmp_path / "homework.kit").code == 0


def freezes_and_describes(assignment: Path, output: Path) -> LoadedKit:
    run = grader("freeze", "--assignment", assignment, "-o", output)

    loaded = kits.load(output)
    first = loaded.kit.exercises[0]
    began = f"Freezing reference/ of {assignment}: its code is run.\n"
    assert (run.code, re.sub(r"\d+ s", "9 s", run.err)) == (0, f"{began}Frozen in 9 s.\n")
    counts = (
        f"{len(first.cases)} cases of effort {first.effort:g}, {len(first.misconceptions)} known mistakes"
    )
    assert run.out.splitlines()[0] == f"{first.name}: {counts}"
    assert run.out.endswith(f"Digest: {loaded.digest}\n")
    return loaded
