"""Stored results -> what is shown of a class: verdict, marks, mistakes, the map of criteria, each student."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import mean, median
from typing import Final, NamedTuple

from grader.kept import Made
from grader.overrides import NONE, Mark, Overrides, check, mark
from grader.report import attention, clusters, heat, mistakes, views
from grader.report.attention import AlertView, Looks, LookView, Read, nothing_read
from grader.report.clusters import ClusterView
from grader.report.figures import DASH, out_of, percent, plural, points, together
from grader.report.head import head_of
from grader.report.heat import MapView
from grader.report.mistakes import LinkView, MistakeView
from grader.report.views import NAME, DeviceView, FactView, State, View
from grader.results import ExerciseResult, Results, SubmissionResult
from grader.store import file_name
from grader.text import one_line

BINS: Final = 10
LOOK: Final = "look"  # among the states that students are filtered by
OPEN: Final = 6  # reasons for a look that are shown unfolded


class BinView(View, frozen=True):
    """A bar of the distribution; `height` in percent of the highest, `x` in bars from the left."""

    label: str
    count: int
    x: int
    y: int
    height: int


class FilterView(View, frozen=True):
    """A button above the students' table; `status` is what its rows carry."""

    status: str
    words: str
    count: str


class RowView(View, frozen=True):
    """A student's line; `link` is a relative address made of a safe file name."""

    student: str
    link: str
    state: State
    words: str
    look: bool
    fails: str  # the numbers of the criteria that are not passed
    score: str
    exercises: tuple[str, ...]
    devices: tuple[str, ...]
    remark: str


class Worth(NamedTuple):
    """What a submission is worth, as far as it is told of all of them."""

    score: float | None
    max_score: float
    corrected: bool


class ClassView(View, frozen=True):
    """Of a class of any size: what is said of each student is made when it is asked for."""

    title: str
    headline: str
    alerts: tuple[AlertView, ...]
    summary: tuple[FactView, ...]
    looks: Sequence[LookView]
    close: Sequence[LookView]  # those of them whose answers were accepted close to the bound
    looks_open: bool
    bins: tuple[BinView, ...]
    mistakes: tuple[MistakeView, ...]
    clusters: Sequence[ClusterView]  # mistakes that nobody has written down
    map: MapView
    exercises: tuple[str, ...]
    columns: tuple[str, ...]  # the devices that have a column of their own: none where there is one
    filters: tuple[FilterView, ...]
    rows: Sequence[RowView]
    devices: tuple[DeviceView, ...]
    facts: tuple[FactView, ...]
    pages: tuple[LinkView, ...] = ()  # of a large class: where the students are instead of in `rows`
    everybody: str = ""  # and the file that has all of them in one table
    looks_more: str = ""
    clusters_more: str = ""
    similar: bool = False  # whether the page of similar submissions stands beside this one


def classroom(results: Results, overrides: Overrides = NONE, evidence: Read = nothing_read) -> ClassView:
    """What is shown of a class, with a warning for every correction that fits nothing in it.

    `evidence` is read for those alone of whom an answer was accepted close to the bound.
    """
    overrides = check(overrides, results)
    marks = _marks(results, overrides)
    names = exercise_names(results)
    looks = attention.looks(results, overrides, evidence)
    titles = heat.titles_of(results, names)
    graded = tuple(device.name for device in results.devices if device.graded)
    columns = graded if len(graded) > 1 else ()
    head = head_of(results)

    def row(one: SubmissionResult) -> RowView:
        worth = mark(one, overrides)
        look = attention.needs_one(one, worth, results)
        return _row(one, worth, names, columns, heat.fails(one, titles), look=look)

    rows = Made(row, results.submissions)
    return ClassView(
        title=one_line(results.assignment.title, NAME),
        headline=_headline(results, marks, looks),
        alerts=tuple(attention.alerts(results, overrides)),
        summary=_summary(marks, looks),
        looks=looks.every,
        close=looks.close,
        looks_open=len(looks.every) <= OPEN,
        bins=_bins(marks),
        mistakes=mistakes.mistakes(results, names),
        clusters=clusters.clusters(results),
        map=heat.map_of(results, [one.score for one in marks], names, titles),
        exercises=tuple(one_line(name, NAME) for name in names),
        columns=tuple(one_line(name, NAME) for name in columns),
        filters=tuple(filters(rows)),
        rows=rows,
        devices=views.devices(head),
        facts=views.facts(head),
    )


