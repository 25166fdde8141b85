"""`grader export SYSTEM DIR`: the corrected marks of a graded class, as its learning system takes them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from grader import overrides, sheets, store
from grader.commands import outputs
from grader.commands.common import results_in, tell
from grader.errors import GraderError
from grader.gradebooks import canvas, feedback, gradescope, moodle, tables, written
from grader.gradebooks.comments import Wanted
from grader.gradebooks.entries import Entry, entries
from grader.gradebooks.filling import Comments, Filled
from grader.report import gradescope as document
from grader.report import redaction
from grader.report.figures import plural
from grader.report.head import head_of
from grader.report.html import Renderer
from grader.report.material import Material
from grader.results import Evidence, Results
from grader.sheets import Sheet


@dataclass(frozen=True)
class Asked:
    """What every export is asked."""

    folder: Path
    output: Path | None = None
    in_place: bool = False
    dry_run: bool = False
    replace: bool = False
    scale: bool = False
    feedback: Path | None = None
    templates: Path | None = None


@dataclass(frozen=True)
class Class:
    """A graded class with its corrections."""

    folder: Path
    results: Results
    corrections: overrides.Overrides
    entries: Sequence[Entry]

    @property
    def most(self) -> float:
        return max((entry.mark.max_score for entry in self.entries), default=0.0)

    def evidence(self, entry: Entry) -> Evidence | None:
        return store.read_evidence(self.folder, entry.student)


def to_canvas(asked: Asked, gradebook: Path | None, assignment: str | None) -> int:
    def fill(sheet: Sheet, marked: Class) -> Filled:
        return canvas.filled(
            sheet,
            assignment or "",
            marked.entries,
            most=marked.most,
            scale=asked.scale,
            replace=asked.replace,
        )

    if gradebook is not None and not assignment:
        raise GraderError(
            "--gradebook: which assignment's column is to be filled is not said.",
            "Name the number that ends its header: --assignment ID.",
        )
    return _filled(asked, "canvas", gradebook, "--gradebook", fill)


def to_moodle(
    asked: Asked, worksheet: Path | None, columns: Sequence[tuple[str, str]], comments: Wanted
) -> int:
    def fill(sheet: Sheet, marked: Class) -> Filled:
        return moodle.filled(
            sheet,
            dict(columns),
            marked.entries,
            most=marked.most,
            scale=asked.scale,
            replace=asked.replace,
            comments=comments,
            hide_expected=marked.results.hide_expected,
        )

    return _filled(asked, "moodle", worksheet, "--worksheet", fill)


def to_table(asked: Asked, gradebook: Path | None, key: str | None, grade: str | None) -> int:
    """Into any CSV that is named; without one a new table of all that is known."""
    if gradebook is None:
        marked = _read(asked)
        _put(asked, written.everything(marked.entries).encode("utf-8-sig"), ())
        return _packed(asked, "csv", marked)
    if not key or not grade:
        raise GraderError(
            "--gradebook: which of its columns say whose a row is, and take marks, is not said.",
            "Name both: --key NAME --grade NAME.",
        )

    def fill(sheet: Sheet, marked: Class) -> Filled:
        return tables.filled(sheet, key, grade, marked.entries, replace=asked.replace)

    return _filled(asked, "csv", gradebook, "--gradebook", fill)


def to_nbgrader(asked: Asked) -> int:
    marked = _read(asked)
    table, lost = written.nbgrader(marked.entries)
    if len(lost) == len(marked.entries):
        raise GraderError(
            f"{asked.folder}: nobody there handed in through nbgrader.",
            "Grade the course's folder, which holds submitted/, or export a plain table: grader export csv.",
        )
    _put(asked, table.encode(), lost)
    return _packed(asked, "nbgrader", marked)


def to_gradescope(asked: Asked) -> int:
    marked = _read(asked)

    def results(entry: Entry) -> str:
        result, evidence = redaction.for_student(
            entry.result, marked.evidence(entry), hide_expected=marked.results.hide_expected
        )
        one = msgspec.structs.replace(marked.results, submissions=(result,), unmatched=(), alike=())
        return document.document(Material(one, marked.corrections, lambda _: evidence, one=True))

    if asked.output is None:
        raise GraderError("An autograder is a zip, and needs a file.", "Name it: --output FILE.")
    with _opened(asked, asked.output) as file:
        made = gradescope.autograder(file, marked.entries, results)
        if not made.count:
            raise GraderError(
                f"{asked.folder}: nobody there handed in through Gradescope.",
                "Grade Gradescope's export: the assignment, Review Grades, Export Submissions.",
            )
    _tell_written(asked, made.lost)
    return 0


# --- reading and writing --------------------------------------------------------------------


def _read(asked: Asked) -> Class:
    results = results_in(asked.folder)
    corrections = overrides.read(asked.folder / overrides.OVERRIDES_FILE)
    checked = overrides.check(corrections, results)
    for warning in checked.warnings:
        tell(f"warning: {warning}")
    return Class(asked.folder, results, corrections, entries(results, corrections))


def _filled(
    asked: Asked,
    system: str,
    file: Path | None,
    option: str,
    fill: Callable[[Sheet, Class], Filled],
) -> int:
    """Fill a file that was downloaded, say what was done, write it where it was said."""
    if file is None and asked.feedback is None:
        raise GraderError(
            f"There is nothing to fill: {option} is not named.",
            f"Download the file and name it: {option} FILE; or pack pages: --feedback FILE.",
        )
    if file is not None:
        _check_target(asked, file)
    marked = _read(asked)
    if file is not None:
        done = fill(sheets.read(file), marked)
        for line in _told(done, asked):
            tell(line, beside=False)
        target = file if asked.in_place else asked.output
        if target is not None and not asked.dry_run:
            store.write_bytes(target.resolve() if asked.in_place else target, done.data)
            tell(f"Written: {target}", beside=False)
    return _packed(asked, system, marked)


def _check_target(asked: Asked, file: Path) -> None:
    """Raises GraderError where it is not said, or said twice, where the filled file goes."""
    if asked.output is not None and asked.in_place:
        raise GraderError("--output and --in-place: one of the two.", "Leave one out.")
    if asked.output is None and not asked.in_place and not asked.dry_run:
        raise GraderError(
            f"{file}: where the filled file goes is not said.",
            "Look first with --dry-run; then --output FILE, or --in-place.",
        )
    if asked.output is not None and asked.output.exists() and asked.output.samefile(file):
        raise GraderError(f"{file}: would be written over itself.", "If that is meant: --in-place.")


def _told(done: Filled, asked: Asked) -> Iterator[str]:
    if asked.dry_run:
        yield f"--- {done.sheet.name}"
        yield f"+++ {done.sheet.name}, filled"
        yield from done.diff()
    count = plural(len(done.changes), "mark")
    yield f"{count} filled in, {len(done.same)} there already, {len(done.kept)} kept as they were."
    if done.comments is not None:
        yield _commented(done.comments)
    if done.hint:
        yield done.hint
    yield from _listed("Not filled:", done.kept)
    yield from _listed("Students without a mark there:", done.lost)
    yield from _listed("Rows of nobody in the report:", done.rows)
    yield from _listed("With 0, since nothing of theirs could be read or run:", done.unread)
    if asked.dry_run:
        yield "Nothing was written: leave out --dry-run."


def _commented(found: Comments) -> str:
    kept = f"{len(found.kept)} kept as they were"
    lines = f" (line {', '.join(map(str, found.kept))})" if found.kept else ""
    return f"{plural(len(found.changes), 'comment')} filled in, {found.same} there already, {kept}{lines}."


def _listed(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield title
        yield from (f"  {item}" for item in items)


def _put(asked: Asked, data: bytes, lost: Sequence[str]) -> None:
    if not asked.dry_run:
        outputs.put(asked.output, data)
    _tell_written(asked, lost)


def _opened(asked: Asked, path: Path) -> AbstractContextManager[IO[bytes]]:
    """What is large is written as it is made."""
    return tempfile.TemporaryFile() if asked.dry_run else store.writing(path)


def _tell_written(asked: Asked, lost: Sequence[str]) -> None:
    if asked.output is not None and not asked.dry_run:
        tell(f"Written: {asked.output}")
    for line in _listed("Not in it:", lost):
        tell(line)


def _packed(asked: Asked, system: str, marked: Class) -> int:
    """Pack the students' pages as they are with today's corrections, if that is asked for."""
    if asked.feedback is None:
        return 0
    renderer, head = Renderer(asked.templates), head_of(marked.results)

    def page(entry: Entry) -> str:
        return renderer.student_page(entry.result, marked.evidence(entry), head, marked.corrections)

    with _opened(asked, asked.feedback) as file:
        pack = feedback.pack(file, marked.entries, system, page)
    for line in _listed("Without a page in the pack:", pack.lost):
        tell(line)
    if not asked.dry_run:
        tell(f"Written: {asked.feedback}, {plural(pack.count, 'page')}")
    return 0
