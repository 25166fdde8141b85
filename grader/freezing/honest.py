"""The reference and other right programs, judged as students are: none may lose a point.

How much of the bounds they use says how much room is left; a bound so wide that a mistake of one percent
passes is worth a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from grader import kit, tensors
from grader.errors import GraderError
from grader.exercises import Exercise
from grader.freezing.trials import bare
from grader.judging import compare, score
from grader.records import Answer, ExerciseOutcomes, ExerciseRun, Trace
from grader.sandbox import calling

REFERENCE: Final = "the reference itself"
WIDE: Final = 0.01  # of a case's largest number


def used_room(exercise: Exercise, frozen: kit.Exercise) -> float:
    """The largest share of a bound that a right program strays. Raises GraderError where one loses points."""
    programs = {REFERENCE: exercise.reference, **exercise.honest}
    return max(_room(_judged(program, frozen), frozen, name) for name, program in programs.items())


def warnings(exercise: Exercise, frozen: kit.Exercise) -> Iterator[str]:
    """What an author should know, as sentences."""
    if not exercise.honest:
        yield "no `honest` programs are given, so no bound is tried on a right program of another style"
    wide = [case for case in frozen.cases if _is_wide(case)]
    if wide and exercise.bound is None:
        many = f"in {len(wide)} of {len(frozen.cases)} cases the bound lets a mistake of 1 % pass"
        yield f"{many}, for instance {tensors.call(frozen.called, wide[0].arguments)}"


def _judged(program: Callable[..., Any], frozen: kit.Exercise) -> ExerciseOutcomes:
    answers: dict[int, Answer] = {}
    traces: dict[int, Trace] = {}
    for index, case in enumerate(frozen.cases):
        if case.repeats is None:
            answers[index] = bare(calling.call(program, case.arguments, protocol=frozen.protocol))
        else:
            answers[index], traces[index] = calling.traced_call(
                program, case.arguments, protocol=frozen.protocol
            )
    return compare.judge(ExerciseRun(frozen.name, found=True, answers=answers, traces=traces), frozen, "cpu")


def _room(outcomes: ExerciseOutcomes, frozen: kit.Exercise, name: str) -> float:
    for row in score.criteria(outcomes, frozen):
        if row.outcome == "failed":
            raise GraderError(
                f"{frozen.name}: {_named(name)} fails {row.id!r}: {row.message}.",
                "Correct the program, its bound, or the criterion.",
            )
    return max((one.error_over_bound or 0.0 for one in outcomes.outcomes), default=0.0)


def _named(name: str) -> str:
    return name if name == REFERENCE else f"the honest program {name!r}"


def _is_wide(case: kit.Case) -> bool:
    """Whether the bound of the largest of its numbers lets a mistake of one percent pass."""
    numbers = [abs(x) for x in tensors.floats(case.expected)]
    bounds = tensors.floats(case.bounds[case.dtype]) if case.dtype in case.bounds else []
    at = max(range(len(numbers)), key=numbers.__getitem__, default=None)
    return at is not None and bool(bounds) and bounds[at] > WIDE * numbers[at] > 0
