"""What several commands share: saying something, and the kit and templates that are used."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from grader import kits, nearby, progress
from grader.commands.freezing import Freezing
from grader.errors import GraderError
from grader.kit import QUICK, LoadedKit
from grader.nearby import REFERENCE, HandedIn, Source
from grader.results import Results
from grader.text import clean


def tell(text: str, *, beside: bool = True) -> None:
    """Say something, mostly beside the results; names in it may be hostile, and GitHub reads it."""
    from grader.report.github import harmless  # noqa: PLC0415 -- it loads the views

    click.echo(harmless(clean(text)), err=beside)


def results_in(folder: Path) -> Results:
    """What is graded there; says where that is not the whole of it. Raises GraderError."""
    results, unfinished = progress.results(folder)
    if unfinished:
        tell(f"warning: {unfinished}")
    return results


def tell_source(source: Source) -> None:
    """Which kit or assignment it is, to whoever has not named it."""
    if not source.named:
        tell(f"{'Kit' if source.is_kit else 'Assignment'}: {source.path} ({source.where})")


def load_kit(source: Source, expect_digest: str | None, *, silent: bool = False) -> LoadedKit:
    """Read or freeze it, and say which it is. Raises GraderError where it is not the one expected."""
    if not silent:
        tell_source(source)
    loaded = kits.load(source.path) if source.is_kit else _frozen(source, silent=silent)
    if loaded.kit.quick and not silent:
        tell(f"note: {source.path} was {QUICK}.")
    if expect_digest is not None and loaded.digest.removeprefix("sha256:") != expect_digest.removeprefix(
        "sha256:"
    ):
        raise GraderError(
            f"The suite has the digest {loaded.digest}, expected {expect_digest}.",
            "Use the kit that your instructor handed out, or ask for its digest.",
        )
    return loaded


def _frozen(source: Source, *, silent: bool) -> LoadedKit:
    said = f"Freezing {REFERENCE}/ of {source.path} ({source.where}): its code is run."
    with Freezing(None if silent else lambda: tell(said)) as freezing:
        return kits.cached(source.path, before=freezing.begin, told=freezing.told)


def templates_of(source: Source, graded: HandedIn) -> Path | None:
    """The templates to lay pages out with, which are named; None for the default ones."""
    used, unused = nearby.templates(source, graded)
    if used is not None:
        tell(f"Templates: {used}")
    if unused is not None:
        tell(
            f"note: {unused} is not used: templates are taken beside a kit or an assignment that is named, "
            "and never from what is graded.\n"
            f"  help: To use it all the same: grader report DIR --templates {shlex.quote(str(unused))}"
        )
    return used
