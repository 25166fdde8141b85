"""`grader new`: what it writes works at once, and it overwrites nothing. About 25 s."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
import yaml

from grader.errors import GraderError
from grader.starting import writing
from tests.cli.running import Run, grader, results

KIT = "students/homework.kit"
NEXT = """\
  reference/    the solution and the exercises; it stays with you
  submissions/  two samples, right and wrong
  students/     what students get: a notebook, README, workflows and, once it is frozen, the kit
Next:
  cd week-3
  grader freeze -o students/homework.kit
  grader verify --kit students/homework.kit
  grader check submissions/{right} --kit students/homework.kit
"""
STATEMENT = (
    "The Huber loss. Return the Huber loss of each error: error^2 / 2 up to delta, "
    "delta (|error| - delta / 2) beyond."
)
SOLUTION = '''\
"""Week 3."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from tools import double

EPS = 1e-3


@torch.no_grad()
def scaled(x: Tensor, factor: float = 2.0, eps: float = EPS) -> Tensor:
    """Scale x.

    Args:
        x: any shape
    """
    return double(x) * factor / 2 + eps  # the secret


class Affine(nn.Module):
    """An affine map."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight + 1


def shout(text: str, times: int) -> str:
    return (text + "!") * times


def total(*numbers):
    return sum(numbers)


def _private(x):
    return x
'''


class Made(NamedTuple):
    """An assignment that was written, and frozen by the command that was printed."""

    folder: Path
    written: list[str]
    new: Run
    frozen: Run


def made(room: Path, *options: str) -> Made:
    new = grader("new", "week-3", *options, cwd=room)
    assert new.code == 0, new.err
    written = files(room / "week-3")
    frozen = grader("freeze", "-o", KIT, cwd=room / "week-3")
    assert frozen.code == 0, frozen.err
    return Made(room / "week-3", written, new, frozen)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """From a solution that imports the module beside it, which imports a package beside it."""
    room = tmp_path_factory.mktemp("own")
    (room / "solution.py").write_text(SOLUTION, encoding="utf-8")
    (room / "tools.py").write_text("from deep.inner import twice\n\ndouble = twice\n", encoding="utf-8")
    (room / "deep").mkdir()
    (room / "deep" / "__init__.py").touch()
    (room / "deep" / "inner.py").write_text("def twice(x):\n    return 2 * x\n", encoding="utf-8")
    return made(room, "--from", "solution.py")


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def notebook(folder: Path) -> list[str]:
    """The sources of the starter's cells, once it is known to be valid."""
    document = nbformat.reads(
        (folder / "students" / "homework.ipynb").read_text(encoding="utf-8"), as_version=4
    )  # type: ignore[no-untyped-call]
    nbformat.validate(document)
    return [cell.source for cell in document.cells]


# --- the sample -----------------------------------------------------------------------------


def test_an_empty_folder_gets_an_assignment_that_is_fit_to_grade(sample: Made) -> None:
    verified = grader("verify", "--kit", KIT, cwd=sample.folder)

    assert sample.new.out == "Written: week-3, with what students are to write: huber.\n" + NEXT.format(
        right="right.py"
    )
    assert verified.code == 0, verified.out
    assert verified.out.endswith("\nFit to grade.\n")
    assert sample.written == [
        ".gitignore",
        "README.md",
        "reference/_solution.py",
        "reference/assignment.toml",
        "reference/huber.py",
        "students/.github/workflows/check.yml",
        "students/.gitignore",
        "students/.gitlab-ci.yml",
        "students/README.md",
        "students/homework.ipynb",
        "submissions/right.py",
        "submissions/wrong.py",
    ]


def test_the_right_sample_passes_and_the_wrong_ones_mistake_is_named(sample: Made) -> None:
    right = grader("check", "submissions/right.py", "--kit", KIT, "-q", cwd=sample.folder)
    wrong = grader("check", "submissions/wrong.py", "--kit", KIT, cwd=sample.folder)

    assert right == (0, "submissions/right.py: 5 / 5 points. All 3 checks passed.\n", "")
    assert wrong.code == 1
    assert "  Likely mistake: Every error is squared, however large\n" in wrong.out


