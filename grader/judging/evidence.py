"""Everything that was found about one student, as it is stored for the reports.

A case's form stands there only where a criterion of kind `return` looks at it: what cost nothing is
not told as wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from grader import kit as kits
from grader import records, results, tensors
from grader.judging import partviews
from grader.judging.award import Finding
from grader.judging.counterexample import returned_view
from grader.judging.leaves import is_close, seen

JudgedRun = tuple[records.ExerciseRun, records.ExerciseOutcomes]
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
        self.expected: dict[str, tuple[results.TensorView, ...]] = {
            exercise.name: tuple(tensors.view(case.expected) for case in exercise.cases)
            for exercise in kit.exercises
            if not exercise.protocol.leaves
        }
        self.formal = {exercise.name: exercise.judged_by("return") for exercise in kit.exercises}


def gather(
    student: str, executions: Sequence[records.Execution], judged: dict[str, list[JudgedRun]], kit: kits.Kit,
    texts: CaseTexts, findings: Mapping[str, Finding],
) -> results.Evidence:  # fmt: skip
    """Put together what is stored; `judged` holds for each exercise what it did on each device.

    Of all the calls that were traced only the steps of the counterexample and the ones that were judged by
    their steps are kept.
    """
    first = executions[0] if executions else None
    return results.Evidence(
        results.EVIDENCE_SCHEMA, student, first.cells if first else (),
        tuple(dict.fromkeys(note for one in executions for note in one.notes)),
        output="\n".join(one.output for one in executions if one.output),
        exercises=tuple(
            _exercise(exercise, judged.get(exercise.name, []), texts, findings.get(exercise.name))
            for exercise in kit.exercises
        ),
    )  # fmt: skip


def _exercise(
    exercise: kits.Exercise, judged: list[JudgedRun], texts: CaseTexts, finding: Finding | None
) -> results.ExerciseEvidence:
    cases = (_told(outcome, exercise, o.device, texts) for _, o in judged for outcome in o.outcomes)
    traced = [(one, run, o) for run, o in judged for one in o.chains if one.case in run.traces]
    return results.ExerciseEvidence(
        exercise.name, tuple(chain.from_iterable(cases)),
        tuple(_trace(one, run.traces[one.case], exercise, o.device, texts) for one, run, o in traced),
        place=next((run.place for run, _ in judged if run.place is not None), None),
        steps=finding.steps if finding else None, moved=exercise.moved,
        difference=finding.difference if finding else None, by_part=exercise.protocol.leaves,
    )  # fmt: skip


def _told(
    outcome: records.Outcome, exercise: kits.Exercise, device: str, texts: CaseTexts
) -> Iterator[results.CaseEvidence]:
    """Of several parts once for each criterion that judges its values, or that finds its form wrong."""
    case, told = exercise.cases[outcome.case], partial(_case, outcome, exercise, device, texts)
    if not exercise.protocol.leaves:
        formal = outcome.case in texts.formal[exercise.name]
        pair = partviews.Pair(texts.expected[exercise.name][outcome.case], returned_view(outcome.answer))
        yield told(
            case.criterion, outcome, pair, outcome.failure, outcome.form if formal else None,
            outcome.message, outcome.form_message if formal else "", borderline=outcome.borderline,
        )  # fmt: skip
        return
    for criterion in exercise.rubric:
        if outcome.case not in criterion.cases or criterion.kind not in ("values", "return"):
            continue
        failure, message = seen(criterion, outcome)
        part = partviews.nearest(criterion, outcome)
        pair = partviews.pair(case, outcome, part) if part else partviews.Pair(None, None)
        name = partviews.name(part, case) if part else ""
        if criterion.kind == "values":
            close = is_close(criterion, outcome)
            yield told(criterion.id, part, pair, failure, None, message, "", borderline=close, part=name)
        elif failure is not None:
            yield told(criterion.id, part, pair, None, failure, "", message, borderline=False, part=name)


def _case(
    outcome: records.Outcome, exercise: kits.Exercise, device: str, texts: CaseTexts, criterion: str,
    numbers: records.Outcome | records.Part | None, pair: partviews.Pair,
    failure: records.Failure | None, form: records.Failure | None, message: str, form_message: str, *,
    borderline: bool, part: str = "",
) -> results.CaseEvidence:  # fmt: skip
    """`numbers`: what error and bound are of."""
    answer = outcome.answer
    return results.CaseEvidence(
        outcome.case, device, criterion, exercise.cases[outcome.case].origin,
        texts.calls[exercise.name, device][outcome.case], pair.expected, pair.got,
        returned=(answer.problem or answer.type) if isinstance(answer, records.Returned) else None,
        raised=answer.line if isinstance(answer, records.Raised) else None,
        traceback=answer.traceback if isinstance(answer, records.Raised) else "",
        error=_number(numbers.error) if numbers else None,
        bound=_number(numbers.bound) if numbers else None,
        error_over_bound=_number(numbers.error_over_bound) if numbers else None,
        failure=failure, form=form, borderline=borderline, message=message, form_message=form_message,
        part=part, place=pair.place,
    )  # fmt: skip


def _trace(
    judged: records.Chain, trace: records.Trace, exercise: kits.Exercise, device: str, texts: CaseTexts
) -> results.TraceEvidence:
    """The steps and the reference's path, where the criterion asks who took them; else the functions."""
    used, path = bool(judged.criterion), exercise.cases[judged.case].trajectory
    return results.TraceEvidence(
        judged.case, device, texts.calls[exercise.name, device][judged.case],
        steps=() if used else tuple(map(_step, trace.steps)), dropped=0 if used else trace.dropped,
        reference=() if used else tuple(map(tensors.view, path)), holds=judged.holds,
        message=judged.message, criterion=judged.criterion, functions=trace.functions if used else (),
    )  # fmt: skip


def _step(step: records.Step) -> results.StepEvidence:
    return results.StepEvidence(
        optimiser=step.classes[0] if step.classes else "an optimiser of its own",
        options={name: results.number(value) for name, value in step.options.items()},
        before=tuple(map(tensors.view, step.before)),
        after=tuple(map(tensors.view, step.after)),
    )


def _number(value: float | None) -> results.Number | None:
    return None if value is None else results.number(value)
