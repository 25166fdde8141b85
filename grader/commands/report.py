"""`grader report DIR`: every page again, from results.json, evidence/ and overrides.csv alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from grader import overrides, store
from grader.commands import outputs
from grader.commands.common import results_in, tell
from grader.commands.outputs import Output
from grader.errors import GraderError
from grader.overrides import Overrides
from grader.report import gradebook
from grader.report.head import head_of
from grader.report.html import Renderer, write_class, write_corrections, write_student
from grader.results import Evidence, Results

if TYPE_CHECKING:
    from rich.text import Text


def run(
    folder: Path,
    templates: Path | None,
    hide_expected: bool | None = None,
    formats: Sequence[Output] = (),
    *,
    served: bool = False,
) -> int:
    """Render, say where it is, return the exit code; what is chosen about expected values is kept.

    `served`: then serve the pages until Ctrl-C.
    """
    wanted = outputs.chosen(formats, one=False)
    results = results_in(folder)
    if hide_expected not in (None, results.hide_expected):
        results = msgspec.structs.replace(results, hide_expected=hide_expected)
        store.write_results(folder, results)
    corrections = overrides.read(folder / overrides.OVERRIDES_FILE)
    for warning in overrides.check(corrections, results).warnings:
        tell(f"warning: {warning}")
    if templates is not None and not templates.is_dir():
        raise GraderError(f"--templates {templates}: there is no such folder.")
    index = render(folder, results, corrections, templates)
    if formats:
        write_formats(folder, results, corrections, wanted)
    tell(f"Report: {index}", beside=not outputs.for_people(wanted))
    if served:
        return _serve(folder, results, templates)
    return 3 if any(result.status == "harness" for result in results.submissions) else 0


def _serve(folder: Path, results: Results, templates: Path | None) -> int:
    from grader.commands.serving import Desk, serve  # noqa: PLC0415 -- a server is seldom wanted

    def anew(students: Collection[str]) -> None:
        render(folder, results, overrides.read(folder / overrides.OVERRIDES_FILE), templates, students)

    return serve(Desk(folder, results, Renderer(templates), anew))


def write_formats(folder: Path, results: Results, corrections: Overrides, wanted: Sequence[Output]) -> None:
    """Everything that is asked for, of a class whose evidence is in the folder."""
    from grader.report.classterminal import class_summary  # noqa: PLC0415 -- after the work
    from grader.report.material import Material  # noqa: PLC0415

    def text(symbols: bool) -> Text:
        return class_summary(results, corrections, evidence, symbols=symbols)

    def evidence(student: str) -> Evidence | None:
        return _evidence(folder, student)

    material = Material(results, corrections, evidence, root=outputs.root())
    outputs.write(wanted, material, text)


def headline(folder: Path, results: Results, corrections: Overrides) -> str:
    """The class in a line."""
    from grader.report import classview  # noqa: PLC0415 -- after the work

    return classview.classroom(results, corrections, lambda one: _evidence(folder, one)).headline


def hides_expected(folder: Path, asked: bool | None) -> bool:
    """Whether students' pages hide what was expected: as asked, else as in the results that are there.

    So nobody who grades one student again shows by oversight what was hidden.
    """
    if asked is not None:
        return asked
    try:
        return store.read_results(folder).hide_expected
    except GraderError:
        return False


def render(
    folder: Path,
    results: Results,
    corrections: Overrides,
    templates: Path | None,
    only: Collection[str] | None = None,
) -> Path:
    """Write index.html, a page for each student, or for these alone, and grades.csv; return the first."""
    renderer = Renderer(templates)
    head = head_of(results)
    for result in results.submissions:
        if only is None or result.student in only:
            write_student(folder, result, _evidence(folder, result.student), head, corrections, renderer)
    gradebook.write(folder, results, corrections)
    write_corrections(folder, results, corrections, renderer)
    return write_class(folder, results, corrections, renderer, lambda one: _evidence(folder, one))


def _evidence(folder: Path, student: str) -> Evidence | None:
    """A student's evidence; one damaged file keeps nobody else's page from being made."""
    try:
        return store.read_evidence(folder, student)
    except GraderError as error:
        tell(f"warning: {error.message} {error.hint}")
        return None