def test_a_notebook_of_signatures_and_docstrings_is_what_students_begin_with(sample: Made) -> None:
    cells = notebook(sample.folder)

    assert cells[:3] == [
        "# week 3\n\nWrite what is asked for; keep all names. `README.md` says how to check it.",
        "import torch",
        f"## The Huber loss\n\n{STATEMENT}",
    ]
    assert cells[3].startswith(
        'def huber(error: torch.Tensor, delta: float) -> torch.Tensor:\n    """The Huber'
    )
    assert cells[3].endswith('shaped like error\n    """\n    ...')
    assert len(cells) == 4


def workflow(folder: Path, name: str) -> Any:
    return yaml.safe_load((folder / "students" / name).read_text(encoding="utf-8"))


def test_the_workflows_are_yaml_with_pinned_versions_and_their_commands_run(sample: Made) -> None:
    students = sample.folder / "students"
    steps = workflow(sample.folder, ".github/workflows/check.yml")["jobs"]["check"]["steps"]
    script = workflow(sample.folder, ".gitlab-ci.yml")["check"]["script"]
    used = [step["uses"] for step in steps if "uses" in step]
    run = [step["run"] for step in steps if "run" in step]

    assert [name.partition("@")[0] for name in used] == ["actions/checkout", "actions/setup-python"]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name) for name in used)
    assert run[:2] == script[:2]
    assert re.fullmatch(r"pip install torch-grader==[\d.]+", run[1])
    for command in (run[2], script[2]):
        words = shlex.split(command)
        checked = grader(*words[1:], cwd=students)
        assert (words[0], checked.code, checked.err) == ("grader", 1, "")
    assert (students / "junit.xml").is_file()


