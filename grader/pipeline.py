"""The main path: a submission and a kit in, a grade out; then the same for a class.

    run -> judge -> explain -> award

Each verb takes the former's value. A student's mistake is a value all the way; only a fault of
ours raises, and `grade` turns it into a result without a score.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

import msgspec

from grader import kit as kits
from grader import packages
from grader.diagnosis.findings import find
from grader.diagnosis.prepared import Prepared
from grader.judging import award, behaviour, compare, evidence, replay
from grader.judging.award import Finding
from grader.judging.evidence import CaseTexts, JudgedRun
from grader.records import Execution, ExerciseRun, Failure, Stopped, Submission
from grader.results import EVIDENCE_SCHEMA, Device, Evidence, Graded, SubmissionResult, Written
from grader.sandbox import reading
from grader.sandbox.pool import Pool
from grader.text import one_line

AHEAD: Final = 2  # submissions for each job: one that runs, and one that is next

Keep = Callable[[Graded | Written], SubmissionResult]
"""Stores what grading came to; of that, the result goes on."""

_KEEPS: Final = (
    "{name} leaves something behind that later calls meet. Where the call shown is right by itself, make it "
    "twice, or restart the kernel and run the cells from the top."
)


@dataclass(frozen=True)
class Session:
    """What grading a class needs and no submission changes."""

    kit: kits.Kit
    pool: Pool
    devices: tuple[Device, ...]
    jobs: int
    texts: CaseTexts
    prepared: Mapping[str, Prepared]  # by the exercise's name

    @property
    def graded_devices(self) -> tuple[str, ...]:
        return tuple(device.name for device in self.devices if device.graded)

    def grade_class(self, submissions: Sequence[Submission], keep: Keep) -> Iterator[SubmissionResult]:
        """As `grade_class`, here."""
        return grade_class(submissions, self, keep)


class Graders(Protocol):
    """What grades a class: this machine's session, or a cluster."""

    @property
    def kit(self) -> kits.Kit: ...

    @property
    def jobs(self) -> int:
        """How many submissions at a time."""

    def grade_class(self, submissions: Sequence[Submission], keep: Keep) -> Iterator[SubmissionResult]: ...


def grade(submission: Submission, session: Session) -> Graded:
    """Grade one submission; whatever goes wrong on our side costs the student nothing."""
    try:
        return _grade(submission, session)
    except Exception as error:  # noqa: BLE001 -- a fault of ours is told in the report and ends nobody else's grading
        return faulted(submission, session.kit, _words(error))


def grade_class(
    submissions: Sequence[Submission], session: Session, keep: Callable[[Graded], SubmissionResult]
) -> Iterator[SubmissionResult]:
    """Grade many, `session.jobs` at once, yielding each as it is done.

    `keep` runs in the worker's thread, before the next submission is begun there; only what it
    returns stays in memory. Whoever leaves before the end waits for nobody: what still runs is ended, and
    nothing is kept of it.
    """
    left, leaving, overtaken = iter(submissions), threading.Event(), session.pool.overtaken
    session.pool.overtaken = lambda: leaving.is_set() or (overtaken is not None and overtaken())
    with ThreadPoolExecutor(max_workers=session.jobs, thread_name_prefix="grade") as threads:

        def begun(count: int) -> set[Future[SubmissionResult]]:
            return {threads.submit(lambda one: keep(grade(one, session)), one) for one in islice(left, count)}

        waiting = begun(AHEAD * session.jobs)
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                waiting |= begun(len(done))
                for one in done:
                    yield one.result()
        finally:
            leaving.set()
            session.pool.overtaken = overtaken
            threads.shutdown(wait=False, cancel_futures=True)


def _grade(submission: Submission, session: Session) -> Graded:
    if submission.problem is not None:
        return _not_loaded(submission, session, submission.problem, [])
    executions = [session.pool.run(submission, device) for device in session.graded_devices]
    fault = next((one.harness for one in executions if one.harness is not None), None)
    if fault is not None:
        return faulted(submission, session.kit, fault)
    if not any(one.loaded for one in executions):
        if reading.gone(submission):
            gone = f"{submission.path}: its files were found, and were gone when they were to be read"
            return faulted(submission, session.kit, gone)
        message = executions[0].message or "nothing of it could run"
        return _not_loaded(submission, session, message, executions)
    executions = [one if one.loaded else _loaded_elsewhere(one, session.kit) for one in executions]
    judged = judge(executions, session.kit)
    findings = explain(submission, executions, judged, session)
    return Graded(
        result=_with_lacking(award.award(submission, executions, findings, session.kit), executions),
        evidence=evidence.gather(
            submission.student, executions, judged, session.kit, session.texts, findings
        ),
    )


