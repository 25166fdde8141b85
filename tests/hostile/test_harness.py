"""No submission can make a fault of the grader: that word is ours alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader import pipeline
from grader.diagnosis.prepared import Prepared
from grader.judging.evidence import CaseTexts
from grader.kit import LoadedKit
from grader.records import (
    Answer,
    Execution,
    ExerciseRun,
    Failure,
    Place,
    Raised,
    Returned,
    Step,
    Stopped,
    Submission,
    Tensor,
    Trace,
)
from grader.results import Device
from grader.sandbox import loading
from grader.sandbox.jobs import File, Level
from grader.sandbox.sources import Unreadable
from grader.tensors import ITEM_SIZES
from tests.hostile.attacking import attempt
from tests.hostile.conftest import Pools
from tests.sandbox.small import answers, first, notebook, notes, submission

FAULTS = {
    "the exit code and the words of a fault of ours": (
        "os.write(2, b'\\na fault of the worker: RuntimeError: mine\\n'); os._exit(97)",
        "exited: the process was ended from within (exit code 97)",
    ),
    "the words of a layer that fails": (
        "os.write(2, b'confinement failed at Landlock: mine\\n'); os._exit(97)",
        "exited: the process was ended from within (exit code 97)",
    ),
    "the exit code of no memory": ("os._exit(96)", "out_of_memory: no memory was left"),
    "a broken interpreter": (
        "import msgspec, grader.wire; grader.wire.encode = None; sys.modules.clear()\nreturn initial_theta",
        "exited: the process was ended from within (exit code 97)",
    ),
}


@pytest.mark.parametrize("level", ["strict", "standard", "none"])
@pytest.mark.parametrize("attack", FAULTS)
def test_how_a_submission_ends_its_process_is_its_own_doing(
    pools: Pools, tmp_path: Path, level: Level, attack: str
) -> None:
    body, answer = FAULTS[attack]

    assert attempt(pools.at(level), tmp_path, body) == (answer, "Tensor")


def test_words_of_a_fault_while_loading_are_the_submissions_own(pools: Pools, tmp_path: Path) -> None:
    words = "import os\nos.write(2, b'\\na fault of the worker: mine\\n')\nos._exit(97)\n"

    execution = pools.at("strict").run(submission(tmp_path, words + first("return initial_theta")))

    assert (execution.harness, answers(execution.exercises[0])) == (None, ["Tensor"])


# --- reading ----------------------------------------------------------------------------------

ODD_FILES: dict[str, tuple[str, str | bytes]] = {
    "a kernel that is null": ("s01.ipynb", notebook("x = 1", kernelspec=None, language_info=None)),
    "a kernel that is a list": ("s01.ipynb", notebook("x = 1", kernelspec=[1])),
    "metadata that is a number": (
        "s01.ipynb",
        notebook("x = 1").replace('"metadata": {}, "outputs"', '"metadata": 7, "outputs"'),
    ),
    "tags that are no list": (
        "s01.ipynb",
        notebook("x = 1").replace('"metadata": {}, "outputs"', '"metadata": {"tags": 7}, "outputs"'),
    ),
    "a source that is a number": ("s01.ipynb", notebook("x = 1").replace('"source": "x = 1"', '"source": 7')),
    "a cell that is a number": (
        "s01.ipynb",
        '{"cells": [7], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    ),
    "a number of 5,000 digits": ("s01.ipynb", '{"cells": [], "nbformat": ' + "9" * 5000 + "}"),
    "a coding that is no text": ("s01.py", "# coding: rot13\nk = 1\n"),
    "a coding of bytes": ("s01.py", "# coding: zlib\nx = 1\n"),
    "a coding that is no name": ("s01.py", "# coding: \udc80\nx = 1\n".encode("utf-8", "surrogateescape")),
}


@pytest.mark.parametrize("case", ODD_FILES)
def test_an_odd_file_is_the_submissions_own_result(pools: Pools, tmp_path: Path, case: str) -> None:
    name, text = ODD_FILES[case]

    execution = pools.at("strict").run(submission(tmp_path, text, name))

    assert execution.harness is None
    assert execution.failure is not Failure.EXITED, notes(execution)


_KEYS = st.sampled_from(
    [
        *("cells", "metadata", "kernelspec", "language_info", "name", "language", "tags", "source"),
        *("cell_type", "nbformat", "nbformat_minor", "worksheets", "outputs", "attachments", "id", "code"),
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)
_CELLS = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", 7]) | _JSON, "source": st.just("x = 1") | _JSON},
    optional={"metadata": _JSON, "outputs": _JSON, "id": _JSON},
)
_NOTEBOOKS = st.fixed_dictionaries(
    {"cells": st.lists(_CELLS | _JSON, max_size=3) | _JSON},
    optional={"metadata": _JSON, "nbformat": st.sampled_from([1, 2, 3, 4, 5]) | _JSON, "worksheets": _JSON},
)
_CODINGS = st.sampled_from(["utf-8", "rot13", "zlib", "hex", "idna", "undefined", "utf-16", "utf-7", "mbcs"])
_PYTHON = st.binary(max_size=40) | st.builds(
    lambda coding, rest: f"# coding: {coding}\n".encode() + rest, _CODINGS, st.binary(max_size=40)
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    file=st.builds(lambda data: File("s01.ipynb", json.dumps(data).encode()), _NOTEBOOKS)
    | st.builds(lambda data: File("s01.py", data), _PYTHON)
    | st.builds(lambda data: File("s01.ipynb", data), st.binary(max_size=40))
)
def test_reading_whatever_is_handed_in_gives_a_program_or_a_sentence(file: File) -> None:
    try:
        program = loading.read(file)
    except Unreadable as error:
        told = error.text
    else:
        told = "".join(cell.text for cell in program.cells)
    assert isinstance(told, str)


# --- answers and traces ------------------------------------------------------------------------

_NUMBERS = (
    st.sampled_from([0.0, -0.0, 1.0, 1e-300, 5e-324, 1e300, float("nan"), float("inf"), -1.5]) | st.floats()
)
_DTYPES = st.sampled_from(sorted(ITEM_SIZES))
_FLOATS = st.sampled_from(["float32", "float64"])


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    dtype = draw(_FLOATS | _DTYPES)
    shape = tuple(draw(st.lists(st.integers(0, 2), max_size=2)))
    count = 1
    for side in shape:
        count *= side
    if dtype not in ("float32", "float64"):
        size = count * ITEM_SIZES[dtype]
        return Tensor(dtype, shape, draw(st.binary(min_size=size, max_size=size)))
    import numpy as np

    with np.errstate(all="ignore"):
        values = np.asarray(draw(st.lists(_NUMBERS, min_size=count, max_size=count)), dtype="<f8")
        return Tensor(dtype, shape, values.astype("<f4" if dtype == "float32" else "<f8").tobytes())


_RETURNED = st.builds(
    Returned,
    st.sampled_from(["Tensor", "Parameter", "float", "list"]),
    st.none() | tensors(),
    st.sampled_from(["cpu", "cuda", None]),
)
_RAISED = st.builds(Raised, st.text(max_size=8), st.text(max_size=20), st.text(max_size=20))
_STOPPED = st.builds(Stopped, st.sampled_from(list(Failure)), st.text(max_size=20))
_ANSWERS: st.SearchStrategy[Answer] = _RETURNED | _RAISED | _STOPPED
_OPTIONS = st.dictionaries(
    st.sampled_from(["lr", "momentum", "dampening", "weight_decay", "nesterov"]), _NUMBERS
)
_STEPS = st.builds(
    Step,
    st.sampled_from([("SGD",), ("Adam",), ("Own", "SGD"), ()]),
    _OPTIONS,
    st.lists(tensors(), max_size=2).map(tuple),
    st.lists(tensors(), max_size=2).map(tuple),
    st.lists(st.none() | tensors(), max_size=2).map(tuple),
)
_TRACES = st.builds(Trace, st.lists(_STEPS, max_size=3).map(tuple), st.integers(0, 3))


class Claims:
    """A pool whose workers say whatever they like."""

    def __init__(self, data: st.DataObject, kit: LoadedKit) -> None:
        self._data = data
        self._kit = kit.kit

    def run(self, *_: object, **__: object) -> Execution:
        draw = self._data.draw
        some = draw(st.lists(_ANSWERS, min_size=1, max_size=4))
        traces = draw(st.lists(_TRACES, min_size=1, max_size=3))
        runs = tuple(
            ExerciseRun(
                one.name,
                found=True,
                answers={i: some[i % len(some)] for i in range(len(one.cases))},
                traces={i: traces[i % len(traces)] for i, case in enumerate(one.cases) if case.traced},
                place=Place("s01.py", None, draw(st.integers(-5, 5))),
                keeps=draw(st.booleans()),
                draws=draw(st.booleans()),
            )
            for one in self._kit.exercises
        )
        return Execution("cpu", True, None, None, (), (), "", runs, 0.0, "")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_a_worker_claims_is_judged(kit: LoadedKit, data: st.DataObject) -> None:
    pool: Any = Claims(data, kit)
    cpu = Device("cpu", graded=True, reason=None, hardware=None)
    prepared = {one.name: Prepared(one) for one in kit.kit.exercises}
    session = pipeline.Session(kit.kit, pool, (cpu,), 1, CaseTexts(kit.kit), prepared)

    graded = pipeline.grade(Submission("s01", "s01.py"), session)

    assert (graded.result.status, graded.result.message) == ("graded", None)
