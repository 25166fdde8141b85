"""A result of several parts is told by its parts, in every report; a probe is shown where it has to be."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cli.running import Run, clean_environment, grader
from tests.cli.test_words import OF_A_DESCENT, page, spoken
from tests.parts_exercise import LAYER, LAYERS_HANDED_IN, PAIR, PAIRS_HANDED_IN
from tests.report.reading import Page, assert_gold

TOLD: Final = ("layer-one-off", "layer-eval", "pair-dict", "pair-list", "pair-numpy", "pair-nothing")


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    week = tmp_path_factory.mktemp("parts")
    (week / "reference").mkdir()
    (week / "reference" / "layer.py").write_text(LAYER, encoding="utf-8")
    (week / "reference" / "pair.py").write_text(PAIR, encoding="utf-8")
    (week / "class").mkdir()
    for kind, handed_in in (("layer", LAYERS_HANDED_IN), ("pair", PAIRS_HANDED_IN)):
        for name, source in handed_in.items():
            (week / "class" / f"{kind}-{name}.py").write_text(source, encoding="utf-8")
    frozen = grader("freeze", "-o", "parts.kit", cwd=week)
    assert frozen.code == 0, frozen.err
    return week


@pytest.fixture(scope="module")
def report(week: Path) -> Path:
    graded = graded_class(week)
    assert graded.code == 0, graded.err
    (week / "class.txt").write_text(graded.out, encoding="utf-8")
    return week / "report"


def graded_class(week: Path, *arguments: str) -> Run:
    return grader("grade", "class", "--kit", "parts.kit", *arguments, cwd=week)


def checked(week: Path, name: str, *arguments: str) -> str:
    return grader("check", f"class/{name}.py", "--kit", "parts.kit", *arguments, cwd=week).out


@pytest.mark.parametrize("name", TOLD)
def test_a_check_speaks_of_the_part_that_is_wrong(week: Path, name: str, tmp_path: Path) -> None:
    assert_gold(f"parts-{name}.txt", checked(week, name), tmp_path)


def test_v_shows_the_probe_above_the_call_and_each_case_by_its_part(week: Path, tmp_path: Path) -> None:
    told = checked(week, "layer-one-off", "-v").partition("\nHow it was graded")[0]

    # Beyond these stand cases that are drawn anew with every change of a number in the package.
    assert_gold("parts-verbose.txt", "\n".join(told.splitlines()[:42]) + "\n", tmp_path)
    assert '    expected result["mean"] = ' in told


def test_a_function_that_had_to_be_called_is_told_case_by_case(week: Path) -> None:
    told = checked(week, "layer-by-hand", "-v")

    assert "got called none of them; error over bound" in told


def test_markdown_tells_the_part_and_the_probe(week: Path, tmp_path: Path) -> None:
    assert_gold("parts.md", checked(week, "layer-one-off", "--format", "markdown"), tmp_path)


def test_gradescope_tells_the_part_and_the_probe(week: Path, tmp_path: Path) -> None:
    told = json.loads(checked(week, "layer-one-off", "--format", "gradescope"))
    outputs = [one["output"] for one in told["tests"] if one["status"] == "failed"]

    assert_gold("parts-gradescope.txt", "\n---\n".join(outputs[:2]) + "\n", tmp_path)


def test_junit_tells_the_part_and_the_call_alone(week: Path, tmp_path: Path) -> None:
    root = ET.fromstring(checked(week, "layer-one-off", "--format", "junit"))  # noqa: S314 -- our own
    told = [one.text or "" for one in root.iter("failure")]

    assert_gold("parts-junit.txt", "\n---\n".join(told[:2]) + "\n", tmp_path)


def test_github_tells_the_part(week: Path) -> None:
    told = checked(week, "pair-list", "--format", "github").splitlines()

    begin = "::error file=class/pair-list.py"
    seen = "Seen in all 15 failing calls.%0APrint type(...) of what you return."
    why = "all 15 cases fail: result is a list, expected a tuple"
    assert told == [
        f"{begin},line=1,title=Layer::not started: no class named Layer",
        f"{begin},line=5,title=split%3A likely mistake::The result is a list, not a tuple%0A{seen}",
        f"{begin},line=5,title=split%3A Two tensors come back (cpu)::{why}",
    ]


def test_the_class_is_told_by_its_parts(report: Path, tmp_path: Path) -> None:
    told = (report.parent / "class.txt").read_text(encoding="utf-8")
    told = told.partition("\n")[2].partition("\nGraded ")[0]

    assert_gold("parts-class.txt", told, tmp_path)
    shown = Page((report / "index.html").read_text(encoding="utf-8")).texts
    assert {'result["output"][2, 1]', "2.5"} <= set(shown)


def test_a_student_sees_the_part_the_probe_and_where_the_matrix_differs(report: Path) -> None:
    html = page(report, "layer-one-off")
    shown = Page(html).texts
    begin = shown.index("What stands above the call")

    assert "def probe(Written, width, x):" in shown[begin + 2]
    assert 'result["output"][2, 1]' in shown
    assert 'Where result["output"] differs' in shown
    assert "1 of 15 numbers is wrong. It, at [2, 1], is off by 1." in shown
    assert 'result["mean"] = 1.0' in shown
    assert len(html.encode()) < 60_000


def test_what_is_shown_stands_by_itself_when_pasted(report: Path) -> None:
    results = json.loads((report / "results.json").read_bytes())
    found = next(one for one in results["submissions"] if one["student"] == "layer-one-off")
    call = found["exercises"][0]["counterexample"]["call"]
    *above, last = call.split("\n")
    program = "\n".join([LAYERS_HANDED_IN["one-off"], *above, f'print({last}["output"][2, 1].item())'])

    done = subprocess.run(
        [sys.executable, "-c", program], env=clean_environment(), capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("2.5\n", "")


def test_what_was_expected_can_be_hidden_of_parts_too(week: Path) -> None:
    graded = graded_class(week, "-o", "hidden", "--hide-expected")

    assert graded.code == 0, graded.err
    for name in ("layer-one-off", "layer-eval"):
        shown = [text for text in Page(page(week / "hidden", name)).texts if "return" not in text]
        assert [
            text for text in shown if "probe(" not in text and re.search(r"expected 1\.|'train'", text)
        ] == []
        assert "Where result" not in " ".join(shown)


def test_nobody_reads_of_a_descent(week: Path, report: Path) -> None:
    told = [
        *(checked(week, name, "-v") for name in TOLD[1:3]),
        grader("verify", "--kit", "parts.kit", cwd=week).out,
    ]
    pages = [Page(path.read_text(encoding="utf-8")).texts for path in sorted(report.rglob("*.html"))]

    assert [line for text in told for line in spoken(text)] == []
    assert [text for texts in pages for text in texts if OF_A_DESCENT.search(text)] == []


def test_large_results_leave_a_short_record(report: Path) -> None:
    evidence: dict[str, Any] = json.loads((report / "evidence" / "layer-one-off.json").read_bytes())
    layer = evidence["exercises"][0]

    assert len(layer["difference"]["got"]) == 15
    assert {len(case["got"]["values"]) for case in layer["cases"] if case["criterion"] == "output"} == {1}
