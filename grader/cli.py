"""The command line: arguments in, exit codes out; the only place where an error becomes text.

0  everything passed (check), the class was graded (grade)
1  some criterion failed (check, or grade --fail-under), a mistake went unpunished (verify)
2  wrong use or configuration
3  a fault of the grader; the report is written all the same
4  still at work (status)
5  nothing to grade
130  interrupted; what was done is kept
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any, Final, NoReturn

import rich_click as click
from click import exceptions

import grader
from grader.commands.arguments import (
    Folder,
    class_options,
    format_option,
    given,
    isolation_option,
    json_option,
    kit_options,
    progress_option,
    run_options,
    watch_option,
)
from grader.commands.asking import similar, status
from grader.commands.exporting import export
from grader.commands.outputs import Output
from grader.errors import GraderError
from grader.text import one_line

INTERRUPTED: Final = 130
FAULT: Final = 3
NAME: Final = "grader"
_PLACE: Final = re.compile(r"(?P<file>[^\n]+?\.\w+), line (?P<line>\d+): (?P<what>.*)", re.DOTALL)
_NO_ARGUMENTS: Final[Any] = getattr(
    exceptions, "NoArgsIsHelpError", ()
)  # older versions of click print the help

_LONGEST: Final = 4000  # characters of a message


def main() -> NoReturn:
    """Run the command line and exit."""
    try:
        cli(prog_name=NAME, standalone_mode=False)
    except GraderError as error:
        _say(error.message, error.hint)
        sys.exit(error.exit_code)
    except exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except _NO_ARGUMENTS as error:
        click.echo(error.format_message(), err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _misused(error)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted")
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 -- a fault of ours is one line and exit code 3, as promised
        sys.exit(_unforeseen(error))
    sys.exit(0)


def _say(message: str, hint: str = "") -> None:
    """What is wrong, where (a message may begin with a file and a line of it), and what to do."""
    message, hint = one_line(message, _LONGEST), one_line(hint, _LONGEST)
    found = _PLACE.fullmatch(message)
    what, where = (found["what"], f"\n  --> {found['file']}:{found['line']}") if found else (message, "")
    _tell(f"error: {what}{where}" + (f"\n  help: {hint}" if hint else ""))


def _tell(text: str) -> None:
    from grader.commands.common import tell  # noqa: PLC0415 -- only when there is something to say

    tell(text)


def _misused(error: click.ClickException) -> None:
    """Wrong arguments, in the same form as every other error."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    _say(error.format_message(), f"{context.command_path} --help" if context else "")


def _unforeseen(error: Exception) -> int:
    from grader.sandbox.scratch import refuse_full  # noqa: PLC0415 -- only when there is something to say

    try:
        refuse_full(error)
    except GraderError as full:
        _say(full.message, full.hint)
        return full.exit_code
    _fault(error)
    return FAULT


def _fault(error: Exception) -> None:
    if os.environ.get("GRADER_TRACEBACK"):
        _tell("".join(traceback.format_exception(error)))
    what = f"a fault of the grader: {type(error).__name__}: {error}"
    _say(what, "Please report it, with what GRADER_TRACEBACK=1 in the environment shows.")


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]}, epilog="Example: grader check homework.ipynb"
)
@click.version_option(grader.__version__, prog_name="grader")
def cli() -> None:
    """Grade PyTorch exercises: marks that are true, feedback that teaches."""


@cli.command(epilog="Example: grader check homework.ipynb --watch")
@click.argument("path", type=Folder)
@kit_options
@run_options
@format_option
@watch_option("Check again after every save")
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@click.option("-q", "--quiet", count=True, help="One line; -qq: nothing but the exit code.")
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="An optimiser's steps, every failing case, all notes, what was printed.",
)
def check(path: Path, formats: tuple[Output, ...], as_json: bool, **options: Any) -> None:
    """Check one submission: a .py, a .ipynb, or a folder or zip of one student's files."""
    from grader.commands import check as command  # noqa: PLC0415 -- --help need not wait for it

    wanted = (*formats, Output("json")) if as_json else formats
    sys.exit(command.run(path, wanted, **given(options)))


@cli.command(epilog="Example: grader grade ~/Downloads/class --resume")
@click.argument("path", type=Folder)
@kit_options
@run_options
@class_options
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Grade in N processes of this machine, by dask.distributed (torch-grader[cluster]).",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Grade on the workers of this dask scheduler: tcp://HOST:PORT, tls://..., or its scheduler file.",
)
@click.option(
    "--student", "students", multiple=True, metavar="NAME", help="Grade this student again, keep the others."
)
@click.option(
    "--resume", is_flag=True, help="Go on after an interruption: what is done and unchanged stands."
)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Exit 1 where the class's mean is lower.",
)
@click.option(
    "--hide-expected/--show-expected",
    default=None,
    help="Whether students' pages say what was expected. Default: as before in DIR, at first they do.",
)
@watch_option("Grade what is handed in or changed meanwhile, too")
@click.option("--dry-run", is_flag=True, help="Say whose files are whose, and grade nothing.")
@click.option("-v", "--verbose", is_flag=True, help="A line for each submission that is done.")
@progress_option
@format_option
def grade(path: Path, **options: Any) -> None:
    """Grade a class: a folder with a file or a folder for each student, a system's export, or a zip."""
    from grader.commands import grade as command  # noqa: PLC0415

    sys.exit(command.run(path, typed=sys.argv[1:], **given(options)))


