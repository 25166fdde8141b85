"""Stored results -> JUnit XML as GitLab reads it: a suite a submission, a test a criterion and device.

GitLab shows `classname` as the suite and drops a second test of one name in it, reads `file`, `time` and
the text of failures, and refuses files of 30 MB: then reasons are left out, never tests. A fault of the
grader is an `error`, no failure. Cleaned text holds nothing that XML 1.0 cannot; it is cleaned here again.
"""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from grader.overrides import Mark
from grader.report.figures import out_of, points
from grader.report.grounds import ground
from grader.report.material import Material, Spot, spot
from grader.results import CriterionResult, Evidence, ExerciseResult, SubmissionResult
from grader.text import clean, one_line

ROOM: Final = 29_000_000  # bytes of the file
_REASON: Final = 4000  # characters
_ATTRIBUTE: Final = 300  # characters
_LEFT_OUT: Final = "The reason is left out: the file would be larger than GitLab reads."


class _Reasons:
    """Texts of failures, put in when all else stands, as long as there is room for them."""

    def __init__(self) -> None:
        self._waiting: list[tuple[ET.Element, str]] = []

    def put(self, element: ET.Element, text: str) -> None:
        element.text = _LEFT_OUT
        self._waiting.append((element, clean(text, _REASON)))

    def fill(self, room: int) -> None:
        for element, text in self._waiting:
            room -= len(escape(text).encode())
            if room < 0:
                return
            element.text = text


def document(material: Material, room: int = ROOM) -> str:
    """The whole file."""
    root = ET.Element("testsuites", name=_plain(material.results.assignment.title))
    reasons = _Reasons()
    for result, evidence, worth in material.submissions():
        root.append(_suite(result, evidence, worth, material, reasons))
    _name_apart(root)
    _count(root)
    root.set("time", _seconds(sum(one.seconds for one in material.results.submissions)))
    ET.indent(root, " ")
    reasons.fill(room - len(ET.tostring(root)))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(
    result: SubmissionResult, evidence: Evidence | None, worth: Mark, material: Material, reasons: _Reasons
) -> ET.Element:
    suite = ET.Element("testsuite", name=_plain(result.student), time=_seconds(result.seconds))
    properties = ET.SubElement(suite, "properties")
    score = out_of(worth.score, worth.max_score)
    ET.SubElement(properties, "property", name="points", value=score)
    ET.SubElement(
        properties, "property", name="suite digest", value=_plain(material.results.assignment.digest)
    )
    if result.status == "harness":
        _fault(suite, result, material, reasons)
    for exercise in result.exercises:
        at = spot(result, exercise, evidence, material.root)
        for row in exercise.criteria:
            _criterion(_case(suite, exercise, row, at), exercise, row, reasons)
    for device in material.results.devices:
        if not device.graded:
            skipped = ET.SubElement(suite, "testcase", name=_plain(f"device {device.name}"))
            ET.SubElement(skipped, "skipped", message=_plain(f"not graded: {device.reason}"))
    _finish(suite, result, material)
    return suite


def _case(suite: ET.Element, exercise: ExerciseResult, row: CriterionResult, at: Spot) -> ET.Element:
    name = f"{exercise.name}/{row.id} ({row.device})"
    return ET.SubElement(suite, "testcase", name=_plain(name), file=_plain(at.file), line=str(at.line))


def _criterion(case: ET.Element, exercise: ExerciseResult, row: CriterionResult, reasons: _Reasons) -> None:
    if row.outcome == "passed":
        return
    failure = ET.SubElement(case, "failure", message=_plain(row.message or row.title))
    failure.set("type", _plain(f"grader.{row.failure or 'failed'}"))
    told = [f"{row.title}: {points(row.points)} of {points(row.max_points)} points", row.message]
    found, shown = exercise.diagnosis, exercise.counterexample
    if shown:
        told.append(f"The smallest call that shows it: {shown.bare}")
    if found:
        told += [f"Likely mistake: {found.title}", ground(found), f"Hint: {found.hint}"]
    reasons.put(failure, "\n".join(filter(None, told)))


def _fault(suite: ET.Element, result: SubmissionResult, material: Material, reasons: _Reasons) -> None:
    file = Spot(result.path, None, material.root).file
    case = ET.SubElement(suite, "testcase", name="grading", file=_plain(file))
    error = ET.SubElement(
        case, "error", message="The grader failed; this costs no points.", type="grader.harness"
    )
    reasons.put(error, result.message or "no reason was given")


def _finish(suite: ET.Element, result: SubmissionResult, material: Material) -> None:
    """Counts, and time: criteria share calls, so each has an equal part of what all took."""
    cases = suite.findall("testcase")
    for case in cases:
        case.set("classname", _plain(f"{material.results.assignment.title}.{result.student}"))
        case.set("time", _seconds(result.seconds / len(cases)))
    counts = {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error"}
    for name, path in {**counts, "skipped": "testcase/skipped"}.items():
        suite.set(name, str(len(suite.findall(path))))


def _name_apart(root: ET.Element) -> None:
    """Of two tests with one class and name, the second would not be shown."""
    taken: set[tuple[str, str]] = set()
    for number, case in enumerate(root.iter("testcase"), 1):
        where, name = case.get("classname", ""), case.get("name", "")
        if (where, name) in taken:
            name = f"{name} [{number}]"
            case.set("name", name)
        taken.add((where, name))


def _count(root: ET.Element) -> None:
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))


def _plain(text: str) -> str:
    return one_line(text, _ATTRIBUTE)


def _seconds(value: float) -> str:
    return f"{value:.3f}"
