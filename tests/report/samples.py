"""Hand-made records of a small class: right, wrong, not loaded, half begun, a fault of ours."""

from __future__ import annotations

from typing import Final, Literal

from grader.records import Cell, Failure, Note, Place
from grader.report.head import Head
from grader.results import (
    EVIDENCE_SCHEMA,
    SCHEMA,
    Assignment,
    CaseEvidence,
    Counterexample,
    CriterionResult,
    Device,
    Diagnosis,
    Environment,
    Evidence,
    ExerciseEvidence,
    ExerciseResult,
    Isolation,
    Results,
    StepEvidence,
    SubmissionResult,
    TensorView,
    TraceEvidence,
)

ONE: Final = "gradient_descent_torch_optimiser"
TWO: Final = "gradient_descent_norm_torch_optimiser"

RUBRIC: Final[tuple[tuple[str, str, Literal["values", "optimiser", "return"], float, int], ...]] = (
    ("one-step", "one step", "values", 2.0, 8),
    ("many-steps", "many steps", "values", 3.0, 20),
    ("no-steps", "no steps leave theta as it is", "values", 1.0, 4),
    ("edge-rates", "the rates 0, 0.5 and 1", "values", 1.0, 10),
    ("uses-sgd", "updated by torch.optim.SGD", "optimiser", 2.0, 3),
    ("returns-like-theta", "returns a tensor like theta", "return", 1.0, 42),
)

ASSIGNMENT: Final = Assignment(
    title="PyTorch for automatic gradient descent", digest="sha256:" + "ab12" * 16, devices=("cpu", "cuda")
)
ENVIRONMENT: Final = Environment(
    grader="0.1.0",
    python="3.11.9",
    torch="2.13.0",
    platform="Linux-6.18-x86_64",
    started="2026-11-22T10:00:00Z",
    limits={"case_cpu_seconds": 2.0, "memory_bytes": 1073741824.0},
    isolation=Isolation(level="strict", layers=("seccomp", "landlock"), missing=()),
)
DEVICES: Final = (
    Device(name="cpu", graded=True, reason=None, hardware="x86_64, 2 threads"),
    Device(name="cuda", graded=False, reason="this build of PyTorch has no CUDA", hardware=None),
)
HEAD: Final = Head(assignment=ASSIGNMENT, environment=ENVIRONMENT, devices=DEVICES)


def tensor(*values: float, dtype: str = "float32", shape: tuple[int, ...] | None = None) -> TensorView:
    return TensorView(dtype=dtype, shape=(len(values),) if shape is None else shape, values=values)


def row(
    index: int, *, failed: int = 0, failure: Failure | None = None, message: str = "", device: str = "cpu"
) -> CriterionResult:
    id_, title, kind, most, cases = RUBRIC[index]
    return CriterionResult(
        id=id_,
        title=title,
        kind=kind,
        device=device,
        outcome="failed" if failure else "passed",
        failure=failure,
        points=0.0 if failure else most,
        max_points=most,
        cases=cases,
        failed_cases=failed,
        borderline=0,
        message=message,
    )


def passed(name: str) -> ExerciseResult:
    criteria = tuple(row(index) for index in range(len(RUBRIC)))
    return ExerciseResult(name, "graded", 10.0, 10.0, (), criteria, None, None)


def missing(name: str, nearest: str = "") -> ExerciseResult:
    message = f"no function named {name}" + (f"; the most similar name is {nearest}" if nearest else "")
    criteria = tuple(
        row(index, failed=RUBRIC[index][4], failure=Failure.MISSING, message=message)
        for index in range(len(RUBRIC))
    )
    return ExerciseResult(name, "missing", 0.0, 10.0, (), criteria, None, None)


COUNTEREXAMPLE: Final = Counterexample(
    device="cpu",
    arguments={"initial_theta": tensor(1.0, 1.0), "learning_rate": 0.1, "number_steps": 2},
    call=f"{TWO}(torch.tensor([1.0, 1.0]), 0.1, 2)",
    expected=tensor(0.6400000000000001, 0.6400000000000001, dtype="float64"),
    got=tensor(0.4399999976158142, 0.4399999976158142),
    raised=None,
    error_over_bound=69905.07,
    first_diverging_step=2,
)
DIAGNOSIS: Final = Diagnosis(
    misconceptions=("no-zero-grad",),
    title="The gradients of all steps add up.",
    hint="backward() adds to .grad. Look at what each step of your loop should begin with.",
    explained=24,
    failing=24,
    evidence="proven",
)
WRONG_EXERCISE: Final = ExerciseResult(
    name=TWO,
    status="graded",
    score=6.0,
    max_score=10.0,
    notes=("called by keyword it fails: the parameters are named theta0, lr, n",),
    criteria=(
        row(0),
        row(
            1,
            failed=20,
            failure=Failure.WRONG_VALUE,
            message="20 of 20 cases fail: wrong by up to 3e+07 bounds",
        ),
        row(2),
        row(
            3,
            failed=4,
            failure=Failure.WRONG_VALUE,
            message="4 of 10 cases fail: wrong by up to 2e+06 bounds",
        ),
        row(4),
        row(5),
    ),
    counterexample=COUNTEREXAMPLE,
    diagnosis=DIAGNOSIS,
)


