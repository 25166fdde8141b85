"""Time that is charged and time that is not, with real workers. No test waits for a second of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.kit import Limits
from grader.records import Submission
from grader.sandbox import limits
from grader.sandbox.pace import pace
from grader.sandbox.pool import Pool
from tests.sandbox import small
from tests.sandbox.small import NAMES, RIGHT, answers, first, notes
from tests.sandbox.test_pool import RETURNED, UNDONE, run

GIVEN = Limits(case_cpu_seconds=0.1, exercise_cpu_seconds=2.0)
BURN = """from time import process_time
def burn(seconds):
    end = process_time() + seconds
    while process_time() < end: pass
"""


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(small.KIT, GIVEN, level="none") as pool:
        yield pool


def here(pool: Pool, multiple: float) -> float:
    """So many times the limit of a call, in seconds of this machine."""
    return multiple * GIVEN.case_cpu_seconds * pool.pace


def test_no_machine_is_faster_than_the_reference() -> None:
    assert pace() >= 1.0


def test_a_call_that_is_only_slow_is_made_again_and_counts(pool: Pool, tmp_path: Path) -> None:
    body = f"print('call', number_steps)\nif number_steps == 2: burn({here(pool, 2)})\nreturn initial_theta"

    execution = run(pool, tmp_path, BURN + first(body))

    assert [answers(one) for one in execution.exercises] == [RETURNED, RETURNED]
    assert execution.exercises[0].notes == ()


def test_a_function_that_is_slow_in_every_call_has_a_budget(pool: Pool, tmp_path: Path) -> None:
    """20 times a call's limit in all; the second exercise has its own."""
    execution = run(pool, tmp_path, BURN + first(f"burn({here(pool, 4.5)})\nreturn initial_theta"))

    spent = "not_run: not run to its end: the calls of this exercise took more than 2 s of CPU time in all"
    assert answers(execution.exercises[0]) == [*["Tensor"] * 4, spent]
    assert answers(execution.exercises[1]) == RETURNED


@pytest.mark.parametrize("where", ["in the first call", "at the top"])
def test_what_an_import_takes_is_charged_to_nobody(pool: Pool, tmp_path: Path, where: str) -> None:
    """More than a call may take even when it is made again, or a statement."""
    heavy = tmp_path / "installed"
    heavy.mkdir()
    (heavy / "heavy.py").write_text(f"{BURN}burn({here(pool, 6.5)})\n")
    path = f"import sys; sys.path.append({str(heavy)!r})\n"
    source = path + ("import heavy\n" + first("return initial_theta"))
    if where == "in the first call":
        source = path + first("import heavy\nreturn initial_theta")

    execution = run(pool, tmp_path, source)

    assert notes(execution) == []
    assert [answers(one) for one in execution.exercises] == [RETURNED, RETURNED]
    assert limits.AGAIN < 6.5 < limits.IMPORTS


def test_a_module_of_the_students_own_is_no_import(pool: Pool, tmp_path: Path) -> None:
    folder = tmp_path / "s01"
    folder.mkdir()
    (folder / "helper.py").write_text("while True: pass\n")
    (folder / "solution.py").write_text(first("import helper\nreturn initial_theta"))

    execution = pool.run(Submission("s01", "s01", (folder / "solution.py",), folder))

    late = "timed_out: no end within 0.5 s of CPU time"
    assert answers(execution.exercises[0]) == [late, *[f"not_run: {UNDONE[0]} did not end in time"] * 4]


def test_imports_without_end_are_ended(pool: Pool, tmp_path: Path) -> None:
    """A forged excuse holds no longer than the true one."""
    forged = (
        "from grader import wire\nimport os\nos.write(4, wire.encode(wire.Importing(True)))\nwhile True: pass"
    )

    execution = run(pool, tmp_path, first(forged))

    late = "timed_out: no end within 0.5 s of CPU time"
    assert answers(execution.exercises[0])[0] == late
    assert answers(execution.exercises[1]) == RETURNED


def test_a_function_that_recurses_to_death_in_every_call_leaves_the_other_exercise(
    pool: Pool, tmp_path: Path
) -> None:
    deep = f"burn({here(pool, 4.5)})\nsys.setrecursionlimit(2000)\ndef down(): return down()\nreturn down()"

    execution = run(pool, tmp_path, BURN + first(deep))

    assert answers(execution.exercises[0])[0].startswith("raised: RecursionError: ")
    assert answers(execution.exercises[1]) == RETURNED


def test_after_the_loading_has_used_its_time_definitions_still_count(pool: Pool, tmp_path: Path) -> None:
    demos = "".join(f"burn({here(pool, 2)})\n" for _ in range(4))

    execution = run(pool, tmp_path, BURN + demos + RIGHT + f"{NAMES[0]} = None\n")

    why = "loading took more than 0.5 s of CPU time in all"
    assert notes(execution) == [f"s01.py:7: From here on only definitions and imports were run: {why}."]
    assert answers(execution.exercises[0]) == ["Parameter"] * 5
