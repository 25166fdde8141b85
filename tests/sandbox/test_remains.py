"""Whether calls leave something behind, in many ways, and whether they draw lots. Under 2 s."""

from __future__ import annotations

from textwrap import dedent
from types import ModuleType

import pytest
import torch

from grader.sandbox import remains
from grader.sandbox.calling import call
from grader.sandbox.remains import Space

KEEPING = {
    "a global": "n = 0\ndef f():\n    global n\n    n += 1",
    "a global float": "rate = 1.0\ndef f():\n    global rate\n    rate *= 0.5",
    "a list": "seen = []\ndef f():\n    seen.append(1)",
    "a dictionary within one": "kept = {'a': {}}\ndef f():\n    kept['a'][1] = 2",
    "a mutable default": "def f(seen=[]):\n    seen.append(1)",
    "a keyword's default": "def f(*, seen={}):\n    seen[len(seen)] = 1",
    "an attribute of the function": "def f():\n    f.calls = 1",
    "a closure": """
        def make():
            calls = [0]
            def f():
                calls[0] += 1
            return f
        f = make()
    """,
    "a rebound name of a closure": """
        def make():
            calls = 0
            def f():
                nonlocal calls
                calls += 1
            return f
        f = make()
    """,
    "an attribute of a class": "class A:\n    n = 0\ndef f():\n    A.n += 1",
    "an attribute of an object": "class A: pass\na = A()\ndef f():\n    a.n = 1",
    "a tensor in place": "theta = torch.ones(2)\ndef f():\n    theta.mul_(2)",
    "a tensor's gradient": "theta = torch.ones(2)\ndef f():\n    theta.grad = torch.ones(2)",
    "a module's parameter": "m = torch.nn.Linear(1, 1)\ndef f():\n    with torch.no_grad(): m.weight.mul_(2)",
    "a cache": "from functools import cache\n@cache\ndef g(x): return x\ndef f():\n    g(1)",
}
CLEAN = {
    "nothing": "def f():\n    return 1",
    "a local": "n = 1\ndef f():\n    n = 2\n    seen = []\n    seen.append(n)",
    "a warning": "import warnings\ndef f():\n    warnings.warn('x')",
    "reading": "kept = {'a': 1, 'b': [torch.ones(1)]}\nclass A: n = 1\ndef f():\n    return kept['a'] + A.n",
    "an object that cannot be read": "class A:\n    __slots__ = ()\na = A()\ndef f(): pass",
    "not a number": "x = float('nan')\ndef f(): return x",
    "a loop": "a = []\na.append(a)\ndef f(): pass",
    "an empty cell": """
        def make():
            def f():
                return later
            return f
            later = 1
        f = make()
    """,
}


def module(source: str) -> ModuleType:
    made = ModuleType("s01")
    vars(made)["torch"] = torch
    exec(dedent(source), vars(made))  # noqa: S102 -- of this file
    return made


def keeps(source: str) -> bool:
    made = module(source)
    before = remains.state([Space(made.__name__, vars(made))])
    assert remains.state([Space(made.__name__, vars(made))]) == before
    call(made.f, {})
    return remains.state([Space(made.__name__, vars(made))]) != before


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("source", KEEPING.values(), ids=KEEPING)
def test_what_a_call_leaves_behind_is_seen(source: str) -> None:
    assert keeps(source)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("source", CLEAN.values(), ids=CLEAN)
def test_a_call_that_leaves_nothing_behind_is_not_suspected(source: str) -> None:
    assert not keeps(source)


def test_a_giant_is_looked_at_in_part() -> None:
    made = module("a = [[list(range(1000)) for _ in range(100)] for _ in range(100)]")

    assert len(remains.state([Space(made.__name__, vars(made))])) <= remains.MAX_VALUES


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("def f(): torch.rand(1)", True),
        ("def f(): torch.nn.Linear(1, 1)", True),
        ("def f(): torch.manual_seed(7)", True),
        ("def f(): torch.ones(1)", False),
    ],
)
def test_random_numbers_that_were_drawn_are_seen(source: str, *, drawn: bool) -> None:
    call(module(source).f, {})

    assert remains.draws() == drawn
