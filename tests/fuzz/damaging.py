"""Damage to real files: anywhere in their bytes, and in a form that its reader still takes for its own."""

from __future__ import annotations

import copy
import io
import json
import re
import stat
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
from hypothesis import strategies as st

from grader import wire

DEEP: Final = 20_000  # levels: Python gives up at a thousand
TOKENS: Final = [
    b"", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r", b"\n\n", b'"', b"'", b"\\", b"#",
    b"%", b"NaN", b"Infinity", b"-1", b"1e999", b"1e308", b"-0.0", b"null", b"[]", b"{}", b"true",
    b"9" * 5_000, b"\\ud800", "\u202e\u2028".encode(), b"\x1b[2J", b"[" * DEEP, b'{"a":' * DEEP, b"(" * 200,
    b"-" * DEEP, b"async ", b"lambda: ", b"f'{x!r:{y}}'", b"%%time\n", b"!ls\n", b"%run x\n",
    b"x = %time y\n", b"?\n", b";",
]  # fmt: skip
NUMBERS: Final = [
    0, 1, -1, 2, 7, 2**31, -(2**63), 2**63 - 1, 2**64 - 1, 0.0, -0.0, 0.5, 1e308, -1e308, 5e-324,
]  # fmt: skip
LARGE: Final = [10**30, 10**400, float("nan"), float("inf"), float("-inf")]  # msgpack holds no such integers
TEXTS: Final = [
    "", "nan", "-inf", "cpu", "cuda", "float32", "bool", "x" * 300, "../a", "\u202e<b>", "=1+1", "\0",
]  # fmt: skip

Tree = Any
Spot = tuple[Any, Any]  # a list or dict, and the index or key in it


# --- bytes ------------------------------------------------------------------------------------


@st.composite
def bytes_of(draw: st.DrawFn, data: bytes) -> bytes:
    """Flipped, cut, inserted, repeated, moved: up to four times, at any place."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 2, 8, 64, len(data)])))
        kind = draw(st.sampled_from(["flip", "cut", "insert", "repeat", "move"]))
        if kind == "flip":
            new = bytes(byte ^ draw(st.integers(1, 255)) for byte in data[start:end][:8])
        elif kind == "insert":
            new = draw(st.sampled_from(TOKENS))
        else:
            new = b"" if kind == "cut" else data[start:end] * 2
        data = data[:start] + new + data[end:]
        if kind == "move":
            data = data[end:] + data[:end]
    return data


# --- values -------------------------------------------------------------------------------------


def spots(tree: Tree) -> Iterator[Spot]:
    """Every place in a document where a value stands."""
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        if isinstance(holder, dict | list):
            for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
                yield holder, key
                waiting.append(holder[key])


@st.composite
def trees_of(draw: st.DrawFn, tree: Tree, *, large: bool) -> Tree:
    """A document with up to four values changed; most changes keep a value's kind, so that it is read."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.sampled_from([1, 1, 2, 4]))):
        found = list(spots(tree))
        if not found:
            break
        holder, key = found[draw(st.integers(0, len(found) - 1))]
        old = holder[key]
        kind = draw(st.sampled_from([*["alike"] * 6, "other", "elsewhere", "gone"]))
        if kind == "gone":
            del holder[key]
        elif kind == "elsewhere":
            other, its = found[draw(st.integers(0, len(found) - 1))]
            holder[key] = copy.deepcopy(other[its])
        else:
            holder[key] = draw(_alike(old, large=large) if kind == "alike" else _other(large=large))
    return tree


def _other(*, large: bool) -> st.SearchStrategy[Tree]:
    numbers = NUMBERS + (LARGE if large else LARGE[2:])
    return st.sampled_from([None, True, [], {}, [[]], *TEXTS, *numbers])


def _alike(old: Tree, *, large: bool) -> st.SearchStrategy[Tree]:
    if isinstance(old, bool) or old is None:
        return st.booleans()
    if isinstance(old, int | float):
        return st.sampled_from(NUMBERS + (LARGE if large else LARGE[2:]))
    if isinstance(old, str):
        return st.sampled_from(TEXTS) | st.text(max_size=8).filter(_encodes)
    if isinstance(old, bytes):
        return st.sampled_from([b"", old[:-1], old * 2, b"\xff" * len(old)])
    if isinstance(old, list):
        return st.sampled_from([[], old[:1], old[:-1], old + old, old[::-1], old * 30])
    return st.sampled_from([dict(list(old.items())[::-1]), dict(list(old.items())[1:])])


def _encodes(text: str) -> bool:
    return text.isprintable() or text.isascii()


# --- forms --------------------------------------------------------------------------------------


def json_of(data: bytes) -> st.SearchStrategy[bytes]:
    """Of one document, or of one on each line; keys stand twice, too."""
    changed = trees_of([json.loads(line) for line in data.splitlines()], large=True)
    written = changed.map(lambda lines: b"\n".join(json.dumps(line).encode() for line in lines) + b"\n")
    return written | written | written | _twice(data)


