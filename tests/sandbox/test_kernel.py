"""The calls of a notebook's kernel: what a worker would answer, and a process that is as it was before."""

from __future__ import annotations

import builtins
import gc
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from torch import overrides
from torch.optim import optimizer

from grader.kit import Kit, Limits
from grader.records import Execution, ExerciseRun, Place, Submission
from grader.sandbox import devices, imports, settings
from grader.sandbox.kernel import Kernel
from grader.sandbox.loading import Loaded
from grader.sandbox.pool import Pool
from grader.sandbox.session import Session
from tests.sandbox import small

NOBODY = Submission("s01", "s01.py")
QUICK = msgspec.structs.replace(small.KIT, limits=Limits(case_cpu_seconds=0.02, exercise_cpu_seconds=2.0))
LATE = (  # on a busy machine it waits
    "timed_out: no end within 0.1 s of CPU time",
    "timed_out: no end within 0.3 s; it waits more than it computes",
)
ENDLESS = "while number_steps > 1:\n    pass\nreturn initial_theta"

BODIES = {
    "right": "return initial_theta * (1 - 2 * learning_rate) ** number_steps",
    "by the optimiser": small.RIGHT,
    "raises": "raise ValueError(number_steps)",
    "raises what the kernel raises": "raise KeyboardInterrupt",
    "exits": "sys.exit(3)",
    "an object": "return object()",
    "none": "return None",
    "asks": "return float(input('rate?'))",
    "forgets": "seen.append(1)\nreturn initial_theta",
    "draws": "return torch.rand(1)",
    "prints": "print('a'); sys.stdout.write('b'); sys.stderr.write('c')\nreturn initial_theta",
    "switches": "torch.set_default_dtype(torch.float64); torch.set_grad_enabled(False)\nreturn initial_theta",
    "moves": "os.chdir('/')\nreturn initial_theta",
    "a generator": "yield initial_theta",
    "an import": "import colorsys\nreturn initial_theta",
    "a bar": "from tqdm import tqdm\nfor _ in tqdm(range(number_steps)): pass\nreturn initial_theta",
    "other names": "return theta",
    "a large result": "return torch.zeros(5000)",
}
HEAD = "import os, signal, sys, time, torch\nseen = []"


def program(name: str) -> str:
    body = BODIES[name]
    return body if "def " in body else small.first(body, HEAD)


def kernel(source: str, folder: Path, kit: Kit = small.KIT) -> Kernel:
    """Of a session in which this program has run."""
    path = folder / "s01.py"
    path.write_text(source, encoding="utf-8")
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, str(path), "exec"), names)  # noqa: S102
    session = Session(names)
    loaded = session.loaded({name: names[name] for name in small.NAMES}, small.NAMES)
    return Kernel(kit, loaded, session.cells(), session.named)


def told(run: ExerciseRun) -> ExerciseRun:
    """Without what only a file has: how its module is called."""
    return msgspec.structs.replace(run, place=None, landmarks={})


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """The first optimiser imports much, and an import leaves something behind."""
    devices.step("cpu")


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", BODIES)
def test_a_kernel_answers_what_a_worker_answers(name: str, tmp_path: Path, pool: Pool) -> None:
    before = state()
    worker = pool.run(small.submission(tmp_path, program(name)))

    found = kernel(program(name), tmp_path).run(NOBODY)

    assert [told(one) for one in found.exercises] == [told(one) for one in worker.exercises]
    assert found.output == worker.output
    assert state() == before


def test_lines_are_pointed_at_as_in_a_file(tmp_path: Path, pool: Pool) -> None:
    worker = pool.run(small.submission(tmp_path, small.RIGHT))

    found = kernel(small.RIGHT, tmp_path).run(NOBODY)

    assert [one.landmarks for one in found.exercises] == [one.landmarks for one in worker.exercises]
    assert [one.place for one in found.exercises] == [Place("s01.py", None, 5), Place("s01.py", None, 17)]
    assert [cell.text for cell in found.cells] == [small.RIGHT]


def test_a_traceback_shows_the_lines_of_the_session_alone(tmp_path: Path, pool: Pool) -> None:
    worker = pool.run(small.submission(tmp_path, program("raises")))

    found = kernel(program("raises"), tmp_path).run(NOBODY)

    assert found.exercises[0].answers == worker.exercises[0].answers


# --- calls that do not end --------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        ENDLESS,
        "while number_steps > 1:\n    try:\n        pass\n    except BaseException:\n        pass\nreturn 1",
        "while number_steps > 1:\n    try:\n        time.sleep(0.01)\n    except:\n        pass\nreturn 1",
        "try:\n    while number_steps > 1:\n        pass\nexcept BaseException:\n    return 1\nreturn 1",
        "if number_steps > 1:\n    time.sleep(10_000)\nreturn 1",
        (
            "if number_steps > 1:\n    import threading; threading.Lock().acquire() and None\n"
            "    one = threading.Lock(); one.acquire(); one.acquire()\nreturn 1"
        ),
    ],
    ids=["a loop", "one that catches all", "likewise, waiting", "caught in the end", "a sleep", "a lock"],
)
def test_a_call_that_does_not_end_is_ended_and_the_rest_goes_on(body: str, tmp_path: Path) -> None:
    before = state()

    found = kernel(small.first(body, HEAD), tmp_path, QUICK).run(NOBODY)

    first, second = (small.answers(run) for run in found.exercises)
    assert [text.partition(":")[0] for text in first] == [
        "int" if "return 1" in body else "Tensor",
        "int" if "return 1" in body else "Tensor",
        "timed_out",
        "not_run",
        "not_run",
    ]
    assert first[2] in LATE
    assert second == ["Tensor"] * 5
    assert state() == before


