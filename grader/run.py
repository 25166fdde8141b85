"""Around the main path: open what a run needs, keep what is done, go on after an interruption.

`Options` is what the command line says. A class run writes, in this order and for each
submission, its evidence and then its line in the journal, so an interruption at any moment
loses only what was in flight.
"""

from __future__ import annotations

import difflib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

import grader
from grader import journal, store
from grader import kit as kits
from grader.diagnosis.prepared import Prepared
from grader.errors import GraderError
from grader.intake.submissions import Discovery
from grader.judging.evidence import CaseTexts
from grader.kept import ByStudent, Chosen, Found
from grader.pipeline import Graders, Session
from grader.records import Origin, Record, Submission
from grader.report.head import Head
from grader.results import (
    SCHEMA,
    Assignment,
    Device,
    Environment,
    Graded,
    Isolation,
    Results,
    SubmissionResult,
    Written,
)
from grader.sandbox.jobs import Wanted
from grader.sandbox.limits import CUDA, as_numbers
from grader.sandbox.pool import Pool
from grader.sandbox.probing import probe
from grader.sandbox.reading import read


class Options(Record, frozen=True):
    """What the command line asks of a run."""

    device: str = "auto"  # auto, all, or a device's name
    require: tuple[str, ...] = ()  # devices without which the run is refused
    isolation: Wanted = "auto"
    jobs: int = 1
    exercises: tuple[str, ...] = ()  # none: all
    timeout: float | None = None  # seconds of CPU for one call
    memory: int | None = None  # bytes, over what Python and torch take themselves


@contextmanager
def opened(loaded: kits.LoadedKit, options: Options, *, warn: bool = True) -> Iterator[tuple[Session, Head]]:
    """Start the sandbox for a kit. Raises GraderError where an option asks for what is not there."""
    kit = restricted(loaded.kit, options)
    with Pool(kit, kit.limits, options.jobs, level=options.isolation) as pool:
        devices = _devices(kit, options, pool)
        _refuse_isolation(options.isolation, devices)
        if warn:
            warn_of_isolation(options.isolation, _isolation(pool, devices))
        prepared = {one.name: Prepared(one) for one in kit.exercises}
        yield (
            Session(kit, pool, devices, options.jobs, CaseTexts(kit), prepared),
            _head(loaded, kit, devices, pool),
        )


class Again(Record, frozen=True):
    """What an earlier run in the same folder is good for."""

    resume: bool = False  # what it finished and is unchanged stands
    students: tuple[str, ...] = ()  # only these are graded, all else stands


@dataclass(frozen=True)
class Plan:
    """Which submissions of a class are to be graded now, and what stands from before."""

    waiting: Sequence[Submission]
    done: Mapping[str, SubmissionResult]
    note: str = ""


def plan(discovery: Discovery, header: journal.Header, folder: Path, again: Again) -> Plan:
    """Raises GraderError for a named student who handed in nothing, or beside whom nothing would stand."""
    submissions = discovery.submissions
    _refuse_strangers(again.students, submissions)
    path = folder / journal.JOURNAL_FILE
    fresh = not again.resume and not again.students
    before = {} if fresh else journal.read(path, header)
    other = not fresh and not before and path.exists()
    if other and again.students:
        raise GraderError(
            f"{folder}: the results there were made with another kit, other limits or other options.",
            "Grade the whole class again, or name another folder with -o DIR.",
        )
    stands = (
        one.student
        for one in submissions
        if one.student in before
        and one.student not in again.students
        and _stands(one, before[one.student], again)
    )
    done = before.only(stands) if isinstance(before, ByStudent) else {}
    named = again.students
    waiting = submissions.those(lambda one: one.student in named if named else one.student not in done)
    note = "nothing there was made with this kit and these options: everything is graded" if other else ""
    return Plan(waiting, done, note)


def _refuse_strangers(wanted: Sequence[str], submissions: Found) -> None:
    names = [one.student for one in submissions] if wanted else []
    for student in wanted:
        if student not in names:
            near = difflib.get_close_matches(student, names, 1)
            hint = f"Did you mean {near[0]!r}?" if near else "The names are those of the files or folders."
            raise GraderError(f"--student {student}: nobody of that name handed in anything.", hint)


def _stands(submission: Submission, before: SubmissionResult, again: Again) -> bool:
    """Whether an earlier result still speaks of the same files; a fault of ours is always tried again."""
    if again.students:
        return True
    same = _remarks(before.origin) == _remarks(submission.origin)  # which its notes tell
    return same and before.status != "harness" and before.sha256 == _fingerprint(submission)


def _remarks(origin: Origin | None) -> tuple[bool, tuple[str, ...]]:
    return (origin.late, origin.earlier) if origin else (False, ())


def grade_into(
    folder: Path,
    todo: Plan,
    header: journal.Header,
    graders: Graders,
    watch: AbstractContextManager[Callable[[SubmissionResult], None]],
) -> Mapping[str, SubmissionResult]:
    """Grade what waits; of each that is done, the evidence and then the journal's line are on the disk.

    `watch` begins and ends while the journal is held, so that nobody takes its first or last word for a
    killed run's.
    """
    path = folder / journal.JOURNAL_FILE
    lock = threading.Lock()
    with journal.keep(path, header, resume=bool(todo.done)) as kept, watch as told:

        def keep(graded: Graded | Written) -> SubmissionResult:
            store.write_evidence(folder, graded.result.student, graded.evidence)
            with lock:
                kept.append(graded.result)
            return graded.result

        for result in graders.grade_class(todo.waiting, keep):
            told(result)
    return journal.read(path, header)


