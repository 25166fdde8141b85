"""`--format` on the command line: several at once, where they go, what one failing leaves of the rest."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
from pathlib import Path
from unittest import mock
from xml.etree import ElementTree as ET

import pytest

from grader import store
from grader.commands import grade
from grader.intake.submissions import Discovery
from grader.kept import Found
from grader.records import Submission
from grader.report import classview, material
from grader.results import SubmissionResult
from tests.cli.running import ROOT, clean_environment, command, grader, inside
from tests.report import samples, told
from tests.report.told import replace

S07 = ROOT / "submissions" / "s07.ipynb"


@pytest.fixture(scope="module")
def report(kit_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("formats") / "report"
    names = ("s07.ipynb", "s17.py")
    handed_in = folder.parent / "class"
    handed_in.mkdir()
    for name in names:
        (handed_in / name).write_bytes((ROOT / "submissions" / name).read_bytes())
    run = grader("grade", handed_in, "--kit", kit_file, "-o", folder, "--format", "csv")
    assert (run.code, run.err) == (0, f"Report: {folder}/index.html\n")
    assert [row["student"] for row in csv.DictReader(io.StringIO(run.out))] == ["s07", "s17"]
    return folder


def test_a_class_is_looked_at_once_for_all_that_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_results(tmp_path, samples.RESULTS)
    watched = mock.Mock(wraps=classview.classroom)
    monkeypatch.setattr(material, "classroom", watched)

    run = inside("report", tmp_path, "--format", "text", "--format", f"markdown={tmp_path}/class.md")

    assert run.out.startswith("The grader failed on these; it costs nobody a point:\n")
    assert (tmp_path / "class.md").is_file()
    assert watched.call_count == 1


def test_a_check_is_written_in_every_form_at_once(kit_file: Path, tmp_path: Path) -> None:
    forms = ("text=a.txt", "csv=a.csv", "junit=b/a.xml", "gradescope=a.gs", "markdown=a.md", "github=a.gh")
    asked = [part for form in forms for part in ("--format", form)]

    run = grader("check", S07, "--kit", kit_file, *asked, "--json", cwd=tmp_path)

    assert (run.code, run.err) == (1, "")
    assert json.loads(run.out)["submission"]["score"] == 12.0
    assert set(re.findall(r"\"teacher\":\"(.*?)\"", run.out)) == {""}, (
        "what an instructor is told is nothing for students"
    )
    assert (tmp_path / "a.txt").read_text(encoding="utf-8").startswith(f"{S07}")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbfstudent,")
    assert ET.parse(tmp_path / "b" / "a.xml").getroot().tag == "testsuites"  # noqa: S314 -- our own
    assert json.loads((tmp_path / "a.gs").read_bytes())["score"] == 12.0
    assert "| criterion | device |" in (tmp_path / "a.md").read_text(encoding="utf-8")
    assert (tmp_path / "a.gh").read_text(encoding="utf-8").startswith("::error file=")


def test_a_report_is_written_in_another_form_without_the_submissions(report: Path, tmp_path: Path) -> None:
    run = grader("report", report, "--format", "junit", "--format", f"markdown={tmp_path}/class.md")

    assert (run.code, run.err) == (0, f"Report: {report}/index.html\n")
    assert [suite.get("name") for suite in ET.fromstring(run.out)] == ["s07", "s17"]  # noqa: S314 -- our own
    assert "| s07 |" in (tmp_path / "class.md").read_text(encoding="utf-8")


def test_annotations_without_a_summary_file_are_all_that_is_printed(report: Path) -> None:
    run = grader("report", report, "--format", "github")

    assert (run.code, run.out) == (0, f"Report: {report}/index.html\n"), "no fault of ours, and no Markdown"


def test_a_summary_that_github_cannot_take_keeps_no_other_form_from_being_written(
    report: Path, tmp_path: Path
) -> None:
    run = grader(
        *("report", report, "--format", "github", "--format", f"csv={tmp_path}/a.csv"),
        GITHUB_STEP_SUMMARY=str(tmp_path),
    )

    assert run.code == 2
    assert (
        run.err == f"error: {tmp_path}: cannot be written: Is a directory.\n"
        "  help: The variable GITHUB_STEP_SUMMARY names it.\n"
    )
    assert (tmp_path / "a.csv").exists()


def test_a_summary_is_appended_and_leaves_what_stands_there(report: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")

    assert grader("report", report, "--format", "github", GITHUB_STEP_SUMMARY=str(summary)).code == 0

    assert summary.read_text(encoding="utf-8").startswith(
        "before\n## PyTorch for automatic gradient descent\n"
    )


def test_a_device_is_written_to_and_not_replaced(report: Path) -> None:
    run = grader("report", report, "--format", "csv=/dev/null")

    assert run.code == 0, run.err
    assert Path("/dev/null").is_char_device()


SAME = """\
error: --format: json and csv would be written to the same standard output.
  help: Write all but one into a file: --format csv=FILE.
