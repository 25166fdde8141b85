"""Magics do what a person at the notebook would see, as far as the walls allow. About ten seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.records import Execution
from grader.sandbox.pool import Pool
from tests.sandbox import small
from tests.sandbox.small import NAMES, answers, notebook, notes, submission

RIGHT = ["Parameter"] * 5
STAYS = "and what it binds stays in it, as in a notebook."
NO_SHELL = "no shell commands are run here."


def run(pool: Pool, folder: Path, *cells: str) -> Execution:
    execution = pool.run(submission(folder, notebook(small.RIGHT, *cells), "s01.ipynb"))
    assert execution.loaded
    return execution


def printed(execution: Execution) -> str:
    """What was printed while loading: in graded calls, the last ones print what they compute."""
    return execution.output.partition("Parameter containing")[0]


BELOW = "What stands below it ran all the same."

# What stands in the cells, parted by ---; what is printed; what is said.
CELLS: dict[str, tuple[str, str, list[str]]] = {
    "%%timeit binds nothing": (
        f"""%%timeit
{NAMES[0]} = None
x = 1
---
print('x' in globals())""",
        """False
""",
        [
            f"s01.ipynb[2]:1: %%timeit: the cell ran once, {STAYS}",
        ],
    ),
    "%%timeit runs, with its line before it": (
        """%%timeit -n 3 -r2 y = 5
print(y)
seen.append(y)
---
seen = []
---
%%timeit y = 6
seen.append(y)
---
print(seen)""",
        """5
[6]
""",
        [
            f"s01.ipynb[2]:1: %%timeit: the cell ran once, {STAYS}",
            f"s01.ipynb[4]:1: %%timeit: the cell ran once, {STAYS}",
            f"s01.ipynb[2]:3: This statement raised NameError: name 'seen' is not defined. {BELOW}",
        ],
    ),
    "%timeit in a line binds nothing": (
        f"""for i in range(2):
    %timeit -n 1 {NAMES[0]} = i
print(callable({NAMES[0]}))""",
        """True
""",
        [
            f"s01.ipynb[2]:2: %timeit: the code ran once, {STAYS}",
        ],
    ),
    "%%time binds": (
        """%%time
x = 5
---
print(x)""",
        """5
""",
        [
            "s01.ipynb[2]:1: %%time was taken off; the cell's code ran without it.",
        ],
    ),
    "%%capture leaves its name": (
        """%%capture out --no-stderr
import sys
print('kept')
x = 3
print('seen', file=sys.stderr)
---
print(x, repr(out.stdout), repr(out.stderr), repr(str(out)))
out.show()
out()""",
        """seen
3 'kept\\n' '' 'kept\\n'
kept
kept
""",
        [],
    ),
    "%%capture without a name, and an error in it": (
        """%%capture
print('gone')
1/0
print('gone')
---
%%capture err
import sys; print('e', file=sys.stderr)
---
print(err.stderr, end='')""",
        """e
""",
        [
            f"s01.ipynb[2]:3: This statement raised ZeroDivisionError: division by zero. {BELOW}",
        ],
    ),
    "magics within magics": (
        """%%capture out
%%time
%matplotlib inline
print(1)
---
print(out.stdout)""",
        """1

""",
        [
            "s01.ipynb[2]:2: %%time was taken off; the cell's code ran without it.",
            ("s01.ipynb[2]:3: %matplotlib inline was left out; it does not change what the code computes."),
        ],
    ),
    "%%bash, %%script and %%python define nothing": (
        f"""%%bash
{NAMES[0]} = None
---
%%script false --no-raise-error
{NAMES[0]} = None
---
%%python
{NAMES[0]} = None""",
        """""",
        [
            ("s01.ipynb[2]:1: %%bash was left out: no other program is run here, and it defines nothing."),
            ("s01.ipynb[3]:1: %%script was left out: no other program is run here, and it defines nothing."),
            ("s01.ipynb[4]:1: %%python was left out: no other program is run here, and it defines nothing."),
        ],
    ),
    "%%html and one that nobody knows": (
        f"""%%html
<b>hello</b>
---
%%nosuch
{NAMES[0]} = None""",
        """""",
        [
            "s01.ipynb[2]:1: %%html was left out; it does not change what the code computes.",
            "s01.ipynb[3]:1: This cell was left out: the grader does not know the magic %%nosuch.",
        ],
    ),
    "%%writefile can be imported": (
        """%%writefile helper.py
x = 1
y = 2
---
%%writefile -a helper.py
z = x + y
---
import helper
print(helper.z)
---
%%file helper.py
x = 7
---
print(open('helper.py').read(), end='')""",
        """Writing helper.py
Appending to helper.py
3
Overwriting helper.py
x = 7
""",
        [],
    ),
    "%run leaves the names of a file": (
        """%%writefile other.py
import sys
x = __name__
y = sys.argv
---
%run other.py 1 2
---
print(x, y)
---
k = 1
%run nothing.py
---
%%writefile more.py
k += 1
---
%run -i more
print(k)""",
        """Writing other.py
