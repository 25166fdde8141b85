"""Notebooks as students run them: a real kernel, one for all tests here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from grader.report.notebook import MOST
from tests.cli.test_docs import blocks
from tests.notebook.test_check import NAME, NEVER_CLEARED, RIGHT
from tests.sandbox.small import notebook

PATIENCE = 600  # seconds; only a hang is as long
DOCS = (Path(__file__).parents[2] / "docs" / "notebook.md").read_text(encoding="utf-8")

Run = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def run(week: Path) -> Iterator[Run]:
    """Run cells one after another; what came out of the last one."""
    client = NotebookClient(
        nbformat.reads(notebook(), 4),  # type: ignore[no-untyped-call]
        timeout=PATIENCE,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(week)}},
    )

    def run(*sources: str) -> list[Any]:
        for source in sources:
            cell = nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]
            client.nb.cells.append(cell)
            client.execute_cell(cell, len(client.nb.cells) - 1)
        outputs: list[Any] = cell["outputs"]
        return outputs

    with client.setup_kernel():
        run("import grader")
        yield run


def text(outputs: list[Any]) -> str:
    return "".join(one.get("text", "") or "\n".join(one.get("traceback", ())) for one in outputs)


def test_the_answer_is_shown_as_a_page_and_as_text(run: Run) -> None:
    (shown,) = run(NEVER_CLEARED.strip(), f"grader.check({NAME})")

    html = shown["data"]["text/html"]
    assert len(html.encode()) <= MOST
    assert "<h3>Likely mistake: The gradients of all steps add up" in html
    assert re.search(r"Cell In\[\d+\], line 8: <code>\(theta\*\*2\)\.sum\(\)\.backward\(\)</code>", html)
    assert shown["data"]["text/plain"].startswith("this notebook     ")


def test_an_assertion_fails_until_the_cell_is_mended(run: Run) -> None:
    failed = run(NEVER_CLEARED, f"assert grader.check({NAME})")
    passed = run(RIGHT, f"assert grader.check({NAME})")

    assert [one["ename"] for one in failed] == ["AssertionError"]
    assert passed == []


def test_a_call_that_does_not_end_is_told_and_the_kernel_lives_on(run: Run) -> None:
    endless = f"def {NAME}(*given):\n    while True:\n        pass"

    told = text(run(endless, f"print(grader.check({NAME}))"))
    after = text(run(RIGHT, f"print(grader.check({NAME}).passed)"))

    assert "Likely mistake: No end within 0.5 s of CPU time" in told
    assert after == "True\n"


def test_an_interruption_is_a_sentence_and_the_kernel_is_as_it_was(run: Run) -> None:
    watched = (
        "(sys.stdout, print, input, torch.get_default_dtype(), signal.getsignal(signal.SIGINT), os.getcwd())"
    )
    interrupting = (
        f"import os, signal, sys, torch\nbefore = {watched}\n"
        f"def {NAME}(*given):\n    os.kill(os.getpid(), signal.SIGINT)\n    while True: pass"
    )

    told = text(run(interrupting, f"grader.check({NAME})"))
    after = text(run(f"print({watched} == before)"))

    assert told == "The check was interrupted and says nothing. The session is as it was before."
    assert after == "True\n"


def test_what_cannot_be_checked_is_a_sentence_and_no_traceback(run: Run) -> None:
    told = text(run("grader.check(3)"))

    assert told == (
        "An object of type int is no function.\n"
        f"  Pass the function itself, without calling it: grader.check({NAME})."
    )


def test_nothing_that_calls_show_is_shown(run: Run) -> None:
    shows = (
        f"import torch\ndef {NAME}(theta, rate, steps):\n    from IPython.display import display\n"
        "    display(theta); print(theta); return theta"
    )

    assert [one["output_type"] for one in run(shows, f"grader.check({NAME})")] == ["execute_result"]


def test_every_python_block_of_the_page_runs_as_it_stands(run: Run) -> None:
    run(RIGHT)

    outputs = [run(block) for block in blocks(DOCS, "python")]

    assert len(outputs) == 4
    assert [one["ename"] for found in outputs for one in found if one["output_type"] == "error"] == []
    assert text(outputs[-1]).endswith("True 10.0 10.0\n")
