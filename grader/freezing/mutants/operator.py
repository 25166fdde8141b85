"""What a row of the table is: where it applies, what it does there, and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import libcst as cst
import libcst.matchers as m

from grader.freezing.mutants.edits import Edit
from grader.freezing.mutants.place import Place


@dataclass(frozen=True)
class Rewrite:
    """One change at a node. `words` fill {0}, {1} of the title, `about` is what {what} and {on} speak of.

    `moved` says where a line would stand, for a change that no line shows by itself.
    """

    edits: tuple[Edit, ...]
    words: tuple[str, ...] = ()
    about: cst.CSTNode | None = None
    moved: str = ""


Change: TypeAlias = Callable[[Any, Place], Iterable[Rewrite]]


@dataclass(frozen=True)
class Operator:
    """A mistake that a student could make, in whatever line it can be made.

    `title` and `hint` may use {what} and {What}, what the line gives; {on}, the arguments that the change
    concerns, and {where}, a method, both with a space before them or empty; and the change's own words.
    They hold nothing of the source.
    """

    kind: str
    matcher: m.BaseMatcherNode
    change: Change
    title: str
    hint: str
