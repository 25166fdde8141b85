"""What an author lets run beside the student's code, and what is looked at besides. Under five seconds."""
# ruff: noqa: ARG001, ARG004, ARG005, E501

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from grader.records import Answer, Items, Leaf, Made, Protocol, Raised, Returned, Table, Value
from grader.sandbox import calling, support
from grader.tensors import floats
from tests.judging.build import tensor

SUPPORT = '''
def layer(size, seed):
    made = torch.nn.Linear(size, 1)
    torch.nn.init.constant_(made.weight, 0.1)
    torch.nn.init.constant_(made.bias, seed)
    return made

def probe(student, model, x):
    """Returns what the student makes of it."""
    return {"y": student(model, x), "size": int(np.prod(x.shape)), "e": math.e}

def bad(student, x):
    return student(x).no_such_thing
'''
LEAVES = Protocol(support=SUPPORT, leaves=True)


def called(function: Callable[..., Any], given: dict[str, Value], **more: Any) -> Answer:
    protocol = Protocol(support=SUPPORT, leaves=True, **more)
    return calling.call(function, given, protocol=protocol)


def parts(answer: Answer) -> dict[str, list[float] | str]:
    """What stands at each path: its numbers, or its text."""
    assert isinstance(answer, Returned), answer
    assert answer.value is not None
    own = iter(floats(answer.value))
    return {
        one.path: [next(own) for _ in range(one.size)] if one.dtype else one.text for one in answer.leaves
    }


def given(**more: Value) -> dict[str, Value]:
    return {"x": tensor(1.0, 2.0), **more}


# --- probes -------------------------------------------------------------------------------


def test_a_probe_is_called_with_what_the_student_wrote_and_fresh_arguments() -> None:
    arguments: dict[str, Value] = {"model": Made("layer(2, seed=3)"), "x": tensor(1.0, 2.0, shape=(1, 2))}

    answer = called(lambda model, x: model(x), arguments, probe="probe")

    assert parts(answer) == {'["y"]': pytest.approx([3.3]), '["size"]': [2.0], '["e"]': [2.718281828459045]}


def test_a_probe_that_raises_is_an_answer_that_names_none_of_the_graders_files() -> None:
    answer = called(lambda x: x, given(), probe="bad")

    assert isinstance(answer, Raised)
    assert answer.line == "AttributeError: 'Tensor' object has no attribute 'no_such_thing'"
    assert (answer.traceback, answer.place) == ("", None)


def test_without_a_probe_the_function_itself_is_called() -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        return x

    assert support.probed(function, LEAVES) is function


def test_a_support_is_compiled_once() -> None:
    assert support.namespace(SUPPORT) is support.namespace(SUPPORT)


# --- arguments ----------------------------------------------------------------------------


def test_what_is_made_is_made_anew_for_each_call() -> None:
    seen: list[Any] = []

    def spoil(model: torch.nn.Linear, options: dict[str, Any], sizes: list[int]) -> Any:
        seen.extend((model, options, sizes))
        model.weight.data += 1
        options["deep"][0] += 1
        sizes.append(7)
        return float(model.weight.data.sum()) + options["deep"][0].item() + len(sizes)

    arguments: dict[str, Value] = {
        "model": Made("layer(2, seed=0)"),
        "options": Table({"deep": Items((tensor(1.0),))}),
        "sizes": Items((1, 2)),
    }

    first, again = (called(spoil, arguments) for _ in range(2))

    assert first == again
    assert parts(first) == {"": pytest.approx([7.2])}
    assert seen[0] is not seen[3]


def test_lists_tuples_and_dicts_come_as_themselves() -> None:
    arguments: dict[str, Value] = {
        "items": Items((1, Items(("a", None), fixed=True), Table({"t": tensor(1.0)}))),
    }
    got: list[Any] = []
    called(got.append, arguments)

    assert got == [[1, ("a", None), {"t": torch.ones(1)}]]
    assert type(got[0][1]) is tuple


def test_what_is_made_is_the_same_whatever_the_default_dtype_is() -> None:
    made = Made("torch.rand(2, generator=torch.Generator().manual_seed(1))")
    plain = support.made(made, "cpu", "")
    torch.set_default_dtype(torch.float64)
    try:
        other = support.made(made, "cpu", "")
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)

    assert torch.equal(plain, other)
    assert other.dtype == torch.float32


def test_what_is_made_is_cast_where_it_holds_floating_numbers() -> None:
    def cast(code: str) -> Any:
        return support.made(Made(f"cast({code!r}, torch.float64)"), "cpu", SUPPORT)

    assert cast("torch.ones(2)").dtype == torch.float64
    assert cast("torch.arange(2)").dtype == torch.int64
    assert cast("layer(2, 0)").weight.dtype == torch.float64
    assert cast("[1, 2]") == [1, 2]


def test_what_is_made_moves_by_one_unit_in_the_last_place() -> None:
    one = torch.ones(64)
    moved = support.made(Made("moved('torch.ones(64)', 3)"), "cpu", "")
    other = support.made(Made("moved('torch.ones(64)', 4)"), "cpu", "")

    up, down = (torch.nextafter(one, one * end) for end in (torch.inf, -torch.inf))
    assert bool(((moved == up) | (moved == down)).all())
    assert not torch.equal(moved, other)
    assert support.made(Made("moved('3', 3)"), "cpu", "") == 3
    assert support.made(Made("moved('torch.arange(2)', 3)"), "cpu", "").dtype == torch.int64


