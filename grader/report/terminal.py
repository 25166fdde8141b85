"""View records -> what `grader check` says: at most a screen of 80 columns for one mistake.

What is right in one line, what is wrong, the call, what was expected and came back, the name of the mistake,
a hint, where, and what the trace shows. `details` has the rest. What comes out is a rich `Text`: rich
decides about colour, and no student's text is ever read as its markup. Print it with
`console.print(text, soft_wrap=True)`, so that calls to paste stay on one line.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import chain
from typing import Final

import msgspec
from rich.text import Text

from grader.overrides import NONE, Overrides
from grader.report import details, views
from grader.report.counterview import CounterView
from grader.report.diagnosisview import DiagnosisView
from grader.report.differences import Marked
from grader.report.figures import DASH, plural
from grader.report.head import Head
from grader.report.lines import STYLES, WIDTH, Line, apart, code, fitted, sign, to_text, wrapped
from grader.report.stepview import StepView
from grader.report.views import CriterionView, ExerciseView, PartView, StudentView
from grader.results import Evidence, SubmissionResult

HOW: Final = "-v"
_INDENT: Final = 4  # columns before what was expected and what came back
_LABEL: Final = 9
_LONGEST, _SHORT = 40, 20  # columns of a label with the name of a part; of one before a text of several lines
_NOTES: Final = 3  # notes that are shown without -v
_SHOWN: Final = 2  # sentences about the trace


def check(
    result: SubmissionResult,
    evidence: Evidence | None,
    head: Head,
    overrides: Overrides = NONE,
    *,
    symbols: bool = True,
    verbose: bool = False,
    how: str = HOW,
) -> Text:
    """What `grader check` says; `symbols=False` for a terminal that cannot show them (`lines.can_show`).

    `how`: what one does to see the rest.
    """
    view = views.student(result, evidence, head, overrides)
    more = details.details(result, evidence, view) if verbose else _pointer(view, how)
    lines = chain(_banner(head), _student(view, symbols=symbols, verbose=verbose, how=how), more)
    return to_text(lines, symbols=symbols)


def exercise(
    result: SubmissionResult,
    evidence: Evidence | None,
    head: Head,
    name: str,
    criterion: str = "",
    *,
    symbols: bool = True,
    verbose: bool = False,
) -> Text:
    """What `check` says of one exercise; with an id, of that criterion alone among those of its rubric."""
    view = views.student(result, evidence, head)
    shown = next(one for one in view.exercises if one.name == name)
    if criterion:
        only = tuple(one for one in shown.criteria if one.id == criterion)
        shown = msgspec.structs.replace(shown, criteria=only)
    if view.state == "harness" or view.message:
        return to_text([*wrapped(view.headline), *wrapped(view.message)], symbols=symbols)
    return to_text(_exercise(shown, set(), symbols=symbols, verbose=verbose, how=HOW), symbols=symbols)


def brief(result: SubmissionResult, head: Head, overrides: Overrides = NONE, *, symbols: bool = True) -> Text:
    """One line: which file, how many points, how many checks."""
    view = views.student(result, None, head, overrides)
    line = Line(f"{view.path}: {view.score} points. {view.headline}", STYLES[view.state])
    return to_text([line], symbols=symbols)


def _banner(head: Head) -> Iterator[Line]:
    """Who runs a check is who would be harmed: first of all, and in red."""
    told = views.banner(head)
    if told:
        yield from wrapped(told, "", "bold red")
        yield Line("")


def _student(view: StudentView, *, symbols: bool, verbose: bool, how: str) -> Iterator[Line]:
    yield Line(apart(view.path, f"{view.score} points"), "bold")
    yield from wrapped(view.headline, "", STYLES[view.state])
    yield from wrapped(view.message)
    yield from wrapped(view.correction, "", "yellow")
    for device in view.devices:
        if not device.graded:
            yield from wrapped(f"{device.name}: {device.words}", "", "dim")
    if view.state != "harness" and not view.message:
        told: set[str] = set()
        for exercise in view.exercises:
            yield from _exercise(exercise, told, symbols=symbols, verbose=verbose, how=how)
    yield from _notes(view.notes if verbose else view.notes[:_NOTES])


def _exercise(
    exercise: ExerciseView, told: set[str], *, symbols: bool, verbose: bool, how: str
) -> Iterator[Line]:
    """`told`: what was said of the exercises above, and need not be said again."""
    yield Line("")
    begun = exercise.state not in ("missing", "harness")
    right = exercise.score if begun else f"{exercise.words}   {exercise.score}"
    yield Line(apart(exercise.name, right), "bold" if begun else STYLES[exercise.state])
    yield from wrapped(exercise.correction, "  ", "yellow")
    for note in exercise.notes:
        yield from wrapped(note, "  ")
    yield from _criteria(exercise, symbols=symbols, verbose=verbose)
    again = exercise.diagnosis is not None and exercise.diagnosis.title in told
    yield from _counterexample(exercise, again=again, verbose=verbose, how=how)
    if exercise.diagnosis:
        told.add(exercise.diagnosis.title)
        yield from wrapped(exercise.diagnosis.ground if again else "", "  ")
        yield from _where(exercise.diagnosis) if again else _diagnosis(exercise.diagnosis)
    if not again:
        yield from _trace(exercise.steps)
    for other in exercise.further:
        yield Line(fitted(f"  Also: {other.title}", WIDTH))


def _criteria(exercise: ExerciseView, *, symbols: bool, verbose: bool) -> Iterator[Line]:
    """What is right in one line, then what is wrong; with -v everything in the rubric's order."""
    right = () if verbose else tuple(one for one in exercise.criteria if one.state == "passed")
    yield from _right(right, len(exercise.criteria), symbols=symbols)
    said = {exercise.counterexample.outcome} if exercise.counterexample else set()
    for criterion in exercise.criteria:
        if criterion not in right:
            yield from _criterion(criterion, said, exercise, symbols=symbols, verbose=verbose)


