"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

from tests.cli.running import ROOT, grader

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^\$ grader (?P<arguments>.*)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)


def examples() -> list[tuple[str, str]]:
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    return [(m["arguments"], m["output"]) for block in blocks for m in EXAMPLE.finditer(block)]


def shown(parts: str, output: str) -> bool:
    """Whether the output is this, where a line `...` stands for any lines."""
    pattern = "".join(
        "(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in parts.splitlines()
    )
    return re.fullmatch(pattern, output) is not None


def test_every_command_of_the_readme_prints_what_it_shows(kit_file: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "submissions", tmp_path / "submissions")
    shutil.copy(kit_file, tmp_path)
    runs = [
        (arguments, output, grader(*shlex.split(arguments), cwd=tmp_path)) for arguments, output in examples()
    ]

    assert [arguments.split()[0] for arguments, _, _ in runs] == ["verify", "grade", "check"]
    for arguments, output, run in runs:
        assert shown(output, run.out), f"grader {arguments} printed:\n{run.out}{run.err}"


def test_the_readme_names_every_exit_code() -> None:
    assert "0 everything passed" in README
    assert all(f"; {code} " in README.replace("\n", " ") for code in (1, 2, 3, 4, 5, 130))
