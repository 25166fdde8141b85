"""What an exception says, in words: a table of messages, and what each can come from.

A title says what the message says and no more. What may have led to it stands apart, as a possible cause, for
one message has many. Names in a message are the student's own text, so only words of letters, digits and
underscores are told again. What the table does not have is told as it is: which exception.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from grader.diagnosis.messages import CALLS, OPTIMISERS, Sign
from grader.diagnosis.tensor_messages import AUTOGRAD, SHAPES
from grader.records import Raised

TABLE: Final = (*CALLS, *AUTOGRAD, *OPTIMISERS, *SHAPES)


ANY: Final = Sign(
    "raises",
    "",
    "",
    "The function raises {0}",
    "Read the last line of the error: what went wrong? The line above it says where.",
    "An exception that stands for no known mistake.",
)
SHORT: Final = 60  # of an unknown exception's name


def sign_of(raised: Raised) -> tuple[Sign, str]:
    """The first sign that the exception is of, filled in, and its title; `ANY` where the table has none."""
    for sign in TABLE:
        groups = sign.read(raised)
        if groups is not None:
            return replace(sign, hint=sign.hint.format(*groups)), said(raised)
    return ANY, said(raised)


def said(raised: Raised) -> str:
    """What the exception says, and no more."""
    found = ((sign, sign.read(raised)) for sign in TABLE)
    title, groups = next(
        ((sign.title, groups) for sign, groups in found if groups is not None),
        (ANY.title, (raised.type[:SHORT],)),
    )
    return title.format(*groups).strip(" :")