def submission(
    student: str,
    *exercises: ExerciseResult,
    status: Literal["graded", "load_failed", "harness"] = "graded",
    message: str | None = None,
    notes: tuple[str, ...] = (),
) -> SubmissionResult:
    scores = [one.score for one in exercises if one.score is not None]
    return SubmissionResult(
        student=student,
        path=f"submissions/{student}.ipynb",
        sha256="0" * 64,
        status=status,
        message=message,
        score=None if status == "harness" else sum(scores),
        max_score=20.0,
        seconds=0.213,
        notes=notes,
        exercises=exercises,
    )


RIGHT: Final = submission("s01", passed(ONE), passed(TWO))
WRONG: Final = submission(
    "s02",
    passed(ONE),
    WRONG_EXERCISE,
    notes=(
        "s02.ipynb, cell 2, line 1: ignored the magic %matplotlib",
        "s02.ipynb, cell 5, line 3: raised NameError",
    ),
)
LOAD_FAILED: Final = submission(
    "s03",
    missing(ONE),
    missing(TWO),
    status="load_failed",
    message="s03.ipynb is no notebook: the JSON ends in line 12. Save it again and submit it whole.",
)
HALF: Final = submission("s04", passed(ONE), missing(TWO))
HARNESS: Final = submission(
    "s05",
    ExerciseResult(ONE, "harness", None, 10.0, (), (), None, None),
    ExerciseResult(TWO, "harness", None, 10.0, (), (), None, None),
    status="harness",
    message="the zygote ended while starting (signal 9)",
)
CLASS: Final = (RIGHT, WRONG, LOAD_FAILED, HALF, HARNESS)
RESULTS: Final = Results(
    schema=SCHEMA,
    assignment=ASSIGNMENT,
    environment=ENVIRONMENT,
    devices=DEVICES,
    unmatched=("submissions/notes.docx",),
    submissions=CLASS,
)


def case(index: int, criterion: str, failure: Failure | None = None, message: str = "") -> CaseEvidence:
    return CaseEvidence(
        index=index,
        device="cpu",
        criterion=criterion,
        origin="chosen",
        call=f"{TWO}(torch.tensor([1.0, 1.0]), 0.1, {index})",
        expected=tensor(0.8**index, 0.8**index, dtype="float64"),
        got=tensor(0.25, 0.5),
        returned="Tensor",
        raised=None,
        traceback="",
        error=0.1 if failure else 0.0,
        bound=1e-7,
        error_over_bound=1e6 if failure else 0.0,
        failure=failure,
        form=None,
        borderline=False,
        message=message,
        form_message="",
    )


EVIDENCE: Final = Evidence(
    schema=EVIDENCE_SCHEMA,
    student="s02",
    source=(
        Cell(file="s02.ipynb", cell=1, text="import torch\n"),
        Cell(file="s02.ipynb", cell=2, text="%matplotlib inline\nprint('hello')\n"),
        Cell(
            file="s02.ipynb",
            cell=3,
            text=(
                f"def {TWO}(theta0, lr, n):\n"
                "    theta = torch.nn.Parameter(theta0)\n"
                "    optimiser = torch.optim.SGD([theta], lr=lr)\n"
                "    for step in range(n):\n"
                "        loss = torch.norm(theta) ** 2\n"
                "        loss.backward()\n"
                "        optimiser.step()\n"
                "    return theta\n"
            ),
        ),
    ),
    notes=(Note("ignored the magic %matplotlib", Place("s02.ipynb", 2, 1)), Note("plots were not drawn")),
    output="hello\ntheta = 0.8\n",
    exercises=(
        ExerciseEvidence(name=ONE, cases=(), traces=()),
        ExerciseEvidence(
            name=TWO,
            cases=(
                case(1, "one-step"),
                *(case(n, "many-steps", Failure.WRONG_VALUE, "wrong by 1e+06 bounds") for n in range(2, 12)),
            ),
            traces=(
                TraceEvidence(
                    case=2,
                    device="cpu",
                    call=f"{TWO}(torch.tensor([1.0, 1.0]), 0.1, 2)",
                    steps=(
                        StepEvidence(
                            optimiser="SGD",
                            options={"lr": 0.1, "momentum": 0.0},
                            before=(tensor(1.0, 1.0),),
                            after=(tensor(0.8, 0.8),),
                        ),
                    ),
                    dropped=0,
                    reference=(tensor(1.0, 1.0), tensor(0.8, 0.8), tensor(0.64, 0.64)),
                    holds=True,
                    message="",
                ),
            ),
            moved="theta",
        ),
    ),
)
