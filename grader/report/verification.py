"""What `grader verify` says at 80 columns: the matrix misconception x criterion, and what follows."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from grader.judging.verify import ExerciseVerification, Ran, Row, Verification
from grader.kit import QUICK, Late
from grader.report.figures import plural, points
from grader.report.lines import code
from grader.text import one_line

WIDTH: Final = 80
CELL: Final = 4  # columns of a criterion
NAME: Final = 12  # columns of a misconception, at least
LATE_ENOUGH: Final = 100  # rounds: what depends on how far a call runs has begun by then
LOST: Final = "x"  # it fails, though no case of it does: nothing was done at all
SIGNS: Final = {
    ".": ".  no case catches it, the points stay",
    LOST: "x  no case catches it, but the points are lost: it does nothing anywhere",
    "?": "?  not judged here",
}


def text(found: Verification, digest: str, *, verbose: bool = False) -> str:
    """The whole verification; a number says how many cases of a criterion catch a mistake."""
    return "\n".join(_lines(found, digest, verbose=verbose)) + "\n"


def _lines(found: Verification, digest: str, *, verbose: bool) -> Iterator[str]:
    for exercise in found.exercises:
        yield from _exercise(exercise, verbose=verbose)
        yield ""
    yield from _legend(found)
    if not any(exercise.ran for exercise in found.exercises):
        yield "A kit holds no program: --assignment DIR runs the reference, too."
    counted = sum(one.counted for one in found.exercises)
    caught = sum(one.caught for one in found.exercises)
    score = f"{100 * found.mutation_score:.4g} %"
    yield f"Mutation score: {score} ({caught} of {counted} mistakes that must cost points)"
    yield f"The suites cost an effort of {found.effort:g} a submission."
    yield f"Kit {digest}"
    yield _verdict(found)


def _verdict(found: Verification) -> str:
    if found.quick:
        return f"{QUICK[0].upper()}{QUICK[1:]}."
    return "Fit to grade." if found.fit else "Not fit to grade: see above."


def _legend(found: Verification) -> Iterator[str]:
    """What the tables' signs mean, those that stand in one."""
    cells = {
        _cell(row, criterion.id) for one in found.exercises for row in one.rows for criterion in one.criteria
    }
    if cells:
        signs = (told for sign, told in SIGNS.items() if sign in cells)
        yield "In the tables: a number is how many cases of the criterion catch the mistake;"
        yield from (f"  {told}" for told in signs)
    if any(one.rungs for one in found.exercises):
        yield "Rungs are more calls, the simplest first: an unknown mistake is shown in one."
    yield ""


def _exercise(exercise: ExerciseVerification, *, verbose: bool) -> Iterator[str]:
    yield exercise.name
    yield f"  {len(exercise.cases)} cases of effort {exercise.effort:g}; {exercise.rungs} rungs on the ladder"
    yield ""
    yield from _matrix(exercise)
    yield ""
    yield from _findings(exercise)
    yield from _right(exercise.ran)
    if verbose:
        yield ""
        yield from _cases(exercise)


# --- the matrix ---------------------------------------------------------------------------


def _matrix(exercise: ExerciseVerification) -> Iterator[str]:
    """A mistake a row, a criterion a column, in each cell how many of its cases catch the mistake."""
    room = max(WIDTH - 2 - CELL * len(exercise.criteria), NAME)
    width = min(max((len(row.id) for row in exercise.rows), default=0), room)
    for number, criterion in enumerate(exercise.criteria, 1):
        yield f"  {number}  {criterion.id} ({plural(criterion.cases, 'case')})"
    if not exercise.rows:
        yield from _paragraph("No mistake is known: nothing shows what the suite catches.")
        return
    yield ""
    numbers = "".join(f"{number:>{CELL}}" for number in range(1, len(exercise.criteria) + 1))
    yield f"  {'':{width}}{numbers}"
    for row in exercise.rows:
        name = row.id if len(row.id) <= width else f"{row.id[: width - 1]}…"
        cells = "".join(f"{_cell(row, criterion.id):>{CELL}}" for criterion in exercise.criteria)
        yield f"  {name:{width}}{cells}"
        yield from _paragraph(_remark(row), "      ")


def _cell(row: Row, criterion: str) -> str:
    if not row.judged:
        return "?"
    if criterion not in row.fails:
        return "."
    return str(len(row.cases.get(criterion, ())) or LOST)


