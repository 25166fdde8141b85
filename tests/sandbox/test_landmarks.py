"""The lines that a mistake can be pointed at, in programs written in many ways. Under 2 s."""

from __future__ import annotations

from textwrap import dedent
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.records import Landmark, Place
from grader.sandbox.jobs import File
from grader.sandbox.landmarks import landmarks
from grader.sandbox.sources import read_python

ALL: Final = (
    "definition", "loop", "loss", "optimiser", "zero_grad", "backward", "step", "return",
)  # fmt: skip


def lines(source: str, name: str = "descend") -> dict[Landmark, str]:
    """What stands at each landmark."""
    text = dedent(source).lstrip()
    found = landmarks(read_python(File("s01.py", text.encode())), name)
    assert all((place.file, place.cell) == ("s01.py", None) for place in found.values())
    return {landmark: text.split("\n")[place.line - 1].strip() for landmark, place in found.items()}


def test_every_landmark_of_a_plain_function_is_found() -> None:
    source = """
        import torch

        def descend(theta, rate, steps):
            theta = torch.nn.Parameter(theta.clone())
            optimiser = torch.optim.SGD([theta], lr=rate)
            for _ in range(steps):
                optimiser.zero_grad()
                loss = theta * theta
                loss.backward()
                optimiser.step()
            return theta.detach()
    """

    assert lines(source) == {
        "definition": "def descend(theta, rate, steps):",
        "loop": "for _ in range(steps):",
        "loss": "loss = theta * theta",
        "optimiser": "optimiser = torch.optim.SGD([theta], lr=rate)",
        "zero_grad": "optimiser.zero_grad()",
        "backward": "loss.backward()",
        "step": "optimiser.step()",
        "return": "return theta.detach()",
    }


def test_what_is_not_there_is_left_out() -> None:
    assert lines("def descend(theta, rate, steps):\n    pass") == {
        "definition": "def descend(theta, rate, steps):"
    }
    assert lines("x = 1") == {}


def test_a_helper_is_followed_by_its_name_and_the_other_exercise_is_not() -> None:
    source = """
        def run(theta, loss_of, rate, steps):
            opt = SGD([theta], rate)
            while steps:
                opt.zero_grad()
                loss_of(theta).backward()
                opt.step()
            return theta

        def square(theta):
            half = theta / 2
            return half * theta

        def norm(theta):
            return theta.norm()

        def descend(theta, rate, steps):
            return run(theta, square, rate, steps)

        def descend_norm(theta, rate, steps):
            return run(theta, norm, rate, steps)
    """

    found = lines(source)
    assert (found["definition"], found["loop"]) == ("def descend(theta, rate, steps):", "while steps:")
    assert (found["optimiser"], found["return"]) == ("opt = SGD([theta], rate)", "return theta")
    assert lines(source, "descend_norm")["definition"] == "def descend_norm(theta, rate, steps):"


def test_the_last_definition_counts_and_a_decorator_is_passed_over() -> None:
    source = """
        def descend(theta):
            return 1

        if True:
            @cached
            def descend(theta):
                return 2
    """

    assert lines(source) == {"definition": "def descend(theta):", "return": "return 2"}
    assert landmarks(read_python(File("s01.py", dedent(source).encode())), "descend")["definition"] == Place(
        "s01.py", None, 7
    )


@pytest.mark.parametrize(
    ("source", "loss"),
    [
        ("loss = f(theta)\n    loss.backward()", "loss = f(theta)"),
        ("a, loss = 1, theta\n    loss.backward()", "a, loss = 1, theta"),
        ("loss = 0\n    loss += theta\n    loss.backward()\n    loss = 9", "loss += theta"),
        ("(theta * theta).sum().backward()", "(theta * theta).sum().backward()"),
        ("loss = theta\n    loss.mean().backward()", "loss = theta"),
        ("torch.sum(theta).backward()", "torch.sum(theta).backward()"),
        ("loss = theta\n    g = torch.autograd.grad(loss, theta)", "loss = theta"),
        ("loss = theta\n    torch.autograd.backward(loss)", "loss = theta"),
        ("torch.autograd.backward()", None),
        ("theta.backward()", "theta.backward()"),
        ("f = lambda t: t * t\n    f(theta).backward()", "f = lambda t: t * t"),
        ("loss = square(theta)\n    loss.backward()", "return theta * theta"),
        ("square(theta).sum().backward()", "return theta * theta"),
        ("model = Model()\n    loss = model()\n    loss.backward()", "return self.theta"),
        ("loss = again(theta)\n    loss.backward()", "return again(theta)"),
        (
            "def closure():\n        loss = theta\n        loss.backward()\n    opt.step(closure)",
            "loss = theta",
        ),
    ],
)
def test_the_loss_is_where_its_expression_is_written(source: str, loss: str | None) -> None:
    helpers = (
        "def square(theta):\n    return theta * theta\n"
        "def again(theta):\n    return again(theta)\n"
        "class Model:\n    def forward(self):\n        return self.theta\n"
    )

    assert lines(f"{helpers}def descend(theta):\n    {source}").get("loss") == loss


def test_a_loss_that_is_passed_in_is_the_lambda_of_the_own_definition() -> None:
    source = """
        def run(theta, loss_of):
            loss = loss_of(theta)
            loss.backward()

        def descend(theta):
            run(theta, lambda t: t ** 2)
    """

    assert lines(source)["loss"] == "run(theta, lambda t: t ** 2)"


