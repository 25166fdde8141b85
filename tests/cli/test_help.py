"""What helps at the prompt: `--help` with an example, and what a shell completes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from grader.cli import cli
from tests.cli.running import ROOT, clean_environment, grader

SHELLS = ("bash", "zsh", "fish")


def commands(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    for inner, command in group.commands.items():
        yield f"{name} {inner}".strip(), command
        if isinstance(command, click.Group):
            yield from commands(command, inner)


@pytest.mark.parametrize("name", [name for name, _ in commands(cli)])
def test_every_command_shows_one_example_which_is_one_of_its_own(name: str) -> None:
    run = grader(*name.split(), "--help")

    (line,) = re.findall(r"Example: (.*)", run.out)
    example = re.search(rf"grader {name}([^)\n]*)", line)
    assert (run.code, run.err) == (0, "")
    assert example, line
    command = dict(commands(cli))[name]
    with command.make_context(name, shlex.split(example[1])):  # raises where it would be refused
        pass


def test_the_grader_itself_shows_an_example_too() -> None:
    assert "Example: grader check homework.ipynb" in grader("--help").out


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_a_script_that_asks_the_grader(shell: str) -> None:
    run = grader("completion", shell)

    assert run.code == 0
    assert f"_GRADER_COMPLETE={shell}_complete" in run.out


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("grader ch", {"check"}),
        ("grader check --f", {"--format"}),
        ("grader grade --w", {"--watch", "--workers"}),
        ("grader check --format j", {"json", "junit"}),
        ("grader check --isolation s", {"strict", "standard"}),
    ],
)
def test_the_grader_answers_every_shell(shell: str, words: str, wanted: set[str]) -> None:
    *before, begun = words.split()
    word = begun if shell == "fish" else str(len(before))

    run = grader(_GRADER_COMPLETE=f"{shell}_complete", COMP_WORDS=words, COMP_CWORD=word)

    told = {"zsh": r"^plain\n(.*)$", "bash": r"^plain,(.*)$", "fish": r"^plain,([^\t\n]*)"}[shell]
    assert set(re.findall(told, run.out, re.MULTILINE)) == wanted


def test_what_the_readme_has_bash_evaluate_completes_there() -> None:
    documented = 'eval "$(grader completion bash)"'
    script = f"""{documented}
COMP_WORDS=(grader check --format j)
COMP_CWORD=3
_grader_completion grader
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

    done = subprocess.run(
        ["/bin/bash", "--norc", "-c", script],
        env=clean_environment() | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert documented in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (done.stdout, done.stderr) == ("json\njunit\n", "")
