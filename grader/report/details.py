"""View records -> what `grader check -v` says besides: the steps, every failing case, what was printed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from grader.report import evidenceview
from grader.report.evidenceview import CaseRow
from grader.report.lines import WIDTH, Line, fitted, wrapped
from grader.report.stepview import StepCells, StepView
from grader.report.views import ExerciseView, StudentView
from grader.results import Evidence, ExerciseEvidence, ExerciseResult, SubmissionResult
from grader.text import one_line

_FIRST: Final = 11  # columns of whose step it is
_OUTPUT: Final = 200  # lines of what was printed


def details(result: SubmissionResult, evidence: Evidence | None, view: StudentView) -> Iterator[Line]:
    """All that a screen has no room for."""
    found = {one.name: one for one in evidence.exercises} if evidence else {}
    for exercise, shown in zip(result.exercises, view.exercises, strict=True):
        if shown.steps:
            yield from _steps(shown, shown.steps)
        if exercise.name in found:
            yield from _cases(exercise, shown, found[exercise.name])
    yield from _output(view.output)
    yield Line("")
    yield Line("How it was graded", "bold")
    for fact in view.facts:
        yield from wrapped(fact.text, "  ", hang=f"{fact.name}: ")


def _steps(exercise: ExerciseView, steps: StepView) -> Iterator[Line]:
    yield Line("")
    yield from wrapped(f"{exercise.name}, step by step", "", "bold")
    if steps.call:
        yield Line(f"  {steps.call}", "cyan")
    for told in steps.shows:
        yield from wrapped(told, "  ")
    widths = _widths(steps)
    yield Line(_row("", "", steps.columns, widths), "dim")
    for row in steps.rows:
        yield from _step(row, widths, reference=steps.reference)
    yield from wrapped(steps.more, "  ", "dim")


def _step(row: StepCells, widths: tuple[int, ...], *, reference: bool) -> Iterator[Line]:
    """One line where both do the same, else yours over the reference's."""
    alike = reference and row.mine == row.reference
    yield Line(_row(row.step, "both" if alike else "yours", row.mine, widths), "red" if row.apart else "")
    if reference and not alike:
        yield Line(_row("", "reference", row.reference, widths))


def _widths(steps: StepView) -> tuple[int, ...]:
    rows = [steps.columns, *(row.mine for row in steps.rows), *(row.reference for row in steps.rows)]
    return tuple(max(map(len, column)) for column in zip_longest(*rows, fillvalue=""))


def _row(step: str, whose: str, cells: tuple[str, ...], widths: tuple[int, ...]) -> str:
    """Columns; a row that is too wide for the terminal is told whole and wraps there."""
    told = "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False))
    return f"  {step:>4}  {whose:{_FIRST}}{told}"


def _cases(exercise: ExerciseResult, shown: ExerciseView, found: ExerciseEvidence) -> Iterator[Line]:
    """Every failing case of every criterion, on each device."""
    for row in exercise.criteria:
        cases, _ = evidenceview.failing(row, found, len(found.cases) + len(found.traces))
        if row.outcome == "passed" or not cases:
            continue
        yield Line("")
        yield from wrapped(f"{shown.name}: {one_line(row.title)} ({one_line(row.device)})", "", "bold")
        for case in cases:
            yield from _case(case)


def _case(case: CaseRow) -> Iterator[Line]:
    yield Line(f"  {case.arguments}", "cyan")
    expected = f"expected {case.expected}, " if case.expected else ""
    yield from wrapped(f"{expected}got {case.got}; error over bound {case.error}", "    ")


def _output(output: str) -> Iterator[Line]:
    if not output:
        return
    yield Line("")
    yield Line("What was printed", "bold")
    lines = output.rstrip("\n").split("\n")
    for line in lines[:_OUTPUT]:
        yield Line(fitted(f"  | {line}", WIDTH))
    if len(lines) > _OUTPUT:
        yield Line(f"  and {len(lines) - _OUTPUT:,} more lines", "dim")
