"""`grader grade` and `grader report`: a class, interrupted and not, and its folder."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import (
    ROOT,
    clean_environment,
    command,
    grader,
    held,
    results,
    without_pace,
    without_times,
)
from tests.cli.watched import NEVER_ENDS, RIGHT
from tests.hostile.test_lifetimes import descendants, wait_until_gone

SAMPLES = ("s01.py", "s02.ipynb", "s07.ipynb", "s08.py", "s17.py", "s19.ipynb")


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    for name in SAMPLES:
        (folder / name).write_bytes((ROOT / "submissions" / name).read_bytes())
    (folder / "timetable.pdf").write_bytes(b"%PDF")
    return folder


@pytest.fixture(scope="module")
def undisturbed(classroom: Path, kit_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "report"
    run = grader("grade", classroom, "--kit", kit_file, "-o", folder)
    assert run.code == 0, run.err
    assert f"Report: {folder}/index.html\n" in run.out
    assert "s07        12 / 20" in run.out
    return folder


def stored(folder: Path) -> tuple[Any, dict[str, Any]]:
    """Results and evidence without times."""
    evidence = {p.name: without_times(json.loads(p.read_bytes())) for p in (folder / "evidence").iterdir()}
    return without_times(results(folder)), evidence


def pages(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.html")}


def test_every_student_has_a_mark_a_page_and_evidence(undisturbed: Path) -> None:
    document = results(undisturbed)

    assert {one["student"]: one["score"] for one in document["submissions"]} == {
        "s01": 20.0,
        "s02": 20.0,
        "s07": 12.0,
        "s08": 8.0,
        "s17": 0.0,
        "s19": 10.0,
    }
    assert [one["status"] for one in document["submissions"]].count("load_failed") == 1
    students = {Path(name).stem for name in SAMPLES}
    assert pages(undisturbed) == {"index.html", "corrections.html"} | {
        f"students/{one}.html" for one in students
    }
    assert {p.name for p in (undisturbed / "evidence").iterdir()} == {f"{one}.json" for one in students}


def test_what_belongs_to_nobody_is_listed(undisturbed: Path, classroom: Path) -> None:
    assert results(undisturbed)["unmatched"] == [str(classroom / "timetable.pdf")]
    assert "timetable.pdf" in (undisturbed / "index.html").read_text(encoding="utf-8")


def test_the_gradebook_holds_the_marks(undisturbed: Path) -> None:
    with (undisturbed / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))

    assert [(row["student"], row["score"]) for row in rows][:3] == [
        ("s01", "20"),
        ("s02", "20"),
        ("s07", "12"),
    ]


def test_two_runs_give_equal_results(
    undisturbed: Path, classroom: Path, kit_file: Path, tmp_path: Path
) -> None:
    run = grader("grade", classroom, "--kit", kit_file, "-o", tmp_path / "again", "--jobs", "1")

    assert run.code == 0, run.err
    assert stored(tmp_path / "again") == stored(undisturbed)


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_goes_on_where_it_was(
    undisturbed: Path, classroom: Path, kit_file: Path, tmp_path: Path, blow: signal.Signals
) -> None:
    folder = tmp_path / "out"
    arguments = ("grade", classroom, "--kit", kit_file, "-o", folder, "--jobs", "1", "--verbose")
    with held(2, *arguments) as process:
        process.send_signal(blow)
        told = process.communicate()[1]
    assert told.startswith("1 of 6: s01: 20 / 20\n")
    if blow == signal.SIGINT:
        assert process.returncode == 130
        assert "Go on with the same command and --resume." in told

    run = grader(*arguments, "--resume")

    assert run.code == 0, run.err
    assert run.err.startswith("2 graded before and unchanged, 4 to grade\n")
    assert run.err.count(" of 4: s") == 4, "only the others are graded"
    assert stored(folder) == stored(undisturbed)


def test_an_interruption_waits_for_nobody_who_never_ends(kit_file: Path, tmp_path: Path) -> None:
    handed_in, folder = tmp_path / "class", tmp_path / "out"
    handed_in.mkdir()
    (handed_in / "s01.py").write_text(RIGHT, encoding="utf-8")
    (handed_in / "s02.py").write_text(NEVER_ENDS, encoding="utf-8")
    options = ("--kit", kit_file, "-o", folder, "--timeout", "36000", "--jobs", "2", "--verbose")
    with subprocess.Popen(
        ["/usr/bin/env", "--default-signal=INT", *command("grade", handed_in, *options)],
        env=clean_environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = iter(process.stderr.readline, "")
        assert next(line for line in said if line.startswith("1 of 2")) == "1 of 2: s01: 20 / 20\n"
        there = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        told = without_pace("".join(said))

    wait_until_gone(there)
    assert process.returncode == 130
    assert told == (
        f"Interrupted with at most 1 to grade; what is done is kept in {folder}.\n"
        "  Go on with the same command and --resume.\n\nerror: interrupted\n"
    )
    assert grader("status", folder).out.splitlines()[1] == "  1 of 2 graded, 1 left"


def test_a_changed_file_is_graded_again_on_resuming(classroom: Path, kit_file: Path, tmp_path: Path) -> None:
    folder, handed_in = tmp_path / "out", tmp_path / "class"
    handed_in.mkdir()
    (handed_in / "s01.py").write_bytes((classroom / "s08.py").read_bytes())
    (handed_in / "s08.py").write_bytes((classroom / "s08.py").read_bytes())
    assert grader("grade", handed_in, "--kit", kit_file, "-o", folder).code == 0
    (handed_in / "s01.py").write_bytes((classroom / "s01.py").read_bytes())

    run = grader("grade", handed_in, "--kit", kit_file, "-o", folder, "--resume", "--verbose")

    assert run.err == "1 graded before and unchanged, 1 to grade\n1 of 1: s01: 20 / 20\n"
    assert [one["score"] for one in results(folder)["submissions"]] == [20.0, 8.0]


def test_one_student_is_graded_again_and_the_others_stay(
    undisturbed: Path, classroom: Path, kit_file: Path
) -> None:
    before = stored(undisturbed)

    run = grader("grade", classroom, "--kit", kit_file, "-o", undisturbed, "--student", "s08", "--verbose")

    assert run.err == "5 graded before and unchanged, 1 to grade\n1 of 1: s08: 8 / 20\n"
    assert stored(undisturbed) == before


def test_a_correction_counts_in_every_output_and_survives(undisturbed: Path) -> None:
    overrides = undisturbed / "overrides.csv"
    empty = overrides.read_bytes()
    overrides.write_bytes(empty + b"s17,gradient_descent_torch_optimiser,7.5,typo forgiven\r\n")

    run = grader("report", undisturbed)

    grades = (undisturbed / "grades.csv").read_text(encoding="utf-8-sig")
    page = (undisturbed / "students" / "s17.html").read_text(encoding="utf-8")
    overrides.write_bytes(empty)
    assert grader("report", undisturbed).code == 0
    assert (run.code, run.err) == (0, "")
    assert "\ns17,7.5,20," in grades.replace("\r\n", "\n")
    assert "typo forgiven" in page
    assert results(undisturbed)["submissions"][4]["score"] == 0.0, "what the grader found stays"


def test_a_report_is_rendered_again_without_torch_or_the_assignment(undisturbed: Path) -> None:
    wanted = {name: (undisturbed / name).read_bytes() for name in pages(undisturbed)}
    for name in wanted:
        (undisturbed / name).unlink()
    blocked = (
        "import sys\n"
        "class Wall:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('torch', 'hypothesis', 'nbformat', 'IPython', 'reference'):\n"
        "            raise ImportError(f'{name} must not be imported here')\n"
        "sys.meta_path.insert(0, Wall())\n"
        f"sys.argv = ['grader', 'report', {str(undisturbed)!r}]\n"
        "from grader.cli import main\n"
        "main()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", blocked], cwd="/", capture_output=True, text=True, check=False
    )

    assert (run.returncode, run.stdout) == (0, f"Report: {undisturbed}/index.html\n"), run.stderr
    assert {name: (undisturbed / name).read_bytes() for name in pages(undisturbed)} == wanted


def test_damaged_evidence_costs_one_page_its_details_only(undisturbed: Path) -> None:
    damaged = undisturbed / "evidence" / "s08.json"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:100])

    run = grader("report", undisturbed)

    page = (undisturbed / "students" / "s08.html").read_text(encoding="utf-8")
    damaged.write_bytes(whole)
    assert (run.code, run.out) == (0, f"Report: {undisturbed}/index.html\n")
    assert run.err.startswith(f"warning: {damaged}: the file is damaged: ")
    assert "8 / 20" in page
    assert grader("report", undisturbed).err == ""


def test_an_assignments_own_template_replaces_the_default_one(undisturbed: Path, tmp_path: Path) -> None:
    (tmp_path / "class.html.j2").write_text("<p>{{ view.title }}: by hand</p>", encoding="utf-8")
    before = (undisturbed / "index.html").read_bytes()

    run = grader("report", undisturbed, "--templates", tmp_path)

    page = (undisturbed / "index.html").read_text(encoding="utf-8")
    (undisturbed / "index.html").write_bytes(before)
    assert (run.code, page) == (0, "<p>PyTorch for automatic gradient descent: by hand</p>")


def test_a_class_below_the_mark_asked_for_exits_1(classroom: Path, kit_file: Path, tmp_path: Path) -> None:
    arguments = ("grade", classroom / "s08.py", "--kit", kit_file, "-o", tmp_path / "out")

    assert grader(*arguments, "--fail-under", "41").code == 1
    assert grader(*arguments, "--fail-under", "40").code == 0


def test_a_closed_pipe_ends_quietly(kit_file: Path) -> None:
    read, write = os.pipe()
    os.close(read)

    process = subprocess.run(
        command("verify", "--kit", kit_file),
        cwd=ROOT,
        env=clean_environment(),
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    os.close(write)
    assert (process.returncode, process.stderr) == (1, "")
