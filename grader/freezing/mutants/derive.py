"""A reference -> its mutants: every row of the table at every place, what is the same code but once."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import libcst as cst
import libcst.matchers as m

from grader.freezing.mutants.edits import applied
from grader.freezing.mutants.mutant import Mutant
from grader.freezing.mutants.operator import Operator, Rewrite
from grader.freezing.mutants.original import Definition, Original, Reference, located
from grader.freezing.mutants.place import Place
from grader.freezing.mutants.routines import nodes, routines
from grader.freezing.mutants.table import OPERATORS


@dataclass(frozen=True)
class _Candidate:
    """A rewrite that may become a mutant, and where it was found."""

    operator: Operator
    node: cst.CSTNode
    place: Place
    rewrite: Rewrite

    @property
    def order(self) -> tuple[int, ...]:
        return (self.place.start(self.node), *(edit.start for edit in self.rewrite.edits))


def derived(reference: Reference) -> tuple[Mutant, ...]:
    """The mistakes that can be made in the source of a function or a class, in the order of that source.

    Always the same ones under the same ids. None where there is no source to change, as of a lambda.
    """
    original = located(reference)
    if original is None:
        return ()
    found = sorted(_distinct(original), key=lambda pair: pair[0].order)
    numbers: Counter[tuple[str, int]] = Counter()
    mutants = []
    for candidate, definitions in found:
        program = original.program(definitions)
        if program is not None:
            at = candidate.operator.kind, candidate.place.line(candidate.node)
            numbers[at] += 1
            name = f"mutant-{at[0]}-{at[1]}-{numbers[at]}"
            mutants.append(Mutant(id=name, program=program, **_told(candidate), original=original))
    return tuple(mutants)


def _distinct(original: Original) -> Iterator[tuple[_Candidate, Sequence[Definition]]]:
    """The candidates whose code no earlier one has, and the original neither."""
    seen = {_code(original.definitions() or ())}
    for candidate in _candidates(original):
        definitions = original.definitions(candidate.rewrite.edits)
        if definitions and (code := _code(definitions)) not in seen:
            seen.add(code)
            yield candidate, definitions


def _code(definitions: Sequence[Definition]) -> str:
    return "\n".join(ast.dump(node) for node in definitions)


def _candidates(original: Original) -> Iterator[_Candidate]:
    """The table outside and the places inside, so that the row that says most names a mistake."""
    places = [(place, tuple(nodes(place))) for place in routines(original)]
    for operator in OPERATORS:
        for place, within in places:
            for node in within:
                if m.matches(node, operator.matcher):
                    yield from (_Candidate(operator, node, place, r) for r in operator.change(node, place))


def _told(candidate: _Candidate) -> dict[str, Any]:
    """The words and the place of a mutant."""
    operator, place, rewrite = candidate.operator, candidate.place, candidate.rewrite
    about = rewrite.about or candidate.node
    what = place.subject(about)
    slots = {
        "what": what,
        "What": what[0].upper() + what[1:],
        "on": place.dependence(about),
        "where": place.method,
    }
    teacher, plain = _shown(candidate)
    return {
        "title": operator.title.format(*rewrite.words, **slots),
        "hint": operator.hint.format(*rewrite.words, **slots),
        "teacher": teacher,
        "plain": plain,
        "line": place.line(candidate.node),
        "edits": rewrite.edits,
    }


def _shown(candidate: _Candidate) -> tuple[str, str]:
    """The change with the source's text, for the teacher and for whoever may see the solution."""
    if candidate.rewrite.moved:
        line = _short(candidate.place.code(candidate.rewrite.about or candidate.node))
        moved = candidate.rewrite.moved
        return f"As if `{line}` stood {moved}.", f"`{line}` stands {moved}"
    before, after = _lines(candidate)
    if not after:
        return f"As if `{before}` were missing.", f"`{before}` is missing"
    return f"As if `{after}` stood in place of `{before}`.", f"`{after}` stands where `{before}` belongs"


def _lines(candidate: _Candidate) -> tuple[str, str]:
    """The statement as it stands and as it would be; "" for one that would be missing."""
    node, place, edits = candidate.node, candidate.place, candidate.rewrite.edits
    source = place.file.original.source
    shown = node if isinstance(node, cst.Decorator) else place.statement(node)
    start, end = place.start(shown), place.head_end(shown)
    before = applied(source, (), start, end)
    whole = len(edits) == 1 and edits[0].start <= start and edits[0].end >= end
    if whole and edits[0].code in {"", "pass"}:
        return _short(before), ""
    after = _short(applied(source, edits, start, end))
    return _short(before), "" if _idle(after) else after


def _idle(line: str) -> bool:
    """`x = x`, which is as good as no line."""
    target, equals, value = line.partition(" = ")
    return bool(equals) and target == value


def _short(text: str) -> str:
    return " ".join(text.replace("\\\n", " ").split()).removesuffix(":")
