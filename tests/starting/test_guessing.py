"""What is proposed for an argument, and what cannot be."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from grader import strategies
from grader.starting import classes, guessing, reading
from grader.starting.reading import NotAsked

TENSOR = "strategies.tensors([(3,), (2, 3)], [torch.float32, torch.float64], NUMBERS)"
VECTOR = "strategies.tensors([(3,)], [torch.float32], NUMBERS)"
SMALL = "st.integers(1, 5)"
POSITIVE = "st.one_of(st.sampled_from([1.0, 2.0, 0.5]), st.floats(0.1, 5.0))"
WORDS = 'st.sampled_from(["a", "b", "abc", ""])'


def function(source: str) -> ast.FunctionDef:
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef)
    return node


def guessed(signature: str, docstring: str = "") -> list[tuple[str, str]]:
    node = function(f'def f({signature}):\n    """{docstring}"""\n    return 1')
    return [(one.source, one.why) for one in guessing.guesses(reading.parameters(node))]


@pytest.mark.parametrize(
    ("signature", "source", "why"),
    [
        ("x: torch.Tensor", TENSOR, "`torch.Tensor`"),
        ("x: 'Tensor'", TENSOR, "`'Tensor'`"),
        ("n: int", "st.integers(1, 5)", "`int`"),
        ("number_steps: int", "strategies.step_counts(short=4, long=8)", "`int`"),
        ("lr: float", "strategies.learning_rates([0.1, 0.2, 0.05], largest=0.5)", "`float`"),
        ("momentum: float", "st.sampled_from([0.5, 0.9, 0.1])", "`float`"),
        ("delta: float", POSITIVE, "`float`"),
        ("flag: bool", "st.booleans()", "`bool`"),
        ("flag: bool = True", "st.booleans()", "`bool` and its default"),
        ("name: str", WORDS, "`str`"),
        (
            "how: Literal['sum', 'mean'] = 'mean'",
            "st.one_of(st.just('mean'), st.sampled_from(['sum', 'mean']))",
            "`Literal['sum', 'mean']` and its default",
        ),
        ("xs: list[int]", "st.lists(st.integers(1, 5), min_size=1, max_size=3)", "`list[int]`"),
        ("xs: list[torch.Tensor]", f"st.lists({VECTOR}, min_size=1, max_size=3)", "`list[torch.Tensor]`"),
        (
            "xs: tuple[int, ...]",
            "st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple)",
            "`tuple[int, ...]`",
        ),
        ("xs: tuple[int, bool]", "st.tuples(st.integers(1, 5), st.booleans())", "`tuple[int, bool]`"),
        (
            "xs: dict[str, int]",
            f"st.dictionaries({WORDS}, st.integers(1, 5), min_size=1, max_size=3)",
            "`dict[str, int]`",
        ),
        ("k: Optional[int] = None", f"st.one_of({SMALL}, st.none())", "`Optional[int]` and its default"),
        ("k: int | None", "st.one_of(st.integers(1, 5), st.none())", "`int | None`"),
        ("generator: torch.Generator", "strategies.generators()", "`torch.Generator`"),
        (
            "loss_function: Callable[..., Tensor]",
            "strategies.ready(torch.nn.functional.mse_loss, torch.nn.functional.l1_loss)",
            "`Callable[..., Tensor]`",
        ),
        ("eps=1e-8", POSITIVE.replace("(", "(st.just(1e-08), ", 1), "its default"),
        ("dim=-1", "st.one_of(st.just(-1), st.sampled_from([0, -1]))", "its default"),
        ("epochs", "strategies.step_counts(short=4, long=8)", "its name: nothing says of what type it is"),
        ("inputs", TENSOR, "its name: nothing says of what type it is"),
    ],
)  # fmt: skip
def test_a_strategy_is_guessed_with_what_it_was_guessed_from(signature: str, source: str, why: str) -> None:
    assert guessed(signature) == [(source, why)]


def test_types_in_a_docstring_are_read_where_there_is_no_hint() -> None:
    google = guessed(
        "theta, k", "Args:\n        theta (torch.Tensor): begins\n        k (int, optional): many"
    )
    numpy = guessed("theta", "Parameters\n    ----------\n    theta : float\n        begins")
    sphinx = guessed("theta", ":param theta: begins\n    :type theta: bool")

    assert google == [(TENSOR, "the docstring"), ("st.integers(1, 5)", "the docstring")]
    assert numpy == [(POSITIVE, "the docstring")]
    assert sphinx == [("st.booleans()", "the docstring")]


def test_letters_in_the_docstrings_shapes_mean_the_same_size_everywhere() -> None:
    found = guessed(
        "X: Tensor, w: Tensor, y: Tensor", "X: of shape (n, d), w: shape (d,)\n    y of shape (n, 2)"
    )

    assert [source.partition(", [torch")[0] for source, _ in found] == [
        "strategies.tensors([(3, 4)]",
        "strategies.tensors([(4,)]",
        "strategies.tensors([(3, 2)]",
    ]


def test_tensors_beside_one_another_fit_a_capital_letter_is_a_matrix() -> None:
    matrix = VECTOR.replace("(3,)", "(3, 3)")

    assert [source for source, _ in guessed("W: Tensor, x: Tensor")] == [matrix, VECTOR]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def f(*xs): return xs", "takes *xs, and an exercise names its arguments one by one"),
        ("def f(x, **how): return x", "takes **how, and an exercise names its arguments one by one"),
        ("def f(x, *, eps): return x", "takes eps by keyword alone, and calls go by position"),
        ("def f(): return 1", "takes no argument, so there is nothing to draw"),
        ("def f(x): print(x)", "returns nothing, and an exercise compares what a call returns"),
        ("def f(x):\n def g(): return x", "returns nothing, and an exercise compares what a call returns"),
        ("def f(x):\n yield x", "is a generator, and an exercise compares what a call returns"),
        ("async def f(x): return x", "is async, and an exercise compares what a call returns"),
        ("def f(x: nn.Module): return x", "takes x: nn.Module, of which no strategy can be guessed"),
        ("def f(g: Callable): return g", "takes the function g, of which no strategy can be guessed"),
        (
            "@torch.compile\ndef f(x): return x",
            "stands under @torch.compile, so its signature need not be what is called",
        ),
    ],
)
def test_a_function_that_cannot_be_an_exercise_says_why(source: str, why: str) -> None:
    node = ast.parse(source).body[0]
    assert isinstance(node, reading.Function)

    with pytest.raises(NotAsked) as refused:
        classes.of_function(node)

    assert str(refused.value) == why


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("@dataclass\nclass C:\n x: int", "stands under @dataclass, which may add methods of its own"),
        ("class C(Enum):\n A = 1", "extends Enum, so how it is called is not told here"),
        ("class C(nn.Module):\n x = 1", "has no method forward: write a probe that says what is compared"),
        (
            "class C(autograd.Function):\n x = 1",
            "has no method forward: write a probe that says what is compared",
        ),
        (
            "class C:\n def a(self, x): return x\n def b(self, x): return x",
            "has the methods a, b: write a probe that says what is compared",
        ),
        (
            "class C:\n def __init__(self, x): pass\n def a(self, x): return x",
            "takes x twice, in __init__ and in a",
        ),
        ("class C:\n def a(self): return 1", "takes no argument, so there is nothing to draw"),
        (
            "class C:\n def a(self, student): return 1",
            "takes an argument named student, which is what a probe calls the class",
        ),
    ],
)
def test_a_class_that_no_probe_can_be_guessed_for_says_why(source: str, why: str) -> None:
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.ClassDef)

    with pytest.raises(NotAsked) as refused:
        classes.of_class(node)

    assert str(refused.value) == why


def test_what_a_probe_does_with_a_class_is_what_its_user_would() -> None:
    source = "class C:\n def __init__(self, eps: float): pass\n def scale(self, x: Tensor): return x"
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.ClassDef)

    trial = classes.of_class(node)

    assert trial.call == "C(eps).scale(x)"
    assert trial.probe == "def probe(student, eps, x):\n    return student(eps).scale(x)"


def test_every_strategy_that_is_named_is_there() -> None:
    text = Path(guessing.__file__).read_text(encoding="utf-8")
    named = {word.partition("(")[0] for word in text.split("strategies.")[1:] if "(" in word[:20]}

    assert named >= {"tensors", "step_counts", "learning_rates", "generators", "ready"}
    assert all(hasattr(strategies, name) for name in named)