def exercise_names(results: Results) -> tuple[str, ...]:
    """Every exercise that some submission has, in order of appearance."""
    return tuple(dict.fromkeys(one.name for result in results.submissions for one in result.exercises))


def _marks(results: Results, overrides: Overrides) -> list[Worth]:
    """Equal ones are one: of many students few are worth another number of points."""
    known: dict[Worth, Worth] = {}
    every = (mark(one, overrides) for one in results.submissions)
    return [
        known.setdefault(worth, worth)
        for one in every
        for worth in [Worth(one.score, one.max_score, one.corrected)]
    ]


def _headline(results: Results, marks: Sequence[Worth], looks: Looks) -> str:
    faults = sum(one.status == "harness" for one in results.submissions)
    told = (
        f"{faults:,} not graded" * bool(faults),
        f"{_full(marks):,} with full marks",
        f"{len(looks.every):,} that need a look" if len(looks.every) != 1 else "1 that needs a look",
    )
    return f"{plural(len(results.submissions), 'submission')}: {', '.join(filter(None, told))}."


def _full(marks: Sequence[Worth]) -> int:
    return sum(one.score == one.max_score for one in marks)


def _summary(marks: Sequence[Worth], looks: Looks) -> tuple[FactView, ...]:
    scores = [one.score for one in marks if one.score is not None]
    most = max((one.max_score for one in marks), default=0.0)
    whole = f"of {len(marks):,}"
    return (
        FactView("Graded", f"{len(scores):,} {whole}"),
        FactView("Full marks", f"{_full(marks):,} {whole}"),
        FactView("Need a look", f"{len(looks.every):,} {whole}"),
        FactView("Mean", out_of(mean(scores) if scores else None, most)),
        FactView("Median", out_of(median(scores) if scores else None, most)),
        FactView("Corrected", f"{sum(one.corrected for one in marks):,} {whole}"),
    )


def _bins(marks: Sequence[Worth]) -> tuple[BinView, ...]:
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


def filters(rows: Sequence[RowView]) -> Iterator[FilterView]:
    """A button for each state that occurs, and one for those that need a look."""
    counts = Counter(row.state for row in rows)
    for state, words in views.WORDS.items():
        if counts[state]:
            yield FilterView(state, words, f"{counts[state]:,}")
    looks = sum(row.look for row in rows)
    if looks:
        yield FilterView(LOOK, "needs a look", f"{looks:,}")


def _row(
    result: SubmissionResult,
    worth: Mark,
    names: Sequence[str],
    devices: Sequence[str],
    fails: str,
    *,
    look: bool,
) -> RowView:
    state = views.state(result)
    scores = {one.name: points(one.score) + (" *" if one.override else "") for one in worth.exercises}
    return RowView(
        student=one_line(result.student, NAME),
        link=f"students/{file_name(result.student)}.html",
        state=state,
        words=_words(result, state),
        look=look,
        fails=fails,
        score=out_of(worth.score, worth.max_score),
        exercises=tuple(scores.get(name, DASH) for name in names),
        devices=tuple(_on(result, device) for device in devices),
        remark=_remark(result),
    )


def _on(result: SubmissionResult, device: str) -> str:
    """What the grader gave on one device, before corrections; a dash where nothing was judged there."""
    rows = [row for exercise in result.exercises for row in exercise.criteria if row.device == device]
    if result.status == "harness" or not rows:
        return DASH
    return out_of(sum(row.points for row in rows), sum(row.max_points for row in rows))


def _words(result: SubmissionResult, state: State) -> str:
    if result.status == "load_failed":
        return "could not be loaded"
    return views.WORDS[state]


def _remark(result: SubmissionResult) -> str:
    """What the instructor looks for first: whether it was late, why nothing was graded, else the mistakes."""
    late = ("Handed in late",) if result.origin and result.origin.late else ()
    found = (text for exercise in result.exercises for text in _exercise_remark(exercise))
    told = (*late, *((result.message,) if result.message else found))
    return one_line(together(told))


def _exercise_remark(exercise: ExerciseResult) -> tuple[str, ...]:
    """The likely mistake; for an unknown one what the first failed criterion says, or is called."""
    if exercise.status == "missing":
        return (f"no {exercise.name}",)
    if exercise.diagnosis:
        return (exercise.diagnosis.title,)
    return tuple(attention.first_failure(exercise))