__main__ ['other.py', '1', '2']
Writing more.py
2
""",
        [
            (
                "s01.ipynb[5]:2: This statement raised FileNotFoundError: "
                f"[Errno 2] No such file or directory: 'nothing.py'. {BELOW}"
            ),
        ],
    ),
    "%env, %cd and %pwd": (
        """%env A=1
%env B 2
a = %env A
import os
print(a, os.environ['B'])
---
%cd nowhere
---
os.mkdir('in')
---
%cd in
here = %pwd
print(here == os.getcwd(), os.path.basename(here))""",
        """env: A=1
env: B=2
1 2
[Errno 2] No such file or directory: 'nowhere'
FOLDER/in
True in
""",
        [],
    ),
    "!cmd, its result, %load and %pip": (
        """!pip install torch
x = !ls
print(x)
%load other.py
%pip install tqdm
%ls""",
        """[]
""",
        [
            f"s01.ipynb[2]:1: !pip install torch was left out: {NO_SHELL}",
            f"s01.ipynb[2]:2: !ls was left out: {NO_SHELL}",
            "s01.ipynb[2]:4: %load other.py was left out; it does not change what the code computes.",
            "s01.ipynb[2]:5: %pip install tqdm was left out: nothing is installed while grading.",
            f"s01.ipynb[2]:6: %ls was left out: {NO_SHELL}",
        ],
    ),
}


@pytest.mark.parametrize("kind", CELLS)
def test_a_magic_does_what_it_does_in_a_notebook(pool: Pool, tmp_path: Path, kind: str) -> None:
    cells, output, said = CELLS[kind]

    execution = run(pool, tmp_path, *cells.split("\n---\n"))

    assert notes(execution) == said
    lines = [("FOLDER/in" if one.endswith("/in") else one) for one in printed(execution).splitlines()]
    assert lines == output.splitlines()
    assert answers(execution.exercises[0]) == RIGHT


def test_functions_that_a_cell_wrote_into_a_file_are_graded(pool: Pool, tmp_path: Path) -> None:
    source = notebook(
        f"%%writefile mine.py\n{small.RIGHT}", "from mine import *", "%%capture\n%%time\nimport torch"
    )

    execution = pool.run(submission(tmp_path, source, "s01.ipynb"))

    assert [answers(one) for one in execution.exercises] == [RIGHT, RIGHT]


def test_a_file_that_was_handed_in_can_be_written_anew(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("x = 1\n", encoding="utf-8")
    source = notebook("%%writefile mine.py\nx = 2", "import mine\nprint(mine.x)", small.RIGHT)
    given = submission(tmp_path, source, "s01.ipynb")

    execution = pool.run(type(given)(given.student, given.path, given.files, folder=tmp_path))

    assert printed(execution) == "Overwriting mine.py\n2\n"


def test_another_notebook_can_be_run(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "util.ipynb").write_text(notebook("%%time\nhelp_me = 5"), encoding="utf-8")
    source = notebook("%run util.ipynb\nprint(help_me)", small.RIGHT)
    given = submission(tmp_path, source, "s01.ipynb")

    execution = pool.run(type(given)(given.student, given.path, given.files, folder=tmp_path))

    assert printed(execution) == "5\n"


def test_a_python_file_that_holds_a_notebook_is_read_as_one(pool: Pool, tmp_path: Path) -> None:
    execution = pool.run(submission(tmp_path, notebook("%%time\n" + small.RIGHT), "s01.py"))

    assert notes(execution) == [
        (
            "s01.py holds a notebook, no Python text; it was read as the notebook that it is. "
            "Hand in the .ipynb file next time."
        ),
        "s01.py[1]:1: %%time was taken off; the cell's code ran without it.",
    ]
    assert answers(execution.exercises[0]) == RIGHT
    assert [(cell.file, cell.cell) for cell in execution.cells] == [("s01.py", 1)]


def test_a_python_file_that_begins_with_a_dictionary_is_python(pool: Pool, tmp_path: Path) -> None:
    execution = pool.run(submission(tmp_path, '{"cells": []}\n' + small.RIGHT))

    assert notes(execution) == []
    assert answers(execution.exercises[0]) == RIGHT


@pytest.mark.parametrize(
    ("cell", "note"),
    [
        ("%%time\n" * 5_000, "This cell was skipped: SyntaxError: the cell is nested too deeply to read."),
        ("%time x\0", "%time x\\x00 was left out; it does not change what the code computes."),
        ("%time " + "(" * 9_000, "%time (("),
        ("%%capture None\nx = 1", "This statement raised ValueError: "),
        ("%%writefile\nx = 1", "This statement raised ValueError: "),
        ("%%writefile 'a\nx = 1", "This statement raised ValueError: No closing quotation"),
        ("%run", "This statement raised ValueError: "),
    ],
)
def test_a_magic_in_bad_shape_costs_nothing(pool: Pool, tmp_path: Path, cell: str, note: str) -> None:
    execution = run(pool, tmp_path, cell)

    assert any(one.partition(": ")[2].startswith(note) for one in notes(execution))
    assert answers(execution.exercises[0]) == RIGHT
