"""Stored records -> what is shown of one submission: every renderer loops over these.

All decisions, rounding and wording happen here; every text from a student or from a file's name
comes out cleaned (escaping is the sink's own business). Nothing of another student is in here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from grader.overrides import NONE, ExerciseMark, Overrides, mark
from grader.records import Cell, Note
from grader.report import counterview, diagnosisview, evidenceview, pictures, sourceview, stepview
from grader.report.counterview import CounterView
from grader.report.diagnosisview import DiagnosisView
from grader.report.drawing import PictureView
from grader.report.evidenceview import CaseRow, Shares
from grader.report.figures import limit, out_of, plural, points, seconds
from grader.report.head import Head
from grader.report.sourceview import SourceView
from grader.report.stepview import StepView
from grader.results import (
    CriterionResult,
    Evidence,
    ExerciseEvidence,
    ExerciseResult,
    Quote,
    SubmissionResult,
    absent,
)
from grader.text import clean, one_line

NAME: Final = 120  # characters of a name that are shown
SENTENCE: Final = 600  # of a message
FACT: Final = 2000  # of how it was graded: the list of all layers is long
OUTPUT: Final = 2000  # of what was printed

State = Literal["passed", "partly", "failed", "missing", "harness"]
"""What a mark, a word and a colour speak of; templates use it as the name of a style."""

WORDS: Final[dict[State, str]] = {
    "passed": "passed",
    "partly": "passed in part",
    "failed": "failed",
    "missing": "not started",
    "harness": "grader failed",
}


class View(msgspec.Struct, frozen=True):
    """What is shown, ready as it stands."""


class PartView(View, frozen=True):
    """A criterion on one device."""

    device: str
    state: State
    points: str
    cases: str
    message: str
    rows: tuple[CaseRow, ...]
    compared: bool  # the rows say what was expected
    told: bool  # some row says what is wrong besides
    more: str


class CriterionView(View, frozen=True):
    title: str
    state: State
    words: str
    points: str
    parts: tuple[PartView, ...]
    id: str = ""


class ExerciseView(View, frozen=True):
    name: str
    state: State
    words: str
    score: str
    correction: str  # what the instructor changed, a sentence; empty where nothing
    notes: tuple[str, ...]
    criteria: tuple[CriterionView, ...]
    counterexample: CounterView | None
    diagnosis: DiagnosisView | None
    further: tuple[DiagnosisView, ...]
    pictures: tuple[PictureView, ...]
    steps: StepView | None


class DeviceView(View, frozen=True):
    name: str
    graded: bool
    words: str


class FactView(View, frozen=True):
    name: str
    text: str


class StudentView(View, frozen=True):
    """All that one student's page says."""

    assignment: str
    student: str
    path: str
    state: State
    score: str
    headline: str
    message: str
    correction: str
    banner: str  # what was missing of the isolation; empty where nothing
    exercises: tuple[ExerciseView, ...]
    notes: tuple[str, ...]
    output: str
    sources: tuple[SourceView, ...]
    devices: tuple[DeviceView, ...]
    facts: tuple[FactView, ...]


def student(
    result: SubmissionResult, evidence: Evidence | None, head: Head, overrides: Overrides = NONE
) -> StudentView:
    """What is shown of one submission."""
    worth = mark(result, overrides)
    found = {one.name: one for one in evidence.exercises} if evidence else {}
    marks = {one.name: one for one in worth.exercises}
    cells = evidence.source if evidence else ()
    where = _Where(cells, several=_several(head), loaded=result.status != "load_failed")
    exercises = tuple(
        exercise_view(one, found.get(one.name), marks[one.name], where) for one in result.exercises
    )
    return StudentView(
        assignment=one_line(head.assignment.title, NAME),
        student=one_line(result.student, NAME),
        path=one_line(result.path, NAME),
        state=state(result),
        score=out_of(worth.score, worth.max_score),
        headline=headline(result),
        message=sentence(result.message or ""),
        correction=f"The grader gave {points(worth.graded)}." if worth.corrected else "",
        banner=banner(head, "the rights of whoever graded it"),
        exercises=exercises,
        notes=notes(result.notes, evidence.notes if evidence else ()),
        output=clean(evidence.output, OUTPUT) if evidence else "",
        sources=sourceview.sources(cells, _quotes(result)),
        devices=devices(head),
        facts=(*facts(head), FactView("Time taken", seconds(result.seconds))),
    )


