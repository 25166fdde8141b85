"""Everything that was found about one student, as it is stored for the reports.

A case's form stands there only where a criterion of kind `return` looks at it: what cost nothing is
not told as wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader import kit as kits
from grader import tensors
from grader.judging.counterexample import returned_view
from grader.records import (
    Chain,
    Execution,
    ExerciseOutcomes,
    ExerciseRun,
    Outcome,
    Raised,
    Returned,
    Step,
    Trace,
)
from grader.results import (
    EVIDENCE_SCHEMA,
    CaseEvidence,
    Evidence,
    ExerciseEvidence,
    Number,
    StepEvidence,
    StepTable,
    TensorView,
    TraceEvidence,
    number,
)

JudgedRun = tuple[ExerciseRun, ExerciseOutcomes]
"""One exercise on one device: what it did, and how that was judged."""


class CaseTexts:
    """What every student's evidence says alike about an exercise's cases; made once, read by all threads."""

    def __init__(self, kit: kits.Kit) -> None:
        self.calls: dict[tuple[str, str], tuple[str, ...]] = {
            (exercise.name, device): tuple(
                tensors.call(exercise.called, case.arguments, device) for case in exercise.cases
            )
            for exercise in kit.exercises
            for device in kit.devices
        }
        self.expected: dict[str, tuple[TensorView, ...]] = {
            exercise.name: tuple(tensors.view(case.expected) for case in exercise.cases)
            for exercise in kit.exercises
        }
        self.formal: dict[str, frozenset[int]] = {
            exercise.name: frozenset(
                index for one in exercise.rubric if one.kind == "return" for index in one.cases
            )
            for exercise in kit.exercises
        }


def gather(
    student: str,
    executions: Sequence[Execution],
    judged: dict[str, list[JudgedRun]],
    kit: kits.Kit,
    texts: CaseTexts,
    steps: Mapping[str, StepTable | None],
) -> Evidence:
    """Put together what is stored; `judged` holds for each exercise what it did on each device.

    `steps`: for each exercise those of its counterexample. Of all the calls that were traced only these
    and the ones that were judged by their steps are kept.
    """
    first = executions[0] if executions else None
    return Evidence(
        schema=EVIDENCE_SCHEMA,
        student=student,
        source=first.cells if first else (),
        notes=tuple(dict.fromkeys(note for one in executions for note in one.notes)),
        output="\n".join(one.output for one in executions if one.output),
        exercises=tuple(
            _exercise(exercise, judged.get(exercise.name, []), texts, steps.get(exercise.name))
            for exercise in kit.exercises
        ),
    )


def _exercise(
    exercise: kits.Exercise, judged: list[JudgedRun], texts: CaseTexts, steps: StepTable | None
) -> ExerciseEvidence:
    return ExerciseEvidence(
        name=exercise.name,
        cases=tuple(_case(outcome, exercise, o.device, texts) for _, o in judged for outcome in o.outcomes),
        traces=tuple(
            _trace(chain, run.traces[chain.case], exercise, o.device, texts)
            for run, o in judged
            for chain in o.chains
            if chain.case in run.traces
        ),
        place=next((run.place for run, _ in judged if run.place is not None), None),
        steps=steps,
        moved=exercise.moved,
    )


def _case(outcome: Outcome, exercise: kits.Exercise, device: str, texts: CaseTexts) -> CaseEvidence:
    case, answer = exercise.cases[outcome.case], outcome.answer
    formal = outcome.case in texts.formal[exercise.name]
    return CaseEvidence(
        index=outcome.case,
        device=device,
        criterion=case.criterion,
        origin=case.origin,
        call=texts.calls[exercise.name, device][outcome.case],
        expected=texts.expected[exercise.name][outcome.case],
        got=returned_view(answer),
        returned=(answer.problem or answer.type) if isinstance(answer, Returned) else None,
        raised=answer.line if isinstance(answer, Raised) else None,
        traceback=answer.traceback if isinstance(answer, Raised) else "",
        error=_number(outcome.error),
        bound=_number(outcome.bound),
        error_over_bound=_number(outcome.error_over_bound),
        failure=outcome.failure,
        form=outcome.form if formal else None,
        borderline=outcome.borderline,
        message=outcome.message,
        form_message=outcome.form_message if formal else "",
    )


def _trace(
    chain: Chain, trace: Trace, exercise: kits.Exercise, device: str, texts: CaseTexts
) -> TraceEvidence:
    return TraceEvidence(
        case=chain.case,
        device=device,
        call=texts.calls[exercise.name, device][chain.case],
        steps=tuple(_step(step) for step in trace.steps),
        dropped=trace.dropped,
        reference=tuple(tensors.view(tensor) for tensor in exercise.cases[chain.case].trajectory),
        holds=chain.holds,
        message=chain.message,
    )


def _step(step: Step) -> StepEvidence:
    return StepEvidence(
        optimiser=step.classes[0] if step.classes else "an optimiser of its own",
        options={name: number(value) for name, value in step.options.items()},
        before=tuple(tensors.view(tensor) for tensor in step.before),
        after=tuple(tensors.view(tensor) for tensor in step.after),
    )


def _number(value: float | None) -> Number | None:
    return None if value is None else number(value)
