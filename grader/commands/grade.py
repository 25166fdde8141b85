"""`grader grade FOLDER`: a class, into a folder of results and pages."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec

from grader import nearby, overrides
from grader.commands import outputs, preview, report, watching
from grader.commands.common import load_kit, tell, templates_of
from grader.commands.options import options_from
from grader.commands.outputs import Output
from grader.commands.progress import Progress, scored
from grader.commands.watching import Warm
from grader.errors import GraderError, NothingToGrade
from grader.intake.submissions import Asked, Discovery, open_submissions
from grader.kit import LoadedKit
from grader.nearby import HandedIn, Source
from grader.pipeline import Graders
from grader.progress import Tracker
from grader.report import stale
from grader.report.head import Head
from grader.report.material import Material
from grader.results import Results, SubmissionResult
from grader.run import Again, Options, Plan, grade_into, journal_header, opened, plan, results_of
from grader.store import read_results, write_results

OUTPUT: Final = Path("report")
FEW: Final = 1_000  # submissions whose results are held in memory
TEXT: Final = Output("text")  # on standard output

Opened = Callable[[LoadedKit, Options], AbstractContextManager[tuple[Graders, Head]]]
"""Opens what grades with a kit."""


@dataclass(frozen=True)
class Job:
    """What was asked of a class, and stays the same where it is graded again and again."""

    path: Path
    graded: HandedIn
    output: Path
    hide: bool  # what was expected, from students' pages
    verbose: bool
    progress: str  # how it is told how far it is
    typed: Sequence[str]
    wanted: Sequence[Output]
    asked: Asked

    @property
    def corrections(self) -> Path:
        return self.output / overrides.OVERRIDES_FILE


def run(
    path: Path,
    output: Path | None,
    jobs: int,
    students: tuple[str, ...],
    resume: bool,
    fail_under: float | None,
    hide_expected: bool | None,
    verbose: bool,
    progress: str,
    watch: bool,
    scheduler: str | None,
    workers: int | None,
    dry_run: bool,
    layout: str | None,
    roster: Path | None,
    formats: Sequence[Output],
    typed: Sequence[str],
    kit_file: Path | None,
    assignment: Path | None,
    expect_digest: str | None,
    **given: Any,
) -> int:
    """Grade, write everything, say what came out, return the exit code; with `watch` until Ctrl-C."""
    asked = Asked(layout or "", roster)
    if dry_run:
        return preview.run(path, output or OUTPUT, asked)
    wanted = outputs.chosen(formats, one=False)
    graded = nearby.handed_in(path, one=False)
    output = output or own_folder(graded)
    overrides.create(
        output / overrides.OVERRIDES_FILE
    )  # first of all: an unwritable folder is told before work
    hide = report.hides_expected(output, hide_expected)
    job = Job(path, graded, output, hide, verbose, progress, typed, wanted, asked)
    again, options = Again(resume, students), options_from(given, jobs)
    source = partial(nearby.chosen, kit_file, assignment, graded)
    elsewhere = _elsewhere(scheduler, workers, watch=watch)
    if watch:
        _refuse_parts(students, fail_under)
        return _watched(job, source, expect_digest, options, again)
    return _once(job, source, expect_digest, options, again, fail_under, elsewhere or opened)


def _once(
    job: Job,
    source_of: Callable[[], Source],
    expect_digest: str | None,
    options: Options,
    again: Again,
    fail_under: float | None,
    opened: Opened,
) -> int:
    with open_submissions(job.path, output=job.output, asked=job.asked) as discovery:
        if discovery.recognised:
            tell(f"Recognised: {discovery.recognised}")
        _tell_notes(discovery)
        source = source_of()
        loaded = load_kit(source, expect_digest)
        with opened(loaded, options) as (session, head):
            results = _grade(job, discovery, _plan(job, discovery, session, head, again), session, head)
    _tell_of_one_student(job.path, discovery, results)
    corrections = overrides.read(job.corrections)
    material = report.material_of(job.output, results, corrections)
    index = _write(job, material, templates_of(source, job.graded))
    report.write_formats(material, job.wanted)
    tell(f"Report: {index}", beside=not outputs.for_people(job.wanted))
    return _exit_code(results, corrections, fail_under)


def _elsewhere(scheduler: str | None, workers: int | None, *, watch: bool) -> Opened | None:
    """What opens a cluster; None where this process's own sandbox grades. Raises GraderError."""
    if scheduler is None and workers is None:
        return None
    given = "--scheduler" if scheduler is not None else "--workers"
    if scheduler is not None and workers is not None:
        raise GraderError(
            "--scheduler and --workers: a scheduler has its own workers.", "Leave one of the two out."
        )
    if watch:
        raise GraderError(f"{given} and --watch: a watch grades here.", "Leave one of the two out.")
    try:
        from grader.cluster import connecting, session  # noqa: PLC0415 -- dask is an extra, and takes a while to import

        if workers is not None:
            import_module("cryptography")  # which makes the key that they are connected with
    except ImportError as error:
        raise GraderError(
            f"{given}: {error.name} is not installed.", "Install it: pip install 'torch-grader[cluster]'"
        ) from None
    return partial(session.opened, where=connecting.Where(scheduler or "", workers or 0), say=tell)


