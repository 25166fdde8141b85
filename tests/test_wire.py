"""Frames: what a child may say. Under two seconds."""
# ruff: noqa: E501

from __future__ import annotations

import zlib
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import wire
from grader.records import Cell, Failure, Landmark, Leaf, Place, Raised, Returned, Step, Tensor, Trace
from grader.sandbox.sequence import Expected, Reader, Sequence
from grader.tensors import ITEM_SIZES

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
small = st.integers(-5, 2000)
some_place = st.builds(Place, file=text, cell=st.none() | small, line=small)
places = st.none() | some_place
numbers = st.floats(allow_nan=False)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    dtype = draw(st.sampled_from(sorted(ITEM_SIZES)))
    shape = draw(st.lists(st.integers(0, 3), max_size=3).map(tuple))
    size = ITEM_SIZES[dtype]
    for side in shape:
        size *= side
    return Tensor(dtype, shape, draw(st.binary(min_size=size, max_size=size)))


answers = st.one_of(
    st.builds(Returned, type=text, value=st.none() | tensors(), device=st.none() | text, problem=text),
    st.builds(
        Raised,
        type=text,
        message=text,
        traceback=text,
        place=places,
        failure=st.sampled_from(sorted(wire.RAISED_KINDS)),
    ),
)
steps = st.builds(
    Step,
    classes=st.lists(text, max_size=2).map(tuple),
    options=st.dictionaries(text, numbers, max_size=3),
    before=st.lists(tensors(), max_size=2).map(tuple),
    after=st.lists(tensors(), max_size=2).map(tuple),
    gradients=st.lists(st.none() | tensors(), max_size=2).map(tuple),
)
traces = st.builds(Trace, steps=st.lists(steps, max_size=2).map(tuple), dropped=st.integers(0, 9))
points = st.one_of(
    st.builds(wire.Started),
    st.builds(wire.Reading, file=small),
    st.builds(wire.Statement, file=small, index=small, place=st.builds(Place, text, st.none(), small)),
    st.builds(
        wire.Begun,
        exercise=small,
        found=st.booleans(),
        nearest=st.none() | text,
        place=places,
        landmarks=st.dictionaries(st.sampled_from(get_args(Landmark)), some_place),
    ),
    st.builds(wire.Observed, exercise=small, keeps=st.booleans(), draws=st.booleans()),
    st.builds(wire.Calling, exercise=small, case=small),
    st.builds(wire.Keyword, exercise=small),
    st.builds(wire.Unloadable, text=text, place=places),
)
frames = st.one_of(
    st.builds(
        wire.Source, cells=st.lists(st.builds(Cell, text, st.none() | small, text), max_size=3).map(tuple)
    ),
    st.builds(wire.Progress, point=points),
    st.builds(wire.Case, exercise=small, case=small, answer=answers),
    st.builds(wire.Traced, exercise=small, case=small, trace=traces),
    st.builds(wire.Output, kind=st.sampled_from(["note", "text"]), text=text, place=places),
    st.builds(wire.Done),
)


@given(st.lists(frames, max_size=5), st.integers(1, 50))
def test_every_frame_reads_back_as_itself_however_the_pipe_cuts_it(
    given: list[wire.Frame], piece: int
) -> None:
    data = b"".join(wire.encode(frame) for frame in given)
    stream = wire.Stream()

    read = [frame for i in range(0, len(data), piece) for frame in stream.feed(data[i : i + piece])]
    stream.finish()

    assert read == given


@given(frames, st.data())
def test_a_changed_or_missing_byte_is_refused(frame: wire.Frame, data: st.DataObject) -> None:
    whole = bytearray(wire.encode(frame))
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] ^= data.draw(st.integers(1, 255))
    for changed in (bytes(whole), wire.encode(frame)[:position] + wire.encode(frame)[position + 1 :]):
        stream = wire.Stream()
        try:
            read = list(stream.feed(changed))
            stream.finish()
        except wire.ProtocolError:
            continue
        assert read in ([frame], [])


