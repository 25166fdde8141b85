"""Source code as tokens: what a disguise can change is gone, what it cannot change is there."""

from __future__ import annotations

import json
from typing import Final

import pytest

from grader.sandbox.codetokens import runs
from grader.sandbox.comparing import GRAM, MOST, SHOWN, WINDOW, prints
from grader.sandbox.jobs import File, Prints

PLAIN: Final = """\
import torch

def fit(theta, rate, steps):
    optimiser = torch.optim.SGD([theta], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        theta.x = theta.x + 2
    return theta.detach()
"""
TOKENS: Final = (
    "def v ( v , v , v ) : ; v = SGD ( [ v ] , lr = v ) ; for v in range ( v ) : ; v . zero_grad ( ) ;"
    " v . v = v . v + 0 ; return v . detach ( ) ;"
)
HEAD: Final = "(theta, rate, steps):"


def shown(*texts: str) -> list[str]:
    return [" ".join(token.text for token in run) for _, run in runs(texts)]


def read(name: str, text: str | bytes, *, texts: bool = False) -> Prints:
    data = text if isinstance(text, bytes) else text.encode()
    return prints((File(name, data),), texts=texts)


def test_code_becomes_what_it_asks_of_python_and_of_libraries() -> None:
    assert shown(PLAIN) == [TOKENS]


@pytest.mark.parametrize(
    "changes",
    [
        {"theta": "parameter", "_ in": "step in"},
        {"\n    return": "\n    # done\n\n    return  "},
        {"import torch": '"""Homework."""\nimport os, sys\nimport torch'},
        {"import torch": "from torch import optim", "torch.optim.SGD(": "optim.SGD("},
        {"import torch": "import torch as t", "torch.optim.SGD(": "t.optim.SGD("},
        {"import torch": "from torch.optim import (\n    SGD,\n)", "torch.optim.SGD(": "SGD("},
        {"import torch": "from torch.optim import SGD as Descent", "torch.optim.SGD(": "Descent("},
        {"theta.x = theta.x + 2": "theta.x += 3.5"},
        {"    return": "    print('the end', theta)\n    pass\n    return"},
        {HEAD: "(theta: torch.Tensor, rate: float, steps: dict[str, int]) -> list[int]:"},
        {"optimiser =": "optimiser: torch.optim.Optimizer ="},
        {"    for": "    count: int\n    for"},
        {"optimiser.zero_grad()\n        ": "optimiser.zero_grad(); "},
    ],
)
def test_a_disguise_leaves_the_tokens_as_they_are(changes: dict[str, str]) -> None:
    changed = PLAIN
    for before, after in changes.items():
        assert before in changed
        changed = changed.replace(before, after)

    assert shown(changed) == [TOKENS]


def test_what_a_files_own_function_calls_its_arguments_shows_no_more_at_a_call_than_there() -> None:
    called = f"{PLAIN}\nfit(theta=torch.tensor(1.0), rate=0.1)\nModel().fit(theta=2)\n"

    renamed = called.replace("theta", "begin").replace("rate", "alpha").replace("fit(", "descend(")

    assert shown(called) == shown(renamed)
    assert "v ( v = tensor ( 0 ) , v = 0 ) ;" in shown(called)[-1]


@pytest.mark.parametrize(
    ("before", "after"), [("SGD", "Adam"), ("lr=", "weight_decay="), ("range", "enumerate"), ("+", "-")]
)
def test_another_program_has_other_tokens(before: str, after: str) -> None:
    assert shown(PLAIN.replace(before, after)) != [TOKENS]


def test_the_order_of_definitions_and_cells_shows_nowhere() -> None:
    first, second = "class A:\n    def f(self):\n        return 1\n\nx = A()\n", "def g(y):\n    return -y\n"

    assert sorted(shown(first + second)) == sorted(shown(second + first)) == sorted(shown(second, first))
    assert shown(first + second) == [
        "class v : ;",
        "def v ( v ) : ; return 0 ;",
        "v = v ( ) ;",
        "def v ( v ) : ; return - v ;",
    ]


@pytest.mark.parametrize(
    "broken", ["def f(:\n  x = (1,\n", "x = 'open\n", "  if x:\n y\n", "\0", "é = ½\n" * 3]
)
def test_code_that_does_not_parse_costs_nothing_that_stands_before_it(broken: str) -> None:
    assert shown(PLAIN + broken)[0].startswith(TOKENS)


def test_a_notebook_has_the_fingerprints_of_its_code() -> None:
    cells = [
        {"cell_type": "markdown", "source": "Homework"},
        {"cell_type": "code", "source": "%matplotlib inline\n!pip install torch\nimport torch"},
        {"cell_type": "code", "source": PLAIN.splitlines(keepends=True)[2:]},
    ]
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": PLAIN}]}], "nbformat": 3}

    plain = read("a.py", PLAIN)
    book = read("a.ipynb", json.dumps({"cells": cells, "nbformat": 4}), texts=True)

    assert len(plain.hashes) > 8 * 5
    assert book.hashes == plain.hashes == read("b.ipynb", json.dumps(old)).hashes
    assert [(one.cell, one.text.count("\n")) for one in book.parts] == [(1, 2), (2, 6)]


@pytest.mark.parametrize(
    "document",
    ["[]", "{", '{"cells": 3}', '{"cells": [3, {"cell_type": "code", "source": {}}]}', "[" * 10**5],
)
def test_a_notebook_that_is_none_has_no_fingerprints(document: str) -> None:
    assert read("a.ipynb", document).hashes == b""


def test_what_is_not_text_is_a_problem_and_no_more() -> None:
    found = read("a.py", b"x\0y")

    assert (found.hashes, found.spans) == (b"", b"")
    assert found.problem == "a.py: The file holds null bytes, so it is no Python text; save it as UTF-8 text."


def test_any_shared_piece_of_so_many_tokens_shares_a_fingerprint() -> None:
    piece = "".join(f"call.f{number}()\n" for number in range(3))[: -len(".f2()\n")]
    long = GRAM + WINDOW - 1
    assert len(shown(piece)[0].split()) == long - 1

    for before in range(WINDOW + 1):
        one = read("a.py", "".join(f"one.a{n}.b\n" for n in range(before)) + piece + "\nx.y.z.e\n" * 9)
        other = read("b.py", "other[x.q]\n" * 7 + piece + "\n[x.w]\n" * 9)
        assert set(hashes(one)) & set(hashes(other)), before


def hashes(found: Prints) -> list[bytes]:
    return [found.hashes[at : at + 8] for at in range(0, len(found.hashes), 8)]


def test_a_file_without_end_is_cut() -> None:
    found = read("a.py", "".join(f"x.a{n} = y.b{n} + z.c{n}\n" for n in range(20_000)), texts=True)

    assert len(found.hashes) == 8 * MOST
    assert sum(len(part.text) for part in found.parts) == SHOWN