def test_a_module_that_cannot_be_copied_is_passed_all_the_same() -> None:
    source = """
class Stubborn(torch.nn.Module):
    def __deepcopy__(self, memo):
        raise RuntimeError("no copies")
    def forward(self, x):
        return x * 3

def make():
    return Stubborn()
"""
    arguments: dict[str, Value] = {"model": Made("make()"), "x": tensor(2.0)}

    answer = calling.call(lambda model, x: model(x), arguments, protocol=Protocol(source, leaves=True))

    assert parts(answer) == {"": [6.0]}


# --- gradients ----------------------------------------------------------------------------


class NoBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        raise ValueError("no formula")


IN_PLACE = "asking for it raised RuntimeError: a leaf Variable that requires grad is being used in an in-place operation."


@dataclass
class Fit:
    weights: torch.Tensor
    steps: int


def test_gradients_are_pulled_back_from_all_that_comes_to_all_that_is_given() -> None:
    def function(x: torch.Tensor, more: dict[str, list[torch.Tensor]]) -> Any:
        return {"a": x * 2, "b": (more["w"][0] * x, "text", 3)}

    more = Table({"w": Items((tensor(3.0, 5.0),))})
    answer = called(function, given(more=more), gradients=True)

    cotangent = torch.tensor(support.SCALE[:2])
    x, w = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 5.0])
    assert {path: one for path, one in parts(answer).items() if path.startswith("the")} == {
        "the gradient at x": (cotangent * 2 + cotangent * w).tolist(),
        'the gradient at more["w"][0]': (cotangent * x).tolist(),
    }


def test_gradients_flow_through_a_dataclass() -> None:
    answer = called(lambda x: Fit(x * 3, 1), given(), gradients=True)

    assert parts(answer)["the gradient at x"] == [3.0, -1.5]


def test_the_order_of_a_dict_changes_no_gradient() -> None:
    one = called(lambda x: {"a": x, "b": x * x}, given(), gradients=True)
    other = called(lambda x: {"b": x * x, "a": x}, given(), gradients=True)

    assert parts(one) == parts(other)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda x: x.detach() * 2, support.UNREACHED),
        (lambda x: x.tolist(), support.UNREACHED),
        (lambda x: None, support.UNREACHED),
        (lambda x: torch.ones(2, requires_grad=True), support.UNREACHED),
        (NoBackward.apply, "asking for it raised ValueError: no formula"),
        (lambda x: x.mul_(2), IN_PLACE),
    ],
)
def test_where_no_gradient_comes_it_says_why(function: Callable[..., Any], told: str) -> None:
    found = parts(called(function, given(), gradients=True))

    assert found["the gradient at x"] == told
    assert "" in found  # what came back is judged all the same


def test_the_call_for_gradients_leaves_the_first_as_it_was() -> None:
    seen: list[bool] = []

    def function(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.requires_grad)
        return x * torch.rand(2)

    answer = called(function, given(), gradients=True)

    torch.manual_seed(0)
    drawn = torch.rand(2)
    found = parts(answer)
    assert seen == [False, True]
    assert found[""] == (torch.tensor([1.0, 2.0]) * drawn).tolist()
    assert found["the gradient at x"] == (torch.tensor([1.0, -0.5]) * drawn).tolist()


def test_integers_have_no_gradient() -> None:
    answer = called(lambda n: n * 2, {"n": tensor(1, 2, dtype="int64")}, gradients=True)

    assert parts(answer) == {"": [2.0, 4.0]}


# --- arguments after the call -------------------------------------------------------------


def test_the_tensors_given_are_told_as_they_are_after_the_call() -> None:
    def function(x: torch.Tensor, items: list[torch.Tensor], n: int) -> int:
        items[0] *= 2
        items[1] = torch.zeros(1)
        return n

    arguments = given(items=Items((tensor(1.0), tensor(2.0))), n=3)
    answer = called(function, arguments, unchanged=True)

    assert parts(answer) == {
        "": [3.0],
        "the argument x": [1.0, 2.0],
        "the argument items[0]": [2.0],
        "the argument items[1]": [0.0],
    }


def test_what_was_taken_out_of_a_list_is_missing_after_the_call() -> None:
    arguments: dict[str, Value] = {"items": Items((tensor(1.0), tensor(2.0)))}

    assert parts(called(list.clear, arguments, unchanged=True)) == {"": "None"}


def test_an_answer_that_raised_has_no_parts() -> None:
    answer = called(lambda x: 1 / 0, given(), gradients=True, unchanged=True)

    assert isinstance(answer, Raised)
    assert answer.line == "ZeroDivisionError: division by zero"


def test_the_names_of_what_is_seen_besides_are_no_ones_to_forge() -> None:
    answer = called(lambda x: {"the gradient at x": 1.0}, given(), gradients=True)

    assert isinstance(answer, Returned)
    assert [one.path for one in answer.leaves] == ['["the gradient at x"]', "the gradient at x"]
    assert answer.leaves[1] == Leaf("the gradient at x", "str", text=support.UNREACHED)