def _twice(data: bytes) -> st.SearchStrategy[bytes]:
    """A key that stands twice, the second time with another value."""
    keys = [found.span() for found in re.finditer(rb'"\w+": ?(?:null|true|false|[-\d.e]+|"[^"\\]*"),', data)]
    if not keys:
        return st.just(data)

    def twice(span: tuple[int, int], token: bytes) -> bytes:
        key = data[span[0] : span[1]].partition(b":")[0]
        return data[: span[1]] + key + b":" + (token or b"0") + b"," + data[span[1] :]

    return st.builds(twice, st.sampled_from(keys), st.sampled_from(TOKENS))


def msgpack_of(data: bytes) -> st.SearchStrategy[bytes]:
    changed = trees_of([msgspec.msgpack.decode(data)], large=False)
    return changed.map(lambda one: b"".join(map(msgspec.msgpack.encode, one)))


def frames_of(data: bytes) -> st.SearchStrategy[bytes]:
    """Valid frames of changed bodies: no checksum stands between the change and who reads it."""
    changed = trees_of(list(map(msgspec.msgpack.decode, _bodies(data))), large=False)
    return changed.map(lambda bodies: b"".join(_frame(msgspec.msgpack.encode(body)) for body in bodies))


def _bodies(data: bytes) -> Iterator[bytes]:
    while data:
        size = wire.HEAD.unpack_from(data)[1]
        yield data[wire.HEAD.size : wire.HEAD.size + size]
        data = data[wire.HEAD.size + size :]


def _frame(body: bytes) -> bytes:
    return wire.HEAD.pack(wire.MAGIC, len(body), zlib.crc32(body)) + body


_NAMES: Final = [
    "s01.py", "s01/s01.py", "s01/s01.ipynb", "a/../../b.py", "/etc/a.py", "C:\\a.py", "a\\b.py", "..", ".",
    "a/", "x" * 300 + ".py", "a\0b.py", "\u202e.py", "s01.zip", "__MACOSX/a.py", "d/" * 20 + "a.py",
    "s01.py/a.py", "S01.PY", "s01/s01.py/", " .py", "é.py", "e\u0301.py", "\n::error::.py", ".py", "con.py",
    "-.py",
]  # fmt: skip
_CONTENTS: Final = [
    b"",
    b"x = 1\n",
    b"\0" * 300_000,
    b"\xff\xfe",
    b'{"cells": []}',
    b"PK\x05\x06" + b"\0" * 18,
]
_MODES: Final = [
    0, stat.S_IFREG | 0o644, stat.S_IFREG, stat.S_IFLNK | 0o777, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR,
]  # fmt: skip
_MEMBERS: Final = st.lists(
    st.tuples(st.sampled_from(_NAMES), st.sampled_from(_CONTENTS), st.sampled_from(_MODES)), max_size=5
)


def zip_of(data: bytes) -> st.SearchStrategy[bytes]:
    """New members with odd names and modes, perhaps within another zip; then other headers."""
    made = st.builds(_zipped, st.just(data), _MEMBERS, st.sampled_from([0, 8, 12, 14]), st.booleans())
    return made | made.flatmap(_headers)


def _zipped(data: bytes, members: list[tuple[str, bytes, int]], method: int, nested: bool) -> bytes:
    file = io.BytesIO(data)
    with zipfile.ZipFile(file, "a") as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that stands there twice is what we want
        for name, content, mode in members:
            info = zipfile.ZipInfo("a")
            info.filename, info.external_attr, info.compress_type = name, mode << 16, method
            opened.writestr(info, content)
    if not nested:
        return file.getvalue()
    return _zipped(_EMPTY, [("inner.zip", file.getvalue(), 0)], 0, nested=False)


_EMPTY: Final = b"PK\x05\x06" + b"\0" * 18


@st.composite
def _headers(draw: st.DrawFn, data: bytes) -> bytes:
    """A few bytes of the headers changed: sizes, offsets, methods, flags, lengths of names."""
    changed, heads = (
        bytearray(data),
        [found.start() for found in re.finditer(b"PK\x01\x02|PK\x03\x04|PK\x05\x06", data)],
    )
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.sampled_from(heads)) + draw(st.integers(4, 45))
        changed[min(place, len(data) - 1)] = draw(st.sampled_from([0, 1, 2, 8, 0x7F, 0x80, 0xFF]))
    return bytes(changed)


FORMS: Final[dict[str, Callable[[bytes], st.SearchStrategy[bytes]]]] = {
    "json": lambda data: json_of(data) | bytes_of(data),
    "msgpack": lambda data: msgpack_of(data) | bytes_of(data),
    "packed": lambda data: msgpack_of(zlib.decompress(data)).map(zlib.compress) | bytes_of(data),
    "frames": lambda data: frames_of(data) | bytes_of(data),
    "zip": lambda data: zip_of(data) | bytes_of(data),
    "text": bytes_of,
}
