"""Loading an assignment: what is read, in which order, and what a broken file is told. About 2 s."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.errors import GraderError
from grader.freezing import assignment
from grader.kit import Limits

EXERCISE = """
from hypothesis import strategies as st
from grader.exercises import Criterion, Exercise

EXERCISE = Exercise(name={name!r}, title="T", statement="S", reference=lambda x: x,
                    arguments=st.just({{}}), rubric=(Criterion("c", "C", 1, "values"),))
"""


def write(folder: Path, **files: str) -> Path:
    """A reference folder with these exercises."""
    reference = folder / "reference"
    reference.mkdir()
    for name, text in files.items():
        (reference / f"{name}.py").write_text(text)
    return reference


def exercise(name: str) -> str:
    return EXERCISE.format(name=name)


def refusal(folder: Path) -> str:
    with pytest.raises(GraderError) as error:
        assignment.load(folder)
    return str(error.value)


def test_without_settings_the_folder_names_the_assignment(tmp_path: Path) -> None:
    folder = tmp_path / "week 3"
    folder.mkdir()
    write(folder, b=exercise("second"), a=exercise("first"))

    loaded = assignment.load(folder)

    assert (loaded.title, loaded.devices, loaded.limits) == ("week 3", ("cpu",), Limits())
    assert [one.name for one in loaded.exercises] == ["first", "second"]
    assert assignment.load(folder / "reference").title == "week 3"


def test_settings_give_title_devices_order_and_limits(tmp_path: Path) -> None:
    reference = write(tmp_path, a=exercise("first"), b=exercise("second"), c=exercise("third"))
    (reference / "assignment.toml").write_text(
        'title = "Week 3"\ndevices = ["cpu", "cuda"]\norder = ["c"]\n[limits]\ncase_cpu_seconds = 5\n'
    )

    loaded = assignment.load(tmp_path)

    assert (loaded.title, loaded.devices) == ("Week 3", ("cpu", "cuda"))
    assert loaded.limits == Limits(case_cpu_seconds=5.0)
    assert [one.name for one in loaded.exercises] == ["third", "first", "second"]


def test_helpers_are_importable_and_leave_no_module_behind(tmp_path: Path) -> None:
    text = exercise("from_helper").replace('"T"', "TITLE")
    write(tmp_path, _helper_of_test="TITLE = 'helped'\n", a="from _helper_of_test import TITLE\n" + text)

    loaded = assignment.load(tmp_path)

    assert [one.title for one in loaded.exercises] == ["helped"]
    assert "_helper_of_test" not in sys.modules
    assert str(tmp_path / "reference") not in sys.path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'titel = "Week 3"\n',
            "{file}: unknown key 'titel'.\n  Did you mean 'title'?",
        ),
        (
            "[limits]\nmemory = 2\n",
            "{file}: unknown key 'limits.memory'.\n  Did you mean 'limits.memory_bytes'?",
        ),
        (
            "title = 3\n",
            "{file}: Expected `str`, got `int` - at `$.title`.\n  Correct the value.",
        ),
        (
            "limits = 3\n",
            "{file}: Expected `object`, got `int` - at `$.limits`.\n  Correct the value.",
        ),
        (
            "devices = []\n",
            '{file}: `devices` is [].\n  Name at least one: devices = ["cpu", "cuda"].',
        ),
        (
            'order = ["b"]\n',
            "{file}: `order` names 'b', which is not there.\n  Did you mean 'a'?",
        ),
        (
            "title =\n",
            "{file}: cannot be read: Invalid value (at line 1, column 8).\n"  # noqa: ISC004 -- one text
            '  Write it as TOML: title = "...".',
        ),
        (
            "order = " + "[" * 20_000,
            '{file}: cannot be read: its lists are nested too deeply.\n  Write it as TOML: title = "...".',
        ),
        (
            "[limits]\ncase_cpu_seconds = nan\n",
            "{file}: Expected `float` > 0.0 - at `$.limits.case_cpu_seconds`.\n  Correct the value.",
        ),
        (
            "[limits]\nmemory_bytes = 0\n",
            "{file}: Expected `int` >= 1 - at `$.limits.memory_bytes`.\n  Correct the value.",
        ),
    ],
)
def test_wrong_settings_are_told_with_what_to_do(tmp_path: Path, text: str, told: str) -> None:
    reference = write(tmp_path, a=exercise("first"))
    (reference / "assignment.toml").write_text(text)

    assert refusal(tmp_path) == told.format(file=reference / "assignment.toml")


def test_a_number_without_end_in_the_settings_is_told(tmp_path: Path) -> None:
    reference = write(tmp_path, a=exercise("first"))
    (reference / "assignment.toml").write_text("title = " + "9" * 5_000)

    assert refusal(tmp_path).startswith(
        f"{reference / 'assignment.toml'}: cannot be read: Exceeds the limit "
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\n\nx.nothing\n", "line 3: AttributeError: 'int' object has no attribute 'nothing'."),
        ("x = (\n", "line 1: SyntaxError: '(' was never closed."),
        ("import no_such_module\n", "line 1: ModuleNotFoundError: No module named 'no_such_module'."),
    ],
)
def test_a_broken_exercise_names_file_and_line(tmp_path: Path, text: str, told: str) -> None:
    reference = write(tmp_path, a=text)

    assert refusal(tmp_path) == f"{reference}/a.py, {told}\n  Correct this line."


def test_a_broken_helper_names_the_helper(tmp_path: Path) -> None:
    reference = write(tmp_path, _broken_helper="\n1 / 0\n", a="import _broken_helper\n")

    assert refusal(tmp_path) == (
        f"{reference}/_broken_helper.py, line 2: ZeroDivisionError: division by zero.\n  Correct this line."
    )


def test_a_file_that_cannot_be_decoded_is_told(tmp_path: Path) -> None:
    reference = write(tmp_path)
    (reference / "a.py").write_bytes(b"\0\xff")

    assert refusal(tmp_path).startswith(f"{reference}/a.py")


def test_a_file_without_an_exercise_is_told(tmp_path: Path) -> None:
    reference = write(tmp_path, a="x = 1\n")

    assert refusal(tmp_path) == (
        f"{reference}/a.py: defines no EXERCISE.\n"
        "  Define EXERCISE = Exercise(...); a helper's file name begins with an underscore."
    )


def test_an_exercise_of_another_type_is_told(tmp_path: Path) -> None:
    reference = write(tmp_path, a="EXERCISE = 3\n")

    assert refusal(tmp_path) == (
        f"{reference}/a.py: defines an EXERCISE of type int.\n"
        "  Define EXERCISE = Exercise(...); a helper's file name begins with an underscore."
    )


def test_a_folder_without_exercises_is_told(tmp_path: Path) -> None:
    reference = write(tmp_path, _helper="")

    assert refusal(tmp_path) == (
        f"{reference}: there is no exercise here.\n  Write one .py file an exercise; it defines EXERCISE."
    )


def test_two_exercises_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, a=exercise("same"), b=exercise("same"))

    assert refusal(tmp_path) == (
        "Two exercises have the name 'same'.\n  Give each exercise a name of its own."
    )
