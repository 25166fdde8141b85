"""What is stored of one student. Under 1 s."""

from __future__ import annotations

import math

import msgspec

from grader import kit
from grader.judging import compare
from grader.judging.award import Finding
from grader.judging.evidence import CaseTexts, JudgedRun, gather
from grader.records import Cell, Execution, ExerciseRun, Failure, Note, Place
from grader.results import (
    EVIDENCE_SCHEMA,
    CaseEvidence,
    Evidence,
    ExerciseEvidence,
    StepEvidence,
    StepTable,
    TensorView,
    TraceEvidence,
)
from tests.judging.build import (
    LATE,
    case,
    criterion,
    exercise,
    kit_of,
    nothing,
    raised,
    returned,
    run,
    step,
    tensor,
    trace,
)

ONE = exercise([case(0.5, bound=0.25)], [criterion("values", [0])])


def execution(device: str = "cpu", **changed: object) -> Execution:
    plain = Execution(device, True, None, None, (), (), "", (), 0.1, "abc")
    return msgspec.structs.replace(plain, **changed)


def gathered(given: kit.Exercise, ran: ExerciseRun, device: str = "cpu") -> ExerciseEvidence:
    judged: dict[str, list[JudgedRun]] = {given.name: [(ran, compare.judge(ran, given, device))]}
    frozen = kit_of(given, devices=("cpu", "cuda"))
    return gather("s01", [execution()], judged, frozen, CaseTexts(frozen), {}).exercises[0]


def test_everything_about_a_case_is_stored() -> None:
    answer = returned(1.25)

    assert gathered(ONE, run([answer])).cases == (
        CaseEvidence(
            index=0,
            device="cpu",
            criterion="values",
            origin="edge",
            call="descend(torch.tensor([1.0]), 0.1, 1)",
            expected=TensorView("float64", (1,), (0.5,)),
            got=TensorView("float32", (1,), (1.25,)),
            returned="Tensor",
            raised=None,
            traceback="",
            error=0.75,
            bound=0.25,
            error_over_bound=3.0,
            failure=Failure.WRONG_VALUE,
            form=None,
            borderline=False,
            message="expected [0.5], got [1.25] (3 times the rounding error allowed)",
            form_message="",
        ),
    )


def test_a_number_that_json_cannot_hold_is_a_word() -> None:
    (stored,) = gathered(ONE, run([returned(math.nan)])).cases

    assert (stored.error, stored.error_over_bound) == ("nan", "inf")
    assert stored.got == TensorView("float32", (1,), ("nan",))


def test_an_exception_is_stored_with_its_traceback() -> None:
    answer = msgspec.structs.replace(raised("TypeError", "no"), traceback="Traceback ...")
    (stored,) = gathered(ONE, run([answer])).cases

    assert (stored.raised, stored.traceback, stored.got, stored.returned) == (
        "TypeError: no",
        "Traceback ...",
        None,
        None,
    )


def test_what_came_back_and_could_not_be_read_is_told_by_its_problem() -> None:
    (stored,) = gathered(ONE, run([nothing("an object of type dict", "dict")])).cases

    assert (stored.returned, stored.got) == ("an object of type dict", None)


def test_a_call_that_was_ended_says_why() -> None:
    (stored,) = gathered(ONE, run([LATE])).cases

    assert (stored.failure, stored.message) == (Failure.TIMED_OUT, "no end within 2 s of CPU time")


def test_a_form_is_stored_only_where_a_criterion_looks_at_it() -> None:
    formal = exercise(
        [case(0.5), case(1.0, steps=0)], [criterion("values", [0, 1]), criterion("form", [0], "return")]
    )
    answers = [returned(0.5, type="list"), returned(1.0, type="list")]

    looked_at, other = gathered(formal, run(answers)).cases

    assert (looked_at.form, looked_at.form_message) == (Failure.WRONG_TYPE, "returned a list, not a tensor")
    assert (other.form, other.form_message) == (None, "")


def test_each_device_has_its_calls() -> None:
    (stored,) = gathered(ONE, run([returned(0.5, device="cuda")]), "cuda").cases

    assert (stored.device, stored.call) == ("cuda", "descend(torch.tensor([1.0], device='cuda'), 0.1, 1)")


