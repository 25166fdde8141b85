"""What is missing here is told apart from what the student forgot, and only what is known is installed."""

from __future__ import annotations

from grader import packages
from grader.records import Answer, Execution, ExerciseRun, Failure, Note, Raised


def execution(*notes: str, raised: str = "", kind: str = "ModuleNotFoundError") -> Execution:
    answers: dict[int, Answer] = {0: Raised(kind, raised, "", None, Failure.RAISED)} if raised else {}
    run = ExerciseRun("f", found=True, answers=answers)
    given = tuple(Note(text) for text in notes)
    return Execution("cpu", True, None, None, (), given, "", (run,), 0.0, "")


def missing(name: str) -> str:
    return f"This statement raised ModuleNotFoundError: No module named '{name}'. What stands below it ran."


def test_what_a_statement_or_a_call_asked_for_is_found() -> None:
    found = packages.lacking(
        [
            execution(missing("no_such.thing"), raised="No module named 'no_other'"),
            execution(missing("no_such")),
        ]
    )

    assert found == ("no_other", "no_such")


def test_what_is_here_and_what_only_looks_like_it_is_not_lacking() -> None:
    found = packages.lacking(
        [
            execution(
                missing("json"),
                missing("msgspec"),
                missing("__main__"),
                missing("a b; rm"),
                "This statement raised ValueError: No module named 'no_such'",
                raised="No module named 'no_such'",
                kind="ImportError",
            )
        ]
    )

    assert found == ()


def test_a_flood_of_names_is_cut() -> None:
    found = packages.lacking([execution(*(missing(f"no_such_{number:02}") for number in range(50)))])

    assert found == tuple(f"no_such_{number:02}" for number in range(10))


def test_what_is_told_of_a_package_and_of_a_name_that_nobody_knows() -> None:
    assert packages.sentence("sklearn") == (
        "scikit-learn is not installed where this was graded: that is no mistake of yours."
    )
    assert packages.sentence("my_helper") == (
        "my_helper is neither installed where this was graded nor a file that was handed in."
    )
    assert packages.what("pandas") == "not installed"
    assert packages.what("sklearn") == "not installed; it comes with scikit-learn"
    assert packages.what("my_helper") == (
        "a file that was not handed in, or a package to look at before you install it"
    )


def test_the_line_to_paste_is_safe_whatever_a_student_is_called() -> None:
    line = packages.install(["sklearn", "PIL", "pandas"], "grader grade class", ["s01", "s 2; rm"])

    assert line == (
        "pip install pandas pillow scikit-learn && grader grade class --student s01 --student 's 2; rm'"
    )
