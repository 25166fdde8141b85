"""Typed decoders, each whole before anybody can use it: the only place that asks msgspec for one.

What a Struct holds msgspec finds out when the first decoder for it is made, and it leaves the unfinished
answer on the class meanwhile. A second thread that comes to the same class then reads through a null
pointer, which ends the process. Here decoders are made one at a time and handed out when they are done, so
no thread can meet an unfinished one, whichever comes first. Encoding asks for nothing of the kind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar, overload

import msgspec

T = TypeVar("T")
Hook = Callable[[type, Any], Any]

BROKEN: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""What a decoder raises: of another type or form, text that is no UTF-8, nested without end."""

_ONE_AT_A_TIME: Final = threading.Lock()


@overload
def json(kind: type[T]) -> msgspec.json.Decoder[T]: ...
@overload
def json(kind: Any) -> msgspec.json.Decoder[Any]: ...  # a union
def json(kind: Any) -> msgspec.json.Decoder[Any]:
    """Made when it is first asked for."""
    with _ONE_AT_A_TIME:
        return _json(kind)


@overload
def msgpack(kind: type[T]) -> msgspec.msgpack.Decoder[T]: ...
@overload
def msgpack(kind: Any) -> msgspec.msgpack.Decoder[Any]: ...  # a union
def msgpack(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """Made when it is first asked for."""
    with _ONE_AT_A_TIME:
        return _msgpack(kind)


@overload
def convert(
    value: object, kind: type[T], builtin_types: tuple[type, ...] = (), hook: Hook | None = None
) -> T: ...
@overload
def convert(
    value: object, kind: Any, builtin_types: tuple[type, ...] = (), hook: Hook | None = None
) -> Any: ...  # a union
def convert(value: object, kind: Any, builtin_types: tuple[type, ...] = (), hook: Hook | None = None) -> Any:
    """A plain value as a record; `hook` makes what msgspec does not know. Raises msgspec.ValidationError."""
    with _ONE_AT_A_TIME:
        return msgspec.convert(value, kind, builtin_types=builtin_types, dec_hook=hook)


@cache
def _json(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


@cache
def _msgpack(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)
