"""A student's function played on a frozen exercise, traced as the worker traces it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from grader.diagnosis.prepared import Prepared
from grader.diagnosis.report import FailureReport
from grader.judging import compare
from grader.kit import Exercise
from grader.records import Answer, ExerciseRun, Trace
from grader.sandbox import calling

Student = Callable[[torch.Tensor, float, int], Any]


def run_of(student: Student, exercise: Exercise) -> ExerciseRun:
    """What the student's function did on the suite."""
    answers: dict[int, Answer] = {}
    traces: dict[int, Trace] = {}
    for i, case in enumerate(exercise.cases):
        answers[i], trace = calling.traced_call(student, case.arguments)
        if case.traced or case.repeats is not None:
            traces[i] = trace
    return ExerciseRun(exercise.name, found=True, answers=answers, traces=traces)


def report_of(student: Student, exercise: Exercise) -> FailureReport:
    """The same, with every criterion failed."""
    run = run_of(student, exercise)
    failed = frozenset(one.id for one in exercise.rubric)
    return FailureReport(compare.judge(run, exercise, "cpu"), Prepared(exercise), failed, run.traces)
