"""Files of every kind through the real pool: what runs of them, and what is said. About ten seconds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.records import Cell, Execution, Failure, Place, Submission
from grader.sandbox.pool import Pool
from tests.sandbox import small
from tests.sandbox.small import NAMES, answers, first, notebook, notes, submission

RETURNED = ["Tensor"] * 5
PARAMETERS = ["Parameter"] * 5
BELOW = "What stands below it ran all the same."
AGAIN = "Nothing of the file could run; correct this and submit again."
JUPYTER = "Open it in Jupyter, save it again as .ipynb and submit that."


def run(pool: Pool, folder: Path, source: str | bytes, name: str = "s01.py") -> Execution:
    return pool.run(submission(folder, source, name))


NOT_LOADED: dict[str, tuple[str, str | bytes, str]] = {
    "a syntax error": (
        "s01.py",
        "x = 1\ndef f(:\n",
        f"s01.py, line 2: SyntaxError: invalid syntax. {AGAIN}",
    ),
    "a return outside": (
        "s01.py",
        "return 1\n",
        f"s01.py, line 1: SyntaxError: 'return' outside function. {AGAIN}",
    ),
    "a wrong indentation": (
        "s01.py",
        "def f():\nreturn 1\n",
        "s01.py, line 2: IndentationError: expected an indented block after function definition on line 1. "
        + AGAIN,
    ),
    "100,000 parentheses": (
        "s01.py",
        "x = " + "(" * 100_000,
        f"s01.py, line 1: SyntaxError: too many nested parentheses. {AGAIN}",
    ),
    "100,000 signs": (
        "s01.py",
        "x = " + "-" * 100_000 + "1",
        f"s01.py, line 1: SyntaxError: the code is nested too deeply for Python to read. {AGAIN}",
    ),
    "100,000 sums": (
        "s01.py",
        "x = 1" + "+1" * 100_000,
        f"s01.py, line 1: SyntaxError: the code is nested too deeply for Python to read. {AGAIN}",
    ),
    "null bytes": (
        "s01.py",
        b"x = 1\n\0",
        "s01.py, line 2: The file holds null bytes, so it is no Python text; save it as UTF-8 text.",
    ),
    "an unknown encoding": (
        "s01.py",
        b"# coding: klingon\n",
        "s01.py, line 1: unknown encoding: klingon: Python knows no such encoding; save the file as UTF-8.",
    ),
    "no JSON": (
        "s01.ipynb",
        "{\n 'cells'",
        (
            "s01.ipynb, line 2: This is no notebook: invalid JSON "
            f"(Expecting property name enclosed in double quotes). {JUPYTER}"
        ),
    ),
    "no text": (
        "s01.ipynb",
        b'"\xff"',
        f"s01.ipynb, line 1: This is no notebook: its text is not UTF-8. {JUPYTER}",
    ),
    "deep JSON": (
        "s01.ipynb",
        "[" * 100_000,
        f"s01.ipynb, line 1: This is no notebook: its JSON is nested too deeply. {JUPYTER}",
    ),
    "another JSON": (
        "s01.ipynb",
        "[1, 2]",
        f"s01.ipynb, line 1: This is JSON, but no notebook: it has no cells. {JUPYTER}",
    ),
    "cells that are none": (
        "s01.ipynb",
        json.dumps({"cells": [5], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}),
        "s01.ipynb, line 1: This notebook cannot be read "
        "(TypeError: argument of type 'int' is not iterable). " + JUPYTER,
    ),
    "an R notebook": (
        "s01.ipynb",
        notebook("x <- 1", kernelspec={"name": "ir", "display_name": "R", "language": "R"}),
        (
            "s01.ipynb, line 1: The notebook is written for R, the exercises are in Python. "
            "Submit a Python notebook."
        ),
    ),
    "only broken cells": (
        "s01.ipynb",
        notebook("", "def f(:"),
        (
            "s01.ipynb, cell 2, line 1: No code cell of the notebook can run. "
            "The first: SyntaxError: invalid syntax. Correct the cells and submit again."
        ),
    ),
}


@pytest.mark.parametrize("kind", NOT_LOADED)
def test_what_cannot_run_is_said_with_what_and_where(pool: Pool, tmp_path: Path, kind: str) -> None:
    name, source, message = NOT_LOADED[kind]

    execution = run(pool, tmp_path, source, name)

    assert (execution.loaded, execution.failure, execution.message) == (False, Failure.LOAD_FAILED, message)
    assert (execution.harness, execution.exercises) == (None, ())


READ: dict[str, tuple[bytes, list[str]]] = {
    "a byte order mark and CRLF": (b"\xef\xbb\xbf" + small.RIGHT.replace("\n", "\r\n").encode(), []),
    "CR alone": (small.RIGHT.replace("\n", "\r").encode(), []),
    "a declared encoding": ("# coding: latin-1\ns = 'é'\n".encode("latin-1") + small.RIGHT.encode(), []),
    "Latin-1 undeclared": (
        "s = 'é'\n".encode("latin-1") + small.RIGHT.encode(),
        ["s01.py is not UTF-8 and declares no encoding; it was read as Latin-1."],
    ),
    "UTF-16": (
        small.RIGHT.encode("utf-16"),
        ["s01.py is saved as UTF-16, which Python does not run; save it as UTF-8."],
    ),
}


@pytest.mark.parametrize("kind", READ)
def test_every_encoding_is_read(pool: Pool, tmp_path: Path, kind: str) -> None:
    source, said = READ[kind]

    execution = run(pool, tmp_path, source)

    assert notes(execution) == said
    assert answers(execution.exercises[0]) == PARAMETERS


def test_an_empty_file_is_loaded_and_has_no_functions(pool: Pool, tmp_path: Path) -> None:
    execution = run(pool, tmp_path, b"\n")

    assert execution.loaded
    assert notes(execution) == ["s01.py is empty."]
    assert [one.found for one in execution.exercises] == [False, False]


STATEMENTS = f"""from __future__ import annotations
import sys
n = input("how many? ")
sys.exit(1)
def unused(x: Unknown) -> None: ...
1 / 0
{first("return initial_theta")}
{NAMES[0]}(None, 0.1)
def {NAMES[0]}(initial_theta, learning_rate, number_steps):
    return initial_theta
