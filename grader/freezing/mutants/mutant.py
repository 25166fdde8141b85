"""What is known of a mutant, and two of them in one."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from grader.freezing.mutants.edits import Edit
from grader.freezing.mutants.original import Original


@dataclass(frozen=True)
class Mutant:
    """A mistake made in the reference's own source.

    `title` and `hint` hold nothing of that source but the names of arguments and methods, `plain` is the
    title with the source's text, for exercises whose solution may be seen. `teacher` names the line as it
    stands and as it would be.
    """

    id: str
    title: str
    hint: str
    teacher: str
    program: Callable[..., Any] = field(repr=False, compare=False)
    line: int
    plain: str
    edits: tuple[Edit, ...] = field(repr=False)
    original: Original = field(repr=False, compare=False)

    def source(self) -> str:
        """What was run: the definitions as they are with the mistake, without comments."""
        return "\n".join(ast.unparse(node) for node in self.original.definitions(self.edits) or ())


def combined(first: Mutant, second: Mutant) -> Mutant | None:
    """Both mistakes in one program; None where their places overlap or both together are no program."""
    if any(one.overlaps(other) for one in first.edits for other in second.edits):
        return None
    edits = tuple(sorted((*first.edits, *second.edits)))
    definitions = first.original.definitions(edits)
    program = first.original.program(definitions) if definitions else None
    return program and Mutant(
        id=f"{first.id}+{second.id}",
        title=f"{first.title}; and {second.title[0].lower()}{second.title[1:]}",
        hint=f"{first.hint} {second.hint}",
        teacher=f"{first.teacher} {second.teacher}",
        program=program,
        line=min(first.line, second.line),
        plain=f"{first.plain}; and {second.plain[0].lower()}{second.plain[1:]}",
        edits=edits,
        original=first.original,
    )
