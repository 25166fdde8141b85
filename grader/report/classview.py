"""Stored results -> what is shown of a class: marks, their distribution, each criterion, each student."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from statistics import mean, median
from typing import Final, Literal

from grader.overrides import Mark, Overrides, check, mark
from grader.report import views
from grader.report.figures import DASH, out_of, percent, plural, points
from grader.report.head import head_of
from grader.report.views import NAME, DeviceView, FactView, State, View
from grader.results import ExerciseResult, Results, SubmissionResult
from grader.store import file_name
from grader.text import one_line

BINS: Final = 10
LISTED: Final = 20  # names in a warning


class AlertView(View, frozen=True):
    """Something that stands on top of the page: `fault` is red, `warning` is not."""

    level: Literal["fault", "warning"]
    title: str
    items: tuple[str, ...]


class BinView(View, frozen=True):
    """A bar of the distribution; `height` in percent of the highest, `x` in bars from the left."""

    label: str
    count: int
    x: int
    y: int
    height: int


class RateView(View, frozen=True):
    """How many passed a criterion on a device."""

    title: str
    device: str
    text: str
    width: int  # percent


class RateGroup(View, frozen=True):
    """An exercise's criteria."""

    exercise: str
    rates: tuple[RateView, ...]


class MistakeView(View, frozen=True):
    exercise: str
    title: str
    count: int
    students: str


class RowView(View, frozen=True):
    """A student's line; `link` is a relative address made of a safe file name."""

    student: str
    link: str
    state: State
    words: str
    score: str
    exercises: tuple[str, ...]
    remark: str


class ClassView(View, frozen=True):
    title: str
    headline: str
    alerts: tuple[AlertView, ...]
    summary: tuple[FactView, ...]
    bins: tuple[BinView, ...]
    rates: tuple[RateGroup, ...]
    mistakes: tuple[MistakeView, ...]
    exercises: tuple[str, ...]
    rows: tuple[RowView, ...]
    devices: tuple[DeviceView, ...]
    facts: tuple[FactView, ...]


def classroom(results: Results, overrides: Overrides) -> ClassView:
    """What is shown of a class, with a warning for every correction that fits nothing in it."""
    overrides = check(overrides, results)
    marks = {one.student: mark(one, overrides) for one in results.submissions}
    names = exercise_names(results)
    head = head_of(results)
    return ClassView(
        title=one_line(results.assignment.title, NAME),
        headline=_headline(results),
        alerts=tuple(_alerts(results, overrides)),
        summary=_summary(list(marks.values())),
        bins=_bins(list(marks.values())),
        rates=tuple(_rates(results)),
        mistakes=_mistakes(results),
        exercises=tuple(one_line(name, NAME) for name in names),
        rows=tuple(_row(one, marks[one.student], names) for one in results.submissions),
        devices=views.devices(head),
        facts=views.facts(head),
    )


def exercise_names(results: Results) -> tuple[str, ...]:
    """Every exercise that some submission has, in order of appearance."""
    return tuple(dict.fromkeys(one.name for result in results.submissions for one in result.exercises))


def _headline(results: Results) -> str:
    faults = sum(one.status == "harness" for one in results.submissions)
    rest = f", {faults} of them not graded" if faults else ""
    return f"{plural(len(results.submissions), 'submission')}{rest}."


def _alerts(results: Results, overrides: Overrides) -> Iterator[AlertView]:
    """Our own faults first, then what the instructor has to look after."""
    faults = tuple(_fault(one) for one in results.submissions if one.status == "harness")
    if faults:
        yield AlertView("fault", "The grader failed on these; it costs nobody a point", faults)
    banner = views.banner(head_of(results))
    if banner:
        yield AlertView("fault", "No isolation", (banner,))
    unmatched = tuple(one_line(path, NAME) for path in results.unmatched)
    if unmatched:
        yield AlertView("warning", "Files that belong to nobody and were not graded", unmatched)
    if overrides.warnings:
        yield AlertView("warning", "Corrections", tuple(map(views.sentence, overrides.warnings)))
    close = tuple(_borderline(results))
    if close:
        yield AlertView("warning", "Accepted, but close to the bound", close)


def _fault(result: SubmissionResult) -> str:
    return f"{one_line(result.student, NAME)}: {views.sentence(result.message or 'no reason was given')}"


def _borderline(results: Results) -> Iterator[str]:
    for result in results.submissions:
        count = sum(row.borderline for exercise in result.exercises for row in exercise.criteria)
        if count:
            yield f"{one_line(result.student, NAME)}: {plural(count, 'case')} above a quarter of the bound"


