"""`grader similar CLASS`: who handed in nearly the same code, found behind disguises, without a verdict."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader import progress, store
from tests.cli.running import ROOT, Run, grader, inside, on_a_terminal
from tests.report import samples
from tests.report.reading import Page
from tests.similar.disguised import COPIES

RIGHT = ROOT / "tests" / "teaching" / "right"
DOC = (ROOT / "docs" / "similar.md").read_text(encoding="utf-8")
CLEAN = "For a person to look at: nothing here says that anybody copied.\n"
HOSTILE = "</code></td></table><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}\u202e\x1b[31m"


def found(folder: Path) -> Any:
    return json.loads((folder / "similar.json").read_bytes())


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs in many styles, and ten of them once more in disguise."""
    folder = tmp_path_factory.mktemp("class")
    for path in RIGHT.iterdir():
        shutil.copy(path, folder)
    for name, source in COPIES.items():
        (folder / f"copy_of_{Path(name).stem}.py").write_text(source, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def listed(classroom: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    output = tmp_path_factory.mktemp("report")
    return grader("similar", classroom, "-o", output), output


def test_every_disguised_copy_is_listed_and_hardly_any_independent_pair(listed: tuple[Run, Path]) -> None:
    run, output = listed

    document = found(output)
    pairs = {frozenset((one["first"], one["second"])) for one in document["pairs"]}
    copies = {frozenset((Path(name).stem, f"copy_of_{Path(name).stem}")) for name in COPIES}
    assert (run.code, run.err) == (0, "")
    assert (document["submissions"], len(copies)) == (93, 10)
    assert copies <= pairs
    assert pairs - copies == {
        frozenset({"course_parameter_prints", "failing_demo_below"}),
        frozenset({"anomaly_detection_and_seed", "notebook_pip_and_magics"}),
        frozenset({"foreach_and_fused", "mutates_initial_theta"}),
    }


def test_counted_alike_independent_programs_look_as_similar_as_copies(
    listed: tuple[Run, Path], classroom: Path, tmp_path: Path
) -> None:
    """So the weights are what tells them apart."""
    assert grader("similar", classroom, "-o", tmp_path, "--least", "20").code == 0

    raw = {(one["first"], one["second"]): one["raw"] for one in found(tmp_path)["pairs"]}
    listed_pairs = {(one["first"], one["second"]) for one in found(listed[1])["pairs"]}
    least = min(raw[pair] for pair in listed_pairs if any("copy_of" in name for name in pair))
    others = {pair for pair, share in raw.items() if pair not in listed_pairs and share >= least}
    assert others == {
        ("anomaly_detection_and_seed", "failing_demo_below"),
        ("dead_adam_code", "failing_demo_below"),
        ("german_comments", "plot_guarded_by_main"),
    }


def test_the_terminal_lists_the_pairs_and_says_what_they_are_not(listed: tuple[Run, Path]) -> None:
    run, output = listed

    lines = run.out.splitlines()
    assert lines[0] == "13 pairs among 93 submissions share more than the exercise explains."
    assert lines[1] == "  100 %  context_manager_optimiser  copy_of_context_manager_optimiser"
    assert run.out.endswith(f"{CLEAN}Page: {output}/similar.html\n")


def test_the_page_shows_the_lines_of_each_pair(listed: tuple[Run, Path]) -> None:
    page = (listed[1] / "similar.html").read_text(encoding="utf-8")

    texts = Page(page).texts
    assert page.count("<details id=") == 13
    assert "    with fresh_gradients(opt):" in [text.removeprefix("    ") for text in texts]
    assert "        with one_step(method):" in texts
    assert "verdict" not in page
    assert "plagiar" not in page.lower()


@pytest.mark.parametrize("level", ["standard", "none"])
def test_every_level_of_walls_finds_the_same(
    listed: tuple[Run, Path], classroom: Path, tmp_path: Path, level: str
) -> None:
    run = grader("similar", classroom, "-o", tmp_path, "--isolation", level, "--json")

    assert (run.code, run.err) == (0, f"Page: {tmp_path}/similar.html\n")
    assert json.loads(run.out) == found(tmp_path) == found(listed[1])


def test_the_pages_of_a_graded_class_and_of_its_similar_submissions_lead_to_each_other(
    tmp_path: Path,
) -> None:
    store.write_results(tmp_path, samples.RESULTS)
    inside("report", tmp_path)
    before = (tmp_path / "index.html").read_text(encoding="utf-8")

    run = grader("similar", RIGHT / "recursion.py", "-o", tmp_path)
    report = re.findall(r"To have the class page lead there: grader (.*)\n", run.out)
    again = inside(*report[0].split())

    link = '<li><a href="similar.html">Similar submissions</a></li>'
    assert (run.code, again.code) == (0, inside("report", tmp_path).code)
    assert link not in before
    assert link in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert '<a href="index.html">The class</a>' in (tmp_path / "similar.html").read_text(encoding="utf-8")


def test_the_page_of_a_class_that_is_not_graded_leads_nowhere(listed: tuple[Run, Path]) -> None:
    assert "index.html" not in (listed[1] / "similar.html").read_text(encoding="utf-8")


def test_it_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)

    run = inside("similar", RIGHT / "recursion.py", "-o", tmp_path)

    speed = r", [\d.]+ a second, 0 s left\n"
    assert re.fullmatch(f"(1 of 1 read{speed})+(1 of 1 compared{speed})+", run.err)


def test_programs_hear_how_far_it_is_as_they_do_of_grading(tmp_path: Path) -> None:
    run = inside("similar", RIGHT / "recursion.py", "-o", tmp_path, "--progress", "json")

    lines = [json.loads(line) for line in run.err.splitlines()]
    assert {frozenset(one) for one in lines} == {frozenset(progress.Progress.__struct_fields__)}
    assert [(one["work"], one["state"], one["of"], one["done"], one["left"]) for one in lines] == [
        ("reading", "running", 1, 0, 1),
        ("reading", "running", 1, 1, 0),
        ("reading", "done", 1, 1, 0),
        ("comparing", "running", 1, 0, 1),
        ("comparing", "running", 1, 1, 0),
        ("comparing", "done", 1, 1, 0),
    ]
    assert not (tmp_path / "progress.json").exists()


def test_an_interrupted_reading_is_told_to_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(progress.Tracker, "done", interrupted)

    run = inside("similar", RIGHT / "recursion.py", "-o", tmp_path, "--progress", "json")

    told = [json.loads(line) for line in run.err.splitlines() if line.startswith("{")]
    assert run.code == 130
    assert [(one["work"], one["state"]) for one in told] == [
        ("reading", "running"),
        ("reading", "interrupted"),
    ]


def test_it_says_nothing_where_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)

    run = inside("similar", RIGHT / "recursion.py", "-o", tmp_path, "--progress", "none")

    assert (run.code, run.err) == (0, "")


