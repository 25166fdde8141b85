"""Odd submissions through the real pool. About 25 seconds on two idle processors."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import msgspec
import pytest

from grader import tensors
from grader.records import Cell, Execution, Failure, Place, Raised, Returned, Submission
from grader.sandbox import linux
from grader.sandbox.pool import Pool
from tests.sandbox import small
from tests.sandbox.small import NAMES, answers, first, notes, submission

RETURNED = ["Tensor"] * 5
PARAMETERS = ["Parameter"] * 5


def run(pool: Pool, folder: Path, source: str | bytes, name: str = "s01.py") -> Execution:
    return pool.run(submission(folder, source, name))


def timeless(execution: Execution) -> Execution:
    return msgspec.structs.replace(execution, cpu_seconds=0.0)


def test_the_course_solution_gives_all_answers_and_traces(pool: Pool, tmp_path: Path) -> None:
    execution = run(pool, tmp_path, small.RIGHT)

    one, two = execution.exercises
    assert (execution.loaded, execution.harness, execution.failure) == (True, None, None)
    assert execution.cells == (Cell("s01.py", None, small.RIGHT),)
    assert [one.name, two.name] == list(NAMES)
    assert one.place == Place("s01.py", None, 5)
    assert answers(one) == answers(two) == PARAMETERS
    assert two.answers[2] == Returned("Parameter", small.tensor(0.25, -0.5), "cpu")
    assert {case: len(trace.steps) for case, trace in two.traces.items()} == {4: 2}
    assert one.notes == two.notes == ()
    assert execution.output.startswith("Parameter containing:\ntensor([0.5000], requires_grad=True)\n")
    assert execution.cpu_seconds > 0


def test_two_runs_give_the_same_but_for_the_time(pool: Pool, tmp_path: Path) -> None:
    source = small.RIGHT + "\n1 / 0\nprint({'a', 'b', 'c'}, hash('x'))\n"

    assert timeless(run(pool, tmp_path, source)) == timeless(run(pool, tmp_path, source))


def test_a_ladder_is_climbed_by_one_more_worker(pool: Pool, tmp_path: Path) -> None:
    given = submission(tmp_path, small.RIGHT)

    execution = pool.run(given, calls="ladder", exercises=frozenset({NAMES[1]}))

    assert [one.name for one in execution.exercises] == [NAMES[1]]
    assert execution.exercises[0].answers[0] == Returned("Parameter", small.tensor(0.5, -1.0), "cpu")
    assert list(execution.exercises[0].answers) == [0, 1]


UNDONE = [
    f"not run, because the call {tensors.call('', case.arguments)}" for case in small.KIT.exercises[0].cases
]
TIMED_OUT = "timed_out: no end within 0.5 s of CPU time"
ENDINGS = {
    "an endless loop": (
        "while number_steps >= 2: pass\nreturn initial_theta",
        ["Tensor", "Tensor", TIMED_OUT, *[f"not_run: {UNDONE[2]} did not end in time"] * 2],
    ),
    "an endless sleep": (
        "time.sleep(1000)",
        [
            "timed_out: no end within 1.5 s; it waits more than it computes",
            *[f"not_run: {UNDONE[0]} did not end in time"] * 4,
        ],
    ),
    "a process that stops itself": (
        "os.kill(os.getpid(), signal.SIGSTOP)",
        [
            "timed_out: no end within 1.5 s; it waits more than it computes",
            *[f"not_run: {UNDONE[0]} did not end in time"] * 4,
        ],
    ),
    "signals ignored": (
        (
            "for number in range(1, 32):\n"
            "    if number not in (9, 19): signal.signal(number, signal.SIG_IGN)\n"
            "while True: pass"
        ),
        [TIMED_OUT, *[f"not_run: {UNDONE[0]} did not end in time"] * 4],
    ),
    "os._exit": (
        "os._exit(0)",
        [
            "exited: the process was ended from within (exit code 0)",
            *[f"not_run: {UNDONE[0]} ended the process"] * 4,
        ],
    ),
    "our own exit code": (
        "os._exit(97)",
        [
            "exited: the process was ended from within (exit code 97)",
            *[f"not_run: {UNDONE[0]} ended the process"] * 4,
        ],
    ),
    "sys.exit": ("sys.exit(3)", ["exited: SystemExit: 3"] * 5),
    "a segmentation fault": (
        "import ctypes; ctypes.string_at(0)",
        ["crashed: the process crashed (SIGSEGV)", *[f"not_run: {UNDONE[0]} crashed the process"] * 4],
    ),
    "an abort": (
        "os.abort()",
        ["crashed: the process crashed (SIGABRT)", *[f"not_run: {UNDONE[0]} crashed the process"] * 4],
    ),
    "a flood": (
        "while True: os.write(1, b'x' * 65536)",
        ["flooded: more than 64 MiB printed", *[f"not_run: {UNDONE[0]} printed without end"] * 4],
    ),
    "bytes that are no frames": (
        "os.write(4, b'garbage'); time.sleep(1000)",
        [
            "protocol: its results were tampered with: a frame cannot begin with b'garb'",
            *[f"not_run: {UNDONE[0]} broke the line to the grader"] * 4,
        ],
    ),
    "a closed pipe": (
        "os.closerange(0, 100); return initial_theta",
        [
            "exited: the process was ended from within (exit code 1)",
            *[f"not_run: {UNDONE[0]} ended the process"] * 4,
        ],
    ),
    "an exception": ("raise ValueError('theta')", ["raised: ValueError: theta"] * 5),
    "a KeyboardInterrupt": ("raise KeyboardInterrupt", ["raised: KeyboardInterrupt: "] * 5),
    "a recursion": (
        f"return {NAMES[0]}(initial_theta, learning_rate, number_steps)",
        ["raised: RecursionError: maximum recursion depth exceeded"] * 5,
    ),
    "no memory in Python": (
        "raise MemoryError('no room') if not bytearray(1 << 40) else None",
        ["out_of_memory: MemoryError: "] * 5,
    ),
    "a gigantic expanded tensor": (
        "return initial_theta.expand(10 ** 12)",
        ["Tensor: a tensor of 1000000000000 elements"] * 5,
    ),
    "a tensor of many dimensions": (
        "return torch.ones([1] * 30)",
        ["Tensor: a value that cannot be read: a tensor of 30 dimensions, the limit is 16"] * 5,
    ),
    "lone surrogates": ("raise ValueError('\\udc80')", ["raised: ValueError: \\udc80"] * 5),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_an_ending_in_one_exercise_never_costs_the_other(pool: Pool, tmp_path: Path, case: str) -> None:
    body, expected = ENDINGS[case]

    execution = run(pool, tmp_path, first(body))

    assert execution.harness is None
    assert answers(execution.exercises[0]) == expected
    assert answers(execution.exercises[1]) == RETURNED


def test_a_tensor_larger_than_the_memory_allowed_is_out_of_memory(pool: Pool, tmp_path: Path) -> None:
    execution = run(pool, tmp_path, first("return torch.ones(10 ** 9)"))

    kinds = [
        answer.failure for answer in execution.exercises[0].answers.values() if isinstance(answer, Raised)
    ]
    assert kinds == [Failure.OUT_OF_MEMORY] * 5


def test_a_traceback_names_the_students_lines_only(pool: Pool, tmp_path: Path) -> None:
    source = "def helper(x):\n    return x.nothing\n" + first("return helper(initial_theta)")

    answer = run(pool, tmp_path, source).exercises[0].answers[0]

    assert answer == Raised(
        type="AttributeError",
        message="'Tensor' object has no attribute 'nothing'",
        traceback=(
            f'  File "s01.py", line 6, in {NAMES[0]}\n    return helper(initial_theta)\n'
            '  File "s01.py", line 2, in helper\n    return x.nothing\n'
        ),
        place=Place("s01.py", None, 2),
    )


# --- loading that ends a worker ------------------------------------------------------------------------


def test_an_endless_statement_is_skipped_by_another_worker(pool: Pool, tmp_path: Path) -> None:
    execution = run(pool, tmp_path, "x = 1\nwhile True: pass\n" + small.RIGHT)

    assert notes(execution) == [
        (
            "s01.py:2: This statement was skipped: no end within 0.25 s of CPU time. "
            "What stands below it ran all the same."
        )
    ]
    assert answers(execution.exercises[0]) == PARAMETERS


def test_from_the_third_statement_that_does_not_end_only_definitions_are_run(
    pool: Pool, tmp_path: Path
) -> None:
    ends = "import os\nos._exit(1)\n" + first("return initial_theta") + "os._exit(2)\nos._exit(3)\n"

    execution = run(pool, tmp_path, ends + f"\ndel {NAMES[0]}\n")

    ended = "the process was ended from within"
    skipped = f"This statement was skipped: {ended}"
    assert notes(execution) == [
        f"s01.py:2: {skipped} (exit code 1). What stands below it ran all the same.",
        f"s01.py:10: {skipped} (exit code 2). What stands below it ran all the same.",
        f"s01.py:11: From here on only definitions and imports were run: {ended} (exit code 3).",
    ]
    assert answers(execution.exercises[0]) == RETURNED


def test_a_print_flood_while_loading_is_cut_and_skipped(pool: Pool, tmp_path: Path) -> None:
    execution = run(pool, tmp_path, "while True: print('spam' * 1000)\n" + first("return initial_theta"))

    assert notes(execution) == [
        (
            "s01.py:1: This statement was skipped: more than 64 MiB printed. "
            "What stands below it ran all the same."
        )
    ]
    assert answers(execution.exercises[0]) == RETURNED


def test_much_printing_that_ends_is_kept_in_part_and_costs_nothing(pool: Pool, tmp_path: Path) -> None:
    execution = run(pool, tmp_path, "for i in range(20_000): print('spam')\n" + first("return initial_theta"))

    assert execution.output.startswith("spam\nspam\n")
    assert len(execution.output) <= 1 << 16
    assert answers(execution.exercises[0]) == RETURNED


# --- processes --------------------------------------------------------------------------------------------


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


DAEMON = """
import os, time
told, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(1, f"daemon {os.getpid()}\\n".encode())
        os.write(tell, b"x")
        time.sleep(1000)
    os._exit(0)
