"""action.yml and the pre-commit hook, as the examples in docs/ci.md call them and as a runner runs them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.kit import LoadedKit
from tests.cli.running import LIMIT, ROOT, Run, clean_environment, grader

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")
EXPRESSION = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")
HOSTILE = ("\"; touch pwned; \" '; touch pwned; ' $(touch pwned) `touch pwned`\ntouch pwned\n*", "-h")


def example(first_line: str, holding: str = "") -> Any:
    """The block of docs/ci.md with this first line."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    (block,) = (
        one
        for one in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
        if one.startswith(first_line) and holding in one
    )
    return yaml.safe_load(block)


@pytest.fixture
def repository(tmp_path: Path, kit_file: Path) -> Path:
    """An assignment's repository; `.bin/grader` stands for what the first steps install."""
    shutil.copy(kit_file, tmp_path / "homework.kit")
    shutil.copy(ROOT / "submissions" / "s07.ipynb", tmp_path / "solution.ipynb")
    (tmp_path / ".bin").mkdir()
    executable(tmp_path / ".bin" / "grader", f'exec {shlex.quote(sys.executable)} -m grader "$@"')
    return tmp_path


def executable(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o700)


def step(name: str) -> dict[str, Any]:
    (found,) = (one for one in STEPS if one.get("name", "").startswith(name))
    return found


def substituted(text: str, inputs: Mapping[str, str]) -> str:
    """What the runner makes of `${{ inputs.x }}`: the text itself, whatever it holds, or the default."""
    defaults = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
    return EXPRESSION.sub(lambda found: (defaults | dict(inputs))[found[1]], text)


def ran(name: str, folder: Path, inputs: Mapping[str, str]) -> Run:
    """A step of the action, by the shell and with the variables that GitHub's runner has for it."""
    given = {key: substituted(value, inputs) for key, value in step(name).get("env", {}).items()}
    script = folder / ".step.sh"
    script.write_text(substituted(step(name)["run"], inputs), encoding="utf-8")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],  # noqa: S607
        cwd=folder,
        env=clean_environment()
        | {
            "PATH": f"{folder / '.bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(folder),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "GITHUB_ACTION_PATH": str(ROOT),
        }
        | given,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def documented(kit: LoadedKit) -> dict[str, str]:
    """The inputs of the example, with the digest of the kit that is there."""
    steps = example("# .github/workflows/check.yml", "uses: ./torch-grader")["jobs"]["check"]["steps"]
    (called,) = (one for one in steps if one["uses"] == "./torch-grader")
    inputs: dict[str, str] = called["with"]
    assert set(inputs) <= set(ACTION["inputs"])
    return inputs | {"digest": inputs["digest"].replace("sha256:DIGEST", kit.digest)}


def test_the_documented_step_annotates_sums_up_and_writes_its_report(
    repository: Path, kit: LoadedKit
) -> None:
    run = ran("Check", repository, documented(kit))

    assert run.code == 1, run.err
    assert "\n::error file=solution.ipynb,line=" in run.out
    assert "Likely mistake" in (repository / "summary.md").read_text(encoding="utf-8")
    assert 'failures="4"' in (repository / "junit.xml").read_text(encoding="utf-8")


def test_with_the_required_inputs_alone_a_right_file_is_green(repository: Path) -> None:
    shutil.copy(ROOT / "submissions" / "s01.py", repository)

    run = ran("Check", repository, {"path": "s01.py", "kit": "homework.kit"})

    assert run.code == 0, run.err
    assert not (repository / "junit.xml").exists()


def test_another_kit_than_the_workflow_names_is_refused(repository: Path, kit: LoadedKit) -> None:
    run = ran("Check", repository, documented(kit) | {"digest": "sha256:0"})

    assert run.code == 2
    assert f"The suite has the digest {kit.digest}, expected sha256:0." in run.err


@pytest.mark.parametrize("name", ["path", "kit", "digest", "junit"])
def test_whatever_an_input_holds_is_no_command(repository: Path, kit: LoadedKit, name: str) -> None:
    """Each time the kit is refused, when the shell is long done with the inputs."""
    before = set(repository.iterdir())

    for text in HOSTILE:
        run = ran("Check", repository, documented(kit) | {"digest": "sha256:0", name: text})

        assert run.code == 2, (text, run.out, run.err)
        assert run.err.startswith("error: ")
    assert {path.name for path in set(repository.iterdir()) - before} == {".step.sh"}


def test_no_expression_stands_in_a_command() -> None:
    commands = [one["run"] for one in STEPS if "run" in one]

    assert len(commands) == 2
    assert [command for command in commands if "${{" in command] == []


def test_what_installs_takes_the_pinned_pytorch_and_the_action_itself(repository: Path) -> None:
    """A `python` that writes down what it is called with stands for the one that is set up."""
    executable(repository / ".bin" / "python", 'echo "$@" >> called.txt')

    run = ran("Install", repository, {})

    pip = f"-m pip --disable-pip-version-check install --constraint {ROOT}/constraints.txt"
    assert run.code == 0, run.err
    assert (repository / "called.txt").read_text(encoding="utf-8") == (
        f"{pip} --index-url https://download.pytorch.org/whl/cpu torch\n{pip} {ROOT}\n"
    )


def test_versions_are_pinned_and_required_inputs_have_no_default() -> None:
    used = [one["uses"] for one in STEPS if "uses" in one]
    workflows = [
        step["uses"]
        for holding in ("run: grader", "uses: ./torch-grader")
        for step in example("# .github/workflows/check.yml", holding)["jobs"]["check"]["steps"]
        if "uses" in step and step["uses"] != "./torch-grader"
    ]

    assert len(used) == 1
    assert [name for name in (*used, *workflows) if not PINNED.fullmatch(name)] == []
    assert {name for name, one in ACTION["inputs"].items() if one.get("required")} == {"path", "kit"}
    assert all(("default" in one) != one.get("required", False) for one in ACTION["inputs"].values())
    assert [one.get("if") for one in STEPS] == ["inputs.install == 'true'"] * 2 + [None]


# --- pre-commit -----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "code"), [("s07.ipynb", 1), ("s01.py", 0)])
def test_the_documented_hook_checks_the_file_that_it_watches(repository: Path, name: str, code: int) -> None:
    (used,) = example("# .pre-commit-config.yaml")["repos"][0]["hooks"]
    (hook,) = (one | used for one in HOOKS if one["id"] == used["id"])
    (repository / "solution.ipynb").unlink()
    shutil.copy(ROOT / "submissions" / name, repository / name)
    entry = [*shlex.split(hook["entry"]), *hook["args"]]
    words = [name if word == "solution.ipynb" else word for word in entry]

    run = grader(*words[1:], cwd=repository)

    assert words[0] == "grader"
    assert "solution.ipynb" in entry
    assert run.code == code, run.err
    assert len(run.out.splitlines()) == 1
    assert (hook["pass_filenames"], hook["language"]) == (False, "python")
    assert [
        one for one in ("solution.ipynb", "solution.py", "x/solution.ipynb") if re.search(hook["files"], one)
    ] == ["solution.ipynb"]