def test_a_traced_call_is_stored_beside_the_references_parameter() -> None:
    reference = [tensor(1.0), tensor(0.5)]
    given = exercise([case(0.5, trajectory=reference)], [criterion("sgd", [0], "optimiser")])
    made = trace(step([1.0], [0.75]), step([0.75], [math.inf], "Adam"), dropped=2)

    assert gathered(given, run([returned(0.75)], {0: made})).traces == (
        TraceEvidence(
            case=0,
            device="cpu",
            call="descend(torch.tensor([1.0]), 0.1, 1)",
            steps=(
                StepEvidence(
                    "SGD",
                    {"lr": 0.1},
                    (TensorView("float32", (1,), (1.0,)),),
                    (TensorView("float32", (1,), (0.75,)),),
                ),
                StepEvidence(
                    "Adam",
                    {"lr": 0.1},
                    (TensorView("float32", (1,), (0.75,)),),
                    (TensorView("float32", (1,), ("inf",)),),
                ),
            ),
            dropped=2,
            reference=(TensorView("float32", (1,), (1.0,)), TensorView("float32", (1,), (0.5,))),
            holds=True,
            message="",
        ),
    )


def test_an_optimiser_that_is_none_of_torchs_is_told_as_that() -> None:
    given = exercise([case(0.5)], [criterion("sgd", [0], "optimiser")])
    own = msgspec.structs.replace(step([1.0], [0.75]), classes=())

    (stored,) = gathered(given, run([returned(0.75)], {0: trace(own)})).traces

    assert stored.steps[0].optimiser == "an optimiser of its own"


def test_of_the_other_traced_calls_nothing_is_stored_but_the_steps_that_are_shown() -> None:
    given = exercise([case(0.5, trajectory=[tensor(1.0), tensor(0.5)])], [criterion("values", [0])])
    ran = run([returned(0.75)], {0: trace(step([1.0], [0.75]))})
    judged: dict[str, list[JudgedRun]] = {given.name: [(ran, compare.judge(ran, given, "cpu"))]}
    table = StepTable("descend(torch.tensor([1.0]), 0.1, 1)", "cpu", (), None, ("1 step",), 0)
    frozen = kit_of(given)

    (stored,) = gather(
        "s01", [], judged, frozen, CaseTexts(frozen), {"descend": Finding((), steps=table)}
    ).exercises

    assert (stored.traces, stored.steps) == ((), table)


def test_the_place_of_the_definition_is_stored() -> None:
    place = Place("s01.ipynb", 3, 1)

    assert gathered(ONE, run([returned(0.5)], place=place)).place == place
    assert gathered(ONE, run([returned(0.5)])).place is None


def test_a_missing_function_has_no_cases() -> None:
    assert gathered(ONE, ExerciseRun("descend", found=False)) == ExerciseEvidence(
        "descend", (), (), moved="theta"
    )


def test_what_was_printed_and_noted_on_all_devices_is_kept_and_the_source_once() -> None:
    cell = Cell("s01.py", None, "import torch\n")
    frozen = kit_of(ONE)
    both = [
        execution(cells=(cell,), notes=(Note("a"), Note("b")), output="hello"),
        execution("cuda", cells=(cell,), notes=(Note("b"), Note("c")), output=""),
    ]

    assert gather("s01", both, {}, frozen, CaseTexts(frozen), {}) == Evidence(
        schema=EVIDENCE_SCHEMA,
        student="s01",
        source=(cell,),
        notes=(Note("a"), Note("b"), Note("c")),
        output="hello",
        exercises=(ExerciseEvidence("descend", (), (), moved="theta"),),
    )


def test_a_submission_that_was_never_run_has_no_source() -> None:
    frozen = kit_of(ONE)

    assert gather("s01", [], {}, frozen, CaseTexts(frozen), {}) == Evidence(
        EVIDENCE_SCHEMA, "s01", (), (), "", (ExerciseEvidence("descend", (), (), moved="theta"),)
    )


def test_evidence_survives_being_written_and_read() -> None:
    stored = gathered(ONE, run([returned(math.inf)]))

    assert msgspec.json.decode(msgspec.json.encode(stored), type=ExerciseEvidence) == stored