def _summary(marks: Sequence[Mark]) -> tuple[FactView, ...]:
    scores = [one.score for one in marks if one.score is not None]
    most = max((one.max_score for one in marks), default=0.0)
    full = sum(one.score == one.max_score for one in marks)
    return (
        FactView("Mean", out_of(mean(scores) if scores else None, most)),
        FactView("Median", out_of(median(scores) if scores else None, most)),
        FactView("Full marks", f"{full} of {len(marks)}"),
        FactView("Corrected", f"{sum(one.corrected for one in marks)} of {len(marks)}"),
    )


def _bins(marks: Sequence[Mark]) -> tuple[BinView, ...]:
    """Ten equal shares of the maximum; the last one holds full marks and what is above."""
    shares = [one.score / one.max_score for one in marks if one.score is not None and one.max_score > 0]
    counts = Counter(min(int(share * BINS), BINS - 1) for share in shares)
    highest = max(counts.values(), default=0)
    heights = [percent(counts[index], highest) for index in range(BINS)]
    return tuple(
        BinView(
            label=f"{index * BINS} to {(index + 1) * BINS} %",
            count=counts[index],
            x=index * 40,
            y=120 - height,
            height=height,
        )
        for index, height in enumerate(heights)
    )


def _rates(results: Results) -> Iterator[RateGroup]:
    """A submission that lost an exercise through our fault does not count against its criteria."""
    for name in exercise_names(results):
        judged = [
            exercise
            for result in results.submissions
            for exercise in result.exercises
            if exercise.name == name and "harness" not in (result.status, exercise.status)
        ]
        yield RateGroup(exercise=one_line(name, NAME), rates=tuple(_group(judged)))


def _group(judged: Sequence[ExerciseResult]) -> Iterator[RateView]:
    passed: Counter[tuple[str, str]] = Counter()
    titles: dict[tuple[str, str], str] = {}
    for row in (row for exercise in judged for row in exercise.criteria):
        key = (row.id, row.device)
        titles.setdefault(key, row.title)
        passed[key] += row.outcome == "passed"
    for key, title in titles.items():
        yield RateView(
            title=one_line(title, NAME),
            device=one_line(key[1], NAME),
            text=f"{passed[key]} of {len(judged)}",
            width=percent(passed[key], len(judged)),
        )


def _mistakes(results: Results) -> tuple[MistakeView, ...]:
    """Known mistakes, the most common first."""
    found: dict[tuple[str, str], list[str]] = {}
    for result in results.submissions:
        for exercise in result.exercises:
            if exercise.diagnosis:
                found.setdefault((exercise.name, exercise.diagnosis.title), []).append(result.student)
    return tuple(
        MistakeView(one_line(name, NAME), views.sentence(title), len(students), _listed(students))
        for (name, title), students in sorted(found.items(), key=lambda item: -len(item[1]))
    )


def _listed(students: Sequence[str]) -> str:
    rest = f" and {len(students) - LISTED} more" if len(students) > LISTED else ""
    return ", ".join(one_line(student, 40) for student in students[:LISTED]) + rest


def _row(result: SubmissionResult, worth: Mark, names: Sequence[str]) -> RowView:
    state = views.state(result)
    scores = {one.name: points(one.score) + (" *" if one.override else "") for one in worth.exercises}
    return RowView(
        student=one_line(result.student, NAME),
        link=f"students/{file_name(result.student)}.html",
        state=state,
        words=_words(result, state),
        score=out_of(worth.score, worth.max_score),
        exercises=tuple(scores.get(name, DASH) for name in names),
        remark=_remark(result),
    )


def _words(result: SubmissionResult, state: State) -> str:
    if result.status == "load_failed":
        return "could not be loaded"
    return views.WORDS[state]


def _remark(result: SubmissionResult) -> str:
    """What the instructor looks for first: why nothing was graded, else the likely mistakes."""
    if result.message:
        return one_line(result.message)
    told = (text for exercise in result.exercises for text in _exercise_remark(exercise))
    return one_line("; ".join(dict.fromkeys(told)))


def _exercise_remark(exercise: ExerciseResult) -> tuple[str, ...]:
    """The likely mistake; for an unknown one what the first failed criterion says, or is called."""
    if exercise.status == "missing":
        return (f"no {exercise.name}",)
    if exercise.diagnosis:
        return (exercise.diagnosis.title,)
    failed = (row for row in exercise.criteria if row.outcome == "failed")
    return tuple(row.message.partition(": ")[2] or row.message or row.title for row in islice(failed, 1))
