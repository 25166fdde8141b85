"""`grader check`: what a student reads, and the exit code that CI reads."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import COURSE, ROOT, grader

NO_ZERO_GRAD = """\
import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for step in range(number_steps):
        loss = theta ** 2
        loss.backward()
        optimiser.step()
    return theta.detach()
"""


def test_the_courses_own_solution_passes_every_check(kit_file: Path) -> None:
    run = grader("check", COURSE, "--kit", kit_file)

    assert run.code == 0, run.err
    assert run.err == ""
    assert "20 / 20 points\nAll 12 checks passed.\n" in run.out
    assert all(len(line) <= 80 for line in run.out.splitlines())


def test_the_same_solution_as_a_notebook_passes_too(kit_file: Path) -> None:
    run = grader("check", ROOT / "submissions" / "s02.ipynb", "--kit", kit_file)

    assert run.code == 0, run.out + run.err
    assert "All 12 checks passed." in run.out


def test_a_known_mistake_is_shown_by_its_smallest_call_and_named(kit_file: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(NO_ZERO_GRAD, encoding="utf-8")

    run = grader("check", tmp_path / "mine.py", "--kit", kit_file)

    assert run.code == 1, run.err
    assert (
        "  The smallest call that shows it:\n"
        "    gradient_descent_torch_optimiser(torch.tensor(1.0), 0.1, 2)\n"
        "    expected  0.64\n"
        "    got       0.44000003\n"
    ) in run.out
    assert "Likely mistake: The gradients of all steps add up" in run.out
    assert "4 of 6 checks passed; 1 exercise not started.\n" in run.out
    assert run.out.endswith(
        "\ngradient_descent_norm_torch_optimiser                       not started   0 / 10\n"
        "\n-v shows every failing case, the steps.\n"
    )


def test_json_is_one_document_with_the_marks(kit_file: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(NO_ZERO_GRAD, encoding="utf-8")

    run = grader("check", tmp_path / "mine.py", "--kit", kit_file, "--json")

    document = json.loads(run.out)
    first, second = document["submission"]["exercises"]
    assert run.code == 1
    assert document["schema"] == "grader/check/v1"
    assert (first["score"], second["status"], second["score"]) == (6.0, "missing", 0.0)
    assert first["diagnosis"]["misconceptions"] == ["no-zero-grad"]
    assert first["counterexample"]["call"] == "gradient_descent_torch_optimiser(torch.tensor(1.0), 0.1, 2)"


def test_github_gets_annotations_on_output_and_a_summary_where_it_says(
    kit_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(NO_ZERO_GRAD, encoding="utf-8")
    summary = tmp_path / "summary.md"

    run = grader(
        "check",
        "mine.py",
        "--kit",
        kit_file,
        "--format",
        "github",
        cwd=tmp_path,
        GITHUB_STEP_SUMMARY=str(summary),
    )

    assert run.code == 1, run.err
    assert run.out
    assert all(line.startswith("::error file=mine.py,line=") for line in run.out.splitlines())
    assert "The gradients of all steps add up" in summary.read_text(encoding="utf-8")


def test_a_submission_that_cannot_be_parsed_fails_with_the_line(kit_file: Path) -> None:
    run = grader("check", ROOT / "submissions" / "s17.py", "--kit", kit_file)

    assert run.code == 1
    assert "s17.py, line 6: SyntaxError: expected ':'" in run.out


def test_only_the_exercise_that_is_asked_for_is_graded(kit_file: Path) -> None:
    run = grader(
        "check", COURSE, "--kit", kit_file, "--exercise", "gradient_descent_norm_torch_optimiser", "--json"
    )

    (exercise,) = json.loads(run.out)["submission"]["exercises"]
    assert (run.code, exercise["name"]) == (0, "gradient_descent_norm_torch_optimiser")


def test_a_folder_is_one_students_files(kit_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "one.py").write_text(NO_ZERO_GRAD, encoding="utf-8")
    (folder / "two.py").write_bytes(COURSE.read_bytes())

    run = grader("check", folder, "--kit", kit_file, "--json")

    assert [e["status"] for e in json.loads(run.out)["submission"]["exercises"]] == ["graded", "graded"]
    assert run.code == 0, "the file that defines both functions runs first"


def test_one_cause_is_told_once_and_then_as_above(kit_file: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "def gradient_descent_torch_optimiser(theta):\n    return theta\n", encoding="utf-8"
    )

    run = grader("check", tmp_path / "mine.py", "--kit", kit_file)

    told = " ".join(run.out.split()).count("takes 1 positional argument but 3 were given")
    assert told == 2, "why, and in the smallest call"
    assert run.out.count(" fail   0 / ") == 5


def test_a_call_may_take_the_time_that_is_given(kit_file: Path, tmp_path: Path) -> None:
    slow = NO_ZERO_GRAD.replace("    theta =", "    sum(range(300_000_000))\n    theta =", 1)
    (tmp_path / "mine.py").write_text(slow, encoding="utf-8")

    run = grader("check", tmp_path / "mine.py", "--kit", kit_file, "--timeout", "0.05", "--json")

    first = json.loads(run.out)["submission"]["exercises"][0]
    assert [row["failure"] for row in first["criteria"]].count("timed_out") >= 1
    assert "no end within 0.25 s of CPU time" in run.out


def test_a_submission_may_take_the_memory_that_is_given(kit_file: Path, tmp_path: Path) -> None:
    large = NO_ZERO_GRAD.replace("    theta =", "    room = bytearray(48 << 20)\n    theta =", 1)
    (tmp_path / "mine.py").write_text(large, encoding="utf-8")
    arguments = ("check", tmp_path / "mine.py", "--kit", kit_file, "--json")

    little = json.loads(grader(*arguments, "--memory", "32").out)["submission"]["exercises"][0]
    enough = json.loads(grader(*arguments, "--memory", "128").out)["submission"]["exercises"][0]

    assert {row["failure"] for row in little["criteria"]} == {"out_of_memory"}
    assert enough["score"] == 6.0
