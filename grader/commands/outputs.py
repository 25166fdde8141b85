"""`--format NAME[=FILE]`, several times: what a command's results are written as, and where to.

Each output stands alone: where one cannot be made or written, the others are, and the first error ends the
command. Standard output has room for one, but for annotations, which GitHub takes out of the text again.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click
from click.shell_completion import CompletionItem

from grader.errors import GraderError, HarnessError

if TYPE_CHECKING:
    from rich.text import Text

    from grader.report.material import Material

FORMS: Final = ("text", "json", "csv", "junit", "github", "gradescope", "markdown")
ONE_ONLY: Final = "gradescope"  # it knows one submission at a time
_SHARE: Final = {"text", "github"}  # may stand on one output


class Output(NamedTuple):
    form: str
    file: Path | None = None  # None: standard output


class OutputType(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.3
    """`junit` or `junit=out.xml`."""

    name = "NAME[=FILE]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Output:
        if isinstance(value, Output):
            return value
        form, _, file = value.partition("=")
        if form not in FORMS:
            near = difflib.get_close_matches(form, FORMS, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Choose from {', '.join(FORMS)}."
            self.fail(f"there is no format {form!r}. {hint}", param, ctx)
        return Output(form, Path(file) if file not in ("", "-") else None)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del ctx, param
        return [CompletionItem(form) for form in FORMS if form.startswith(incomplete)]


def chosen(asked: Sequence[Output], *, one: bool) -> tuple[Output, ...]:
    """What is asked for, else text; in GitHub Actions a check annotates too.

    Raises GraderError for two on one output, and for a class where a format knows one submission only.
    """
    outputs = tuple(dict.fromkeys(asked)) or (Output("text"),)
    if not one and any(output.form == ONE_ONLY for output in outputs):
        raise GraderError(
            "--format gradescope: Gradescope takes one submission at a time.",
            "Run grader check FILE --format gradescope=results.json for each.",
        )
    _refuse_two(outputs)
    wanted = one and in_actions() and all(output.form != "github" for output in outputs)
    return (*outputs, Output("github")) if wanted else outputs


def _refuse_two(outputs: Sequence[Output]) -> None:
    on_stdout = [output.form for output in outputs if output.file is None]
    if len(on_stdout) > 1 and set(on_stdout) != _SHARE:
        raise GraderError(
            f"--format: {' and '.join(on_stdout)} would be written to the same standard output.",
            f"Write all but one into a file: --format {on_stdout[-1]}=FILE.",
        )
    files = [output.file for output in outputs if output.file is not None]
    twice = next((file for file in files if files.count(file) > 1), None)
    if twice:
        raise GraderError(f"--format: two formats would be written to {twice}.", "Name a file for each.")


def for_people(outputs: Sequence[Output]) -> bool:
    """Whether standard output may hold a line beside the formats."""
    return all(one.form in _SHARE for one in outputs if one.file is None)


def write(outputs: Sequence[Output], material: Material, text: Callable[[bool], Text]) -> None:
    """Write all; `text` renders for people, with symbols or without. Raises the first error at the end."""
    failed: list[GraderError] = []
    for output in outputs:
        try:
            _write(output, material, text, quiet=not for_people(outputs))
        except GraderError as error:
            failed.append(error)
        except Exception as error:  # noqa: BLE001 -- one format that breaks keeps no other from being written
            what = f"--format {output.form}: a fault of the grader: {type(error).__name__}: {error}"
            failed.append(HarnessError(what, "The other formats are written. Please report it."))
    if failed:
        raise failed[0]


def _write(output: Output, material: Material, text: Callable[[bool], Text], *, quiet: bool) -> None:
    if output.form == "github":
        _github(output.file, material, quiet=quiet)
    elif output.form == "text" and output.file is None:
        _show(text(_symbols()))
    else:
        data = text(True).plain if output.form == "text" else _renderer(output.form)(material)
        if output.file is None and in_actions():
            data = _harmless(data, output.form)
        put(output.file, data.encode("utf-8-sig" if output.form == "csv" and output.file else "utf-8"))


def _harmless(data: str, form: str) -> str:
    from grader.report.github import harmless  # noqa: PLC0415 -- after the work

    return harmless(data, form)


def _renderer(form: str) -> Callable[[Material], str]:
    from grader.report import documents, gradebook, gradescope, junit, markdown  # noqa: PLC0415 -- after the work

    return {
        "json": documents.document,
        "csv": gradebook.document,
        "junit": junit.document,
        "gradescope": gradescope.document,
        "markdown": markdown.document,
    }[form]


def _github(file: Path | None, material: Material, *, quiet: bool) -> None:
    """Annotations, unless standard output is for a program; the summary where GitHub says."""
    from grader.report import github  # noqa: PLC0415

    if file is not None or not quiet:
        put(file, github.commands(material).encode())
    named = os.environ.get("GITHUB_STEP_SUMMARY")
    if named:
        _add_summary(Path(named), material)


def _add_summary(file: Path, material: Material) -> None:
    """After what stands there already: the whole may not be longer than GitHub takes."""
    from grader.report import markdown  # noqa: PLC0415

    try:
        room = markdown.ROOM - (file.stat().st_size if file.exists() else 0)
        with file.open("a", encoding="utf-8") as opened:
            opened.write(markdown.document(material, max(room, 0)))
    except OSError as error:
        why = f"{file}: cannot be written: {error.strerror}."
        raise GraderError(why, "The variable GITHUB_STEP_SUMMARY names it.") from None


def put(file: Path | None, data: bytes) -> None:
    from grader import store  # noqa: PLC0415

    if file is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    elif file.exists() and not file.is_file():  # a device or a pipe: nothing can be moved into its place
        try:
            file.write_bytes(data)
        except OSError as error:
            raise GraderError(f"{file}: cannot be written: {error.strerror}.", "Name a file.") from None
    else:
        store.write_bytes(file, data, lasting=False)


def _show(text: Text) -> None:
    """Print a rendered text as it is: no markup is read in it, nothing is wrapped again."""
    from rich.console import Console  # noqa: PLC0415

    from grader.report.github import unread  # noqa: PLC0415

    if in_actions():
        sys.stdout.write(unread(text.plain))
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(text, end="")


def _symbols() -> bool:
    """Whether standard output can show the marks."""
    from grader.report.lines import can_show  # noqa: PLC0415

    return can_show(sys.stdout.encoding)


def in_actions() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def root() -> Path | None:
    """The repository in whose continuous integration this runs: what file names are told from."""
    named = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR")
    return Path(named) if named else None