def test_printing_without_end_is_ended(tmp_path: Path) -> None:
    flood = "while number_steps > 1:\n    sys.stdout.write('x' * (1 << 22))\nreturn initial_theta"

    found = kernel(small.first(flood, HEAD), tmp_path).run(NOBODY)

    assert small.answers(found.exercises[0])[2] == "flooded: more than 64 MiB printed"


def test_a_call_is_ended_in_a_thread_too(tmp_path: Path) -> None:
    """As in a notebook that runs its cells in threads: there no signal comes."""
    given = kernel(small.first(ENDLESS, HEAD), tmp_path, QUICK)
    found: list[Execution] = []
    before = state()

    thread = threading.Thread(target=lambda: found.append(given.run(NOBODY)))
    thread.start()
    thread.join()

    assert small.answers(found[0].exercises[0])[2] in LATE
    assert state() == before


# --- whoever sits before the notebook -----------------------------------------------------------

INTERRUPTED = "signal.raise_signal(signal.SIGINT)"


@pytest.mark.parametrize(
    "body",
    [
        f"{INTERRUPTED}\nreturn initial_theta",
        f"try:\n    {INTERRUPTED}\nexcept BaseException:\n    pass\nreturn initial_theta",
        f"torch.set_default_dtype(torch.float64); os.chdir('/')\n{INTERRUPTED}\nwhile True: pass",
        f"with torch.no_grad():\n    {INTERRUPTED}",
        f"class Shown(Exception):\n    def __str__(self): {INTERRUPTED}; return ''\nraise Shown",
    ],
    ids=["at once", "caught", "in the middle", "in a block", "while it is told"],
)
def test_an_interruption_ends_the_check_and_leaves_nothing_behind(body: str, tmp_path: Path) -> None:
    given = kernel(small.first(body, HEAD), tmp_path)
    before = state()

    with pytest.raises(KeyboardInterrupt):
        given.run(NOBODY)

    assert state() == before


LINES = range(10, 1_000, 97)


@pytest.mark.parametrize("every", [13, pytest.param(1, marks=pytest.mark.exhaustive)])
def test_an_interruption_at_any_line_of_ours_leaves_nothing_behind(every: int, tmp_path: Path) -> None:
    given = kernel(small.RIGHT, tmp_path)
    before = state()

    for line in [*range(1, 120), *LINES][::every]:
        with pytest.raises(KeyboardInterrupt), interrupted_at(line):
            given.run(NOBODY)

        assert state() == before, f"at line {line}"


class interrupted_at:  # noqa: N801 -- read as a verb
    """SIGINT at the so-many-th line that runs in the sandbox's modules.

    Nothing is collected meanwhile: an earlier run's streams are flushed as they go, and Python swallows
    what is raised at a line of that.
    """

    def __init__(self, line: int) -> None:
        self._left = line
        self._held = self._on_call  # CPython 3.11 was seen to call what it had let go of when a trace raised

    def __enter__(self) -> None:
        self._trace = sys.gettrace()
        gc.disable()
        sys.settrace(self._held)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._trace)
        gc.enable()

    def _on_call(self, frame: FrameType, event: str, given: object) -> Callable[..., Any] | None:
        del event, given
        return self._on_line if "/grader/sandbox/" in frame.f_code.co_filename else None

    def _on_line(self, frame: FrameType, event: str, given: object) -> Callable[..., Any]:
        del frame, given
        if event == "line":
            self._left -= 1
            if self._left == 0:
                signal.raise_signal(signal.SIGINT)
        return self._on_line


# --- what is the student's stays so -------------------------------------------------------------


def test_a_function_is_called_itself_and_stays_as_it_is() -> None:
    """No wrapper, no other name, no mark on it."""
    seen: list[object] = []
    source = small.first("seen.append(sys._getframe())\nreturn initial_theta", HEAD)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(source, names)  # noqa: S102
    names["seen"] = seen
    function = names[small.NAMES[0]]
    before = (dict(vars(function)), function.__name__, function.__code__, function.__defaults__)
    loaded = Loaded(small.NAMES)
    loaded.functions |= {name: names[name] for name in small.NAMES}
    loaded.landmarks |= {name: {} for name in small.NAMES}

    Kernel(small.KIT, loaded, (), lambda _: None).run(NOBODY)

    frame: Any = seen[0]
    assert frame.f_code is function.__code__
    assert frame.f_back.f_globals["__name__"] == "grader.sandbox.calling"
    assert (dict(vars(function)), function.__name__, function.__code__, function.__defaults__) == before


def state() -> dict[str, Any]:
    """All that is to be as it was."""
    return {
        "settings": settings.current(),
        "hooks": [
            dict(one)
            for one in (optimizer._global_optimizer_pre_hooks, optimizer._global_optimizer_post_hooks)
        ],
        "modes": overrides._get_current_function_mode_stack(),  # type: ignore[no-untyped-call]
        "random": random.getstate(),
        "numpy": [str(part) for part in np.random.get_state()],  # noqa: NPY002
        "torch": torch.get_rng_state().tolist(),
        "streams": (sys.stdout, sys.stderr, sys.stdin),
        "builtins": (builtins.print, builtins.input),
        "handlers": [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGALRM)],
        "folder": os.getcwd(),  # noqa: PTH109
        "imports": [vars(loader).get(step) for loader, step in imports.STEPS],
        "finders": list(sys.meta_path),
        "filters": list(warnings.filters),
        "trace": sys.gettrace(),
        "threads": [one.name for one in threading.enumerate() if one.name == "grader-limits"],
        "bars": "tqdm" in sys.modules,
    }
