"""`grader verify --explain ID`: one mistake, for whoever wrote it. About 20 s."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import grader
from tests.cli.test_authors import SOURCE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("scaled")
    (made / "reference").mkdir()
    (made / "reference" / "scaled.py").write_text(SOURCE, encoding="utf-8")
    grader("freeze", "--quick", "--assignment", made, "-o", made / "try.kit")
    return made


def test_a_mistake_is_shown_with_its_program_its_cases_and_a_students_words(folder: Path) -> None:
    cache = str(folder / "cache")

    run = grader("verify", "--assignment", folder, "--explain", "once", XDG_CACHE_HOME=cache)

    begin, cases = run.out.split("\nIt shows in ")
    shown, student = cases.split("\nWhat a student reads:\n\n")
    assert run.code == 0, run.err
    assert begin == (
        "once, in scaled\n"
        "  must fail: value; fails: value\n"
        "\n"
        "Its program:\n"
        "\n"
        '  Misconception("once", "Not scaled", "Look at factor.", lambda x, f: x + f,'
        ' frozenset({"value"}))\n'
    )
    assert shown.splitlines()[2:4] == [
        "  scaled(torch.tensor([1.0, 1.0]), 2)",
        "      value: expected [2.0, 2.0], got [3.0, 3.0]",
    ]
    assert "  FAIL The values are right" in student
    assert student.endswith(
        "    The smallest call that shows it:\n"
        "      scaled(torch.tensor([1.0, 1.0]), 2)\n"
        "      expected  [2.0, 2.0]\n"
        "      got       [3.0, 3.0]\n"
        "                 ^^^\n"
        "    The error is 350,000 times what honest rounding can explain.\n"
        "\n"
        "    Likely mistake: Not scaled\n"
        "    All 15 failing cases behave exactly as if this were the mistake.\n"
        "    Hint:  Look at factor.\n"
        "\n"
        "  -v shows every failing case.\n"
        "\n"
    )


def test_a_kit_has_no_program_to_show(folder: Path) -> None:
    run = grader("verify", "--kit", folder / "try.kit", "--explain", "once")

    assert run.code == 0
    assert "\nIts program:\n\n  A kit holds no program: --assignment DIR shows it.\n" in run.out


def test_a_mistake_that_is_not_there_is_told_with_the_nearest(folder: Path) -> None:
    run = grader("verify", "--kit", folder / "try.kit", "--explain", "onc")

    assert (run.code, run.out) == (2, "")
    assert run.err.endswith("error: --explain: there is no mistake 'onc'.\n  help: Did you mean 'once'?\n")