def _with_lacking(result: SubmissionResult, executions: Sequence[Execution]) -> SubmissionResult:
    """With what the machine lacks, which is said beside the marks."""
    lacking = packages.lacking(executions)
    notes = (*map(packages.sentence, lacking), *result.notes)
    return msgspec.structs.replace(result, notes=notes, lacking=lacking)


def _loaded_elsewhere(execution: Execution, kit: kits.Kit) -> Execution:
    """Loaded on another device but not on this one: every case fails here, and there it counts."""
    failure = execution.failure or Failure.LOAD_FAILED
    stopped = Stopped(failure, f"nothing of it could run on {execution.device}: {execution.message}")
    runs = tuple(
        ExerciseRun(one.name, found=True, answers=dict.fromkeys(range(len(one.cases)), stopped))
        for one in kit.exercises
    )
    return msgspec.structs.replace(execution, exercises=runs)


def judge(executions: Sequence[Execution], kit: kits.Kit) -> dict[str, list[JudgedRun]]:
    """For each exercise what it did on each device that it is graded on, judged."""
    return {
        exercise.name: [
            (one.exercises[i], compare.judge(one.exercises[i], exercise, one.device))
            for one in executions
            if one.device in kits.graded_on(exercise, [each.device for each in executions])
        ]
        for i, exercise in enumerate(kit.exercises)
    }


def explain(
    submission: Submission,
    executions: Sequence[Execution],
    judged: dict[str, list[JudgedRun]],
    session: Session,
) -> dict[str, Finding]:
    """Rubric, diagnosis and counterexample of each exercise."""
    cells = next((one.cells for one in executions if one.cells), ())

    def climb(exercise: kits.Exercise, device: str, rungs: int) -> ExerciseRun | None:
        if any(run.keeps for run, outcomes in judged[exercise.name] if outcomes.device == device):
            return None  # its rungs would not stand by themselves
        execution = session.pool.run(submission, device, "ladder", frozenset({exercise.name}), rungs)
        return next((run for run in execution.exercises if run.name == exercise.name), None)

    def again(device: str, picked: replay.Picked) -> dict[str, ExerciseRun]:
        execution = session.pool.run(submission, device, "picked", frozenset(picked), picked=picked)
        return {run.name: run for run in execution.exercises}

    def explained(exercise: kits.Exercise) -> Finding:
        found = find(session.prepared[exercise.name], judged[exercise.name], climb, cells)
        runs = _up_to(exercise.name, judged, found)
        if not session.pool.fresh_each_time and any(run.keeps for run in runs.values()):
            noted = msgspec.structs.replace(found, notes=(*found.notes, _KEEPS.format(name=exercise.name)))
            return _with_behaviour(noted, exercise, judged[exercise.name])
        confirmed = replay.confirmed(found, exercise, session.kit, runs, again)
        return _with_behaviour(confirmed, exercise, judged[exercise.name])

    findings = {}
    for exercise in session.kit.exercises:
        try:
            findings[exercise.name] = explained(exercise)
        except Exception as error:  # noqa: BLE001 -- a fault of ours, in words about marks that are made already
            findings[exercise.name] = _unexplained(award.marks(exercise, judged[exercise.name]), error)
    return findings


def _unexplained(found: Finding, error: Exception) -> Finding:
    note = f"Its mistake could not be explained, by a fault of the grader ({_words(error)}). The marks stand."
    return msgspec.structs.replace(found, notes=(*found.notes, note))


def _words(error: Exception) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    return one_line(f"{type(error).__name__}: {error}; {where.name}, line {where.lineno}")


def _with_behaviour(found: Finding, exercise: kits.Exercise, ran: Sequence[JudgedRun]) -> Finding:
    """With what it did, where no known mistake explains it whole: others in the class may do the same."""
    if found.diagnosis is not None and not found.diagnosis.partial:
        return found
    return msgspec.structs.replace(found, behaviour=behaviour.described(exercise, ran, found.criteria))


def _up_to(name: str, judged: dict[str, list[JudgedRun]], found: Finding) -> dict[str, ExerciseRun]:
    """What the exercises did, up to the one of this name, on the device of its counterexample."""
    device = found.counterexample.device if found.counterexample else ""
    names = list(judged)
    return {
        one: run
        for one in names[: names.index(name) + 1]
        for run, outcomes in judged[one]
        if outcomes.device == device
    }


def _not_loaded(
    submission: Submission, session: Session, message: str, executions: Sequence[Execution]
) -> Graded:
    return Graded(
        award.not_loaded(submission, session.kit, session.graded_devices, message, executions),
        evidence.gather(submission.student, executions, {}, session.kit, session.texts, {}),
    )


def faulted(submission: Submission, kit: kits.Kit, message: str) -> Graded:
    """A fault of ours: a result without a score."""
    return Graded(
        award.harness(submission, kit, message),
        Evidence(EVIDENCE_SCHEMA, submission.student, (), (), "", ()),
    )
