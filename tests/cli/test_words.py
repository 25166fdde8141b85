"""What is said of an exercise is said in its own words: nobody reads of a descent who wrote a softmax."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cli.running import Run, grader
from tests.own_exercise import FORTY_LINES
from tests.report.reading import Page
from tests.softmax_exercise import HANDED_IN, SOFTMAX

OF_A_DESCENT: Final = re.compile(
    r"(?i)theta|gradient|\brates?\b|\bsgd\b|descent|\bsteps?\b|optimi[sz]|\bgrad\b"
)
OF_ANOTHER_PARAMETER: Final = re.compile(r"(?i)theta|descent|learning rate")
WEIGHTS: Final = (
    FORTY_LINES.replace("start", "initial_weights").replace("theta", "weights").replace("Theta", "It")
)
FIT: Final = """\
import torch

def fit(initial_weights, rate, steps):
    weights = torch.nn.Parameter(initial_weights.clone())
    optimiser = {made}
    for _ in range(steps):
        optimiser.zero_grad()
        ((weights - torch.tensor([1.0, -2.0, 0.5], dtype=weights.dtype)) ** 2).sum().backward()
        {step}
    return weights.detach()
"""
BY_SGD: Final = "torch.optim.SGD([weights], lr=rate, momentum=0.9)"
STEPPED: Final = {
    "adam": FIT.format(made="torch.optim.Adam([weights], lr=rate)", step="optimiser.step()"),
    "hand": FIT.format(made=BY_SGD, step="weights.data -= rate * weights.grad"),
    "list": FIT.format(made="torch.optim.SGD(weights, lr=rate)", step="optimiser.step()"),
    "leaf": FIT.format(made="torch.optim.SGD([1 * weights], lr=rate)", step="optimiser.step()"),
    "none": FIT.format(made=BY_SGD, step="weights.data += weights.gradient"),
}


@pytest.fixture(scope="module")
def softmax(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assignment(tmp_path_factory.mktemp("softmax"), SOFTMAX, HANDED_IN)


def assignment(week: Path, exercise: str, handed_in: Mapping[str, str]) -> Path:
    (week / "reference").mkdir()
    (week / "reference" / "own.py").write_text(exercise, encoding="utf-8")
    (week / "class").mkdir()
    for name, source in handed_in.items():
        (week / "class" / f"{name}.py").write_text(source, encoding="utf-8")
    return week


def own(week: Path, *arguments: str) -> Run:
    return grader(*arguments, cwd=week, XDG_CACHE_HOME=str(week / "cache"))


def spoken(text: str, words: re.Pattern[str] = OF_A_DESCENT) -> list[str]:
    """The lines that say such words."""
    return [line.strip() for line in text.splitlines() if words.search(line)]


def test_freezing_and_verifying_speak_of_no_descent(softmax: Path) -> None:
    frozen = own(softmax, "freeze", "-o", "softmax.kit")
    verified = own(softmax, "verify", "--verbose")

    assert (frozen.code, verified.code) == (0, 0), frozen.err + verified.err
    assert spoken(frozen.out + frozen.err) == []
    assert spoken(verified.out + verified.err) == []
    assert spoken(own(softmax, "verify", "--json").out) == []


def test_no_report_of_a_softmax_speaks_of_a_descent(softmax: Path) -> None:
    graded = own(softmax, "grade", "class")
    checked = [
        own(softmax, "check", f"class/{name}.py", "-v") for name in ("wrong-value", "none", "dimension")
    ]

    report = softmax / "report"
    marks = json.loads((report / "results.json").read_bytes())["submissions"]
    assert graded.code == 0, graded.err
    assert [one["student"] for one in marks if one["score"] == one["max_score"]] == ["right"]
    assert len(marks) == len(HANDED_IN)
    assert spoken(graded.out + graded.err) == []
    assert [spoken(one.out) for one in checked] == [[], [], []]
    assert {str(path.relative_to(report)): told for path, told in read(report) if told} == {}


def test_steps_of_an_optimiser_are_told_of_the_parameter_that_it_moves(tmp_path: Path) -> None:
    week = assignment(tmp_path, WEIGHTS, STEPPED)
    graded = own(week, "grade", "class")
    checked = {name: own(week, "check", f"class/{name}.py").out for name in ("adam", "hand")}

    report = week / "report"
    assert graded.code == 0, graded.err
    assert traced(checked["adam"]) == (
        "1 step by Adam with lr 0.1, where the reference takes 1 step by SGD with lr 0.1, momentum 0.9."
        " At step 1 weights is [2.9, 2.9, 2.9] (reference [2.6, 2.0, 2.5])."
    )
    assert traced(checked["hand"]) == (
        "No step of an optimiser was recorded, where the reference takes 2 steps by SGD with lr 0.1,"
        " momentum 0.9."
    )
    assert "The norm of weights over the steps" in Page(page(report, "adam")).texts
    assert {
        str(path.relative_to(report)): told for path, told in read(report, OF_ANOTHER_PARAMETER) if told
    } == {}


def traced(told: str) -> str:
    """What a check says of the steps, as one line."""
    return " ".join(told.partition("  Trace: ")[2].partition("\n\n")[0].split())


def page(report: Path, student: str) -> str:
    (path,) = report.rglob(f"{student}.html")
    return path.read_text(encoding="utf-8")


def read(report: Path, words: re.Pattern[str] = OF_A_DESCENT) -> Iterator[tuple[Path, list[str]]]:
    """Every file of the report with the lines that say such words; of a page what its reader sees."""
    for path in sorted(report.rglob("*")):
        if path.suffix == ".html":
            yield path, spoken("\n".join(Page(path.read_text(encoding="utf-8")).texts), words)
        elif path.suffix == ".json":
            yield path, spoken("\n".join(texts(json.loads(path.read_bytes()))), words)


def texts(document: Any) -> Iterator[str]:
    """Every text of a document, its keys not among them."""
    if isinstance(document, dict | list):
        for one in document.values() if isinstance(document, dict) else document:
            yield from texts(one)
    elif isinstance(document, str):
        yield document