def _right(criteria: tuple[CriterionView, ...], whole: int, *, symbols: bool) -> Iterator[Line]:
    if criteria:
        names = ", ".join(one.id or one.title for one in criteria)
        told = f"all {plural(whole, 'check')}" if len(criteria) == whole else f"right: {names}"
        yield from wrapped(told, "  ", "green", hang=f"{sign('passed', symbols=symbols)} ")


def _criterion(
    criterion: CriterionView, said: set[str], exercise: ExerciseView, *, symbols: bool, verbose: bool
) -> Iterator[Line]:
    """Once, or once for each device where they differ."""
    alike = len({(part.state, part.message) for part in criterion.parts}) == 1
    for part in criterion.parts[:1] if alike else criterion.parts:
        state = criterion.state if alike else part.state
        title = criterion.title if alike else f"{criterion.title} ({part.device})"
        head = f"  {sign(state, symbols=symbols)} {title}"
        reason = part.message.partition(": ")[2]
        known = not verbose and (reason in said or _shows(exercise, reason))
        said.add(reason)
        points = criterion.points if alike else part.points
        yield from _judged(head, part, points, STYLES[state], known=known)


def _judged(head: str, part: PartView, points: str, style: str, *, known: bool) -> Iterator[Line]:
    """A line, and below it why; a reason that is `known` from elsewhere gives way to the count of cases."""
    count = part.message.partition(": ")[0].partition(", for instance")[0]
    right = f"{count.replace(' cases', '')}   {points}"
    if known and len(head) + len(right) + 2 <= WIDTH:
        yield Line(apart(head, right), style)
        return
    yield Line(apart(head, points), style)
    told = count if known else part.message
    yield from wrapped(told, "      ", "" if part.state == "failed" else "dim")


def _shows(exercise: ExerciseView, reason: str) -> bool:
    """Whether the call that is shown says it: there two values of the same part differ too."""
    found = exercise.counterexample
    if found is None or not found.expected:
        return found is not None and reason.startswith("expected ")
    told = f"{found.part}: " if found.part else ""
    return reason.startswith((f"{told}expected ", "result: expected "))


def _counterexample(exercise: ExerciseView, *, again: bool, verbose: bool, how: str) -> Iterator[Line]:
    """`again`: of a mistake that was told above. How far off it is says less than where the steps part."""
    found = exercise.counterexample
    if found or again:
        yield Line("")
    if again and exercise.diagnosis:
        yield from wrapped(f"The same mistake: {exercise.diagnosis.title}", "  ", "bold")
    if not found:
        return
    where = f" on {found.device}" if found.device else ""
    if not again:
        yield Line(f"  The smallest call that shows it{where}:")
    yield from _call(found, verbose=verbose, how=how)
    room = max(_LABEL, len(found.label)) if found.expected else _LABEL
    wraps = max(len(found.expected), len(found.outcome)) > WIDTH - _INDENT - room
    if room > (_SHORT if wraps else _LONGEST):
        yield Line(f"    {found.part}:")
        room = _LABEL
    if found.expected:
        label = found.label if room == len(found.label) else "expected"
        yield from _labelled(f"{label:{room}}", found.expected, found.marked[0])
    label = "happened" if found.raised else "got"
    yield from _labelled(f"{label:{room}}", found.outcome, found.marked[1], "red")
    yield from _pointed(found, room)
    if verbose or not (again or (exercise.steps and _parted(exercise.steps))):
        yield from wrapped(" ".join(found.facts), "  ")


