"""What travels with a probe, and what is refused because it cannot. Under ten seconds."""
# ruff: noqa: B008, E501

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st

from grader import strategies
from grader.errors import GraderError
from grader.exercises import Close, Criterion, Exercise
from grader.freezing import protocols
from grader.records import Made, Protocol
from grader.sandbox import support
from tests.judging.build import tensor

WIDTH = 3
SIZES = (1, "two", None)
TABLE = {"a": 1}
ONES = torch.ones(2)


def reference(x: Any) -> Any:
    return x * 2


def other_style(x: Any) -> Any:
    return x + x


class Holder:
    """Something that a probe passes."""

    def __init__(self, width: int = WIDTH) -> None:
        self.width = width


def helper(x: Any) -> Any:
    return dataclasses.replace(Settings(), scale=math.sqrt(WIDTH)), nested(x)


def nested(x: Any) -> Any:
    return x + len(SIZES)


@dataclasses.dataclass
class Settings:
    scale: float = 1.0

    def doubled(self) -> float:
        return self.scale * 2


def plain_probe(student: Any, x: Any) -> Any:
    return student(x)


def deep_probe(student: Any, x: Any) -> Any:
    settings, moved = helper(x)
    return student(moved), settings.doubled(), Holder().width


def telling_probe(student: Any, x: Any) -> Any:
    return student(x) - reference(x)


def telling_by_a_helper(student: Any, x: Any) -> Any:
    return student(x), through(x)


def through(x: Any) -> Any:
    return other_style(x)


def probe_of_a_table(student: Any, x: Any) -> Any:
    return student(x), TABLE["a"]


def probe_of_a_tensor(student: Any, x: Any) -> Any:
    return student(x) @ ONES


class Local:
    width = 4


def probe_of_a_class_without_a_function(student: Any, x: Any) -> Any:
    return student(x), Local.width


def layer(size: int) -> Any:
    return torch.nn.Linear(size, WIDTH)


def exercise(**more: Any) -> Exercise:
    rubric = (Criterion("value", "Right", 1, "values"),)
    arguments = strategies.calls(x=st.just(torch.ones(2)))
    given = {"reference": reference, "arguments": arguments, "rubric": rubric, **more}
    return Exercise("double", "Double", "Double x.", **given)


def refused(**more: Any) -> tuple[str, str]:
    with pytest.raises(GraderError) as error:
        protocols.support_of(exercise(**more))
    return error.value.message, error.value.hint


# --- what travels -------------------------------------------------------------------------


def test_without_a_probe_nothing_travels() -> None:
    assert protocols.support_of(exercise()) == ""


def test_a_probe_travels_as_it_is_written() -> None:
    assert protocols.support_of(exercise(probe=plain_probe)) == (
        "def plain_probe(student: Any, x: Any) -> Any:\n    return student(x)\n".replace(
            "def", "from typing import Any as Any\n\ndef", 1
        )
    )


def test_what_a_probe_names_of_its_file_travels_and_runs_by_itself() -> None:
    source = protocols.support_of(exercise(probe=deep_probe))

    probe = support.namespace(source)["deep_probe"]
    value, doubled, width = probe(lambda x: x * 10, 1)
    assert (value, doubled, width) == (40, 2 * math.sqrt(3), 3)
    for needed in (
        "WIDTH = 3",
        "SIZES = (1, 'two', None)",
        "class Settings",
        "@dataclasses.dataclass",
        "class Holder",
    ):
        assert needed in source
    for left_out in ("reference", "other_style", "telling", "import torch", "import math", "layer"):
        assert left_out not in source


def test_support_travels_without_a_probe() -> None:
    source = protocols.support_of(exercise(support=(layer,)))

    assert support.made(Made("layer(2)"), "cpu", source).weight.shape == (3, 2)


def test_what_travels_stands_in_the_order_of_the_file() -> None:
    source = protocols.support_of(exercise(probe=deep_probe, support=(layer,)))

    names = (
        "WIDTH",
        "class Holder",
        "def helper",
        "def nested",
        "class Settings",
        "def deep_probe",
        "def layer",
    )
    places = [source.index(one) for one in names]
    assert places == sorted(places)


