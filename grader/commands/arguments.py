"""The options that several commands of the command line share, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rich_click as click

from grader.commands.asking import Folder
from grader.commands.outputs import FORMS, OutputType


def kit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--expect-digest", metavar="DIGEST", help="Exit 2 unless the kit has this digest."),
        click.option(
            "--assignment",
            type=Folder,
            metavar="DIR",
            help="A folder with reference/, which is run: freeze it, or take the cached kit.",
        ),
        click.option(
            "--kit",
            "kit_file",
            type=Folder,
            metavar="FILE",
            help="A kit made by grader freeze, or one that comes with the grader: builtin:NAME. "
            "Default: the nearest, from the working folder upwards.",
        ),
    ):
        command = option(command)
    return command


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--memory",
            type=click.IntRange(min=16),
            metavar="MIB",
            help="Memory a submission may use beyond Python's and torch's own. Default: 1024.",
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
            "--exercise",
            "exercises",
            multiple=True,
            metavar="NAME",
            help="Only this exercise; may be given several times.",
        ),
        click.option(
            "--isolation",
            type=click.Choice(["auto", "strict", "standard", "none"]),
            default="auto",
            help="How submitted code is confined. Default: auto, the strongest there is.",
        ),
        click.option(
            "--require", multiple=True, metavar="DEVICE", help="Exit 2 where this device is not there."
        ),
        click.option(
            "--device",
            default="auto",
            metavar="NAME",
            help="auto (those of the assignment that are here), all (every one, or exit 2), cpu, cuda.",
        ),
    ):
        command = option(command)
    return command


def watch_option(again: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option("-w", "--watch", is_flag=True, help=f"{again}, until Ctrl-C (exit code 130).")


def format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--format",
        "formats",
        type=OutputType(),
        multiple=True,
        help=f"Any of {', '.join(FORMS)}; several times, all but one with =FILE. Default: text.",
    )(command)


def given(options: dict[str, Any]) -> dict[str, Any]:
    """The options as the commands name them."""
    memory = options.pop("memory")
    return {**options, "memory": None if memory is None else memory << 20}
