"""`grader doctor`: what grading needs on this machine, each part tried, not assumed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from grader import kit as kits
from grader import tensors
from grader.commands.common import tell
from grader.errors import GraderError
from grader.records import Execution, Returned, Submission
from grader.results import Isolation
from grader.sandbox import experiments as layers
from grader.sandbox.pool import Pool
from grader.sandbox.probing import probe
from grader.sandbox.scratch import Scratch

NAME: Final = "doubled"
PROGRAM: Final = f'''"""What the doctor hands in."""


def {NAME}(x):
    return 2 * x
'''


def run() -> int:
    """Try everything, say what works and what does not, return 3 where grading cannot work."""
    works = True
    for line, fine in _findings():
        works = works and fine
        tell(line, beside=False)
    return 0 if works else 3


def _findings() -> Iterator[tuple[str, bool]]:
    yield f"ok    Python {sys.version.split()[0]}", True
    for findings in (_tried, _layers):
        try:
            yield from findings()
        except GraderError as error:
            yield f"FAIL  {error.message}\n      {error.hint}", False


def _layers() -> Iterator[tuple[str, bool]]:
    """Each layer alone; a missing one is no fault where another stands for it, so none ends in FAIL."""
    for finding in layers.findings():
        if finding.verdict == "works":
            yield f"   works: {finding.layer}", True
        else:
            yield f" {finding.verdict:>7}: {finding.layer}: {finding.why}", True
            yield f"          {finding.remedy}", True


def _isolation(found: Isolation) -> Iterator[tuple[str, bool]]:
    yield f"{'ok' if found.level == 'strict' else 'WARN':<5} isolation: {found.level}", True
    for layer in found.missing:
        yield f" missing: {layer}", True


def _tried() -> Iterator[tuple[str, bool]]:
    """Hand in a program of ours and look at what comes back."""
    kit = _kit()
    with Scratch() as folder:
        file = folder / "doctor.py"
        file.write_text(PROGRAM, encoding="utf-8")
        submission = Submission(student="doctor", path=str(file), files=(file,))
        with Pool(kit, kit.limits) as pool:
            yield f"ok    PyTorch {pool.versions.torch}", True
            yield f"ok    pace: a second of a limit of time is {pool.pace:.1f} s on this machine", True
            execution = pool.run(submission)
            yield _told("running a submission", execution), _right(execution)
            yield from _isolation(pool.isolation)
            found = probe("cuda", pool.versions)
            state = f"ok    CUDA: {found.hardware}" if found.graded else f"--    CUDA: {found.reason}"
            yield state, True
            if found.graded:
                execution = pool.run(submission, "cuda")
                yield _told("running a submission on CUDA", execution), _right(execution)


def _told(what: str, execution: Execution) -> str:
    if _right(execution):
        return f"ok    {what}"
    return f"FAIL  {what}: {execution.harness or execution.message or 'a wrong answer came back'}"


def _right(execution: Execution) -> bool:
    answers = [answer for run in execution.exercises for answer in run.answers.values()]
    return [
        tensors.numbers(one.value).tolist() for one in answers if isinstance(one, Returned) and one.value
    ] == [[3.0]]


def _kit() -> kits.Kit:
    """An assignment of one call: double 1.5."""
    given, exact = tensors.float64([1.5], ()), tensors.float64([0.0], ())
    case = kits.Case(
        arguments={"x": given},
        expected=tensors.float64([3.0], ()),
        dtype="float64",
        shape=(),
        bounds={"float64": exact},
        criterion="doubled",
        effort=0.0,
        origin="edge",
    )
    rubric = (kits.Criterion("doubled", "Twice x", 1.0, "values", (0,)),)
    exercise = kits.Exercise(NAME, "Double it", "", ("x",), "x", rubric, (case,), (), ())
    return kits.Kit(kits.SCHEMA, "doctor", ("cpu",), kits.Limits(), (exercise,), {})