os.read(told, 1)
"""


def test_a_daemon_does_not_outlive_its_submission(pool: Pool, tmp_path: Path) -> None:
    execution = run(pool, tmp_path, DAEMON + first("return initial_theta"))

    pids = [int(line.split()[1]) for line in execution.output.splitlines() if line.startswith("daemon")]
    assert len(pids) == 1
    assert not alive(pids[0])
    assert answers(execution.exercises[0]) == RETURNED


def test_many_children_are_ended_with_their_submission(pool: Pool, tmp_path: Path) -> None:
    source = (
        "import os, time\n"
        "for i in range(20):\n"
        "    pid = os.fork()\n"
        "    if pid == 0: time.sleep(1000)\n"
        "    print('child', pid)\n"
    )

    execution = run(pool, tmp_path, source + first("return initial_theta"))

    pids = [int(line.split()[1]) for line in execution.output.splitlines()]
    assert len(pids) == 20
    assert not any(alive(pid) for pid in pids)
    assert answers(execution.exercises[0]) == RETURNED


def test_a_forked_copy_does_not_speak_for_the_worker(pool: Pool, tmp_path: Path) -> None:
    execution = run(pool, tmp_path, "import os\nos.fork()\n" + first("os.fork(); return initial_theta"))

    assert answers(execution.exercises[0]) == answers(execution.exercises[1]) == RETURNED


def test_a_zygote_that_is_ended_is_started_again(tmp_path: Path) -> None:
    """A job in flight runs once more; one that ends the zygote twice is told, and the pool goes on."""
    flag = tmp_path / "seen"
    kill = "os.kill(os.getppid(), signal.SIGKILL); time.sleep(1000)"
    once = f"if not os.path.exists({str(flag)!r}):\n    open({str(flag)!r}, 'w').close()\n    {kill}"
    with Pool(small.KIT, small.LIMITS, level="none") as pool:
        again = run(pool, tmp_path, first(f"{once}\nreturn initial_theta"))
        ended = run(pool, tmp_path, first(kill))
        after = run(pool, tmp_path, small.RIGHT)

    assert (again.harness, answers(again.exercises[0])) == (None, RETURNED)
    assert ended.harness == "the process that runs submissions ended twice while this one ran"
    assert (ended.loaded, ended.failure, ended.exercises) == (False, None, ())
    assert answers(after.exercises[0]) == PARAMETERS


def test_a_kill_for_want_of_memory_is_the_machines_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel counts them; a submission that ends itself in the same way is none of them."""
    ends_itself = first("import signal; os.kill(os.getpid(), signal.SIGKILL)")
    with Pool(small.KIT, small.LIMITS, level="none") as pool:
        alone = run(pool, tmp_path, f"import os\n{ends_itself}")
        monkeypatch.setattr(linux, "killed_for_memory", itertools.count().__next__)
        killed = run(pool, tmp_path, f"import os\n{ends_itself}")

    assert alone.harness is None
    assert "the process crashed (SIGKILL)" in str(alone.exercises[0].answers)
    assert killed.exercises == ()
    assert killed.harness == (
        "memory ran out on this machine or in its container, and the kernel ended the submission before it "
        "reached its own limit of memory"
    )