def commands(readme: Path) -> list[str]:
    (block,) = re.findall(r"```sh\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    return [shlex.join(shlex.split(line, comments=True)) for line in block.splitlines()]


def test_the_commands_of_both_readmes_are_those_that_run_here(sample: Made) -> None:
    steps = workflow(sample.folder, ".github/workflows/check.yml")["jobs"]["check"]["steps"]

    assert commands(sample.folder / "students" / "README.md") == [steps[-2]["run"], steps[-1]["run"]]
    assert commands(sample.folder / "README.md") == [
        f"grader freeze -o {KIT}",
        f"grader verify --kit {KIT}",
        f"grader grade submissions --kit {KIT}",
    ]


# --- from a solution ------------------------------------------------------------------------


def test_a_solution_becomes_exercises_and_what_is_left_out_says_why(own: Made) -> None:
    assert own.new.out == (
        "Written: week-3, with what students are to write: scaled, Affine, shout.\n"
        "Left out: total takes *numbers, and an exercise names its arguments one by one.\n"
        "Look at the guesses in reference/ first: a comment stands beside each.\n"
        + NEXT.format(right="right")
    )
    assert [path for path in own.written if path.startswith("reference/")] == [
        "reference/Affine.py",
        "reference/_solution.py",
        "reference/assignment.toml",
        "reference/deep/__init__.py",
        "reference/deep/inner.py",
        "reference/scaled.py",
        "reference/shout.py",
        "reference/tools/__init__.py",
    ]
    assert (own.folder / "reference" / "_solution.py").read_text(encoding="utf-8") == SOLUTION


def test_each_guess_has_a_comment_beside_it(own: Made) -> None:
    text = (own.folder / "reference" / "scaled.py").read_text(encoding="utf-8")

    assert re.findall(r"^        (\w+)=.*,  # (.*)$", text, re.MULTILINE) == [
        ("x", "a guess from `Tensor`"),
        ("factor", "a guess from `float` and its default"),
        ("eps", "a guess from `float` and its default"),
    ]


def test_its_samples_lie_beside_the_modules_that_they_import(own: Made) -> None:
    run = grader("grade", "submissions", "--kit", KIT, "-o", "out", cwd=own.folder)

    right, wrong = (
        {exercise["name"]: exercise["score"] for exercise in one["exercises"]}
        for one in results(own.folder / "out")["submissions"]
    )
    assert run.code == 0, run.err
    assert right == {"scaled": 5.0, "Affine": 5.0, "shout": 5.0}
    assert all(score < 5 for score in wrong.values()), wrong


def test_every_mistake_that_was_derived_of_it_costs_points(own: Made) -> None:
    verified = grader("verify", "--kit", KIT, cwd=own.folder)

    assert verified.code == 0, verified.out
    assert "\nMutation score: 100 % (" in verified.out
    assert verified.out.endswith("\nFit to grade.\n")


def test_students_see_neither_the_solution_nor_what_only_it_needs(own: Made) -> None:
    cells = notebook(own.folder)

    assert cells[1] == (
        "from __future__ import annotations\nfrom torch import Tensor, nn\nEPS = 0.001\nimport torch"
    )
    assert cells[3] == (
        "def scaled(x: Tensor, factor: float=2.0, eps: float=EPS) -> Tensor:\n"
        '    """Scale x.\n\n    Args:\n        x: any shape\n    """\n    ...'
    )
    assert cells[5] == (
        'class Affine(nn.Module):\n    """An affine map."""\n\n'
        "    def __init__(self, features: int) -> None:\n        ...\n\n"
        "    def forward(self, x: Tensor) -> Tensor:\n        ..."
    )
    everything = "".join(
        path.read_text(encoding="utf-8")
        for path in (own.folder / "students").rglob("*")
        if path.is_file() and path.suffix != ".kit"
    )
    assert "secret" not in everything
    assert "double" not in everything


def test_an_untouched_notebook_is_run_and_earns_nothing(own: Made) -> None:
    run = grader("check", "students/homework.ipynb", "--kit", KIT, "-q", cwd=own.folder)

    assert (run.code, run.err) == (1, "")
    assert run.out.startswith("students/homework.ipynb: 0 / 15 points. 0 of 6 checks passed.")


# --- what is refused ------------------------------------------------------------------------


def test_nothing_that_is_there_is_ever_changed(tmp_path: Path) -> None:
    for name in ("README.md", "b.py", "a.py", "c.py"):
        (tmp_path / name).write_text("mine", encoding="utf-8")

    run = grader("new", ".", cwd=tmp_path)

    assert (run.code, run.out) == (2, "")
    assert run.err == (
        "error: . is not empty: it holds README.md, a.py, b.py and 1 more.\n"
        "  help: Name a new or an empty folder.\n"
    )
    assert files(tmp_path) == ["README.md", "a.py", "b.py", "c.py"]
    assert {path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {"mine"}


def test_a_repository_without_a_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    run = grader("new", ".", cwd=tmp_path)

    assert run.code == 0, run.err
    assert (tmp_path / "reference" / "huber.py").is_file()


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "week").write_text("mine", encoding="utf-8")

    run = grader("new", "week", cwd=tmp_path)

    assert (run.code, run.out) == (2, "")
    assert run.err == "error: week cannot be written: Not a directory.\n  help: Name a folder that can be.\n"


NO_SOLUTIONS = {
    b"x = 1\ndef _f(x): return x\n": """\
FILE: there is no function or class to make an exercise of.
  Define one at the top of the file; a name that begins with _ is a helper.""",
    b"def f(*x): return x\nasync def g(x): return x\n": """\
FILE: nothing in it becomes an exercise. f takes *x, and an exercise names its arguments one by one. g is \
async, and an exercise compares what a call returns.
  Change one of them so that it can.""",
    b"from .tools import double\ndef f(x): return double(x)\n": """\
FILE, line 1: the import is relative, and this file is in no package.
  Write it without the dot: from tools import double""",
    b"\0": """\
FILE: this is no Python: source code string cannot contain null bytes.
  Name the file with your solution.""",
    None: """\
FILE cannot be read: No such file or directory.
  Name the file with your solution.""",
}


@pytest.mark.parametrize(("source", "said"), NO_SOLUTIONS.items())
def test_a_file_that_is_no_solution_is_told(tmp_path: Path, source: bytes | None, said: str) -> None:
    file = tmp_path / "solution.py"
    if source is not None:
        file.write_bytes(source)

    with pytest.raises(GraderError) as refused:
        writing.of_solution(file, "week")

    assert str(refused.value).replace(str(file), "FILE") == said


def test_an_error_of_syntax_is_told_with_its_line_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "solution.py").write_text("def f(x:\n", encoding="utf-8")

    run = grader("new", "week", "--from", "solution.py", cwd=tmp_path)

    assert (run.code, run.out) == (2, "")
    assert run.err == (
        "error: SyntaxError: '(' was never closed.\n  --> solution.py:1\n  help: Correct this line.\n"
    )
    assert not (tmp_path / "week").exists()


def test_a_notebook_with_solutions_says_how_it_becomes_a_file(tmp_path: Path) -> None:
    run = grader("new", "week", "--from", "solution.ipynb", cwd=tmp_path)

    assert (run.code, run.out) == (2, "")
    assert run.err == (
        "error: solution.ipynb: a solution is read from a .py file.\n"
        "  help: Save it as one; from a notebook: jupyter nbconvert --to script NOTEBOOK.\n"
    )
