"""`grader check FILE`: one submission, on the terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from grader.commands.common import find_kit, near
from grader.commands.options import options_from, show, symbols
from grader.intake.submissions import open_submissions
from grader.pipeline import grade
from grader.report.head import Head
from grader.results import Graded
from grader.run import opened


def run(
    path: Path,
    form: str,
    kit_file: Path | None,
    assignment: Path | None,
    expect_digest: str | None,
    **given: Any,
) -> int:
    """Grade, say it in the form asked for, return the exit code."""
    with open_submissions(path, one=True) as discovery:
        loaded = find_kit(near(path), kit_file, assignment, expect_digest)
        with opened(loaded, options_from(given)) as (session, head):
            graded = grade(discovery.submissions[0], session)
    {"text": _text, "json": _json, "github": _github}[form](graded, head, path)
    return _exit_code(graded)


def _exit_code(graded: Graded) -> int:
    result = graded.result
    if result.status == "harness":
        return 3
    passed = result.status == "graded" and all(
        row.outcome == "passed" for exercise in result.exercises for row in exercise.criteria
    )
    return 0 if passed else 1


def _text(graded: Graded, head: Head, _: Path) -> None:
    from grader.report import terminal  # noqa: PLC0415 -- only the form that is asked for

    show(terminal.check(graded.result, graded.evidence, head, symbols=symbols()))


def _json(graded: Graded, head: Head, _: Path) -> None:
    from grader.report.documents import check_json  # noqa: PLC0415

    sys.stdout.buffer.write(check_json(graded.result, head))
    sys.stdout.buffer.flush()


def _github(graded: Graded, head: Head, path: Path) -> None:
    """Annotations on standard output; the summary where GitHub says."""
    from grader.report import github  # noqa: PLC0415

    click.echo(github.annotations(graded.result, graded.evidence, str(path)), nl=False)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    text = github.summary(graded.result, graded.evidence, head)
    if summary:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(text)
    else:
        click.echo(text, nl=False)
