"""What lies where the grader is started, or where it writes: names, links, modules. About 20 seconds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from grader import journal, store
from grader.errors import GraderError
from grader.report import html
from grader.results import SCHEMA
from tests.cli.running import LIMIT, ROOT, clean_environment, grader
from tests.report import samples
from tests.test_journal import HEADER

COMMAND = "\n::error::MINE\n ::warning::MINE\r::notice::MINE ##[error]MINE"
_SHUT = re.compile(r"::stop-commands::(\w+)\n.*?::\1::\n", re.DOTALL)  # where no command is read
S01 = ROOT / "submissions" / "s01.py"


def read_by_actions(text: str) -> list[str]:
    """The lines that GitHub's runner takes for commands: by the new form, or by the old one."""
    lines = [line.strip() for line in re.split(r"[\r\n]", text)]
    return [line for line in lines if line.startswith("::") or "##[" in line]


@pytest.mark.promise(17)
def test_no_name_of_a_kit_is_a_command_for_github(kit_file: Path, tmp_path: Path) -> None:
    names = [f"a{COMMAND}.kit", f"b{COMMAND}.kit"]
    for name in names:
        (tmp_path / name).write_bytes(kit_file.read_bytes())
    (tmp_path / "bad.kit").write_bytes(b"no kit")
    (tmp_path / "hw.py").write_bytes(S01.read_bytes())

    runs = [
        grader("check", "hw.py", "--kit", tmp_path / "none" / names[0], cwd=tmp_path, GITHUB_ACTIONS="true"),
        grader("check", "hw.py", cwd=tmp_path, GITHUB_ACTIONS="true"),
        grader("verify", "--kit", tmp_path / f"c{COMMAND}.kit", cwd=tmp_path, GITHUB_ACTIONS="true"),
        grader("grade", f"d{COMMAND}", "--kit", names[0], cwd=tmp_path, GITHUB_ACTIONS="true"),
    ]

    assert {run.code for run in runs} == {2}
    assert [read_by_actions(run.out + run.err) for run in runs] == [[]] * 4
    assert all("MINE" in run.err for run in runs), "it is told all the same"


@pytest.mark.promise(17)
def test_no_name_of_a_folder_is_a_command_for_github(kit_file: Path, tmp_path: Path) -> None:
    handed_in = tmp_path / "class"
    handed_in.mkdir()
    (handed_in / f"s01{COMMAND}.py").write_bytes(S01.read_bytes())
    output = tmp_path / f"out{COMMAND}"

    run = grader("grade", "class", "--kit", kit_file, "-o", output, "-v", cwd=tmp_path, GITHUB_ACTIONS="true")

    assert run.code == 0
    assert read_by_actions(_SHUT.sub("", run.out) + run.err) == []


RAISING: Final = f"""
def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    raise ValueError({COMMAND!r} + chr(60) + "![CDATA[ ##[error]MINE")
"""


@pytest.mark.promise(17)
@pytest.mark.parametrize("form", ["text", "json", "csv", "junit", "gradescope", "markdown"])
def test_no_message_is_a_command_for_github_in_any_form(kit_file: Path, tmp_path: Path, form: str) -> None:
    (tmp_path / "hw.py").write_text(RAISING)

    run = grader("check", "hw.py", "--kit", kit_file, "--format", form, cwd=tmp_path, GITHUB_ACTIONS="true")

    lines = read_by_actions(_SHUT.sub("", run.out) + run.err)
    assert [line for line in lines if not line.startswith("::error file=hw.py,line=")] == []
    if form in ("json", "gradescope"):
        assert "##[error]MINE" in str(json.loads(run.out)), "a program reads it as it was"
    if form == "junit":
        told = [text for one in ET.fromstring(run.out).iter() for text in (one.text, one.get("message"))]  # noqa: S314 -- our own
        assert "\n::error::MINE" in str("\n".join(filter(None, told)))
        assert "##[error]MINE" in str(told)