import matplotlib_that_is_not_there
print(__name__, sys.modules[__name__].__file__)
if __name__ == "__main__":
    print("never")
"""


def test_a_statement_that_raises_is_a_note_and_the_next_one_runs(pool: Pool, tmp_path: Path) -> None:
    execution = run(pool, tmp_path, STATEMENTS)

    raised = "This statement raised"
    assert notes(execution) == [
        (
            f"s01.py:3: {raised} EOFError: EOF when reading a line "
            f"(nobody answers input() while a submission is graded). {BELOW}"
        ),
        f"s01.py:4: The program ends itself here (SystemExit). {BELOW}",
        f"s01.py:6: {raised} ZeroDivisionError: division by zero. {BELOW}",
        (
            f"s01.py:15: {raised} TypeError: {NAMES[0]}() missing 1 required positional argument: "
            f"'number_steps'. {BELOW}"
        ),
        f"s01.py:16: {NAMES[0]} is defined again here: the last definition counts.",
        f"s01.py:18: {raised} ModuleNotFoundError: No module named 'matplotlib_that_is_not_there'. {BELOW}",
    ]
    assert execution.output == "how many? s01 s01.py\n"
    assert answers(execution.exercises[0]) == RETURNED


def test_hostile_text_is_cleaned_on_its_way_into_the_records(pool: Pool, tmp_path: Path) -> None:
    source = "print('\\x1b[31mred\\x1b[0m', '\\u202e')\nraise ValueError('a\\x00b')\n"

    execution = run(pool, tmp_path, source)

    assert execution.output == "red \\u202e\n"
    assert notes(execution) == [f"s01.py:2: This statement raised ValueError: a\\x00b. {BELOW}"]


# --- notebooks ----------------------------------------------------------------------------------------


def version_3(source: str) -> str:
    code = {"cell_type": "code", "collapsed": False, "language": "python", "metadata": {}}
    output = {"output_type": "stream", "stream": "stdout", "text": ["x"]}
    cell = {**code, "input": source.splitlines(keepends=True), "outputs": [output], "prompt_number": 1}
    sheet = {"cells": [{"cell_type": "heading", "level": 1, "source": "One"}, cell], "metadata": {}}
    return json.dumps({"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [sheet]})


def version_2(source: str) -> str:
    cell = {"cell_type": "code", "collapsed": False, "language": "python", "input": source, "outputs": []}
    document = {"metadata": {"name": ""}, "nbformat": 2, "nbformat_minor": 0}
    return json.dumps({**document, "worksheets": [{"cells": [cell]}]})


@pytest.mark.parametrize("upgrade", [version_2, version_3, notebook])
def test_a_notebook_of_every_version_runs(pool: Pool, tmp_path: Path, upgrade: object) -> None:
    assert callable(upgrade)

    execution = run(pool, tmp_path, upgrade(small.RIGHT), "s01.ipynb")

    assert notes(execution) == []
    assert [(cell.file, cell.cell) for cell in execution.cells] == [("s01.ipynb", 1)]
    assert answers(execution.exercises[0]) == PARAMETERS
    assert execution.exercises[0].place == Place("s01.ipynb", 1, 5)


MESSY = notebook(
    "%matplotlib inline\n!pip install torch\n%pip install torch\nimport torch",
    "%%time\n" + small.RIGHT,
    "for i in range(2):\n    %time print('loop', i)\nfiles = !ls\nx = %time 5\nprint(files, x)",
    "%%bash\nls",
    "print?\n%nosuch thing\nprint('after')",
    "\n\n%timeit -n 1 -r 1 print('timed')\n1/0\nprint('on')",
    "def f(:",
    "get_ipython().run_line_magic('time', '')\ndisplay(5)",
    "%%capture out\n%%time\nprint(__name__)",
)


def test_magics_are_left_out_done_or_taken_off_each_with_a_note(pool: Pool, tmp_path: Path) -> None:
    execution = run(pool, tmp_path, MESSY, "s01.ipynb")

    assert notes(execution) == [
        "s01.ipynb[1]:1: %matplotlib inline was left out; it does not change what the code computes.",
        "s01.ipynb[1]:2: !pip install torch was left out: no shell commands are run here.",
        "s01.ipynb[1]:3: %pip install torch was left out: nothing is installed while grading.",
        "s01.ipynb[2]:1: %%time was taken off; the cell's code ran without it.",
        "s01.ipynb[3]:2: %time was taken off; the code behind it ran.",
        "s01.ipynb[3]:3: !ls was left out: no shell commands are run here.",
        "s01.ipynb[3]:4: %time was taken off; the code behind it ran.",
        "s01.ipynb[4]:1: %%bash was left out: no other program is run here, and it defines nothing.",
        "s01.ipynb[5]:1: %pinfo print was left out; it does not change what the code computes.",
        "s01.ipynb[5]:2: %nosuch thing was left out: the grader does not know this magic.",
        "s01.ipynb[6]:3: %timeit: the code ran once, and what it binds stays in it, as in a notebook.",
        "s01.ipynb[7]:1: This cell was skipped: SyntaxError: invalid syntax.",
        "s01.ipynb[9]:2: %%time was taken off; the cell's code ran without it.",
        f"s01.ipynb[6]:4: This statement raised ZeroDivisionError: division by zero. {BELOW}",
    ]
    assert execution.output.startswith("loop 0\nloop 1\n[] 5\nafter\ntimed\non\n5\nParameter")
    assert answers(execution.exercises[0]) == PARAMETERS


def test_a_cell_tagged_skip_is_not_run(pool: Pool, tmp_path: Path) -> None:
    document = json.loads(notebook("1/0", small.RIGHT))
    document["cells"][0]["metadata"]["tags"] = ["skip-execution"]

    execution = run(pool, tmp_path, json.dumps(document), "s01.ipynb")

    assert notes(execution) == ["s01.ipynb[1]:1: This cell was skipped: it carries the tag 'skip-execution'."]


def test_a_traceback_names_the_cell(pool: Pool, tmp_path: Path) -> None:
    source = notebook("x = 1", f"def {NAMES[0]}(a, b, c):\n    return y")

    answer = run(pool, tmp_path, source, "s01.ipynb").exercises[0].answers[0]

    assert answer.traceback == f'  File "s01.ipynb[cell 2]", line 2, in {NAMES[0]}\n    return y\n'  # type: ignore[union-attr]
    assert answer.place == Place("s01.ipynb", 2, 2)  # type: ignore[union-attr]


def test_an_endless_cell_is_skipped_and_its_functions_are_graded(pool: Pool, tmp_path: Path) -> None:
    execution = run(pool, tmp_path, notebook(small.RIGHT, "while True: pass", "print('end')"), "s01.ipynb")

    assert notes(execution) == [
        f"s01.ipynb[2]:1: This statement was skipped: no end within 0.25 s of CPU time. {BELOW}"
    ]
    assert execution.output.startswith("end\n")
    assert answers(execution.exercises[0]) == PARAMETERS


def test_a_notebook_full_of_pictures_is_read(pool: Pool, tmp_path: Path) -> None:
    document = json.loads(notebook(small.RIGHT))
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * (8 << 20)}}
    document["cells"][0]["outputs"] = [picture]

    execution = run(pool, tmp_path, json.dumps(document), "s01.ipynb")

    assert execution.cells == (Cell("s01.ipynb", 1, small.RIGHT),)
    assert answers(execution.exercises[0]) == PARAMETERS


def test_a_file_that_does_not_parse_is_shown_all_the_same(pool: Pool, tmp_path: Path) -> None:
    execution = pool.run(submission(tmp_path, "x = 1\ndef f(:\n"))

    assert not execution.loaded
    assert [(cell.file, cell.text) for cell in execution.cells] == [("s01.py", "x = 1\ndef f(:\n")]


def of_several(folder: Path, files: dict[str, str]) -> Submission:
    for name, source in files.items():
        (folder / name).write_text(source)
    return Submission("s01", str(folder), tuple(folder / name for name in files), folder)


def test_of_several_files_with_the_same_functions_one_is_graded_and_the_others_are_named(
    pool: Pool, tmp_path: Path
) -> None:
    files = dict.fromkeys(["a.py", "b.py", "c.py", "d.py", "e.py"], small.RIGHT)

    execution = pool.run(of_several(tmp_path, files))

    assert notes(execution) == [
        (
            "What a.py defines was graded. The same is also defined in b.py, c.py, d.py and 1 more, which "
            "counted for nothing; where each is a submission of its own, use `grader grade`."
        )
    ]


def test_functions_that_come_from_a_file_beside_it_are_not_defined_twice(pool: Pool, tmp_path: Path) -> None:
    taken = f"from helpers import {NAMES[0]}, {NAMES[1]}\n"

    execution = pool.run(of_several(tmp_path, {"a.py": taken, "helpers.py": small.RIGHT}))

    assert notes(execution) == []
    assert answers(execution.exercises[0]) == PARAMETERS
