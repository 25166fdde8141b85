"""Stored results -> what an instructor has to look after: our own faults first, then what needs a look.

A submission needs a look where its name can be taken for another's, and where the grader cannot say what is
wrong with it: it could not be loaded, a package that it imports is not here, no known mistake fits, one
explains only a part, a function was found under nearly another name, or an answer was accepted close to the
bound: each such call is listed. What the instructor has corrected has been looked at.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, Literal, NamedTuple

from grader import packages
from grader.kept import Made
from grader.overrides import Mark, Overrides, mark
from grader.report import views
from grader.report.figures import plural
from grader.report.grounds import ground
from grader.report.head import head_of
from grader.report.mistakes import LinkView, link_to
from grader.report.views import NAME, View
from grader.results import (
    CaseEvidence,
    CriterionResult,
    Evidence,
    ExerciseResult,
    Results,
    SubmissionResult,
    absent,
    as_float,
)
from grader.text import one_line

ASKING: Final = 8  # students that are named of those who import a module
CLOSE: Final = 5  # calls of one criterion that are listed, the closest to the bound first

Read = Callable[[str], Evidence | None]
"""Reads what was kept of a student."""


class ItemView(View, frozen=True):
    """A sentence, behind the student whom it is about, if anyone."""

    student: LinkView | None
    text: str


class AlertView(View, frozen=True):
    """Something that stands on top of the page: `fault` is red, `warning` is not."""

    level: Literal["fault", "warning"]
    title: str
    items: tuple[ItemView, ...]
    command: str = ""  # what mends it, to be pasted into a shell


class Looks(NamedTuple):
    """Who needs a look, and of these whose answers were accepted close to the bound."""

    every: Sequence[LookView]
    close: Sequence[LookView]


class LookView(View, frozen=True):
    """Why a submission needs a look, a sentence a reason; `close` are calls accepted close to the bound."""

    student: LinkView
    reasons: tuple[str, ...]
    close: tuple[str, ...] = ()


def alerts(results: Results, overrides: Overrides) -> Iterator[AlertView]:
    faults = tuple(_fault(one) for one in results.submissions if one.status == "harness")
    if faults:
        yield AlertView("fault", "The grader failed on these; it costs nobody a point", faults)
    banner = views.banner(head_of(results))
    if banner:
        yield AlertView("fault", "No isolation", (ItemView(None, banner),))
    yield from _lacking(results)
    named = {student for group in results.alike for student in group}
    paths = {one.student: one.path for one in results.submissions if one.student in named} if named else {}
    alike = tuple(ItemView(None, _who(group, paths)) for group in results.alike)
    if alike:
        yield AlertView("warning", "Names that can be taken for one another: see who handed in what", alike)
    unmatched = tuple(ItemView(None, one_line(path, NAME)) for path in results.unmatched)
    if unmatched:
        yield AlertView("warning", "Files that belong to nobody and were not graded", unmatched)
    if overrides.warnings:
        told = tuple(ItemView(None, views.sentence(text)) for text in overrides.warnings)
        yield AlertView("warning", "Corrections", told)


class _Loser(NamedTuple):
    student: str
    lacking: tuple[str, ...]


def _lacking(results: Results) -> Iterator[AlertView]:
    """Which packages are missing here, for whom, and what installs them and grades only those again."""
    losers = [
        _Loser(one.student, one.lacking)
        for one in results.submissions
        if one.lacking and one.score != one.max_score
    ]
    modules = sorted({module for one in losers for module in one.lacking})
    known = [module for module in modules if module in packages.DISTRIBUTIONS]
    again = [one.student for one in losers if set(known) & set(one.lacking)]
    items = tuple(
        ItemView(None, _lacks(module, [one.student for one in losers if module in one.lacking]))
        for module in modules
    )
    if items:
        command = packages.install(known, results.command, again) if known and results.command else ""
        yield AlertView(
            "warning", "Modules that are not here, and who lost points and asks for them", items, command
        )


def _lacks(module: str, students: Sequence[str]) -> str:
    more = f" and {len(students) - ASKING} more" if len(students) > ASKING else ""
    named = ", ".join(one_line(one, NAME) for one in students[:ASKING])
    return f"{module} ({packages.what(module)}): {named}{more}"


def nothing_read(_: str) -> Evidence | None:
    """Where there is no evidence at hand."""
    return None


def looks(results: Results, overrides: Overrides, evidence: Read = nothing_read) -> Looks:
    """In the order of the results."""
    several = sum(device.graded for device in results.devices) > 1
    every, close = array("L"), array("L")
    for index, one in enumerate(results.submissions):
        worth = mark(one, overrides)
        if needs_one(one, worth, results):
            every.append(index)
        if any(_borderline(one, worth)):
            close.append(index)

    def look(index: int) -> LookView:
        one = results.submissions[index]
        worth = mark(one, overrides)
        return LookView(
            link_to(one.student),
            _sentences(_why(one, worth, results)),
            _sentences(_near_the_bound(one, worth, several, evidence)),
        )

    return Looks(Made(look, every), Made(look, close))


def needs_one(result: SubmissionResult, worth: Mark, results: Results) -> bool:
    return any(_why(result, worth, results)) or any(_borderline(result, worth))


def _why(result: SubmissionResult, worth: Mark, results: Results) -> Iterator[str]:
    yield from _namesakes(result, worth, results)
    yield from _reasons(result, worth)


def _fault(result: SubmissionResult) -> ItemView:
    return ItemView(link_to(result.student), views.sentence(result.message or "no reason was given"))


def _sentences(told: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(views.sentence, dict.fromkeys(told)))


def _left(result: SubmissionResult, worth: Mark) -> list[ExerciseResult]:
    """The exercises that the instructor has not corrected."""
    corrected = {one.name for one in worth.exercises if one.override}
    return [exercise for exercise in result.exercises if exercise.name not in corrected]


def _who(group: Sequence[str], paths: Mapping[str, str]) -> str:
    return ", ".join(f"{one_line(one, NAME)} ({one_line(paths.get(one, '?'), NAME)})" for one in group)


def _namesakes(result: SubmissionResult, worth: Mark, results: Results) -> Iterator[str]:
    for group in results.alike:
        if result.student in group and _left(result, worth):
            others = ", ".join(one_line(one, NAME) for one in group if one != result.student)
            yield f"its name can be taken for another's: {others}"


def _reasons(result: SubmissionResult, worth: Mark) -> Iterator[str]:
    left = _left(result, worth)
    if left and result.lacking and result.score != result.max_score:
        yield f"asks for what is not here: {', '.join(result.lacking)}"
    if result.status == "load_failed" and left:
        yield f"could not be loaded: {result.message or 'no reason was given'}"
    elif result.status == "graded":
        for exercise in left:
            yield from (f"{exercise.name}: {reason}" for reason in _unclear(exercise))


def _unclear(exercise: ExerciseResult) -> Iterator[str]:
    if exercise.status == "missing":
        told = exercise.criteria[0].message if exercise.criteria else ""
        if told and told != absent(exercise.name):
            yield told
        return
    found = exercise.diagnosis
    if found is None:
        yield from (f"no known mistake fits: {told}" for told in first_failure(exercise))
    elif found.partial:
        yield f"“{found.title}”: {ground(found)}"


def first_failure(exercise: ExerciseResult) -> Iterator[str]:
    """What the first criterion that failed says, or what it is called; nothing where all passed."""
    failed = (row for row in exercise.criteria if row.outcome == "failed")
    yield from (row.message.partition(": ")[2] or row.message or row.title for row in islice(failed, 1))


def _near_the_bound(result: SubmissionResult, worth: Mark, several: bool, evidence: Read) -> Iterator[str]:
    """How many answers of a criterion, and the calls, where the evidence is at hand."""
    close = list(_borderline(result, worth))
    kept = evidence(result.student) if close else None
    for exercise, row in close:
        yield f"{exercise.name}: {_close(row, several)}"
        yield from _calls(exercise, row, kept)


def _borderline(result: SubmissionResult, worth: Mark) -> Iterator[tuple[ExerciseResult, CriterionResult]]:
    for one in _left(result, worth) if result.status == "graded" else ():
        yield from ((one, row) for row in one.criteria if row.borderline and row.outcome == "passed")


def _close(row: CriterionResult, several: bool) -> str:
    where = f" on {row.device}" if several else ""
    return (
        f"{plural(row.borderline, 'case')} of “{row.title}”{where} accepted, but above a quarter of the bound"
    )


def _calls(exercise: ExerciseResult, row: CriterionResult, evidence: Evidence | None) -> Iterator[str]:
    """The closest to the bound first."""
    kept = [one.cases for one in evidence.exercises if one.name == exercise.name] if evidence else []
    own = [
        case
        for cases in kept
        for case in cases
        if case.borderline and (case.criterion, case.device) == (row.id, row.device)
    ]
    own.sort(key=_share, reverse=True)
    for case in own[:CLOSE]:
        yield f"{case.call} is off by {100 * _share(case):.0f} % of the bound"
    if len(own) > CLOSE:
        yield f"and {plural(len(own) - CLOSE, 'call')} more"


def _share(case: CaseEvidence) -> float:
    return as_float(case.error_over_bound) if case.error_over_bound is not None else 0.0