@pytest.mark.promise(18)
@pytest.mark.parametrize("resume", [False, True])
def test_a_journal_that_is_a_link_writes_nowhere_else(tmp_path: Path, resume: bool) -> None:
    target = tmp_path / "precious"
    with journal.keep(target, HEADER, resume=False):
        before = target.read_bytes()
    path = tmp_path / "out" / journal.JOURNAL_FILE
    path.parent.mkdir()
    path.symlink_to(target)

    with journal.keep(path, HEADER, resume=resume) as kept:
        kept.append(samples.submission("s01"))

    assert target.read_bytes() == before
    assert not path.is_symlink()
    assert list(journal.read(path, HEADER)) == ["s01"]


@pytest.mark.promise(18)
def test_a_journal_with_another_name_leaves_that_one_as_it_is(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("canary")
    path = tmp_path / journal.JOURNAL_FILE
    path.hardlink_to(target)

    with journal.keep(path, HEADER, resume=False):
        assert target.read_text() == "canary"


@pytest.mark.promise(18)
def test_whatever_is_written_follows_no_link(kit_file: Path, tmp_path: Path) -> None:
    """Every file of a report, laid out beforehand as a link to another one."""
    grader("grade", S01, "--kit", kit_file, "-o", tmp_path / "first")
    made = [
        path.relative_to(tmp_path / "first") for path in (tmp_path / "first").rglob("*") if path.is_file()
    ]
    targets = {}
    for number, name in enumerate(made):
        target = tmp_path / f"precious{number}"
        target.write_text("canary")
        link = tmp_path / "second" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if name.name != "overrides.csv":  # the instructor's own: read, and never written over
            link.symlink_to(target)
            targets[name] = target

    run = grader("grade", S01, "--kit", kit_file, "-o", tmp_path / "second")

    assert (run.code, len(targets)) == (0, 8)
    assert {name: target.read_text() for name, target in targets.items()} == dict.fromkeys(targets, "canary")


@pytest.mark.promise(18)
def test_the_file_that_is_moved_into_place_is_no_link_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 7)
    (tmp_path / "precious").write_text("canary")
    (tmp_path / ".x.7.tmp").symlink_to(tmp_path / "precious")

    store.write_bytes(tmp_path / "x", b"ours")

    assert (tmp_path / "precious").read_text() == "canary"
    assert (tmp_path / "x").read_bytes() == b"ours"


@pytest.mark.promise(18)
@pytest.mark.parametrize("name", [store.EVIDENCE_FOLDER, html.STUDENTS_FOLDER])
def test_a_folder_of_ours_that_is_a_link_is_refused(kit_file: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(tmp_path / "elsewhere")

    run = grader("grade", S01, "--kit", kit_file, "-o", tmp_path / "out")

    assert run.code == 2
    assert run.err.endswith(
        f"error: {tmp_path}/out/{name}: this is a link, and nothing is written to where it leads.\n"
        "  help: Remove it, or name another folder: -o DIR.\n"
    )
    assert list((tmp_path / "elsewhere").iterdir()) == []


MODULES = ("click", "rich_click", "traceback", "msgspec", "json", "platformdirs", "cli", "tempfile", "torch")


@pytest.mark.parametrize("start", [["-m", "grader"], ["-P", "-m", "grader"]])
def test_no_module_of_the_folder_is_imported(tmp_path: Path, start: list[str]) -> None:
    for name in MODULES:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('MINE')\n")
    (tmp_path / "hw.py").write_bytes(S01.read_bytes())

    done = subprocess.run(
        [sys.executable, *start, "check", "hw.py", "--kit", str(tmp_path / "none.kit")],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {tmp_path}/none.kit: cannot read the kit: No such file or directory.\n"
        "  help: Name a file made by: grader freeze -o FILE.\n"
    )


@pytest.mark.promise(17)
def test_a_damaged_report_is_told_in_a_short_line(tmp_path: Path) -> None:
    schema = '{"schema": "' + SCHEMA + '", "' + "x" * 100_000 + '\\n::error::": 1}'
    (tmp_path / store.RESULTS_FILE).write_text(schema)

    with pytest.raises(GraderError) as raised:
        store.read_results(tmp_path)

    assert len(raised.value.message) < 500
    assert "\n" not in raised.value.message