"""
TWICE = "error: --format: two formats would be written to a.\n  help: Name a file for each.\n"
CLASS = """\
error: --format gradescope: Gradescope takes one submission at a time.
  help: Run grader check FILE --format gradescope=results.json for each.
"""
TYPO = """\
error: Invalid value for '--format': there is no format 'jnit'. Did you mean 'junit'?
  help: grader check --help
"""
COMMAND = "error: No such command 'chek'. Did you mean 'check'?\n  help: grader --help\n"
ARGUMENT = "error: Missing argument 'PATH'.\n  help: grader check --help\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("check x.py --format json --format csv", SAME),
        ("check x.py --format json=a --format csv=a", TWICE),
        ("grade class --format gradescope", CLASS),
        ("check x.py --format jnit", TYPO),
        ("chek", COMMAND),
        ("check", ARGUMENT),
    ],
)
def test_wrong_use_is_answered_in_one_form(arguments: str, text: str, tmp_path: Path) -> None:
    run = grader(*arguments.split(), cwd=tmp_path)

    assert (run.code, run.out, run.err) == (2, "", text)


@pytest.mark.parametrize(
    ("submissions", "told_of"),
    [
        ((told.WRONG, samples.HALF), False),
        ((samples.HALF, samples.submission("s06", samples.missing(samples.ONE))), True),
        ((samples.HALF, samples.LOAD_FAILED), False),
    ],
    ids=["two solve the same", "one solves any", "one could not be loaded"],
)
def test_a_class_that_looks_like_one_students_files_is_told(
    submissions: tuple[SubmissionResult, ...],
    told_of: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = Discovery(Found(Submission(one.student, one.path, (tmp_path / "a.py",)) for one in submissions))

    grade._tell_of_one_student(tmp_path, found, replace(samples.RESULTS, submissions=submissions))

    text = (
        f"note: {tmp_path}: each file was graded as a student's, and no two solve the same exercise.\n"
        f"  help: If they are one student's files: grader check {tmp_path}\n"
    )
    assert capsys.readouterr().err == (text if told_of else "")


# --- the terminal ---------------------------------------------------------------------------


def test_qq_is_the_exit_code(kit_file: Path) -> None:
    assert grader("check", S07, "--kit", kit_file, "-qq") == (1, "", "")


def test_v_shows_every_failing_case_and_what_was_printed(kit_file: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "def gradient_descent_torch_optimiser(theta, rate, steps):\n    return theta\nprint('hello')\n",
        encoding="utf-8",
    )

    run = grader("check", "mine.py", "--kit", kit_file, "-v", cwd=tmp_path)

    assert run.code == 1, run.err
    assert "\nWhat was printed\n  | hello\n" in run.out
    assert run.out.count("    expected ") > 20
    assert "\nHow it was graded\n  Suite: sha256:" in run.out
    assert all(len(line) <= 80 for line in run.out.splitlines() if not line.lstrip().startswith("("))


def test_a_terminal_that_knows_ascii_only_is_told_everything(kit_file: Path) -> None:
    run = grader("check", S07, "--kit", kit_file, LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")

    assert run.code == 1, run.err
    assert run.out.isascii()
    assert "\n  FAIL Several steps give the right theta " in run.out
    assert "\n  ok   right: one-step, " in run.out


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, False)],
)
def test_there_is_colour_on_a_terminal_that_wants_it(
    environment: dict[str, str], coloured: bool, report: Path
) -> None:
    ours, theirs = os.openpty()
    kept = {name: value for name, value in clean_environment().items() if name != "NO_COLOR"}

    done = subprocess.run(
        command("report", report, "--format", "text"),
        env={"TERM": "xterm"} | kept | environment,
        stdout=theirs,
        cwd=ROOT,
        check=False,
    )

    os.close(theirs)
    shown = b""
    while b"Report:" not in shown:
        shown += os.read(ours, 1 << 16)
    os.close(ours)
    assert done.returncode == 0
    assert (b"\x1b[31m" in shown) is coloured
