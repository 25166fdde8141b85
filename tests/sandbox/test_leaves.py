"""A result as its leaves: where each stands, what it is, its numbers. Under five seconds."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grader.records import Leaf, Protocol, Raised, Returned
from grader.sandbox import calling, leaves
from grader.sandbox.leaves import MAX_DEPTH, describe
from grader.tensors import floats
from grader.wire import MAX_LEAVES, MAX_NUMBERS, Case, check
from tests.judging.build import QUICK


class Pair(NamedTuple):
    mean: Any
    spread: Any


@dataclasses.dataclass
class Fit:
    loss: Any
    steps: Any


def read(value: object) -> list[tuple[str, str, str, tuple[int, ...], str]]:
    """Of each leaf: path, type, dtype, shape, text."""
    return [(one.path, one.type, one.dtype, one.shape, one.text) for one in describe(value, {}).leaves]


def numbers(value: object) -> list[float]:
    found = describe(value, {}).value
    assert found is not None
    return floats(found)


def texts(value: object) -> list[str]:
    return [one.text for one in describe(value, {}).leaves]


# --- one leaf -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "leaf", "own"),
    [
        (True, ("", "bool", "bool", (), ""), [1.0]),
        (3, ("", "int", "int64", (), ""), [3.0]),
        (2.5, ("", "float", "float64", (), ""), [2.5]),
        (2 + 3j, ("", "complex", "complex128", (), ""), [2.0, 3.0]),
        (2**53, ("", "int", "int64", (), ""), [2.0**53]),
        ([1, 2], ("", "list", "int64", (2,), ""), [1.0, 2.0]),
        ((1, 2.5), ("", "tuple", "float64", (2,), ""), [1.0, 2.5]),
        ([True, False], ("", "list", "bool", (2,), ""), [1.0, 0.0]),
        ([True, 2], ("", "list", "int64", (2,), ""), [1.0, 2.0]),
        (torch.Size([2, 3]), ("", "Size", "int64", (2,), ""), [2.0, 3.0]),
        (torch.tensor([[1], [2]]), ("", "Tensor", "int64", (2, 1), ""), [1.0, 2.0]),
        (torch.tensor([True]), ("", "Tensor", "bool", (1,), ""), [1.0]),
        (torch.tensor(1 + 2j), ("", "Tensor", "complex64", (), ""), [1.0, 2.0]),
        (torch.tensor([1j]).conj(), ("", "Tensor", "complex64", (1,), ""), [0.0, -1.0]),
        (torch.arange(4.0).reshape(2, 2).T, ("", "Tensor", "float32", (2, 2), ""), [0.0, 2.0, 1.0, 3.0]),
        (torch.ones(1).to(torch.bfloat16), ("", "Tensor", "bfloat16", (1,), ""), [1.0]),
        (torch.nn.Parameter(torch.ones(1)), ("", "Parameter", "float32", (1,), ""), [1.0]),
        (torch.zeros(0, 3), ("", "Tensor", "float32", (0, 3), ""), []),
        (np.float32(2), ("", "float32", "float32", (), ""), [2.0]),
        (np.array([[1j, 2]]), ("", "ndarray", "complex128", (1, 2), ""), [0.0, 1.0, 2.0, 0.0]),
        (np.ones(2, dtype=">f4"), ("", "ndarray", "float32", (2,), ""), [1.0, 1.0]),
        (np.asfortranarray([[1, 2], [3, 4]]), ("", "ndarray", "int64", (2, 2), ""), [1.0, 2.0, 3.0, 4.0]),
    ],
)
def test_numbers_keep_their_type_dtype_shape_and_order(
    value: object, leaf: tuple[Any, ...], own: list[float]
) -> None:
    assert (read(value), numbers(value)) == ([leaf], own)


@pytest.mark.parametrize(
    ("value", "leaf"),
    [
        (None, ("", "NoneType", "", (), "None")),
        ("a 'b'", ("", "str", "", (), "\"a 'b'\"")),
        (torch.float16, ("", "dtype", "", (), "torch.float16")),
        (torch.device("cpu"), ("", "device", "", (), "cpu")),
        (2**53 + 1, ("", "int", "", (), "integers 9007199254740993")),
        (torch.tensor([1, 2**60]), ("", "Tensor", "", (), "integers 1, 1152921504606846976")),
        (
            torch.tensor([[1], [2**60]]),
            ("", "Tensor", "", (), "integers 1, 1152921504606846976 of shape (2, 1)"),
        ),
        (np.uint64(2**63), ("", "uint64", "", (), "integers 9223372036854775808")),
    ],
)
def test_what_is_no_float64_number_is_its_text(value: object, leaf: tuple[Any, ...]) -> None:
    assert (read(value), numbers(value)) == ([leaf], [])
    assert leaves.is_text(describe(value, {}).leaves[0])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (object(), "an object of type object"),
        (range(3), "an object of type range"),
        ({1}, "an object of type set"),
        (torch.nn.Linear(1, 1), "an object of type Linear"),
        (torch.zeros(MAX_NUMBERS + 1), f"a tensor of {MAX_NUMBERS + 1} elements"),
        (torch.zeros(2, device="meta"), "a tensor on the device 'meta', which holds no values"),
        (torch.eye(2).to_sparse(), "a tensor that is not dense (layout torch.sparse_coo)"),
        (
            torch.eye(2).to(torch.complex64).to_sparse(),
            "a tensor that is not dense (layout torch.sparse_coo)",
        ),
        (torch.zeros(1, dtype=torch.float8_e4m3fn), "a tensor of dtype torch.float8_e4m3fn"),
        (np.array(["a"]), "a NumPy array of 1 str32"),
        (np.zeros(MAX_NUMBERS + 1), f"a NumPy array of {MAX_NUMBERS + 1} float64"),
    ],
)
def test_what_cannot_be_read_says_what_it_is(value: object, told: str) -> None:
    assert (texts(value), numbers(value)) == ([told], [])
    assert not leaves.is_text(describe(value, {}).leaves[0])


@pytest.mark.parametrize("bits", [60, 2000, 40_000])
def test_two_integers_that_no_float64_tells_apart_are_two_texts(bits: int) -> None:
    assert texts(2**bits) != texts(2**bits + 1)
    assert texts([1, 2**bits]) != texts([2, 2**bits])
    assert len(texts([2**bits] * 40)[0]) <= leaves.MAX_TEXT


def test_two_long_texts_that_differ_in_the_middle_are_two() -> None:
    one, other = ("a" * 5000 + middle + "a" * 5000 for middle in "bc")

    assert texts(one) != texts(other)
    assert texts(one)[0].endswith("... (10003 characters of SHA-256 " + texts(one)[0][-17:])
    assert texts(one) == texts(str(one))


# --- nestings -----------------------------------------------------------------------------


def test_each_part_is_named_as_one_writes_it() -> None:
    result = {"loss": 0.5, 'a "b"\\': [1, 2], 3: None, (0, 1): True, None: ("x", Pair(1, [torch.ones(2)]))}

    assert read(result) == [
        ('["loss"]', "float", "float64", (), ""),
        ('["a \\"b\\"\\\\"]', "list", "int64", (2,), ""),
        ("[3]", "NoneType", "", (), "None"),
        ("[(0, 1)]", "bool", "bool", (), ""),
        ("[None][0]", "str", "", (), "'x'"),
        ("[None][1].mean", "int", "int64", (), ""),
        ("[None][1].spread[0]", "Tensor", "float32", (2,), ""),
    ]


def test_a_part_says_what_it_stands_in() -> None:
    result = [(1, "a"), Pair(2, {"x": 3}), Fit(None, OrderedDict(a=4))]

    assert [(one.path, one.inside) for one in describe(result, {}).leaves] == [
        ("[0][0]", "list/tuple"),
        ("[0][1]", "list/tuple"),
        ("[1].mean", "list/tuple"),
        ('[1].spread["x"]', "list/tuple/dict"),
        ("[2].loss", "list/Fit"),
        ('[2].steps["a"]', "list/Fit/dict"),
    ]


@pytest.mark.parametrize(("value", "name"), [([], "list"), ((), "tuple"), ({}, "dict")])
def test_what_is_empty_is_a_leaf_of_no_numbers(value: object, name: str) -> None:
    assert read(value) == [("", name, "float64", (0,), "")]
    assert read([value, 1.0, "a"])[0] == ("[0]", name, "float64", (0,), "")


def test_what_a_call_did_besides_comes_after_what_it_returned() -> None:
    found = describe(1.0, {"the gradient at x": torch.ones(2), "the argument y[0]": 3})

    assert [one.path for one in found.leaves] == ["", "the gradient at x", "the argument y[0]"]
    assert found.value is not None
    assert floats(found.value) == [1.0, 1.0, 1.0, 3.0]


plain = st.one_of(
    st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False), st.text(max_size=5), st.none()
)
letters = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=5)
keys = st.one_of(letters, st.integers(-9, 9), st.booleans(), st.none())
nestings = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(keys, inner, max_size=3),
        st.builds(Pair, inner, inner),
        st.builds(Fit, inner, inner),
    ),
    max_leaves=12,
)


@QUICK
@given(nestings)
def test_behind_the_result_each_path_gives_the_leafs_own_numbers(result: object) -> None:
    found = describe(result, {})
    assert found.value is not None
    own, flat = iter(floats(found.value)), {}
    for leaf in found.leaves:
        flat[leaf.path] = [next(own) for _ in range(leaf.size)]

    assert next(own, None) is None
    for leaf in found.leaves:
        part = eval("result" + leaf.path)  # noqa: S307 -- our own paths
        assert type(part).__name__ == leaf.type
        if leaf.dtype:
            assert flat[leaf.path] == [float(x) for x in (part if leaf.shape else [part])]
        elif not leaf.text.startswith(leaves.INTEGERS):
            assert leaf.text == repr(part)
    check(Case(0, 0, found))


# --- caps ---------------------------------------------------------------------------------


def test_a_result_of_too_many_parts_or_numbers_is_told() -> None:
    assert describe(["a"] * (MAX_LEAVES + 1), {}).problem == f"more than {MAX_LEAVES} values"
    assert describe([0] * 10**7, {}).problem == f"more than {MAX_LEAVES} values"
    assert describe(dict.fromkeys(range(MAX_LEAVES + 1), "a"), {}).problem == f"more than {MAX_LEAVES} values"
    assert (
        describe([torch.zeros(MAX_NUMBERS)] * 2, {}).problem
        == f"{2 * MAX_NUMBERS} numbers, more than {MAX_NUMBERS}"
    )


def test_as_much_as_may_be_sent_is() -> None:
    for result in (["a"] * MAX_LEAVES, [0] * MAX_NUMBERS, torch.zeros(64, 64)):
        found = describe(result, {})
        assert found.problem == ""
        check(Case(0, 0, found))


def test_what_holds_itself_ends() -> None:
    endless: list[Any] = [1, "a"]
    endless.append(endless)
    table: dict[str, Any] = {}
    table["again"] = table

    assert len(describe(endless, {}).leaves) == 2 * MAX_DEPTH + 1
    assert texts(endless)[-1] == "an object of type list"
    assert read(table) == [('["again"]' * MAX_DEPTH, "dict", "", (), "an object of type dict")]
    endless += [endless] * 1000
    assert describe(endless, {}).problem == f"more than {MAX_LEAVES} values"


def test_a_generator_is_not_asked_for_anything() -> None:
    assert texts(count()) == ["an object of type count"]
    assert texts([1, (i for i in count())])[-1] == "an object of type generator"


# --- hostile objects ----------------------------------------------------------------------


def refuse(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("called")


LIST = type(
    "Sly", (list,), dict.fromkeys(("__iter__", "__len__", "__eq__", "__getitem__", "__reduce__"), refuse)
)
DICT = type("Sly", (dict,), dict.fromkeys(("__iter__", "items", "keys", "__len__", "__getitem__"), refuse))
TUPLE = type("Sly", (tuple,), dict.fromkeys(("__iter__", "__len__", "__eq__", "_fields"), refuse))
TENSOR = type("Sly", (torch.Tensor,), dict.fromkeys(("numel", "tolist", "__eq__", "detach"), refuse))
KEY = type("Sly", (str,), {"__repr__": refuse, "replace": refuse, "__hash__": lambda _: 1})
NUMBER = type("Sly", (float,), dict.fromkeys(("__float__", "__eq__", "__repr__", "__index__"), refuse))
OBJECT = type(
    "Sly", (), dict.fromkeys(("__eq__", "__reduce__", "__repr__", "__iter__", "__len__", "__bool__"), refuse)
)
FIELDS = type("Sly", (tuple,), {"_fields": ("a", "a")})


class Masked:
    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return torch.Tensor


SLY: dict[str, tuple[Callable[[], object], list[tuple[str, str]]]] = {
    "list": (lambda: LIST([1, 2]), [("[0]", "int"), ("[1]", "int")]),
    "dict": (lambda: DICT(a=1), [('["a"]', "int")]),
    "tuple": (lambda: TUPLE((1,)), [("[0]", "int")]),
    "tensor": (lambda: torch.ones(1).as_subclass(TENSOR), [("", "Sly")]),
    "key": (lambda: {KEY("a"): 1}, [("[key 0, a Sly]", "int")]),
    "number": (lambda: NUMBER(1), [("", "Sly")]),
    "object": (OBJECT, [("", "Sly")]),
    "in a list": (lambda: [OBJECT(), 1], [("[0]", "Sly"), ("[1]", "int")]),
    "class": (Masked, [("", "Masked")]),
    "fields": (lambda: FIELDS((1, 2)), [(".a", "int"), (".a", "int")]),
}


@pytest.mark.parametrize("name", SLY)
def test_no_method_of_a_students_class_is_called(name: str) -> None:
    make, read_as = SLY[name]

    assert [(one.path, one.type) for one in describe(make(), {}).leaves] == read_as


class Meta(type):
    """Its classes refuse to be looked at."""

    def __getattribute__(cls, name: str) -> Any:
        return refuse() if name in ("_fields", "__dataclass_fields__") else super().__getattribute__(name)


class Unseen(metaclass=Meta):
    pass


class Lying:
    __dataclass_fields__ = 3


@dataclasses.dataclass
class Closed:
    loss: float = 1.0

    def __getattribute__(self, name: str) -> Any:
        return refuse() if name == "loss" else super().__getattribute__(name)


@pytest.mark.parametrize("kind", [Unseen, Lying, Closed])
def test_what_cannot_even_be_looked_at_is_the_calls_own_exception(kind: type) -> None:
    answer = calling.call(kind, {}, protocol=Protocol(leaves=True))

    assert isinstance(answer, Raised)
    assert answer.type in ("RuntimeError", "AttributeError")


@QUICK
@given(st.lists(st.sampled_from([*SLY]), max_size=4))
def test_whatever_is_described_is_a_frame_that_the_parent_takes(names: list[str]) -> None:
    found = describe([SLY[name][0]() for name in names], {})

    assert isinstance(found, Returned)
    assert all(isinstance(one, Leaf) for one in found.leaves)
    check(Case(0, 0, found))
