"""What README and docs/ show on a console is what happens: every block, in its page's order. About 50 s.

A page is run in a folder that holds the kit and the sample class, or what `PREPARED` puts there. What a
block shows is compared with what is printed: a line `...` stands for any lines, `...` in a line for any text.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.cli import test_writing
from tests.cli.downloaded import download
from tests.cli.running import LIMIT, ROOT, clean_environment

PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BLOCK: Final = re.compile(r"```console\n(.*?)```", re.DOTALL)
COMMAND: Final = re.compile(r"^\$ (?P<typed>.*)\n(?P<shown>(?:(?!\$ ).*\n)*)", re.MULTILINE)
ELSEWHERE: Final = (
    "make",
    "pip",
    "python3 -m venv",
    ". .venv",
)  # what installs, or is made once by the tests
FEW: Final = ("s01.py", "s07.ipynb", "s08.py", "s17.py")


class Example(NamedTuple):
    typed: str
    shown: str


def examples(page: Path) -> list[Example]:
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [Example(one["typed"], one["shown"]) for block in blocks for one in COMMAND.finditer(block)]


def shown(parts: str, output: str) -> bool:
    """Whether the output is this, where a line `...` stands for any lines."""
    lines = (
        "(?:.*\n)*?" if line == "..." else ".*?".join(map(re.escape, line.split("..."))) + "\n"
        for line in parts.splitlines()
    )
    return re.fullmatch("".join(lines), output) is not None


def sample_class(folder: Path, kit: Path) -> None:
    shutil.copytree(ROOT / "submissions", folder / "submissions")
    shutil.copy(kit, folder)


def few_of_it(folder: Path, kit: Path) -> None:
    (folder / "submissions").mkdir()
    for name in FEW:
        shutil.copy(ROOT / "submissions" / name, folder / "submissions")
    shutil.copy(kit, folder)


def written_exercise(folder: Path, kit: Path) -> None:
    """As its page leaves it; the page's own test freezes each of its steps."""
    del kit
    test_writing.folder(folder, len(test_writing.STEPS))
    (folder / "my_attempt.py").write_text("def huber(error, delta):\n    return 0.5 * error**2\n")


PREPARED: Final[dict[str, Callable[[Path, Path], None]]] = {
    "README.md": sample_class,
    "write-an-exercise.md": written_exercise,
    "similar.md": sample_class,
    "gradebooks.md": download,
}


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH where `grader` is this one."""
    folder = tmp_path_factory.mktemp("bin")
    shim = folder / "grader"
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m grader "$@"\n', encoding="utf-8")
    shim.chmod(0o700)
    return f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"


def typed_here(page: Path, folder: Path) -> Iterator[Example]:
    """What is run: nothing that installs, and no freezing of a kit that is there."""
    for one in examples(page):
        output = re.search(r"^grader freeze .*-o (\S+)", one.typed)
        there = output is not None and (folder / output[1]).exists()
        if not one.typed.startswith(ELSEWHERE) and not there:
            yield one


@pytest.mark.parametrize("page", [page for page in PAGES if examples(page)], ids=lambda page: page.name)
def test_every_console_block_prints_what_it_shows(
    page: Path, path: str, kit_file: Path, tmp_path: Path
) -> None:
    PREPARED.get(page.name, few_of_it)(tmp_path, kit_file)

    for one in typed_here(page, tmp_path):
        done = subprocess.run(
            ["bash", "-c", one.typed],  # noqa: S607
            cwd=tmp_path,
            env=clean_environment() | {"PATH": path},
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        told = f"$ {one.typed}\n{done.stdout}{done.stderr}"
        assert done.returncode in (0, 1), told
        assert not one.shown or shown(one.shown, done.stdout), told


def test_the_readme_leads_an_instructor_and_a_student() -> None:
    assert [one.typed.split()[1] for one in examples(PAGES[0]) if one.typed.startswith("grader")] == [
        "verify",
        "grade",
        "check",
    ]


@pytest.mark.parametrize(
    ("parts", "output", "fits"),
    [
        ("a\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("...\nb\n", "a\nb\n", True),
        ("b ... KiB\n", "b 12 KiB\n", True),
        ("b ... KiB\n", "b 12\nKiB\n", False),
        ("a\n...\n", "b\n", False),
    ],
)
def test_what_is_shown_is_compared(parts: str, output: str, fits: bool) -> None:
    assert shown(parts, output) == fits


def test_the_readme_names_every_exit_code() -> None:
    readme = PAGES[0].read_text(encoding="utf-8")

    assert "0 everything passed" in readme
    assert all(f"; {code} " in readme.replace("\n", " ") for code in (1, 2, 3, 4, 5, 130))