EXPECTED = (Expected(0, 2, frozenset({1})), Expected(3, 1))
VALUE = Tensor("float32", (1,), b"\0\0\x80?")
ANSWER = Returned("Tensor", VALUE, "cpu")
TRACE = Trace(())
VALID: tuple[wire.Frame, ...] = (
    wire.Progress(wire.Started()),
    wire.Progress(wire.Reading(0)),
    wire.Source((Cell("s01.py", None, "x = 1"),)),
    wire.Progress(wire.Statement(0, 0, Place("s01.py", None, 1))),
    wire.Output("text", "hello"),
    wire.Progress(wire.Begun(0, found=True)),
    wire.Progress(wire.Calling(0, 0)),
    wire.Case(0, 0, ANSWER),
    wire.Progress(wire.Calling(0, 1)),
    wire.Traced(0, 1, TRACE),
    wire.Case(0, 1, ANSWER),
    wire.Progress(wire.Observed(0, keeps=True, draws=False)),
    wire.Progress(wire.Keyword(0)),
    wire.Output("note", "well", exercise=0),
    wire.Progress(wire.Begun(3, found=False)),
    wire.Done(),
)


def take(frames: tuple[wire.Frame, ...]) -> Sequence:
    sequence = Sequence(EXPECTED)
    for frame in frames:
        sequence.take(frame)
    return sequence


def test_a_worker_that_does_all_that_was_asked_is_complete() -> None:
    reader = Reader(EXPECTED)

    read = [frame for frame, _ in reader.feed(b"".join(wire.encode(frame) for frame in VALID))]

    assert tuple(read) == VALID
    assert reader.complete


@given(st.binary(max_size=300), st.integers(0, len(VALID) - 1))
def test_arbitrary_bytes_are_a_valid_sequence_or_a_protocol_error(data: bytes, after: int) -> None:
    reader = Reader(EXPECTED)
    list(reader.feed(b"".join(wire.encode(frame) for frame in VALID[:after])))

    try:
        read = list(reader.feed(data))
    except wire.ProtocolError:
        return
    assert read == []


@given(st.lists(frames, max_size=8), st.integers(0, len(VALID)))
def test_arbitrary_frames_complete_only_what_was_asked(given: list[wire.Frame], after: int) -> None:
    sequence = take(VALID[:after])
    answered = [frame for frame in VALID[:after] if isinstance(frame, wire.Case)]
    try:
        for frame in given:
            sequence.take(frame)
            answered += [frame] if isinstance(frame, wire.Case) else []
    except wire.ProtocolError:
        return
    keys = [(case.exercise, case.case) for case in answered]
    assert len(keys) == len(set(keys))
    assert set(keys) <= {(0, 0), (0, 1), (3, 0)}


@pytest.mark.parametrize(
    ("after", "frame", "words"),
    [
        (0, wire.Done(), "a worker starts once, and before all else"),
        (1, wire.Progress(wire.Started()), "a worker starts once, and before all else"),
        (1, wire.Progress(wire.Begun(3, found=True)), "exercise 3 is not the one that comes next"),
        (1, wire.Case(0, 0, ANSWER), "case 0 of exercise 0 was not called"),
        (1, wire.Output("text", "x", exercise=0), "an output of another exercise than the current one"),
        (1, wire.Done(), "the end came before all exercises"),
        (6, wire.Progress(wire.Reading(0)), "loading after the first exercise began"),
        (6, VALID[2], "loading after the first exercise began"),
        (6, wire.Progress(wire.Calling(0, 1)), "case 1 is not the one that comes next"),
        (6, wire.Progress(wire.Calling(3, 0)), "exercise 3 cannot be called now"),
        (6, VALID[14], "an exercise ends when all of its cases have an answer"),
        (7, wire.Case(0, 1, ANSWER), "case 1 of exercise 0 was not called"),
        (7, wire.Progress(wire.Calling(0, 1)), "exercise 0 cannot be called now"),
        (7, wire.Traced(0, 0, TRACE), "no trace of case 0 was due"),
        (10, wire.Traced(0, 1, TRACE), "no trace of case 1 was due"),
        (8, wire.Case(0, 0, ANSWER), "case 0 of exercise 0 was not called"),
        (8, wire.Done(), "an exercise ends when all of its cases have an answer"),
        (16, wire.Done(), "a frame after the last one"),
        (
            7,
            wire.Progress(wire.Observed(0, keeps=True, draws=False)),
            "an exercise ends when all of its cases have an answer",
        ),
    ],
)
def test_a_frame_out_of_turn_is_refused(after: int, frame: wire.Frame, words: str) -> None:
    sequence = take(VALID[:after])

    with pytest.raises(wire.ProtocolError) as refused:
        sequence.take(frame)

    assert str(refused.value) == words