@cli.command(epilog="Example: grader report report --hide-expected")
@click.argument("folder", type=Folder)
@click.option("--templates", type=Folder, metavar="DIR", help="Templates that replace the default ones.")
@click.option(
    "--hide-expected/--show-expected",
    default=None,
    help="Whether students' pages say what was expected. Default: as before.",
)
@click.option(
    "--serve", "served", is_flag=True, help="Serve the pages on this machine, where corrections can be saved."
)
@format_option
def report(
    folder: Path,
    templates: Path | None,
    hide_expected: bool | None,
    served: bool,
    formats: tuple[Output, ...],
) -> None:
    """Render a report again from its results.json, evidence/ and overrides.csv."""
    from grader.commands import report as command  # noqa: PLC0415

    sys.exit(command.run(folder, templates, hide_expected, formats, served=served))


cli.add_command(export)
cli.add_command(similar)
cli.add_command(status)


@cli.command(epilog="Example: grader new week3 --from solution.py")
@click.argument("folder", type=Folder, metavar="DIR")
@click.option(
    "--from",
    "solution",
    type=Folder,
    metavar="FILE",
    help="Your solutions: each function and class becomes an exercise. Default: a sample.",
)
def new(folder: Path, solution: Path | None) -> None:
    """Write a new assignment: exercises, samples, and a repository for students. Nothing is overwritten."""
    from grader.commands import new as command  # noqa: PLC0415

    sys.exit(command.run(folder, solution))


@cli.command(epilog="Example: grader freeze -o homework.kit")
@click.option(
    "--assignment", type=Folder, metavar="DIR", help="A folder with reference/. Default: the nearest."
)
@click.option("-o", "--output", type=Folder, required=True, metavar="FILE", help="The kit to write.")
@click.option(
    "--seed",
    type=int,
    default=None,
    metavar="S",
    help="Another seed draws another suite; keep it to yourself.",
)
@click.option(
    "--quick", is_flag=True, help="A small suite in some seconds: to try an exercise, not to grade."
)
def freeze(assignment: Path | None, output: Path, seed: int | None, quick: bool) -> None:
    """Freeze an assignment into one file for students and CI: cases and expected values, no solution."""
    from grader.commands import freeze as command  # noqa: PLC0415

    sys.exit(command.run(assignment, output, seed, quick=quick))


@cli.command(epilog="Example: grader verify --kit homework.kit -v")
@kit_options
@json_option
@click.option("-v", "--verbose", is_flag=True, help="Which cases catch which mistake.")
@click.option(
    "--explain",
    metavar="ID",
    help="One mistake: its program, the cases that show it, a student's words for it.",
)
def verify(
    kit_file: Path | None,
    assignment: Path | None,
    expect_digest: str | None,
    as_json: bool,
    verbose: bool,
    explain: str | None,
) -> None:
    """Prove that the suite catches every known mistake and nothing that is right; exit 1 if it does not."""
    from grader.commands import verify as command  # noqa: PLC0415

    sys.exit(command.run(kit_file, assignment, expect_digest, as_json, verbose, explain))


@cli.group(epilog="Example: grader gradescope build -o autograder.zip")
def gradescope() -> None:
    """Make an autograder for Gradescope."""


@gradescope.command(epilog="Example: grader gradescope build --kit homework.kit -o autograder.zip")
@kit_options
@click.option("-o", "--output", type=Folder, required=True, metavar="FILE", help="The zip to write.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option(
    "--minutes",
    type=click.IntRange(2, 40),
    default=10,
    help="The timeout that is set in Gradescope, shortly before which the run gives up. Default: 10.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=16),
    metavar="MIB",
    help="Memory a submission may use beyond Python's and torch's own. Default: the kit's, mostly 1024.",
)
@isolation_option("How submitted code is confined there.")
def build(**options: Any) -> None:
    """Write a zip to upload: the kit, the grader that runs here, and the scripts that Gradescope calls."""
    from grader.commands import gradescope as command  # noqa: PLC0415

    sys.exit(command.run(**options))


@cli.command(epilog="Example: grader classroom50 homework.ipynb --kit homework.kit")
@click.argument("path", type=Folder)
@kit_options
@run_options
def classroom50(path: Path, **options: Any) -> None:
    """Check one submission inside Classroom 50: writes result.json and release-body.md, exits 0 if it ran."""
    from grader.commands import classroom50 as command  # noqa: PLC0415

    sys.exit(command.run(path, **given(options)))


@cli.command(epilog="Example: grader doctor")
def doctor() -> None:
    """Try what grading needs on this machine: Python, torch, CUDA, isolation."""
    from grader.commands import doctor as command  # noqa: PLC0415

    sys.exit(command.run())


@cli.command(
    epilog='Example: eval "$(grader completion bash)"  # in ~/.bashrc; fish: grader completion fish | source'
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script with which a shell completes commands, options and their values."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415

    found = get_completion_class(shell)
    assert found is not None  # the three that click knows
    click.echo(found(cli, {}, NAME, f"_{NAME.upper()}_COMPLETE").source())
