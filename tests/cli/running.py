"""The command line as a user meets it: a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from grader.cli import main

ROOT = Path(__file__).parents[2]
COURSE = ROOT / "submissions" / "s01.py"
LIMIT = 3600  # seconds; only a hang is as long
_PACE = re.compile(r"^\d+ of \d+ (?:graded|read|compared), .*\n", re.MULTILINE)

# `grader` whose only job stops when so many submissions are in the journal.
_HELD = """
import os, signal, sys, threading
from concurrent.futures import ThreadPoolExecutor
from grader import journal
from grader.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
append, shutdown = journal.Journal.append, ThreadPoolExecutor.shutdown
left, ending = iter(range(int(sys.argv.pop(1)))[1:]), threading.Event()

def append_and_stop(self, result):
    append(self, result)
    if next(left, None) is None:
        print("held", flush=True)
        ending.wait()

def end(self, **how):
    shutdown(self, **{**how, "wait": False})
    ending.set()
    shutdown(self, **how)

def wait_for_x():
    if os.read(0, 1) == b"x":
        ending.set()

journal.Journal.append, ThreadPoolExecutor.shutdown = append_and_stop, end
threading.Thread(target=wait_for_x, daemon=True).start()
main()
"""


class Run(NamedTuple):
    code: int
    out: str
    err: str


def grader(*arguments: str | Path, cwd: Path = ROOT, before: Sequence[str] = (), **environment: str) -> Run:
    """`grader ARGUMENTS` in a terminal of 80 columns without colours; `before` starts it elsewhere.

    Without the lines that it writes every few seconds, which are for whoever waits.
    """
    done = subprocess.run(
        [*before, *command(*arguments)],
        cwd=cwd,
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LIMIT,
        check=False,
    )
    return Run(done.returncode, done.stdout, without_pace(done.stderr))


def without_pace(said: str) -> str:
    """Without the lines for whoever waits."""
    return _PACE.sub("", said)


def inside(*arguments: str | Path, cwd: Path = ROOT) -> Run:
    """The same in this process, for what starts no other: without the second that one takes to start."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        mock.patch.object(sys, "argv", ["grader", *map(str, arguments)]),
        mock.patch.dict(os.environ, clean_environment(), clear=True),
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    said = [stream.buffer.getvalue().decode("utf-8") for stream in (out, err)]
    return Run(int(code or 0), *said)


def on_a_terminal(*arguments: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """What a command that ends well writes to standard error where that is a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command(*arguments),
        cwd=cwd,
        env=clean_environment() | {"TERM": "xterm"} | environment,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = "".join(_everything(ours))
    os.close(ours)
    assert process.returncode == 0
    return shown


def _everything(terminal: int) -> Iterator[str]:
    """Until the program has let go of it; one that is not read would stop the program in the end."""
    with contextlib.suppress(OSError):  # how a terminal without a program ends
        while piece := os.read(terminal, 1 << 16):
            yield piece.decode(errors="replace")


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "grader", *map(str, arguments)]


@contextmanager
def held(graded: int, *arguments: str | Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A command at work: when so many are graded it waits for its end, or for an x to go on."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", _HELD, str(graded), *map(str, arguments)],
        env=clean_environment() | environment,
        cwd=ROOT,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()  # one that has failed here would be waited for in vain


def clean_environment() -> dict[str, str]:
    """The test's own, without what CI systems and terminals put into it."""
    hidden = (
        "GITHUB_STEP_SUMMARY",
        "GITHUB_ACTIONS",
        "GITHUB_WORKSPACE",
        "CI_PROJECT_DIR",
        "FORCE_COLOR",
        "GRADER_TRACEBACK",
    )
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}


def without_times(document: Any) -> Any:
    """Results with what two runs may differ in taken out."""
    if isinstance(document, dict):
        return {k: without_times(v) for k, v in document.items() if k not in ("seconds", "started")}
    return [without_times(item) for item in document] if isinstance(document, list) else document


def results(folder: Path) -> Any:
    return json.loads((folder / "results.json").read_bytes())