def test_a_submission_that_cannot_be_loaded_owes_no_answers() -> None:
    frames = (wire.Progress(wire.Started()), wire.Progress(wire.Unloadable("no")), wire.Done())

    assert take(frames).complete


def stepped(each: tuple[dict[str, float], ...]) -> wire.Traced:
    return wire.Traced(0, 1, Trace((Step((), {}, (), (), (VALUE,), each),)))


def step(**options: float) -> wire.Traced:
    return wire.Traced(0, 1, Trace((Step((), options, (), (), (VALUE,)),)))


def steps_of(count: int, **tensors: Any) -> wire.Traced:
    made = Step((), {}, tensors.get("before", ()), tensors.get("after", ()), tensors.get("gradients", ()))
    return wire.Traced(0, 1, Trace((made,) * count))


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (wire.Case(0, 0, Raised("E", "", failure=Failure.TIMED_OUT)), "a call cannot raise 'timed_out'"),
        (wire.Case(0, 0, Returned("Tensor", Tensor("str", (), b""))), "a tensor of dtype 'str'"),
        (
            wire.Case(0, 0, Returned("Tensor", Tensor("bool", (1,) * 17, b"0"))),
            "a tensor of 17 dimensions, the limit is 16",
        ),
        (wire.Case(0, 0, Returned("Tensor", Tensor("bool", (-1,), b""))), "a tensor of shape (-1,)"),
        (
            wire.Case(0, 0, Returned("Tensor", Tensor("float32", (2,), b"1234"))),
            "a float32 tensor of shape (2,) cannot have 4 bytes",
        ),
        (
            wire.Case(0, 0, Returned("Tensor", Tensor("bool", (1024, 2), b"0" * 2048))),
            "a bool tensor of shape (1024, 2) cannot have 2048 bytes",
        ),
        (wire.Traced(0, 1, Trace((), dropped=-1)), "-1 dropped steps"),
        (step(**{f"o{i}": 1.0 for i in range(17)}), "an optimiser of 17 options"),
        (stepped(each=({f"o{i}": 1.0 for i in range(17)},)), "an optimiser of 17 options"),
        (stepped(each=({},) * 17), "an optimiser of more than 16 parameters"),
        (steps_of(1001), "a trace of 1001 steps, the limit is 1000"),
        (steps_of(1, before=(VALUE,) * 17), "an optimiser of more than 16 parameters"),
        (steps_of(1, after=(VALUE,) * 17), "an optimiser of more than 16 parameters"),
        (steps_of(1, gradients=(None,) * 17), "an optimiser of more than 16 parameters"),
    ],
)
def test_a_frame_that_contradicts_itself_is_refused(frame: wire.Frame, words: str) -> None:
    with pytest.raises(wire.ProtocolError) as refused:
        list(wire.Stream().feed(wire.encode(frame)))

    assert str(refused.value) == words


def body(data: bytes) -> bytes:
    return wire.HEAD.pack(wire.MAGIC, len(data), zlib.crc32(data)) + data


def test_a_landmark_that_nobody_knows_is_refused() -> None:
    place = Place("s01.py", None, 1)
    data = msgspec.msgpack.decode(
        wire.encode(wire.Progress(wire.Begun(0, found=True, landmarks={"loop": place})))[wire.HEAD.size :]
    )
    data["point"]["landmarks"] = {"gold": data["point"]["landmarks"]["loop"]}

    with pytest.raises(wire.ProtocolError, match="Invalid enum value 'gold'"):
        list(wire.Stream().feed(body(msgspec.msgpack.encode(data))))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"TGF2", "a frame cannot begin with b'TGF2'"),
        (wire.HEAD.pack(wire.MAGIC, 2**31, 0), f"a frame of {2**31} bytes, the limit is {wire.MAX_FRAME}"),
        (wire.HEAD.pack(wire.MAGIC, 1, 0) + b"x", "a frame's checksum does not match its bytes"),
        (body(b"\x91" * 1000), "a frame that cannot be read: "),
        (
            body(b"\x82\xa4type\xa4done\xa1x\x01"),
            "a frame that cannot be read: Object contains unknown field `x`",
        ),
    ],
)
def test_bytes_that_are_no_frame_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(wire.ProtocolError) as refused:
        list(wire.Stream().feed(data))

    assert str(refused.value).startswith(words)