def _watched(
    job: Job, source_of: Callable[[], Source], expect_digest: str | None, options: Options, again: Again
) -> int:
    with suppress(NothingToGrade), open_submissions(job.path, output=job.output, asked=job.asked):
        pass  # a folder that is not there is told at once; an empty one will fill
    source = source_of()
    loaded = load_kit(source, expect_digest)
    rounds = Rounds(job, again, templates_of(source, job.graded))
    with Warm(source, loaded, expect_digest, options) as warm:
        return watching.watch(job.path, warm, rounds.work, (job.corrections,), job.output, whole=True)


class Rounds:
    """A class as it comes in: what is new is graded, what has changed is rendered."""

    def __init__(self, job: Job, again: Again, templates: Path | None) -> None:
        self._job = job
        self._again = again
        self._templates = templates
        self._before: Material | None = None

    def work(self, session: Graders, head: Head) -> watching.Show | None:
        """Grade what waits; None where nothing does, and nobody left or was corrected."""
        job, before = self._job, self._before
        with open_submissions(job.path, output=job.output, asked=job.asked) as discovery:
            todo = _plan(job, discovery, session, head, self._again)
            self._again = Again(resume=True)
            corrections = overrides.read(job.corrections)
            if (
                before
                and not todo.waiting
                and before.overrides == corrections
                and before.results == _results(job, discovery, todo.done, head)
            ):
                return None
            results = _grade(job, discovery, todo, session, head, told=before is None)
        self._before = report.material_of(job.output, results, corrections)
        every = before is None or before.overrides != corrections
        new = [one.student for one in todo.waiting]
        index = _write(job, self._before, self._templates, None if every else new)
        return partial(self._show, discovery, index, new, whole=before is None or sys.stdout.isatty())

    def _show(self, discovery: Discovery, index: Path, new: Sequence[str], *, whole: bool) -> None:
        """The whole class at first, and where it is drawn over the last; else who is new and a line."""
        assert self._before is not None  # it was graded
        material, wanted = self._before, self._job.wanted
        _tell_notes(discovery)
        if whole:
            report.write_formats(material, wanted)
        else:
            report.write_formats(material, [one for one in wanted if one != TEXT])
            for one in material.results.submissions:
                if one.student in new:
                    tell(f"{one.student}: {scored(one)}")
            if TEXT in wanted:
                tell(material.view.headline, beside=False)
        tell(f"Report: {index}", beside=not outputs.for_people(wanted))


def _refuse_parts(students: Sequence[str], fail_under: float | None) -> None:
    """Raises GraderError for what makes no sense of a class that is never complete."""
    option = "--student" if students else "--fail-under"
    if students or fail_under is not None:
        raise GraderError(
            f"{option} and --watch: whoever is new or has changed is graded, until Ctrl-C.",
            "Leave one of the two out.",
        )


def own_folder(graded: HandedIn) -> Path:
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


def _tell_notes(discovery: Discovery) -> None:
    for note in discovery.notes:
        tell(f"note: {note}")


def _plan(job: Job, discovery: Discovery, session: Graders, head: Head, again: Again) -> Plan:
    todo = plan(discovery, journal_header(head, session.kit), job.output, again)
    if todo.note:
        tell(f"note: {job.output}: {todo.note}")
    return todo


def _grade(
    job: Job, discovery: Discovery, todo: Plan, session: Graders, head: Head, *, told: bool = True
) -> Results:
    """Grade what waits and store it; `told`: how much of the class was there before."""
    tracker = Tracker(len(todo.waiting), len(todo.done), min(session.jobs, len(todo.waiting)))
    before = len(todo.done) if told else 0
    watch = Progress(tracker, before, job.output, form=job.progress, verbose=job.verbose)
    finished = grade_into(job.output, todo, journal_header(head, session.kit), session, watch)
    results = _results(job, discovery, finished, head)
    write_results(job.output, results)
    return read_results(job.output) if len(results.submissions) > FEW else results


def _results(job: Job, discovery: Discovery, finished: Mapping[str, SubmissionResult], head: Head) -> Results:
    results = results_of(msgspec.structs.replace(head, hide_expected=job.hide), discovery, finished)
    if len(results.submissions) <= FEW:
        results = msgspec.structs.replace(results, submissions=tuple(results.submissions))
    if any(one.lacking for one in results.submissions):
        return msgspec.structs.replace(results, command=_command(job.typed))
    return results


def _write(job: Job, material: Material, templates: Path | None, only: Sequence[str] | None = None) -> Path:
    """Every page, or the class's and these students'; those of students who left are removed."""
    stale.remove(job.output, [result.student for result in material.results.submissions])
    return report.render(job.output, material, templates, only)


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
    if flat and not alone and _solve_different(results.submissions):
        tell(
            f"note: {path}: each file was graded as a student's, and no two solve the same exercise.\n"
            f"  help: If they are one student's files: grader check {shlex.quote(str(path))}"
        )


def _solve_different(submissions: Iterable[SubmissionResult]) -> bool:
    """Whether they begin something, and no two the same."""
    begun: set[str] = set()
    for result in submissions:
        for exercise in result.exercises:
            if exercise.status == "graded" and exercise.name in begun:
                return False
            begun |= {exercise.name} if exercise.status == "graded" else set()
    return bool(begun)


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
