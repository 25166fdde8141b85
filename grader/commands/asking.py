"""The command lines that ask about a class and grade nobody: `grader status` and `grader similar`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import rich_click as click

from grader.commands.arguments import Folder, class_options, isolation_option, json_option, progress_option


@click.command(epilog="Example: grader status report --json")
@click.argument("folder", type=Folder)
@json_option
def status(folder: Path, as_json: bool) -> None:
    """Say how far the run in FOLDER is: exit code 0 when it is done, 4 while it runs, 130 if it was ended."""
    from grader.commands import status as command  # noqa: PLC0415

    sys.exit(command.run(folder, as_json=as_json))


@click.command(epilog="Example: grader similar ~/Downloads/class --starter homework.py")
@click.argument("path", type=Folder)
@class_options
@click.option(
    "--starter",
    type=Folder,
    multiple=True,
    metavar="FILE",
    help="What students were given: it counts for nobody. May be given several times.",
)
@click.option(
    "--least",
    type=click.FloatRange(1, 100),
    default=50,
    metavar="PERCENT",
    help="List pairs that share so much. Default: 50.",
)
@isolation_option("How the processes are confined that read code.")
@progress_option
@json_option
def similar(path: Path, **options: Any) -> None:
    """List who in a class handed in nearly the same code, for a person to look at. Nothing is run."""
    from grader.commands import similar as command  # noqa: PLC0415

    sys.exit(command.run(path, **options))
