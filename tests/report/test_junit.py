"""JUnit XML: what GitLab parses, shows and drops, and what no student writes into it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from grader.records import Place
from grader.report import junit
from grader.report.material import Material
from tests.report import samples, told
from tests.report.reading import assert_gold, filled
from tests.report.told import replace

LIMIT: Final = 30_000_000  # bytes that GitLab reads
READ: Final = {"classname", "name", "file", "time"}  # of a test


def read(material: Material) -> ET.Element:
    return ET.fromstring(junit.document(material).encode())  # noqa: S314 -- our own


def test_the_whole_file_of_a_check(tmp_path: Path) -> None:
    assert_gold("junit.xml", junit.document(told.checked()), tmp_path)


def test_every_test_has_all_that_gitlab_reads_and_a_name_of_its_own() -> None:
    cases = list(read(told.graded()).iter("testcase"))

    assert all(set(case.attrib) >= READ - {"file"} for case in cases)
    assert all(case.get("file") for case in cases if case.find("skipped") is None)
    named = Counter((case.get("classname"), case.get("name")) for case in cases)
    assert set(named.values()) == {1}


def test_a_class_has_a_suite_for_each_submission_and_counts_that_agree() -> None:
    root = read(told.graded())

    assert [suite.get("name") for suite in root] == ["s01", "s02", "s03", "s04", "s05"]
    for name, path in {
        "tests": "testcase",
        "failures": "testcase/failure",
        "errors": "testcase/error",
    }.items():
        assert sum(int(suite.get(name, "")) for suite in root) == int(root.get(name, ""))
        assert all(int(suite.get(name, "")) == len(suite.findall(path)) for suite in root)


def test_a_fault_of_the_grader_is_an_error_and_no_failure() -> None:
    (suite,) = read(told.checked(samples.HARNESS))

    (error,) = suite.findall("testcase/error")
    assert error.attrib == {"message": "The grader failed; this costs no points.", "type": "grader.harness"}
    assert error.text == "the zygote ended while starting (signal 9)"
    assert suite.findall("testcase/failure") == []


def test_a_submission_that_could_not_be_loaded_fails_every_test_with_the_reason() -> None:
    (suite,) = read(told.checked(samples.LOAD_FAILED))

    assert len(suite.findall("testcase/failure")) == 12
    assert suite.findall("testcase")[0].get("file") == "submissions/s03.ipynb"


def test_the_time_of_the_tests_is_that_of_the_submission() -> None:
    (suite,) = read(told.checked())

    whole = sum(float(case.get("time", "")) for case in suite.iter("testcase"))
    assert abs(whole - samples.WRONG.seconds) < 0.01


def test_the_line_is_that_of_the_function_in_a_file() -> None:
    exercises = tuple(replace(one, place=Place("hw.py", None, 12)) for one in samples.EVIDENCE.exercises)
    (suite,) = read(told.checked(samples.RIGHT, replace(samples.EVIDENCE, exercises=exercises)))

    assert {case.get("line") for case in suite.findall("testcase[@file]")} == {"12"}


def test_two_tests_of_one_name_are_both_shown() -> None:
    exercise = replace(samples.WRONG_EXERCISE, criteria=(samples.row(0), samples.row(0)))
    (suite,) = read(told.checked(samples.submission("s06", exercise)))

    names = [case.get("name") for case in suite.findall("testcase[@file]")]
    assert names == [f"{samples.TWO}/one-step (cpu)", f"{samples.TWO}/one-step (cpu) [2]"]


def test_reasons_give_way_where_the_file_would_be_too_large() -> None:
    room = len(junit.document(told.graded(), room=0).encode()) + 400

    document = junit.document(told.graded(), room)

    failures = list(ET.fromstring(document.encode()).iter("failure"))  # noqa: S314 -- our own
    assert len(document.encode()) <= room
    assert failures[0].text is not None
    assert failures[0].text.startswith("many steps: 0 of 3 points\n20 of 20 cases fail")
    assert failures[-1].text == "The reason is left out: the file would be larger than GitLab reads."


def test_a_large_class_of_long_reasons_stays_below_what_gitlab_reads() -> None:
    rows = tuple(replace(one, message="x" * 600) for one in told.CRITERIA if one.outcome == "failed")
    exercise = replace(samples.WRONG_EXERCISE, criteria=rows * 6)
    many = tuple(replace(samples.submission(f"s{n}", exercise)) for n in range(1000))

    document = junit.document(told.graded(replace(samples.RESULTS, submissions=many)))

    assert len(document.encode()) < LIMIT


@given(st.text())
def test_any_text_is_xml_that_reads_back_with_the_same_parts(text: str) -> None:
    hostile = read(told.graded(filled(told.CLASS, lambda line: f"{text}{line}")))
    plain = read(told.graded())

    def shape(root: ET.Element) -> list[tuple[str, list[str]]]:
        return [(one.tag, sorted(one.attrib)) for one in root.iter()]

    assert shape(hostile) == shape(plain)


def test_what_xml_cannot_hold_is_shown_and_markup_is_text() -> None:
    hostile = "\x00\x1b[31m\ud800\ufffe]]><script>&amp;\u202e"
    root = read(told.checked(filled(told.WRONG, lambda line: f"{hostile}{line}")))

    message = next(root.iter("failure")).get("message", "")
    assert message.startswith(r"\x00\ud800\ufffe]]><script>&amp;\u202e20 of 20 cases fail")
