"""Pages of real programs of the sample class: as small as promised, with all that their data can show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from grader.kit import LoadedKit
from grader.pipeline import grade
from grader.records import Submission
from grader.report.html import Renderer
from grader.run import Options, opened
from tests.report.reading import Page
from tests.report.test_student_page import LIMIT, SOURCE

CLASS: Final = Path(__file__).parent.parent.parent / "submissions"
WORST: Final = ("s12.ipynb", "s14.ipynb")  # nearly every criterion of both exercises fails


@pytest.fixture(scope="module")
def written(kit: LoadedKit) -> Iterator[dict[str, str]]:
    """Each file's page."""
    with opened(kit, Options(device="cpu")) as (session, head):
        graded = {name: grade(Submission("s00", name, (CLASS / name,)), session) for name in WORST}
        yield {name: Renderer().student_page(one.result, one.evidence, head) for name, one in graded.items()}


@pytest.mark.parametrize("name", WORST)
def test_the_largest_pages_of_the_sample_class_are_small(written: dict[str, str], name: str) -> None:
    assert len(SOURCE.sub("", written[name]).encode()) < LIMIT


def test_each_exercise_has_the_pictures_of_its_components(written: dict[str, str]) -> None:
    titles = [told for told in Page(written["s12.ipynb"]).text.split("\n") if told in PICTURES]

    assert titles == [title for title in PICTURES for _ in ("caption", "title")]


PICTURES: Final = (
    "Theta over the steps",
    "Errors against the bound",
    "The path in the plane, over circles of equal norm",
    "Errors against the bound",
)
