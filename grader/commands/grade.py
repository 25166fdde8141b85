"""`grader grade FOLDER`: a class, into a folder of results and pages."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from grader import nearby, overrides
from grader.commands import outputs, report
from grader.commands.common import load_kit, tell, templates_of
from grader.commands.options import options_from
from grader.commands.outputs import Output
from grader.commands.progress import Progress
from grader.errors import GraderError
from grader.intake.submissions import Discovery, open_submissions
from grader.kit import LoadedKit
from grader.nearby import HandedIn
from grader.report import stale
from grader.results import Results
from grader.run import Again, Options, grade_into, journal_header, opened, plan, results_of
from grader.store import write_results

OUTPUT: Final = Path("report")


def run(
    path: Path,
    output: Path | None,
    jobs: int,
    students: tuple[str, ...],
    resume: bool,
    fail_under: float | None,
    hide_expected: bool | None,
    verbose: bool,
    formats: Sequence[Output],
    typed: Sequence[str],
    kit_file: Path | None,
    assignment: Path | None,
    expect_digest: str | None,
    **given: Any,
) -> int:
    """Grade, write everything, say what came out, return the exit code."""
    wanted = outputs.chosen(formats, one=False)
    graded = nearby.handed_in(path, one=False)
    output = output or _own_folder(graded)
    overrides.create(
        output / overrides.OVERRIDES_FILE
    )  # first of all: an unwritable folder is told before work
    with open_submissions(path, output=output) as discovery:
        for note in discovery.notes:
            tell(f"note: {note}")
        source = nearby.chosen(kit_file, assignment, graded)
        loaded = load_kit(source, expect_digest)
        again = Again(resume, students)
        hide = report.hides_expected(output, hide_expected)
        results = _grade(discovery, loaded, options_from(given, jobs), output, again, hide, verbose, typed)
    stale.remove(output, [result.student for result in results.submissions])
    _tell_of_one_student(path, discovery, results)
    corrections = overrides.read(output / overrides.OVERRIDES_FILE)
    index = report.render(output, results, corrections, templates_of(source, graded))
    report.write_formats(output, results, corrections, wanted)
    tell(f"Report: {index}", beside=not outputs.for_people(wanted))
    return _exit_code(results, corrections, fail_under)


def _own_folder(graded: HandedIn) -> Path:
    """Where results go by default; corrections and results that were handed in are not the grader's own."""
    if graded.whole and graded.holds(Path.cwd()) and _is_taken(OUTPUT):
        raise GraderError(
            f"{OUTPUT}: this folder stands in what is graded, where a student could have put it, "
            "and it is not empty.",
            f"Name another with -o DIR; if it is yours: -o {OUTPUT}",
        )
    return OUTPUT


def _is_taken(place: Path) -> bool:
    return place.is_symlink() or (place.exists() and not (place.is_dir() and not any(place.iterdir())))


def _grade(
    discovery: Discovery,
    loaded: LoadedKit,
    options: Options,
    output: Path,
    again: Again,
    hide: bool,
    verbose: bool,
    typed: Sequence[str],
) -> Results:
    with opened(loaded, options) as (session, found):
        head = msgspec.structs.replace(found, hide_expected=hide)
        header = journal_header(head, session)
        todo = plan(discovery, header, output, again)
        if todo.note:
            tell(f"note: {output}: {todo.note}")
        with Progress(len(todo.waiting), len(todo.done), output, verbose=verbose) as progress:
            finished = grade_into(output, todo, header, session, progress.done)
    results = results_of(head, discovery, finished)
    if any(one.lacking for one in results.submissions):
        results = msgspec.structs.replace(results, command=_command(typed))
    write_results(output, results)
    return results


def _command(typed: Sequence[str]) -> str:
    """What was typed, but for which students: the line that grades some of them again ends with theirs."""
    kept: list[str] = []
    words = iter(typed)
    for word in words:
        if word == "--student":
            next(words, None)
        elif word != "--resume" and not word.startswith("--student="):
            kept.append(word)
    return shlex.join(["grader", *kept])


def _tell_of_one_student(path: Path, discovery: Discovery, results: Results) -> None:
    """Files of one student look like a class of flat files, until no two of them solve the same exercise."""
    flat = path.is_dir() and all(one.folder is None and one.files for one in discovery.submissions)
    flat = flat and all(result.status == "graded" for result in results.submissions)
    alone = len(discovery.submissions) == 1 and not discovery.unmatched
    begun = [
        exercise.name
        for result in results.submissions
        for exercise in result.exercises
        if exercise.status == "graded"
    ]
    if flat and not alone and begun and len(begun) == len(set(begun)):
        tell(
            f"note: {path}: each file was graded as a student's, and no two solve the same exercise.\n"
            f"  help: If they are one student's files: grader check {shlex.quote(str(path))}"
        )


def _exit_code(results: Results, corrections: overrides.Overrides, fail_under: float | None) -> int:
    if any(result.status == "harness" for result in results.submissions):
        return 3
    if fail_under is None:
        return 0
    marks = [overrides.mark(result, corrections) for result in results.submissions]
    scores = [
        100 * mark.score / mark.max_score for mark in marks if mark.score is not None and mark.max_score
    ]
    return 1 if scores and sum(scores) / len(scores) < fail_under else 0