PARENT = """
import os, sys, threading
from pathlib import Path
from unittest import mock
from grader.sandbox.pool import Pool
from grader import tensors
from tests.sandbox import small
pool = Pool(small.KIT, small.LIMITS, level="none")
source = "import os, time\\nopen({flag!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}}')\\ntime.sleep(1000)"
given = small.submission(Path({folder!r}), source)
threading.Thread(target=pool.run, args=(given,), daemon=True).start()
while not (os.path.exists({flag!r}) and open({flag!r}).read()):
    pass
print(open({flag!r}).read(), flush=True)
os.kill(os.getpid(), 9)
"""


def test_workers_and_zygote_end_with_the_parent(tmp_path: Path) -> None:
    program = PARENT.format(flag=str(tmp_path / "flag"), folder=str(tmp_path))

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2, done.stderr
    for pid in pids:
        _wait_for_end(pid)


def _wait_for_end(pid: int) -> None:
    """The kernel ends it as soon as the parent is gone; the test's own time limit is the only other end."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended between two looks
        while "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8"):
            os.sched_yield()


def test_threads_share_a_pool_that_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_TOKEN", "canary")
    source = "import os\nprint(os.getpid(), os.getppid(), 'canary' in str(os.environ))\n"
    given = [submission(tmp_path, source, f"s{i:02}.py") for i in range(12)]
    with Pool(small.KIT, small.LIMITS, jobs=3, level="none") as pool, ThreadPoolExecutor(6) as threads:
        executions = list(threads.map(pool.run, given))

    said = [execution.output.split() for execution in executions]
    assert [execution.cells[0].file for execution in executions] == [f"s{i:02}.py" for i in range(12)]
    assert {line[2] for line in said} == {"False"}
    assert not any(alive(int(pid)) for line in said for pid in line[:2])


# --- what a worker can see --------------------------------------------------------------------------------


def test_the_working_folder_is_fresh_and_removed(pool: Pool, tmp_path: Path) -> None:
    execution = run(
        pool, tmp_path, "import os\nprint(os.getcwd(), os.listdir())\nopen('x', 'w').write('y')\n"
    )

    folder, listing = execution.output.split()
    assert listing == "[]"
    assert not Path(folder).exists()


def folder_of(root: Path, **files: str) -> Submission:
    for name, text in files.items():
        path = root / name.replace("_dot_", ".")
        path.write_text(text)
    found = tuple(sorted(path for path in root.iterdir() if path.suffix in (".py", ".ipynb")))
    return Submission("s01", str(root), found, root)


def test_a_folder_is_importable_but_never_instead_of_what_is_installed(pool: Pool, tmp_path: Path) -> None:
    given = folder_of(
        tmp_path,
        s01_dot_py="import torch, utils\nprint(utils.K, 'SGD' in dir(torch.optim), open('data.txt').read())\n"
        + small.RIGHT,
        utils_dot_py="K = 7\n",
        torch_dot_py="raise RuntimeError('not this one')\n",
        data_dot_txt="numbers",
    )

    execution = pool.run(given)

    assert execution.output.startswith("7 True numbers\n")
    assert notes(execution) == []
    assert answers(execution.exercises[0]) == PARAMETERS


def test_files_serve_what_the_first_does_not_define(pool: Pool, tmp_path: Path) -> None:
    one, two = small.first("return initial_theta").split(small.SECOND)[0], small.SECOND
    given = folder_of(tmp_path, a_dot_py="x = 1\n", b_dot_py=one, c_dot_py=two, d_dot_py="syntax error\n")

    execution = pool.run(given)

    assert notes(execution) == [
        (
            "d.py:1: This file was not run. SyntaxError: invalid syntax. "
            "Nothing of the file could run; correct this and submit again."
        )
    ]
    assert [run.place for run in execution.exercises] == [Place("b.py", None, 3), Place("c.py", None, 2)]
    assert [cell.file for cell in execution.cells] == ["d.py", "b.py", "c.py"]


# --- functions that are not quite what was asked for ------------------------------------------------------


def test_a_missing_function_is_said_with_the_nearest_name(pool: Pool, tmp_path: Path) -> None:
    execution = run(pool, tmp_path, "def gradient_descent_torch_optimizer(a, b, c): return a\n")

    assert [(run.found, run.nearest) for run in execution.exercises] == [
        (False, "gradient_descent_torch_optimizer"),
        (False, "gradient_descent_torch_optimizer"),
    ]
    assert execution.loaded


UNUSUAL = {
    "an async function": (
        f"async def {NAMES[0]}(a, b, c): return a\n",
        "coroutine: an object of type coroutine",
        "declared with `async def`, which makes it a coroutine",
    ),
    "a generator": (
        f"def {NAMES[0]}(a, b, c): yield a\n",
        "generator: an object of type generator",
        "written with `yield`, which makes it a generator",
    ),
    "a class": (
        f"class {NAMES[0]}:\n    def __init__(self, a, b, c): self.a = a\n",
        f"{NAMES[0]}: an object of type {NAMES[0]}",
        "a class",
    ),
}


@pytest.mark.parametrize("kind", UNUSUAL)
def test_what_is_no_plain_function_is_said_kindly(pool: Pool, tmp_path: Path, kind: str) -> None:
    source, answer, phrase = UNUSUAL[kind]

    one = run(pool, tmp_path, source).exercises[0]

    assert answers(one) == [answer] * 5
    assert one.notes[0].text == (
        f"{NAMES[0]} is {phrase}: a call returns that, not a tensor. Write it with `def` and `return`."
    )


def test_renamed_parameters_are_a_note_and_no_loss(pool: Pool, tmp_path: Path) -> None:
    one = run(pool, tmp_path, f"def {NAMES[0]}(theta0, lr, n): return theta0\n").exercises[0]

    assert answers(one) == RETURNED
    assert [note.text for note in one.notes] == [
        (
            f"Calling it by keyword raised TypeError: {NAMES[0]}() "
            "got an unexpected keyword argument 'initial_theta'. "
            "Its parameters are named (theta0, lr, n), the exercise asks for "
            "(initial_theta, learning_rate, number_steps). This costs nothing."
        )
    ]


def test_settings_of_pytorch_do_not_reach_the_next_call(pool: Pool, tmp_path: Path) -> None:
    body = (
        "print(torch.get_default_dtype(), file=sys.stdout)\n"
        "torch.set_default_dtype(torch.float64)\n"
        "return initial_theta"
    )

    execution = run(pool, tmp_path, first(body))

    assert execution.output == "torch.float32\n" * 6
    assert [note.text for note in execution.exercises[0].notes] == [
        (
            f"{NAMES[0]} leaves settings of PyTorch changed (default dtype); "
            "they were put back between calls, but for the last ones, which are calls made again."
        )
    ]


def test_who_breaks_the_interpreter_has_ended_the_process(pool: Pool, tmp_path: Path) -> None:
    body = "import builtins\nbuiltins.isinstance = None\nreturn initial_theta"

    execution = run(pool, tmp_path, first(body))

    ended = "exited: the process was ended from within (exit code 97)"
    assert answers(execution.exercises[0])[0] == ended
    assert answers(execution.exercises[1]) == RETURNED


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (
            errno.ENOSPC,
            (
                f"{tempfile.gettempdir()}: no room for temporary files: No space left on device."
                " Make room there, or name another folder in the environment: TMPDIR=DIR."
            ),
        ),
        (errno.EMFILE, "[Errno 24] Too many open files."),
    ],
)
def test_what_this_machine_has_no_room_for_is_told_with_what_to_do(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, told: str
) -> None:
    given = submission(tmp_path, small.RIGHT)
    monkeypatch.setattr(tempfile, "mkdtemp", mock.Mock(side_effect=OSError(number, os.strerror(number))))

    execution = pool.run(given)

    assert execution.harness == f"This machine could not run the submission: {told}"