@pytest.mark.parametrize(
    ("source", "step"),
    [
        ("scheduler.step()\n        opt.step()", "opt.step()"),
        ("theta -= rate * theta.grad", "theta -= rate * theta.grad"),
        ("theta.data = theta.data - rate * theta.grad", "theta.data = theta.data - rate * theta.grad"),
        ("theta.sub_(rate * theta.grad)", "theta.sub_(rate * theta.grad)"),
        ("g = theta.grad\n        theta = theta - g", None),
        ("theta.grad.zero_()", None),
        ("step()", None),
    ],
)
def test_a_step_is_one_of_an_optimiser_or_by_hand(source: str, step: str | None) -> None:
    assert lines(f"def descend(theta):\n    for _ in range(9):\n        {source}").get("step") == step


@pytest.mark.parametrize(
    "source",
    [
        "opt.zero_grad()", "theta.grad = None", "theta.grad.zero_()", "theta.grad.data.zero_()",
        "theta.grad[:] = 0",
    ],
)  # fmt: skip
def test_a_gradient_is_cleared_in_many_ways(source: str) -> None:
    assert lines(f"def descend(theta):\n    {source}")["zero_grad"] == source


@pytest.mark.parametrize(
    "source",
    [
        "opt = optim.Whatever([theta])",
        "opt = SGD(params=[theta])",
        "opt = Descent([theta])\n    opt.step()",
        "self.opt = make(theta)\n    self.opt.step()",
    ],
)
def test_an_optimiser_is_known_by_its_name_or_by_its_step(source: str) -> None:
    assert lines(f"def descend(theta):\n    {source}")["optimiser"] == source.split("\n", maxsplit=1)[0]


@pytest.mark.parametrize(
    ("source", "loop"),
    [
        ("for a in b: pass\n    for _ in c: opt.step()", "for _ in c: opt.step()"),
        ("for a in b:\n        for c in d:\n            opt.step()", "for a in b:"),
        ("for a in b: pass\n    while c: theta.backward()", "while c: theta.backward()"),
        ("for a in b: take(a)", "for a in b: take(a)"),
        ("[opt.step() for _ in c]", "[opt.step() for _ in c]"),
        ("opt.step()", None),
    ],
)
def test_the_loop_is_the_outermost_around_a_step(source: str, loop: str | None) -> None:
    assert lines(f"def descend(theta):\n    {source}").get("loop") == loop


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("if n == 0:\n        return theta\n    return theta.detach()", "return theta.detach()"),
        ("def inner():\n        return 1\n    return theta\n    pass", "return theta"),
        ("return theta\n    return", "return theta"),
        ("try:\n        return 1\n    finally:\n        pass", "return 1"),
        ("pass", None),
    ],
)
def test_the_result_is_the_last_that_the_function_itself_hands_back(source: str, line: str | None) -> None:
    assert lines(f"def descend(theta, n):\n    {source}").get("return") == line


@pytest.mark.parametrize(
    ("source", "definition"),
    [
        ("descend = lambda theta: theta", "descend = lambda theta: theta"),
        ("def run(t):\n    return t\ndescend = partial(run, 1)", "descend = partial(run, 1)"),
        ("class descend:\n    def forward(self): opt.step()", "class descend:"),
    ],
)
def test_a_function_need_not_be_a_def(source: str, definition: str) -> None:
    assert lines(source)["definition"] == definition


def test_a_giant_function_is_looked_through_as_far_as_it_pays() -> None:
    body = "    x = 1 + 2\n" * 8_000
    found = lines(f"def descend(theta):\n    for _ in range(3):\n        pass\n{body}    return theta\n")

    assert found["definition"] == "def descend(theta):"
    assert found["loop"] == "for _ in range(3):"


expressions = st.recursive(
    st.sampled_from(["theta", "theta.grad", "1.0", "opt", "loss", "descend", "torch"]),
    lambda inner: st.one_of(
        st.builds(
            "{}.{}()".format, inner, st.sampled_from(["step", "backward", "zero_grad", "sum", "zero_"])
        ),
        st.builds("descend({})".format, inner),
        st.builds("loss({}, {})".format, inner, inner),
        st.builds("({} * {})".format, inner, inner),
        st.builds("(lambda t: {})".format, inner),
        st.builds("[{} for a in {}]".format, inner, inner),
    ),
    max_leaves=6,
)
statements = st.one_of(
    st.builds(
        "{} = {}".format, st.sampled_from(["loss", "opt", "theta.grad", "a, loss", "a[0]"]), expressions
    ),
    st.builds("loss += {}".format, expressions),
    st.builds("return {}".format, expressions),
    st.builds("for a in {}: {}".format, expressions, expressions),
    st.builds("def loss(t): return {}".format, expressions),
    expressions,
)


@settings(deadline=None, max_examples=100)
@given(st.lists(statements, max_size=6), st.lists(statements.filter(lambda s: "return" not in s), max_size=3))
def test_any_program_has_its_landmarks_within_its_lines(body: list[str], top: list[str]) -> None:
    source = "".join(f"{one}\n" for one in top)
    source += "def descend(theta):\n" + "".join(f"    {one}\n" for one in body) + "    pass\n"
    found = landmarks(read_python(File("s01.py", source.encode())), "descend")

    assert set(found) <= set(ALL)
    assert "definition" in found
    assert all(1 <= place.line <= source.count("\n") for place in found.values())
