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
DOES_NOT_LEARN: Final = {
    "hand": "theta.data -= rate * theta.grad",
    "nothing": "pass",
    "twice": "optimiser.step(); optimiser.step()",
    "adam": "torch.optim.Adam([theta], lr=rate).step()",
}
FIT: Final = """\
import torch

def fit(start, rate, steps):
    theta = torch.nn.Parameter(start.clone())
    optimiser = torch.optim.SGD([theta], lr=rate, momentum=0.9)
    for _ in range(steps):
        optimiser.zero_grad()
        ((theta - torch.tensor([1.0, -2.0, 0.5], dtype=theta.dtype)) ** 2).sum().backward()
        {}
    return theta.detach()
"""


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


def spoken(text: str) -> list[str]:
    """The lines that speak of a descent."""
    return [line.strip() for line in text.splitlines() if OF_A_DESCENT.search(line)]


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


def read(report: Path) -> Iterator[tuple[Path, list[str]]]:
    """Every file of the report with the lines that speak of a descent; of a page what its reader sees."""
    for path in sorted(report.rglob("*")):
        if path.suffix == ".html":
            yield path, spoken("\n".join(Page(path.read_text(encoding="utf-8")).texts))
        elif path.suffix == ".json":
            yield path, spoken("\n".join(texts(json.loads(path.read_bytes()))))


def texts(document: Any) -> Iterator[str]:
    """Every text of a document, its keys not among them."""
    if isinstance(document, dict | list):
        for one in document.values() if isinstance(document, dict) else document:
            yield from texts(one)
    elif isinstance(document, str):
        yield document
