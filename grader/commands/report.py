"""`grader report DIR`: every page again, from results.json, evidence/ and overrides.csv alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

import msgspec

from grader import overrides, store
from grader.commands import outputs
from grader.commands.common import results_in, tell
from grader.commands.outputs import Output
from grader.errors import GraderError
from grader.overrides import Overrides
from grader.report import gradebook
from grader.report.html import Renderer, write_class, write_corrections, write_student
from grader.report.material import Material
from grader.results import Evidence, Results


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
    material = material_of(folder, results, corrections)
    index = render(folder, material, templates)
    if formats:
        write_formats(material, wanted)
    tell(f"Report: {index}", beside=not outputs.for_people(wanted))
    if served:
        return _serve(folder, results, templates)
    return 3 if any(result.status == "harness" for result in results.submissions) else 0


def _serve(folder: Path, results: Results, templates: Path | None) -> int:
    from grader.commands.serving import Desk, serve  # noqa: PLC0415 -- a server is seldom wanted

    def anew(students: Collection[str]) -> None:
        corrections = overrides.read(folder / overrides.OVERRIDES_FILE)
        render(folder, material_of(folder, results, corrections), templates, students)

    return serve(Desk(folder, results, Renderer(templates), anew))


def material_of(folder: Path, results: Results, corrections: Overrides) -> Material:
    """A class whose evidence is in the folder."""
    return Material(results, corrections, partial(_evidence, folder), root=outputs.root())


def write_formats(material: Material, wanted: Sequence[Output]) -> None:
    """Everything that is asked for."""
    from grader.report.classterminal import class_summary  # noqa: PLC0415 -- after the work

    outputs.write(wanted, material, lambda symbols: class_summary(material.view, symbols=symbols))


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
    folder: Path, material: Material, templates: Path | None, only: Collection[str] | None = None
) -> Path:
    """Write index.html, a page for each student, or for these alone, and grades.csv; return the first."""
    renderer = Renderer(templates)
    results, corrections = material.results, material.overrides
    for result in results.submissions:
        if only is None or result.student in only:
            evidence = material.evidence(result.student)
            write_student(folder, result, evidence, material.head, corrections, renderer)
    gradebook.write(folder, results, corrections)
    write_corrections(folder, results, corrections, renderer)
    return write_class(folder, material.view, renderer)


def _evidence(folder: Path, student: str) -> Evidence | None:
    """A student's evidence; one damaged file keeps nobody else's page from being made."""
    try:
        return store.read_evidence(folder, student)
    except GraderError as error:
        tell(f"warning: {error.message} {error.hint}")
        return None
