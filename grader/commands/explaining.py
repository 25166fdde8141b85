"""`grader verify --explain ID`: one mistake's program, the calls that show it, and a student's words for it.

No program runs: the kit's answers of the mistake are graded as if a submission had given them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, Final, cast

import msgspec

import grader
from grader import kit as kits
from grader.diagnosis.prepared import Prepared
from grader.errors import GraderError
from grader.judging.evidence import CaseTexts
from grader.judging.verify import ExerciseVerification, Row, verify
from grader.pipeline import Session, grade
from grader.records import Execution, ExerciseRun, Submission
from grader.report import terminal
from grader.report.head import Head
from grader.results import Assignment, CaseEvidence, Device, Environment, Graded, Isolation
from grader.sandbox.pool import Pool
from grader.text import one_line

CPU: Final = Device("cpu", graded=True, reason=None, hardware=None)
SHOWN: Final = 8  # cases without -v
CUT: Final = 400  # letters of a call


class Played:
    """In a pool's place: answers what a mistake answered when it was frozen, and nothing else."""

    fresh_each_time = True

    def __init__(self, run: ExerciseRun) -> None:
        self._run = run

    def run(
        self, _: Submission, device: str = "cpu", calls: str = "suite", *__: Any, **___: Any
    ) -> Execution:
        runs = (self._run,) if calls == "suite" else ()
        return Execution(device, True, None, None, (), (), "", runs, 0.0, "")


def explained(
    loaded: kits.LoadedKit, name: str, sources: dict[str, str] | None, *, verbose: bool
) -> Iterator[str]:
    """The lines. `sources`: of its program by exercise, None where only a kit is at hand."""
    found = [
        (exercise, one) for exercise in loaded.kit.exercises for one in _known(exercise) if one.id == name
    ]
    if not found:
        raise _unknown(loaded.kit, name)
    for exercise, mistake in found:
        yield from _mistake(loaded, exercise, mistake, sources, verbose=verbose)


def _known(exercise: kits.Exercise) -> tuple[kits.Misconception, ...]:
    return (*exercise.misconceptions, *exercise.pairs)


def _unknown(kit: kits.Kit, name: str) -> GraderError:
    names = [one.id for exercise in kit.exercises for one in _known(exercise)]
    near = difflib.get_close_matches(name, names, 1)
    hint = f"Did you mean {near[0]!r}?" if near else "`grader verify` lists the mistakes that it knows."
    return GraderError(f"--explain: there is no mistake {name!r}.", hint)


def _mistake(
    loaded: kits.LoadedKit,
    exercise: kits.Exercise,
    mistake: kits.Misconception,
    sources: dict[str, str] | None,
    *,
    verbose: bool,
) -> Iterator[str]:
    alone = msgspec.structs.replace(loaded.kit, exercises=(exercise,))
    (verified,) = verify(alone).exercises
    yield f"{mistake.id}, in {exercise.name}"
    yield from _costs(verified, mistake.id)
    yield from _program(exercise, mistake, sources)
    if mistake.needs is not None:
        yield f"\nIt differs on {mistake.needs} only, and the kit holds what it does on the CPU."
        return
    graded = _graded(alone, mistake)
    yield from _cases(graded, verbose=verbose)
    yield "\nWhat a student reads:\n"
    head = Head(Assignment(alone.title, loaded.digest, alone.devices), _nowhere(), (CPU,))
    yield from _indented(terminal.check(graded.result, graded.evidence, head, symbols=False).plain)
    yield ""


def _costs(verified: ExerciseVerification, name: str) -> Iterator[str]:
    row: Row | None = next((one for one in verified.rows if one.id == name), None)
    if row is None or not row.judged:
        return
    yield f"  must fail: {', '.join(row.costs) or 'nothing'}; fails: {', '.join(row.fails) or 'nothing'}"


def _program(
    exercise: kits.Exercise, mistake: kits.Misconception, sources: dict[str, str] | None
) -> Iterator[str]:
    yield "\nIts program:\n"
    if sources is None:
        yield "  A kit holds no program: --assignment DIR shows it."
    elif exercise.name in sources:
        yield from _indented(sources[exercise.name])
    else:
        yield f"  It stands in no file: {_maker(mistake)}."
    if mistake.teacher:
        yield f"\nFor teachers: {mistake.teacher}"


def _maker(mistake: kits.Misconception) -> str:
    if mistake.diagnoser:
        return f"the diagnoser {mistake.diagnoser} made it of a rule of its own"
    return (
        "the freezer made it, a program that does nothing of what is asked"
        if mistake.idle
        else "it was derived"
    )


def _graded(alone: kits.Kit, mistake: kits.Misconception) -> Graded:
    (exercise,) = alone.exercises
    run = ExerciseRun(
        exercise.name, found=True, answers=dict(enumerate(mistake.answers)), traces=mistake.traces
    )
    prepared = {exercise.name: Prepared(exercise)}
    pool = cast("Pool", Played(run))
    session = Session(alone, pool, (CPU,), 1, CaseTexts(alone), prepared)
    return grade(Submission(mistake.id, f"{mistake.id}.py"), session)


def _cases(graded: Graded, *, verbose: bool) -> Iterator[str]:
    (evidence,) = graded.evidence.exercises
    failing = [one for one in evidence.cases if one.failure or one.form]
    yield f"\nIt shows in {len(failing)} of {len(evidence.cases)} cases:\n"
    for one in failing if verbose else failing[:SHOWN]:
        yield from _case(one)
    if not verbose and len(failing) > SHOWN:
        yield f"  and {len(failing) - SHOWN} more, which -v shows"


def _case(one: CaseEvidence) -> Iterator[str]:
    yield f"  {one_line(one.call, CUT)}"
    yield f"      {one.criterion}: {one_line(one.message or one.form_message, CUT)}"


def _indented(text: str) -> Iterator[str]:
    return (f"  {line}".rstrip() for line in text.rstrip("\n").split("\n"))


def _nowhere() -> Environment:
    """Nothing was run, behind no walls."""
    return Environment(grader.__version__, "", "", "", "", {}, Isolation("strict", (), ()))