def _remark(row: Row) -> str:
    if not row.judged:
        return f"not judged: {row.reason}"
    if row.missed:
        return f"NOT CAUGHT: must fail {', '.join(row.missed)}"
    return f"fails beyond its costs: {', '.join(row.extra)}" if row.extra else ""


# --- what it comes to ---------------------------------------------------------------------


def _findings(exercise: ExerciseVerification) -> Iterator[str]:
    unpunished = [row.id for row in exercise.rows if row.unpunished]
    if unpunished:
        yield from _paragraph(f"No criterion punishes: {', '.join(unpunished)}.")
    free = [row.id for row in exercise.rows if row.free]
    if free:
        yield from _paragraph(f"Named, and cost nothing, as declared: {', '.join(free)}.")
    if exercise.alike:
        yield "  The suite cannot tell apart:"
        for one, other in exercise.alike:
            yield from _paragraph(f"{one} and {other}", "    ")
    for idle in exercise.idle:
        told = f"{points(idle.points)} points; it must get none" if idle.points else "nothing, as it must"
        yield from _paragraph(f"A program that {idle.title} gets {told}.")
    if exercise.late is not None:
        yield from _paragraph(_late(exercise.late))
    yield from _derived(exercise)
    if exercise.room:
        yield from _paragraph(f"Right programs stray up to {100 * exercise.room:.2g} % of their bounds.")
    for told in exercise.warnings:
        yield from _paragraph(f"WARNING: {one_line(told)}.")


def _derived(exercise: ExerciseVerification) -> Iterator[str]:
    """What no input tells from the reference, or from another; and how many mistakes are known in pairs."""
    equivalent = [one.id for one in exercise.unseen if not one.like]
    if equivalent:
        yield from _paragraph(f"No input tells from the reference: {', '.join(equivalent)}.")
    twins = [f"{one.id} ({one.like})" for one in exercise.unseen if one.like]
    if twins:
        yield from _paragraph(f"No input tells from another: {', '.join(twins)}.")
    if exercise.pairs:
        yield from _paragraph(f"{plural(exercise.pairs, 'pair')} of derived mistakes are known, too.")


def _late(late: Late) -> str:
    """How late a mistake may begin, as it was tried when the assignment was frozen."""
    if late.caught >= LATE_ENOUGH:
        return f"Mistakes that begin late are caught up to {late.counter} = {late.caught}."
    return (
        f"MISTAKES THAT BEGIN AFTER {late.counter} = {late.caught} MAY PASS: let `arguments` draw inputs"
        f" whose results still change at {late.counter} = {LATE_ENOUGH}, or write some into `edge_cases`."
    )


def _right(ran: Sequence[Ran]) -> Iterator[str]:
    """What right programs come to, by device, the failing ones alone by name."""
    for device, rows in groupby(sorted(ran, key=lambda one: one.device), key=lambda one: one.device):
        own = list(rows)
        if own[0].absent:
            yield from _paragraph(f"On {device} nothing was run: {one_line(own[0].absent)}.")
            continue
        right = sum(not one.wrong for one in own)
        whole = "the reference" if len(own) == 1 else f"{right} of {plural(len(own), 'right program')}"
        if right:
            yield from _paragraph(f"On {device} {whole} {'gets' if right == 1 else 'get'} full marks.")
        for one in own:
            for told in one.failed:
                yield from _paragraph(
                    f"ON {device.upper()} A RIGHT PROGRAM LOSES POINTS: {one.program} fails {one_line(told)}"
                )


# --- which cases catch what ---------------------------------------------------------------


def _cases(exercise: ExerciseVerification) -> Iterator[str]:
    """Each call with what it catches, then each mistake with its cases."""
    yield "  Which cases catch what:"
    for index, call in enumerate(exercise.cases):
        names = [row.id for row in exercise.rows if any(index in own for own in row.cases.values())]
        first, *rest = (line.text for line in code(call, " " * 8))
        yield f"  {index:>4}  {first.lstrip()}"
        yield from rest
        yield from _paragraph(
            f"{len(names)}: {', '.join(names)}" if names else "no known mistake", "        "
        )
    yield ""
    for row in exercise.rows:
        for criterion, own in row.cases.items():
            yield from _paragraph(f"{row.id}, {criterion}: {_ranges(own) or 'nothing was done'}")


def _ranges(numbers: Sequence[int]) -> str:
    """`0-3, 7`: neighbours are one range."""
    groups = groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
    runs = [[number for _, number in group] for _, group in groups]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _paragraph(told: str, indent: str = "  ") -> Iterator[str]:
    yield from textwrap.wrap(
        told,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
