"""Packages that are missing here stand on top of the class report, with the line that mends it."""

from __future__ import annotations

import html
import re
import shlex
from importlib import util
from pathlib import Path

import pytest

from tests.cli.running import ROOT, grader, results

COURSE = (ROOT / "submissions" / "s01.py").read_text(encoding="utf-8")
TOP = """\
Modules that are not here, and who lost points and asks for them:
  - my_helper (a file that was not handed in, or a package to look at before you
    install it): s03
  - skimage (not installed; it comes with scikit-image): s02, s04
"""


@pytest.fixture
def room(tmp_path: Path) -> Path:
    if util.find_spec("skimage") is not None:
        pytest.skip("scikit-image is installed here")
    (tmp_path / "class").mkdir()
    uses = COURSE.replace("    tensor = ", "    FUNCTION\n    tensor = ", 1)
    for student, source in {
        "s01": COURSE + "\nimport skimage\n",
        "s02": uses.replace("FUNCTION", "import skimage.io"),
        "s03": "from my_helper import start\n" + uses.replace("FUNCTION", "start()"),
        "s04": "import skimage\n" + uses.replace("FUNCTION", "skimage.io"),
    }.items():
        (tmp_path / "class" / f"{student}.py").write_text(source, encoding="utf-8")
    return tmp_path


def test_what_is_missing_is_said_on_top_with_the_line_that_mends_it(room: Path, kit_file: Path) -> None:
    again = f"grader grade class --kit {kit_file} -o out --timeout 3"
    line = f"pip install scikit-image && {again} --student s02 --student s04"

    run = grader(
        *shlex.split(again)[1:], "--format", "markdown=class.md", "--format", "text", "--resume", cwd=room
    )

    assert run.code == 0, run.err
    line = line.replace("--timeout 3", "--timeout 3 --format markdown=class.md --format text")
    assert run.out.startswith(f"{TOP}  {line}\n\n")
    assert f"```text\n{line}\n```" in (room / "class.md").read_text(encoding="utf-8")
    page = (room / "out" / "index.html").read_text(encoding="utf-8")
    assert f"<pre><code>{line}</code></pre>" in html.unescape(page)
    stored = results(room / "out")
    assert [one.get("lacking") for one in stored["submissions"]] == [
        ["skimage"],
        ["skimage"],
        ["my_helper"],
        ["skimage"],
    ]
    assert stored["command"] + " --student s02 --student s04" == line.partition(" && ")[2]


def test_the_line_grades_only_those_again(room: Path, kit_file: Path) -> None:
    first = grader("grade", "class", "--kit", kit_file, cwd=room)
    found = re.search(r"^  pip install scikit-image && grader (?P<again>.*)$", first.out, re.MULTILINE)
    assert found is not None
    (room / "class" / "s02.py").write_text(COURSE, encoding="utf-8")
    (room / "class" / "s03.py").write_text(COURSE, encoding="utf-8")

    again = grader(*shlex.split(found["again"]), cwd=room)

    assert again.code == 0, again.err
    scores = {one["student"]: one["score"] for one in results(room / "report")["submissions"]}
    assert scores == {"s01": 20.0, "s02": 20.0, "s03": 10.0, "s04": 10.0}


def test_a_student_is_told_that_it_is_no_mistake_of_theirs(room: Path, kit_file: Path) -> None:
    run = grader("check", "class/s02.py", "--kit", kit_file, cwd=room)

    assert run.code == 1
    assert (
        "Notes\n  - scikit-image is not installed where this was graded: that is no mistake of\n    yours.\n"
    ) in run.out


def test_a_notebook_named_py_with_magics_and_a_bar_has_full_marks_behind_the_walls(
    room: Path, kit_file: Path
) -> None:
    from tests.sandbox.small import notebook

    source = notebook(
        "!pip install tqdm\n%matplotlib inline",
        f"%%writefile mine.py\n{COURSE.replace('range(number_steps)', 'tqdm(range(number_steps))')}",
        "%%capture out\nimport builtins\nfrom tqdm.auto import tqdm\nbuiltins.tqdm = tqdm",
        "from mine import *",
        "%%timeit\ngradient_descent_torch_optimiser = None",
    )
    (room / "mine.py").write_text(source, encoding="utf-8")

    run = grader("check", "mine.py", "--kit", kit_file, cwd=room)

    assert run.code == 0, run.out + run.err
    assert run.out.startswith(
        "mine.py                                                           20 / 20 points\n"
    )