def headline(result: SubmissionResult) -> str:
    """The one sentence after the score."""
    if result.status == "harness":
        return "The grader failed on this submission; this costs no points."
    if result.status == "load_failed":
        return "Nothing of this submission could run."
    rows = [row for exercise in result.exercises for row in exercise.criteria if exercise.status == "graded"]
    passed = sum(row.outcome == "passed" for row in rows)
    begun = sum(exercise.status != "missing" for exercise in result.exercises)
    if not begun:
        return "None of the functions asked for was found."
    rest = len(result.exercises) - begun
    todo = f"; {plural(rest, 'exercise')} not started" if rest else ""
    if passed == len(rows):
        return f"All {plural(passed, 'check')} passed{todo}."
    return f"{passed} of {plural(len(rows), 'check')} passed{todo}."


def banner(head: Head, whose: str = "your rights") -> str:
    """What could have happened while this was graded, a sentence; empty where code was isolated."""
    if head.environment.isolation.level != "none":
        return ""
    missing = ", ".join(one_line(layer, NAME) for layer in head.environment.isolation.missing)
    return f"Submitted code ran with {whose}: it was not isolated{f' ({missing})' if missing else ''}."


def devices(head: Head) -> tuple[DeviceView, ...]:
    return tuple(
        DeviceView(
            name=one_line(device.name, NAME),
            graded=device.graded,
            words=one_line(device.hardware or "graded", NAME)
            if device.graded
            else f"not graded: {sentence(device.reason or 'no reason was given')}",
        )
        for device in head.devices
    )


def facts(head: Head) -> tuple[FactView, ...]:
    """How it was graded: enough to do it again."""
    where, isolation = head.environment, head.environment.isolation
    missing = f"; missing: {', '.join(isolation.missing)}" if isolation.missing else ""
    layers = f" ({', '.join(isolation.layers)})" if isolation.layers else ""
    limits = ", ".join(limit(name, value) for name, value in where.limits.items())
    texts = {
        "Suite": head.assignment.digest,
        "Graded on": where.started,
        "Grader": where.grader,
        "Python": where.python,
        "PyTorch": where.torch,
        "Platform": where.platform,
        "Isolation": f"{isolation.level}{layers}{missing}",
        "Limits": limits,
    }
    return tuple(FactView(name, one_line(text, FACT)) for name, text in texts.items())


def sentence(text: str) -> str:
    return one_line(text, SENTENCE)


def quoted(title: str) -> str:
    return f"“{one_line(title, NAME)}”"


class _Where(View, frozen=True):
    """What every exercise of a submission shares."""

    cells: tuple[Cell, ...]
    several: bool  # graded on more than one device
    loaded: bool  # something of the submission ran


def exercise_view(
    exercise: ExerciseResult, evidence: ExerciseEvidence | None, worth: ExerciseMark, where: _Where
) -> ExerciseView:
    """One exercise."""
    state = _exercise_state(exercise)
    graded = exercise.status == "graded"
    return ExerciseView(
        name=one_line(exercise.name, NAME),
        state=state,
        words=WORDS[state] if where.loaded else "not run",
        score=out_of(worth.score, worth.max_score),
        correction=correction(worth),
        notes=tuple(map(sentence, (*_absent(exercise, loaded=where.loaded), *exercise.notes))),
        criteria=_criteria(exercise.criteria, evidence) if graded else (),
        counterexample=counterview.counter(exercise.counterexample, evidence, several=where.several)
        if exercise.counterexample
        else None,
        diagnosis=diagnosisview.diagnosis(exercise.diagnosis, where.cells) if exercise.diagnosis else None,
        further=tuple(diagnosisview.diagnosis(one, where.cells) for one in exercise.further),
        pictures=pictures.pictures(exercise, evidence, several=where.several) if evidence else (),
        steps=stepview.steps(evidence.steps, evidence.moved, _call(exercise), several=where.several)
        if evidence and evidence.steps
        else None,
    )