# --- what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("probe", "name", "solution"),
    [(telling_probe, "telling_probe", "reference"), (telling_by_a_helper, "through", "other_style")],
)
def test_a_probe_that_names_a_solution_is_refused(
    probe: Callable[..., Any], name: str, solution: str
) -> None:
    message, hint = refused(probe=probe, honest={"other": other_style})

    assert message.endswith(
        f": {name} names {solution}, which is a solution; its source would be handed out."
    )
    assert message.startswith(f"{__file__}, line ")
    assert hint == "A probe is given what the student wrote as its first argument: use that."


@pytest.mark.parametrize(
    ("probe", "name", "used", "kind"),
    [(probe_of_a_table, "probe_of_a_table", "TABLE", "dict"), (probe_of_a_tensor, "probe_of_a_tensor", "ONES", "Tensor")],
)  # fmt: skip
def test_what_cannot_travel_is_refused(probe: Callable[..., Any], name: str, used: str, kind: str) -> None:
    message, hint = refused(probe=probe)

    assert message.endswith(f": {name} names {used}, a {kind}, which cannot go with it.")
    assert hint == f"Make it inside {name}."


def test_a_lambda_is_refused() -> None:
    message, hint = refused(probe=lambda student, x: student(x))

    assert message == ("double: the probe, or what makes an argument, is <lambda>: it has no source to read.")
    assert hint == "Write it with `def` at the top of the exercise's file."


def test_a_class_without_a_function_is_refused() -> None:
    assert refused(probe=probe_of_a_class_without_a_function)[0] == (
        "double: the probe, or what makes an argument, is Local: it has no source to read."
    )


def test_what_has_no_source_is_refused() -> None:
    made: dict[str, Any] = {}
    exec("def probe(student, x): return student(x)", made)  # noqa: S102 -- a function without a file

    assert refused(probe=made["probe"])[0].endswith("it has no source to read.")


def test_a_source_that_does_not_run_by_itself_is_refused() -> None:
    SMALL = ()  # noqa: N806 -- known where the probe is defined, and nowhere else

    def probe(student: Any, x: Any, most: Any = len(SMALL)) -> Any:
        return student(x), most

    message, hint = refused(probe=probe)

    assert message == (
        "double: the probe's source cannot be run by itself: NameError: name 'SMALL' is not defined."
    )
    assert (
        hint
        == "A probe may name torch, math, np, and functions, classes and plain constants of its own file."
    )


# --- what is looked at --------------------------------------------------------------------


def protocol(**more: Any) -> Protocol:
    return protocols.protocol(exercise(**more), {"x": tensor(1.0, 2.0)})


def criterion(kind: Any = "values", **more: Any) -> tuple[Criterion, ...]:
    return (Criterion("value", "Right", 1, "values"), Criterion("more", "More", 1, kind, **more))


def test_a_function_of_one_tensor_is_asked_for_that_alone() -> None:
    assert protocol() == Protocol()


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"rubric": criterion("gradients")}, Protocol(leaves=True, gradients=True)),
        ({"rubric": criterion("unchanged")}, Protocol(leaves=True, unchanged=True)),
        ({"rubric": criterion(part=1)}, Protocol(leaves=True)),
        ({"rubric": criterion(check=Close(0, 1, "wide"))}, Protocol(leaves=True)),
        ({"accepted": lambda result: [result]}, Protocol(leaves=True)),
        ({"reference": lambda x: (x, x)}, Protocol(leaves=True)),
        ({"reference": lambda x: x.tolist()}, Protocol(leaves=True)),
        ({"reference": lambda x: x.argmax()}, Protocol(leaves=True)),
        ({"rubric": criterion("calls", uses=("a|b", "c"), avoids=("a", "d"))}, Protocol(watched=("a", "b", "c", "d"))),
    ],
)  # fmt: skip
def test_leaves_are_asked_for_where_one_tensor_is_not_all(more: dict[str, Any], found: Protocol) -> None:
    assert protocol(**more) == found


def test_a_probe_always_asks_for_leaves() -> None:
    found = protocol(probe=plain_probe)

    assert (found.probe, found.leaves) == ("plain_probe", True)


def test_the_parameters_are_the_probes_without_the_student() -> None:
    assert protocols.parameters(exercise(probe=plain_probe)) == ("x",)
    assert protocols.parameters(exercise()) == ("x",)
    assert protocols.told(exercise(probe=plain_probe), {"x": 1}) == "plain_probe(double, 1)"
    assert protocols.told(exercise(), {"x": 1}) == "double(1)"
