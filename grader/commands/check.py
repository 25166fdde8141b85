"""`grader check FILE`: one submission, on the terminal and in whatever form is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader import nearby
from grader.commands import outputs, watching
from grader.commands.common import load_kit
from grader.commands.options import options_from
from grader.commands.outputs import Output
from grader.commands.watching import Warm
from grader.intake.submissions import open_submissions
from grader.pipeline import Session, grade
from grader.report.head import Head
from grader.results import Graded
from grader.run import opened

if TYPE_CHECKING:
    from rich.text import Text


def run(
    path: Path,
    formats: Sequence[Output],
    quiet: int,
    verbose: bool,
    watch: bool,
    kit_file: Path | None,
    assignment: Path | None,
    expect_digest: str | None,
    **given: Any,
) -> int:
    """Grade, say it in the forms asked for, return the exit code; with `watch` again and again."""
    wanted = outputs.chosen(formats, one=True)
    say = partial(_say, wanted, quiet, verbose)
    options = options_from(given)
    with open_submissions(path, one=True) as discovery:
        source = nearby.chosen(kit_file, assignment, nearby.handed_in(path, one=True))
        loaded = load_kit(source, expect_digest, silent=quiet > 1)
        if not watch:
            with opened(loaded, options) as (session, head):
                graded = grade(discovery.submissions[0], session)
            say(graded, head)
            return _exit_code(graded)
    with Warm(source, loaded, expect_digest, options) as warm:
        return watching.watch(path, warm, partial(_again, path, say))


def _again(
    path: Path, say: Callable[[Graded, Head], None], session: Session, head: Head
) -> Callable[[], None]:
    """The same once more, of the file as it is now; what comes back says it."""
    with open_submissions(path, one=True) as discovery:
        graded = grade(discovery.submissions[0], session)
    return partial(say, graded, head)


def _say(wanted: Sequence[Output], quiet: int, verbose: bool, graded: Graded, head: Head) -> None:
    from grader.report.material import of_check  # noqa: PLC0415 -- after the work

    def text(symbols: bool) -> Text:
        return _text(graded, head, quiet=quiet, verbose=verbose, symbols=symbols)

    outputs.write(wanted, of_check(graded, head, outputs.root()), text)


def _exit_code(graded: Graded) -> int:
    result = graded.result
    if result.status == "harness":
        return 3
    passed = result.status == "graded" and all(
        row.outcome == "passed" for exercise in result.exercises for row in exercise.criteria
    )
    return 0 if passed else 1


def _text(graded: Graded, head: Head, *, quiet: int, verbose: bool, symbols: bool) -> Text:
    """`quiet` once is a line, twice nothing but the exit code."""
    from rich.text import Text  # noqa: PLC0415

    from grader.report import terminal  # noqa: PLC0415

    if quiet > 1:
        return Text()
    if quiet:
        return terminal.brief(graded.result, head, symbols=symbols)
    return terminal.check(graded.result, graded.evidence, head, symbols=symbols, verbose=verbose)