def _call(exercise: ExerciseResult) -> str:
    return exercise.counterexample.call if exercise.counterexample else ""


def _absent(exercise: ExerciseResult, *, loaded: bool) -> tuple[str, ...]:
    """What stands in the place of a function that is not there; nothing where it was not begun."""
    if exercise.status != "missing" or not loaded or not exercise.criteria:
        return ()
    told = exercise.criteria[0].message
    return (told,) if told != absent(exercise.name) else ()


def correction(worth: ExerciseMark) -> str:
    """What the instructor changed, as a sentence; empty where nothing."""
    if worth.override is None:
        return ""
    why = f": {sentence(worth.override.comment)}" if worth.override.comment else "."
    return f"Corrected by the instructor from {points(worth.graded)} to {points(worth.score)}{why}"


def notes(short: Sequence[str], long: Sequence[Note]) -> tuple[str, ...]:
    """All notes, each once: those of the results, then those that only the evidence has."""
    told = [sentence(text) for text in short]
    for note in long:
        text = sentence(note.text)
        if not any(text in one for one in told):
            told.append(f"{place(note)}{text}")
    return tuple(dict.fromkeys(told))


def place(note: Note) -> str:
    """`hw.ipynb, cell 3, line 2: `, empty where the note has no place."""
    if note.place is None:
        return ""
    return f"{sourceview.place(note.place.file, note.place.cell)}, line {note.place.line}: "


def _several(head: Head) -> bool:
    """Whether a reader has to be told on which device something happened."""
    return sum(device.graded for device in head.devices) > 1


def state(result: SubmissionResult) -> State:
    if result.status == "harness":
        return "harness"
    states = {_exercise_state(exercise) for exercise in result.exercises}
    if result.status == "load_failed" or not states & {"passed", "partly"}:
        return "failed"
    return "passed" if states == {"passed"} else "partly"


def _exercise_state(exercise: ExerciseResult) -> State:
    if exercise.status != "graded":
        return exercise.status
    return _shared([row.outcome == "passed" for row in exercise.criteria])


def _shared(passed: Sequence[bool]) -> State:
    return "passed" if all(passed) else "partly" if any(passed) else "failed"


def _criteria(
    rows: Sequence[CriterionResult], evidence: ExerciseEvidence | None
) -> tuple[CriterionView, ...]:
    """One a criterion, in the rubric's order, with a part for each device."""
    shares = evidenceview.shares(rows)
    groups: dict[str, list[CriterionResult]] = {}
    for row in rows:
        groups.setdefault(row.id, []).append(row)
    return tuple(_criterion(group, evidence, shares) for group in groups.values())


def _criterion(
    rows: Sequence[CriterionResult], evidence: ExerciseEvidence | None, shares: Shares
) -> CriterionView:
    state = _shared([row.outcome == "passed" for row in rows])
    return CriterionView(
        title=one_line(rows[0].title, NAME),
        state=state,
        words=WORDS[state],
        points=out_of(sum(row.points for row in rows), sum(row.max_points for row in rows)),
        parts=tuple(_part(row, evidence, shares[row.id, row.device]) for row in rows),
        id=one_line(rows[0].id, NAME),
    )


def _part(row: CriterionResult, evidence: ExerciseEvidence | None, most: int) -> PartView:
    rows, more = evidenceview.failing(row, evidence, most) if evidence else ((), "")
    right = row.cases - row.failed_cases
    return PartView(
        device=one_line(row.device, NAME),
        state="passed" if row.outcome == "passed" else "failed",
        points=out_of(row.points, row.max_points),
        cases=f"{right} of {plural(row.cases, 'case')} right",
        message=sentence(row.message),
        rows=rows,
        compared=any(one.expected for one in rows),
        told=any(one.message for one in rows),
        more=more,
    )


def _quotes(result: SubmissionResult) -> Iterator[Quote]:
    """Every line that some diagnosis points at."""
    for exercise in result.exercises:
        for found in (exercise.diagnosis, *exercise.further):
            if found and found.quote:
                yield found.quote
