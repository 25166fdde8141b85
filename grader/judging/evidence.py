"""Everything that was found about one student, as it is stored for the reports.

A case's form stands there only where a criterion of kind `return` looks at it: what cost nothing is
not told as wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from grader import kit as kits
from grader import tensors
from grader.judging import partviews
from grader.judging.award import Finding
from grader.judging.counterexample import returned_view
from grader.judging.leaves import is_close, seen
from grader.records import (
    Chain,
    Execution,
    ExerciseOutcomes,
    ExerciseRun,
    Outcome,
    Raised,
    Returned,
    Step,
    Tensor,
    Trace,
)
from grader.results import (
    EVIDENCE_SCHEMA,
    CaseEvidence,
    Evidence,
    ExerciseEvidence,
    Number,
    StepEvidence,
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
            if not exercise.protocol.leaves
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
    findings: Mapping[str, Finding],
) -> Evidence:
    """Put together what is stored; `judged` holds for each exercise what it did on each device.

    Of all the calls that were traced only the steps of the counterexample and the ones that were judged by
    their steps are kept.
    """
    first = executions[0] if executions else None
    return Evidence(
        schema=EVIDENCE_SCHEMA,
        student=student,
        source=first.cells if first else (),
        notes=tuple(dict.fromkeys(note for one in executions for note in one.notes)),
        output="\n".join(one.output for one in executions if one.output),
        exercises=tuple(
            _exercise(exercise, judged.get(exercise.name, []), texts, findings.get(exercise.name))
            for exercise in kit.exercises
        ),
    )


def _exercise(
    exercise: kits.Exercise, judged: list[JudgedRun], texts: CaseTexts, finding: Finding | None
) -> ExerciseEvidence:
    told = _told_by_part if exercise.protocol.leaves else _told
    return ExerciseEvidence(
        name=exercise.name,
        cases=tuple(
            row
            for _, o in judged
            for outcome in o.outcomes
            for row in told(outcome, exercise, o.device, texts)
        ),
        traces=tuple(
            _trace(chain, run.traces[chain.case], exercise, o.device, texts)
            for run, o in judged
            for chain in o.chains
            if chain.case in run.traces
        ),
        place=next((run.place for run, _ in judged if run.place is not None), None),
        steps=finding.steps if finding else None,
        moved=exercise.moved,
        difference=finding.difference if finding else None,
        by_part=exercise.protocol.leaves,
    )


def _told(outcome: Outcome, exercise: kits.Exercise, device: str, texts: CaseTexts) -> Iterator[CaseEvidence]:
    case, answer = exercise.cases[outcome.case], outcome.answer
    formal = outcome.case in texts.formal[exercise.name]
    yield CaseEvidence(
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


def _told_by_part(
    outcome: Outcome, exercise: kits.Exercise, device: str, texts: CaseTexts
) -> Iterator[CaseEvidence]:
    """Once for each criterion that judges its values, and for each that finds its form wrong."""
    for criterion in exercise.rubric:
        if outcome.case not in criterion.cases or criterion.kind not in ("values", "return"):
            continue
        failure, _ = seen(criterion, outcome)
        if criterion.kind == "values" or failure is not None:
            yield _part(outcome, criterion, exercise, device, texts)


def _part(
    outcome: Outcome, criterion: kits.Criterion, exercise: kits.Exercise, device: str, texts: CaseTexts
) -> CaseEvidence:
    case, answer, values = exercise.cases[outcome.case], outcome.answer, criterion.kind == "values"
    failure, message = seen(criterion, outcome)
    part = partviews.nearest(criterion, outcome)
    pair = partviews.pair(case, outcome, part) if part else partviews.Pair(None, None)
    return CaseEvidence(
        index=outcome.case,
        device=device,
        criterion=criterion.id,
        origin=case.origin,
        call=texts.calls[exercise.name, device][outcome.case],
        expected=pair.expected,
        got=pair.got,
        returned=(answer.problem or answer.type) if isinstance(answer, Returned) else None,
        raised=answer.line if isinstance(answer, Raised) else None,
        traceback=answer.traceback if isinstance(answer, Raised) else "",
        error=_number(part.error) if part else None,
        bound=_number(part.bound) if part else None,
        error_over_bound=_number(part.error_over_bound) if part else None,
        failure=failure if values else None,
        form=None if values else failure,
        borderline=values and is_close(criterion, outcome),
        message=message if values else "",
        form_message="" if values else message,
        part=partviews.name(part, case) if part else "",
        place=pair.place,
    )


def _trace(
    chain: Chain, trace: Trace, exercise: kits.Exercise, device: str, texts: CaseTexts
) -> TraceEvidence:
    return TraceEvidence(
        case=chain.case,
        device=device,
        call=texts.calls[exercise.name, device][chain.case],
        steps=() if chain.criterion else tuple(_step(step) for step in trace.steps),
        dropped=0 if chain.criterion else trace.dropped,
        reference=tuple(tensors.view(tensor) for tensor in _reference(exercise, chain)),
        holds=chain.holds,
        message=chain.message,
        criterion=chain.criterion,
        functions=trace.functions if chain.criterion else (),
    )


def _reference(exercise: kits.Exercise, chain: Chain) -> tuple[Tensor, ...]:
    """The reference's path, where the criterion asks who took the steps."""
    return () if chain.criterion else exercise.cases[chain.case].trajectory


def _step(step: Step) -> StepEvidence:
    return StepEvidence(
        optimiser=step.classes[0] if step.classes else "an optimiser of its own",
        options={name: number(value) for name, value in step.options.items()},
        before=tuple(tensors.view(tensor) for tensor in step.before),
        after=tuple(tensors.view(tensor) for tensor in step.after),
    )


def _number(value: float | None) -> Number | None:
    return None if value is None else number(value)
