"""A kit and the assignment that it was frozen from -> whether right programs are right on every device.

The reference, and the right programs that an exercise lists as `honest`, run through the calls and the
judging that a student gets. A process of its own (`python -m grader.freezing.again ASSIGNMENT KIT OUTPUT`),
like the freezer and for the same reasons: it imports torch and runs the instructor's files.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch

from grader import kit as kits
from grader.errors import GraderError
from grader.exercises import Exercise
from grader.freezing import assignment
from grader.freezing.trials import quiet
from grader.judging import compare, score
from grader.judging.verify import Ran, encode
from grader.records import Answer, ExerciseRun, Trace
from grader.sandbox import calling, devices

REFERENCE: Final = "the reference"


def again(loaded: assignment.Assignment, kit: kits.Kit) -> Iterator[Ran]:
    """Each right program of each exercise, on each device of the kit."""
    written = {one.name: one for one in loaded.exercises}
    absent = {device: _absent(device) for device in kit.devices}
    for exercise in kit.exercises:
        for name, program in _right(written[exercise.name]).items():
            for device in kits.graded_on(exercise, kit.devices):
                reason = absent[device]
                failed = () if reason else tuple(_failed(program, exercise, device))
                yield Ran(exercise.name, name, device, failed, reason)


def _right(exercise: Exercise) -> Mapping[str, Callable[..., Any]]:
    return {REFERENCE: exercise.reference, **exercise.honest}


def _absent(device: str) -> str:
    """Why nothing can run on a device; empty where it can."""
    try:
        devices.wake(device)
    except Exception as error:  # noqa: BLE001 -- what a missing driver raises is not for us to know
        return str(error).partition("\n")[0] or type(error).__name__
    return ""


def _failed(program: Callable[..., Any], exercise: kits.Exercise, device: str) -> Iterator[str]:
    answers: dict[int, Answer] = {}
    traces: dict[int, Trace] = {}
    for index, case in enumerate(exercise.cases):
        if case.repeats is None:
            answers[index] = calling.call(program, case.arguments, device, exercise.protocol)
        else:
            answers[index], traces[index] = calling.traced_call(
                program, case.arguments, device, protocol=exercise.protocol
            )
    run = ExerciseRun(exercise.name, found=True, answers=answers, traces=traces)
    for row in score.criteria(compare.judge(run, exercise, device), exercise):
        if row.outcome == "failed":
            yield f"{row.id}: {row.message}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them; a GraderError becomes one JSON line on stderr, for the process that started this one."""
    parser = argparse.ArgumentParser(
        prog="grader.freezing.again", description="Run the right programs of an assignment."
    )
    for name in ("assignment", "kit", "output"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        kit = kits.load(options.kit).kit
        with quiet():
            found = tuple(again(assignment.load(options.assignment), kit))
    except GraderError as error:
        sys.stderr.write(json.dumps({"message": error.message, "hint": error.hint}) + "\n")
        return error.exit_code
    options.output.write_bytes(encode(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
