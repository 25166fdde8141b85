"""A class too large for one page: the first stays small, and every student is on one of the others."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from grader.kept import Made
from grader.overrides import NONE
from grader.report import gradebook
from grader.report import large as pages
from grader.report.classview import classroom
from grader.report.html import write_class, write_corrections
from grader.results import Results
from tests.report import samples

SIZE: Final = 2_500


@pytest.fixture(scope="module")
def large() -> Results:
    """All kinds of results in turn."""
    kinds = samples.RESULTS.submissions
    students = [replace(kinds[number % len(kinds)], student=f"c{number:05}") for number in range(SIZE)]
    return replace(samples.RESULTS, submissions=tuple(students))


def students_of(page: str) -> list[str]:
    _, _, table = page.partition('<table id="roster">')
    return re.findall(r'<th scope="row"><a href="students/[^"]+">(c\d+)</a>', table)


def test_every_student_stands_on_one_page_that_the_first_leads_to(large: Results, tmp_path: Path) -> None:
    index = write_class(tmp_path, classroom(large))

    first = index.read_text(encoding="utf-8")
    pages = re.findall(r'<li><a href="(students-\d+\.html)">([^<]+)</a>', first)
    assert pages == [
        ("students-001.html", "c00000 to c00999"),
        ("students-002.html", "c01000 to c01999"),
        ("students-003.html", "c02000 to c02499"),
    ]
    found = [one for name, _ in pages for one in students_of((tmp_path / name).read_text(encoding="utf-8"))]
    assert found == [one.student for one in large.submissions]
    assert students_of(first) == []
    second = (tmp_path / "students-002.html").read_text(encoding="utf-8")
    assert "Students 1,001 to 2,000 of 2,500." in second
    assert '<a href="index.html">The whole class</a>' in second
    assert '<input id="search"' in second


def test_the_first_page_speaks_of_the_whole_class_and_stays_small(large: Results, tmp_path: Path) -> None:
    first = write_class(tmp_path, classroom(large)).read_text(encoding="utf-8")

    whole = sum(one.status == "harness" for one in large.submissions)
    assert f"2,500 submissions: {whole:,} not graded" in first
    assert re.search(r"and \d[\d,]* more", first)
    assert re.search(r"And \d[\d,]* more: they are marked among the students\.", first)
    assert len(first.encode()) < 1_000_000


def test_pages_of_a_larger_class_before_are_removed(large: Results, tmp_path: Path) -> None:
    write_class(tmp_path, classroom(large))
    write_class(tmp_path, classroom(replace(large, submissions=large.submissions[:1_500])))
    assert sorted(path.name for path in tmp_path.glob("*.html")) == [
        "index.html",
        "students-001.html",
        "students-002.html",
        "students-all.html",
    ]

    write_class(tmp_path, classroom(samples.RESULTS))
    assert [path.name for path in tmp_path.glob("*.html")] == ["index.html"]


def test_a_student_more_costs_the_parent_some_bytes_whatever_is_said_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE", 100)
    kinds = samples.RESULTS.submissions

    def most(size: int) -> int:
        """Bytes that making the pages takes at its height."""
        students = Made(lambda n: replace(kinds[n % len(kinds)], student=f"c{n:05}"), range(size))
        tracemalloc.start()
        results = replace(samples.RESULTS, submissions=students)
        for write in (gradebook.write, write_corrections):
            write(tmp_path, results, NONE)
        write_class(tmp_path, classroom(results))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    most(101)  # what is made once
    assert (most(1_101) - most(101)) / 1_000 < 400  # what is stored of each is some thousands