def test_a_terminal_shows_bars(tmp_path: Path) -> None:
    shown = on_a_terminal("similar", RIGHT / "recursion.py", "-o", tmp_path)

    assert [word for word in ("Reading", "Comparing", "1/1", " a second") if word not in shown] == []


def test_starter_code_counts_for_nobody(classroom: Path, tmp_path: Path) -> None:
    starter = tmp_path / "starter.py"
    starter.write_text(COPIES["generator_of_thetas.py"], encoding="utf-8")

    run = grader("similar", classroom, "-o", tmp_path / "out", "--starter", starter)

    assert (run.code, run.err) == (0, "")
    assert "generator_of_thetas" not in run.out
    assert "What stands in starter.py counts for nobody." in (tmp_path / "out" / "similar.html").read_text()


def test_hostile_files_stay_text_and_cost_nobody_else_a_place(tmp_path: Path) -> None:
    handed_in = tmp_path / "class"
    handed_in.mkdir()
    for name in ("recursion.py", "param_groups.py", "try_except.py", "dataclass_config.py"):
        shutil.copy(RIGHT / name, handed_in)
    source = COPIES["closure_step.py"] + f"# {HOSTILE}\n"
    (handed_in / "<b>one.py").write_text(source, encoding="utf-8")
    (handed_in / "two.py").write_text(source.replace("evaluate", "loss"), encoding="utf-8")
    (handed_in / "bomb.ipynb").write_bytes(b'{"cells":[' + b"[]," * 10_000_000 + b"[]]}")  # a GiB of lists
    (handed_in / "zeros.py").write_bytes(b"\0")

    run = grader("similar", handed_in, "-o", tmp_path / "out")

    page = Page((tmp_path / "out" / "similar.html").read_text(encoding="utf-8"))
    assert (run.code, run.err) == (0, "")
    assert run.out == (
        "1 pair among 8 submissions shares more than the exercise explains.\n"
        "  100 %  <b>one  two\n"
        f"{CLEAN}"
        "not read: bomb: its code could not be read within the time and memory allowed\n"
        "not read: zeros: zeros.py: The file holds null bytes, so it is no Python text; "
        "save it as UTF-8 text.\n"
        f"Page: {tmp_path}/out/similar.html\n"
    )
    assert [tag for tag, _ in page.elements if tag in ("script", "img", "b")] == ["script"]
    assert any("<script>alert(1)</script>" in text and "\\u202e" in text for text in page.texts)


def test_what_is_no_class_and_no_starter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "a.py").write_text("x = 1\n", encoding="utf-8")
    absent = grader("similar", tmp_path / "class", "-o", tmp_path, "--starter", tmp_path / "no.py")
    (tmp_path / "class" / "a.py").unlink()
    empty = grader("similar", tmp_path / "class", "-o", tmp_path)

    assert (absent.code, empty.code) == (2, 5)
    assert absent.err == (
        f"error: --starter {tmp_path}/no.py: there is no such file.\n"
        "  help: Name the file that students were given.\n"
    )


def test_whoever_reads_code_imports_nothing_that_could_run_it() -> None:
    heavy = {"torch", "numpy", "IPython", "nbformat"}
    program = f"import sys, grader.sandbox.comparing; print({heavy} & sys.modules.keys())"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd="/"
    )

    assert done.stdout == "set()\n"


def test_the_document_names_the_option_for_starter_code(tmp_path: Path) -> None:
    (tmp_path / "submissions").mkdir()
    shutil.copy(ROOT / "submissions" / "s01.py", tmp_path / "submissions")
    (tmp_path / "homework.py").write_text("import torch\n", encoding="utf-8")
    (with_starter,) = re.findall(r"```bash\ngrader (.*)\n```", DOC)

    run = grader(*with_starter.split(), cwd=tmp_path)

    assert run.code == 0
    assert run.out.startswith("No two of 1 submissions share more than the exercise explains.\n")
