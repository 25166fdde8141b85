"""The options that several commands of the command line share, and what becomes of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import rich_click as click

from grader.commands.layouts import LayoutType
from grader.commands.outputs import FORMS, OutputType


class PathType(click.Path):
    """A path; an empty one, as of a variable that is not set, is not the working folder."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        if value == "":
            self.fail("the name is empty; the working folder is '.'", param, ctx)
        return super().convert(value, param, ctx)


Folder: Final = PathType(path_type=Path)
Option = Callable[[Callable[..., Any]], Callable[..., Any]]


def together(*options: Option) -> Option:
    """In this order in the help."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def isolation_option(what: str) -> Option:
    return click.option(
        "--isolation",
        type=click.Choice(["auto", "strict", "standard", "none"]),
        default="auto",
        help=f"{what} Default: auto, the strongest there is.",
    )


def watch_option(again: str) -> Option:
    return click.option("-w", "--watch", is_flag=True, help=f"{again}, until Ctrl-C (exit code 130).")


json_option: Final = click.option("--json", "as_json", is_flag=True, help="As one JSON document.")
progress_option: Final = click.option(
    "--progress",
    type=click.Choice(["text", "json", "none"]),
    default="text",
    help="How far it is, on standard error: in words, as a JSON document a line, or not. Default: text.",
)
format_option: Final = click.option(
    "--format",
    "formats",
    type=OutputType(),
    multiple=True,
    help=f"Any of {', '.join(FORMS)}; several times, all but one with =FILE. Default: text.",
)
kit_options: Final = together(
    click.option(
        "--kit",
        "kit_file",
        type=Folder,
        metavar="FILE",
        help="A kit made by grader freeze, or one that comes with the grader: builtin:NAME. "
        "Default: the nearest, from the working folder upwards.",
    ),
    click.option(
        "--assignment",
        type=Folder,
        metavar="DIR",
        help="A folder with reference/, which is run: freeze it, or take the cached kit.",
    ),
    click.option("--expect-digest", metavar="DIGEST", help="Exit 2 unless the kit has this digest."),
)
run_options: Final = together(
    click.option(
        "--device",
        default="auto",
        metavar="NAME",
        help="auto (those of the assignment that are here), all (every one, or exit 2), cpu, cuda.",
    ),
    click.option("--require", multiple=True, metavar="DEVICE", help="Exit 2 where this device is not there."),
    isolation_option("How submitted code is confined."),
    click.option(
        "--exercise",
        "exercises",
        multiple=True,
        metavar="NAME",
        help="Only this exercise; may be given several times.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0.05),
        metavar="SECONDS",
        help="CPU time that one call may take before it is made again by itself with five times as "
        "much, in seconds of a fast machine: a slower one allows more. The other limits of time go with "
        "it. Default: 2.",
    ),
    click.option(
        "--memory",
        type=click.IntRange(min=16),
        metavar="MIB",
        help="Memory a submission may use beyond Python's and torch's own. Default: 1024.",
    ),
)
class_options: Final = together(
    click.option(
        "-o", "--output", type=Folder, metavar="DIR", help="Where results and report go. Default: report."
    ),
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=1),
        default=os.cpu_count() or 1,
        help="Submissions at a time. Default: the number of cores.",
    ),
    click.option(
        "--layout",
        type=LayoutType(),
        metavar="NAME",
        help="What PATH is, where it is not recognised: gradescope, moodle, blackboard, canvas, "
        "nbgrader[:ASSIGNMENT], repositories, folders, files, names:PATTERN.",
    ),
    click.option(
        "--roster",
        type=Folder,
        metavar="FILE",
        help="A CSV with id,name,email: students are called by its ids.",
    ),
)
"""Of a class: where it goes, and how it is read."""


def given(options: dict[str, Any]) -> dict[str, Any]:
    """The options as the commands name them."""
    memory = options.pop("memory")
    return {**options, "memory": None if memory is None else memory << 20}