def _call(found: CounterView, *, verbose: bool, how: str) -> Iterator[Line]:
    """With what has to stand above it, or where that is shown."""
    if found.support and verbose:
        for line in found.support.rstrip().split("\n"):
            yield Line(f"    {line}", "dim")
        yield Line("")
    yield from code(found.call, "    ")
    if found.support and not verbose:
        yield from wrapped(f"{how} shows what has to stand above this call.", "    ", "dim")


def _labelled(label: str, text: str, marked: Marked, style: str = "") -> Iterator[Line]:
    """`label` is as wide as its column."""
    room = _INDENT + len(label) + 1
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, WIDTH - room) or [""]]
    begin = room + len(marked.before) + len(marked.shared)
    mark = (begin, begin + len(marked.differs)) if len(lines) == 1 and marked.differs else (0, 0)
    for number, line in enumerate(lines):
        yield Line(f"    {'' if number else label:{len(label)}} {line}", style, mark)


def _pointed(found: CounterView, label: int) -> Iterator[Line]:
    """Without colours too: where two tensors of several values part."""
    mine, room = found.marked[1], _INDENT + label + 1
    fits = max(len(found.expected), len(found.outcome)) <= WIDTH - room
    if mine.differs and fits and "," in found.outcome:
        begin = room + len(mine.before) + len(mine.shared)
        yield Line(f"{'':{begin}}{'^' * len(mine.differs)}", "red")


def _diagnosis(found: DiagnosisView) -> Iterator[Line]:
    yield Line("")
    yield from wrapped(f"Likely mistake: {found.title}", "  ", "bold")
    yield from wrapped(found.ground, "  ")
    if found.alternatives:
        yield Line("  These cases cannot tell it from:")
    for title in found.alternatives:
        yield from wrapped(title, "    ", hang="- ")
    yield from wrapped(found.hint, "  ", hang="Hint:  ")
    yield from _where(found)


def _where(found: DiagnosisView) -> Iterator[Line]:
    if found.quote:
        yield from wrapped(found.quote.where, "  ", hang="Where: ")
        yield Line(f"         {found.quote.text}", "cyan")


def _trace(steps: StepView | None) -> Iterator[Line]:
    if steps is None:
        return
    told = [*steps.shows[:_SHOWN], _parted(steps)]
    yield from wrapped(" ".join(filter(None, told)), "  ", hang="Trace: ")


def _parted(steps: StepView) -> str:
    """Such as `At step 2 start is 0.44 (reference 0.64).`; nothing where the student took no such step."""
    row = next((row for row in steps.rows if row.apart), None)
    if row is None:
        return ""
    cells = zip(steps.columns, row.mine, row.reference, strict=False)
    told = [
        f"{name} is {mine}" + (f" (reference {theirs})" if steps.reference else "")
        for name, mine, theirs in cells
        if mine not in (theirs, DASH) and name != "change"
    ]
    return f"At step {row.step} {', '.join(told)}." if told else ""


def _notes(notes: tuple[str, ...]) -> Iterator[Line]:
    if notes:
        yield Line("")
        yield Line("Notes", "bold")
    for note in notes:
        yield from wrapped(note, "  - ")


def _pointer(view: StudentView, how: str) -> Iterator[Line]:
    """What there is besides, and how to see it."""
    parts = [part for exercise in view.exercises for one in exercise.criteria for part in one.parts]
    rest = len(view.notes) - _NOTES
    there = {
        "every failing case": any(part.rows for part in parts),
        "the steps": any(one.steps for one in view.exercises),
        plural(rest, "more note"): rest > 0,
        "what was printed": bool(view.output),
    }
    told = ", ".join(name for name, found in there.items() if found)
    if told:
        yield Line("")
        yield from wrapped(f"{how} shows {told}.", "", "dim")