def results_of(head: Head, discovery: Discovery, finished: Mapping[str, SubmissionResult]) -> Results:
    """results.json: the submissions in the order they were found."""
    return Results(
        schema=SCHEMA,
        assignment=head.assignment,
        environment=head.environment,
        devices=head.devices,
        unmatched=discovery.unmatched,
        submissions=Chosen(finished, discovery.submissions.those(lambda one: one.student in finished)),
        hide_expected=head.hide_expected,
        alike=discovery.alike,
    )


def journal_header(head: Head, kit: kits.Kit) -> journal.Header:
    """What the results depend on besides the submissions."""
    return journal.Header(
        kit=head.assignment.digest,
        devices=tuple(device.name for device in head.devices if device.graded),
        limits=head.environment.limits,
        settings={
            "grader": head.environment.grader,
            "isolation": head.environment.isolation.level,
            "exercises": ", ".join(exercise.name for exercise in kit.exercises),
        },
    )


def _fingerprint(submission: Submission) -> str:
    """The digest of a submission's files as `award` stores it."""
    return "" if submission.problem is not None else read(submission).sha256


def _refuse_isolation(wanted: Wanted, devices: tuple[Device, ...]) -> None:
    """Never less than what is asked for. Raises GraderError."""
    if wanted in ("strict", "standard") and any(one.graded and one.name == "cuda" for one in devices):
        raise GraderError(
            f"--isolation {wanted}: submissions that run on CUDA cannot be confined at that level.",
            "Grade without it (--device cpu), or leave --isolation out for a class that you trust.",
        )


def warn_of_isolation(wanted: Wanted, found: Isolation) -> None:
    """Never less than the strongest without a word."""
    if wanted == "auto" and found.missing:
        sys.stderr.write(f"warning: isolation: {found.level}; missing: {', '.join(found.missing)}\n")


def _isolation(pool: Pool, devices: tuple[Device, ...]) -> Isolation:
    """The pool's, and what a device has not."""
    found = pool.isolation
    if found.level == "none" or not any(one.graded and one.name == "cuda" for one in devices):
        return found
    return msgspec.structs.replace(found, missing=(*found.missing, CUDA))


def restricted(kit: kits.Kit, options: Options) -> kits.Kit:
    """The kit with the exercises and limits that were asked for."""
    names = [exercise.name for exercise in kit.exercises]
    for wanted in options.exercises:
        if wanted not in names:
            raise GraderError(
                f"--exercise {wanted}: the kit has no such exercise.", f"It has {', '.join(names)}."
            )
    given = kit.limits
    case = options.timeout or given.case_cpu_seconds
    limits = msgspec.structs.replace(
        given,
        case_cpu_seconds=case,
        exercise_cpu_seconds=given.exercise_cpu_seconds * case / given.case_cpu_seconds,
        memory_bytes=options.memory or given.memory_bytes,
    )
    kept = tuple(one for one in kit.exercises if not options.exercises or one.name in options.exercises)
    return msgspec.structs.replace(kit, exercises=kept, limits=limits)


def _devices(kit: kits.Kit, options: Options, pool: Pool) -> tuple[Device, ...]:
    """Each device that the assignment names, tried. Raises GraderError where one must be there and is not."""
    asked = kit.devices if options.device in ("auto", "all") else (options.device,)
    unknown = [name for name in (*asked, *options.require) if name not in kit.devices]
    if unknown:
        raise GraderError(
            f"--device {unknown[0]}: the assignment is not graded there.",
            f"It is graded on {', '.join(kit.devices)}.",
        )
    devices = tuple(
        probe(name, pool.versions)
        if name in asked
        else Device(name, False, f"not asked for (--device {options.device})", None)
        for name in kit.devices
    )
    needed = {*options.require, *(kit.devices if options.device == "all" else ())}
    absent = [one for one in devices if not one.graded and (one.name in needed or options.device == one.name)]
    if absent:
        raise GraderError(
            f"The device {absent[0].name} is asked for and not there: {absent[0].reason}.",
            "Run on a machine that has it, or leave it to --device auto, which says what was not graded.",
        )
    if not any(one.graded for one in devices):
        reasons = "; ".join(f"{one.name}: {one.reason}" for one in devices)
        raise GraderError(
            f"None of the assignment's devices is here: {reasons}.",
            "Run on a machine that has one of them, or name another in assignment.toml.",
        )
    return devices


def _head(loaded: kits.LoadedKit, kit: kits.Kit, devices: tuple[Device, ...], pool: Pool) -> Head:
    return Head(
        assignment=Assignment(title=kit.title, digest=loaded.digest, devices=kit.devices),
        environment=Environment(
            grader=grader.__version__,
            python=pool.versions.python,
            torch=pool.versions.torch,
            platform=pool.versions.platform,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            limits=as_numbers(kit.limits),
            isolation=_isolation(pool, devices),
        ),
        devices=devices,
    )
