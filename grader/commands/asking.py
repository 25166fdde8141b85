"""The command lines that ask about a class and grade nobody: `grader status` and `grader similar`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

import rich_click as click

from grader.commands.layouts import LayoutType

Folder: Final = click.Path(path_type=Path)


@click.command(epilog="Example: grader status report --json")
@click.argument("folder", type=Folder)
@click.option("--json", "as_json", is_flag=True, help="As one JSON document.")
def status(folder: Path, as_json: bool) -> None:
    """Say how far the run in FOLDER is: exit code 0 when it is done, 4 while it runs, 130 if it was ended."""
    from grader.commands import status as command  # noqa: PLC0415

    sys.exit(command.run(folder, as_json=as_json))


@click.command(epilog="Example: grader similar ~/Downloads/class --starter homework.py")
@click.argument("path", type=Folder)
@click.option("-o", "--output", type=Folder, default=None, metavar="DIR", help="Default: report.")
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
@click.option("--layout", type=LayoutType(), metavar="NAME", help="As for grader grade.")
@click.option("--roster", type=Folder, metavar="FILE", help="As for grader grade.")
@click.option(
    "--isolation",
    type=click.Choice(["auto", "strict", "standard", "none"]),
    default="auto",
    help="How the processes are confined that read code. Default: auto, the strongest there is.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    help="Default: the number of cores.",
)
@click.option("--json", "as_json", is_flag=True, help="As one JSON document.")
def similar(path: Path, **options: Any) -> None:
    """List who in a class handed in nearly the same code, for a person to look at. Nothing is run."""
    from grader.commands import similar as command  # noqa: PLC0415

    sys.exit(command.run(path, **options))
