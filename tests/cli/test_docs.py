"""The workflows and scripts of docs/ are run as they stand there, but for what installs."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from grader.commands.outputs import FORMS
from grader.kit import LoadedKit
from tests.cli.running import LIMIT, ROOT, clean_environment, grader
from tests.report.test_classroom50 import ENVIRONMENT

DOCS = ROOT / "docs"
CI = (DOCS / "ci.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(block: str) -> list[str]:
    """The grader's command lines in a workflow: of `- run: ...` or of `- ...` below `script:`."""
    return [m[1] for m in re.finditer(r"^\s*- (?:run: )?grader (.*)$", block, re.MULTILINE)]


@pytest.fixture
def repository(tmp_path: Path, kit_file: Path) -> Path:
    shutil.copy(kit_file, tmp_path / "homework.kit")
    shutil.copy(ROOT / "submissions" / "s07.ipynb", tmp_path / "solution.ipynb")
    return tmp_path


def test_the_workflow_for_github_annotates_and_sums_up(repository: Path, kit: LoadedKit) -> None:
    (command,) = commands(blocks(CI, "yaml")[0])
    arguments = shlex.split(command.replace("sha256:DIGEST", kit.digest))

    run = grader(
        *arguments,
        cwd=repository,
        GITHUB_ACTIONS="true",
        GITHUB_WORKSPACE=str(repository),
        GITHUB_STEP_SUMMARY=str(repository / "summary.md"),
    )

    assert run.code == 1, run.err
    assert run.out.startswith("::stop-commands::")
    assert "\n::error file=solution.ipynb,line=" in run.out
    assert "Likely mistake" in (repository / "summary.md").read_text(encoding="utf-8")


def test_another_kit_than_the_workflow_expects_is_refused(repository: Path) -> None:
    (command,) = commands(blocks(CI, "yaml")[0])

    assert grader(*shlex.split(command), cwd=repository).code == 2


def test_the_workflow_for_gitlab_writes_the_report_that_it_names(repository: Path, kit: LoadedKit) -> None:
    block = blocks(CI, "yaml")[1]
    (command,) = commands(block)
    (named,) = re.findall(r"junit: (\S+)", block)

    run = grader(*shlex.split(command.replace("sha256:DIGEST", kit.digest)), cwd=repository)

    root = ET.parse(repository / named).getroot()  # noqa: S314 -- our own
    assert run.code == 1, run.err
    assert run.out.startswith("solution.ipynb ")
    assert {case.get("file") for case in root.iter("testcase")} >= {"solution.ipynb"}
    assert int(root.get("failures", "")) == 4


def test_the_workflows_are_indented_as_yaml_wants_it() -> None:
    for block in blocks(CI, "yaml"):
        lines = [line for line in block.splitlines() if line.strip()]
        assert not any("\t" in line for line in lines)
        assert all((len(line) - len(line.lstrip())) % 2 == 0 for line in lines)


def test_the_autograder_for_classroom_50_writes_its_result(repository: Path) -> None:
    (script,) = (block for block in blocks(CI, "python") if "autograder.py" in block)
    shim = repository / "bin" / "grader"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m grader "$@"\n', encoding="utf-8")
    shim.chmod(0o700)
    more = {"CLASSROOM50_BUNDLE_DIR": str(repository), "PATH": f"{shim.parent}:{os.environ['PATH']}"}

    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=repository,
        env=clean_environment() | ENVIRONMENT | more,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert json.loads((repository / "result.json").read_bytes())["score"] == 12


def test_every_format_and_exit_code_is_explained() -> None:
    assert re.findall(r"^\| `(\w+)` \|", CI, re.MULTILINE) == list(FORMS)
    assert re.findall(r"^\| (\d+) \|", CI, re.MULTILINE) == ["0", "1", "2", "3", "5", "130"]
