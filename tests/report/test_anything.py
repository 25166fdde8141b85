"""Whatever stands in the records, every renderer says something and none falls over."""

from __future__ import annotations

import csv
import io
import json
from typing import Final

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.records import Cell, Note
from grader.report import (
    classterminal,
    documents,
    github,
    gradebook,
    gradescope,
    junit,
    markdown,
    terminal,
)
from grader.report.classview import classroom
from grader.report.html import Renderer
from grader.report.material import of_check
from grader.results import (
    EVIDENCE_SCHEMA,
    CaseEvidence,
    Counterexample,
    CriterionResult,
    Diagnosis,
    Evidence,
    ExerciseEvidence,
    ExerciseResult,
    Graded,
    SubmissionResult,
    TensorView,
    TraceEvidence,
    number,
)
from grader.text import FORBIDDEN
from tests.report import samples
from tests.report.reading import Page

RENDERER: Final = Renderer()
# Marks are computed by us and rounded; numbers that come from a student's program may be anything.
MARKS: Final = st.floats(0, 1000).map(lambda mark: round(mark, 6))
NUMBERS: Final = st.floats().map(number)
TENSORS: Final = st.builds(TensorView, values=st.lists(NUMBERS, max_size=40).map(tuple))
NAMES: Final = st.sampled_from([samples.ONE, samples.TWO, "", "\u202e<b>"])

CRITERIA: Final = st.lists(st.builds(CriterionResult, points=MARKS, max_points=MARKS), max_size=3).map(tuple)
COUNTEREXAMPLES: Final = st.builds(
    Counterexample,
    arguments=st.just({}),
    expected=TENSORS,
    got=st.none() | TENSORS,
    error_over_bound=st.none() | NUMBERS,
)
CASES: Final = st.builds(
    CaseEvidence, expected=TENSORS, got=st.none() | TENSORS, error_over_bound=st.none() | NUMBERS
)
EXERCISES: Final = st.builds(
    ExerciseResult,
    name=NAMES,
    score=st.none() | MARKS,
    max_score=MARKS,
    criteria=CRITERIA,
    counterexample=st.none() | COUNTEREXAMPLES,
    diagnosis=st.none() | st.builds(Diagnosis),
)
SUBMISSIONS: Final = st.builds(
    SubmissionResult,
    score=st.none() | MARKS,
    max_score=MARKS,
    seconds=MARKS,
    exercises=st.lists(EXERCISES, max_size=2).map(tuple),
)
EVIDENCE: Final = st.builds(
    Evidence,
    schema=st.just(EVIDENCE_SCHEMA),
    source=st.lists(st.builds(Cell), max_size=2).map(tuple),
    notes=st.lists(st.builds(Note), max_size=2).map(tuple),
    exercises=st.lists(
        st.builds(
            ExerciseEvidence,
            name=NAMES,
            cases=st.lists(CASES, max_size=2).map(tuple),
            traces=st.lists(st.builds(TraceEvidence, steps=st.just(())), max_size=1).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(one=SUBMISSIONS, evidence=EVIDENCE)
def test_every_renderer_copes_with_any_submission(one: SubmissionResult, evidence: Evidence) -> None:
    results = msgspec.structs.replace(samples.RESULTS, submissions=(one,))
    material = of_check(Graded(one, evidence), samples.HEAD)
    written = [
        RENDERER.class_page(classroom(results)),
        RENDERER.student_page(one, evidence, samples.HEAD),
        classterminal.class_summary(classroom(results)).plain,
        terminal.check(one, evidence, samples.HEAD, verbose=True).plain,
        markdown.student(one, evidence, samples.HEAD),
        markdown.classroom(classroom(results)),
        junit.document(material),
        gradescope.document(material),
    ]

    assert not any(FORBIDDEN.search(text) for text in written)
    assert not any(Page(text).others for text in written[:2])
    assert terminal.check(one, evidence, samples.HEAD, symbols=False).plain.isascii()
    lines = github.commands(material).split("\n")
    assert all(line.startswith("::error ") for line in lines[:-1])
    assert len(list(csv.reader(io.StringIO(gradebook.table(results), newline="")))) == 2
    assert json.loads(documents.check_json(one, samples.HEAD))["schema"] == documents.SCHEMA
