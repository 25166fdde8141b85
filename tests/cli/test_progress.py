"""How far a class is, in words."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.running import ROOT, grader, on_a_terminal
from tests.own_exercise import SMALLEST, SMALLEST_HANDED_IN


def fresh(tmp_path: Path) -> Path:
    """An assignment that was never frozen, and a submission."""
    week = tmp_path / "week7"
    (week / "reference").mkdir(parents=True)
    (week / "reference" / "double.py").write_text(SMALLEST, encoding="utf-8")
    (week / "class").mkdir()
    (week / "class" / "s01.py").write_text(SMALLEST_HANDED_IN, encoding="utf-8")
    return week


def test_a_first_freeze_is_said_to_be_one_and_how_long_it_took(tmp_path: Path) -> None:
    week, cache = fresh(tmp_path), {"XDG_CACHE_HOME": str(tmp_path / "cache")}

    first = grader("check", "class/s01.py", "-q", cwd=week, **cache)
    again = grader("check", "class/s01.py", "-q", cwd=week, **cache)

    used = f"Assignment: {week} (from the working folder)\n"
    assert re.sub(r"\d+ s", "9 s", first.err) == (
        f"{used}Freezing reference/ of {week} (from the working folder): its code is run.\nFrozen in 9 s.\n"
    )
    assert (first.code, first.out) == (again.code, again.out)
    assert again.err == used


def test_nothing_is_said_of_a_freeze_where_only_the_exit_code_is_wanted(tmp_path: Path) -> None:
    run = grader("check", "class/s01.py", "-qq", cwd=fresh(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"))

    assert (run.code, run.out, run.err) == (0, "", "")


def test_a_terminal_shows_what_a_freeze_does(tmp_path: Path) -> None:
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}

    shown = on_a_terminal("check", "class/s01.py", "-q", cwd=fresh(tmp_path), **cache)

    assert "Freezing reference/ of" in shown
    assert "writing the kit" in shown
    assert "Frozen in" in shown


def test_a_terminal_shows_a_bar(kit_file: Path, tmp_path: Path) -> None:
    handed_in = ROOT / "submissions" / "s08.py"

    shown = on_a_terminal("grade", handed_in, "--kit", kit_file, "-o", tmp_path / "out")

    assert "Grading" in shown
    assert "1/1" in shown
    assert "mean 40 %" in shown