def test_a_frame_that_ends_too_early_is_named() -> None:
    stream = wire.Stream()
    list(stream.feed(b"TGF"))

    with pytest.raises(wire.ProtocolError, match="the frames end within one, after 3 bytes of it"):
        stream.finish()


def test_a_frame_over_the_cap_is_not_sent() -> None:
    with pytest.raises(ValueError, match="a frame of 8388658 bytes, the limit is 8388608"):
        wire.encode(wire.Output("text", "x" * wire.MAX_FRAME))


# --- parts --------------------------------------------------------------------------------


def with_leaves(*leaves: Leaf, numbers: int | None = None, dtype: str = "float64") -> wire.Case:
    many = sum(leaf.size for leaf in leaves) if numbers is None else numbers
    value = Tensor(dtype, (many,), bytes(many * ITEM_SIZES[dtype]))
    return wire.Case(0, 0, Returned("tuple", value, None, "", leaves))


def refusal(frame: wire.Frame) -> str:
    with pytest.raises(wire.ProtocolError) as refused:
        list(wire.Stream().feed(wire.encode(frame)))
    return str(refused.value)


def test_parts_are_read_back_as_they_were_sent() -> None:
    frame = with_leaves(
        Leaf("[0]", "Tensor", "complex64", (2,), "cpu", inside="tuple"),
        Leaf('[1]["a"]', "str", text="'x'", inside="tuple/dict"),
        Leaf("[2]", "list", "float64", (0,), inside="tuple"),
    )

    assert list(wire.Stream().feed(wire.encode(frame))) == [frame]


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (with_leaves(Leaf("", "float", "float64"), numbers=2), "parts that do not fit (2,) numbers of dtype 'float64'"),
        (with_leaves(Leaf("", "str", text="a"), numbers=1), "parts that do not fit (1,) numbers of dtype 'float64'"),
        (with_leaves(Leaf("", "Tensor", "complex64", (2,)), numbers=2), "parts that do not fit (2,) numbers of dtype 'float64'"),
        (with_leaves(Leaf("", "float", "float64"), dtype="float32"), "parts that do not fit (1,) numbers of dtype 'float32'"),
        (with_leaves(Leaf("", "Tensor", "float64", (-1,)), numbers=0), "a part of shape (-1,)"),
        (with_leaves(Leaf("", "Tensor", "float64", (-1, -1)), numbers=1), "a part of shape (-1, -1)"),
        (with_leaves(Leaf("", "Tensor", "float64", (0, 9999)), numbers=0), "a part of shape (0, 9999)"),
        (with_leaves(Leaf("", "Tensor", "float64", (1,) * 17)), f"a part of shape {(1,) * 17}"),
        (with_leaves(Leaf("", "Tensor", "float8")), "a part of dtype 'float8'"),
        (with_leaves(Leaf("", "Tensor", "\x1bcomplex64")), "a part of dtype '\\x1bcomplex64'"),
        (with_leaves(*[Leaf("", "str", text="a")] * 257), "a result of 257 parts, the limit is 256"),
        (with_leaves(Leaf("", "Tensor", "float64", (4096,)), Leaf("", "float", "float64")), "a tensor of shape (4097,)"),
    ],
)  # fmt: skip
def test_parts_that_contradict_themselves_are_refused(frame: wire.Frame, told: str) -> None:
    assert refusal(frame) == told


def test_only_with_parts_may_a_value_be_as_large_as_parts_are() -> None:
    whole = with_leaves(Leaf("", "Tensor", "float64", (64, 64)))
    assert isinstance(whole.answer, Returned)
    alone = wire.Case(0, 0, msgspec.structs.replace(whole.answer, leaves=()))

    assert list(wire.Stream().feed(wire.encode(whole))) == [whole]
    assert refusal(alone) == "a tensor of shape (4096,)"
