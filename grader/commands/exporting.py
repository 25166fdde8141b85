"""The command line of `grader export`: a command for each learning system."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import rich_click as click

from grader.commands.arguments import Folder, together

COLUMNS: Final = ("grade", "maximum", "changeable", "name", "email", "id", "group", "comments")
"""As in `gradebooks.moodle`, which --help need not load (tested)."""


@click.group(epilog="Example: grader export canvas --gradebook all.csv --assignment 12 --dry-run")
def export() -> None:
    """Fill marks into a gradebook that was downloaded, and pack the students' pages as feedback."""


_LAST: Final = together(
    click.option("-o", "--output", type=Folder, metavar="FILE", help="The file to write."),
    click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing."),
    click.argument("folder", type=Folder, default=Path("report")),
)
_PACKS: Final = together(
    click.option(
        "--feedback", type=Folder, metavar="FILE", help="A zip of students' pages, named for upload."
    ),
    click.option("--templates", type=Folder, metavar="DIR", help="As for grader report."),
    _LAST,
)
_FILLS: Final = together(
    click.option("--in-place", is_flag=True, help="Write into the file itself."),
    click.option("--replace", is_flag=True, help="Change marks that are there, too. They are never emptied."),
    _PACKS,
)
_SCALE: Final = click.option(
    "--scale", is_flag=True, help="Convert marks where a full mark there is another number of points."
)


@export.command(epilog="Example: grader export canvas --gradebook all.csv --assignment 12 --dry-run")
@click.option("--gradebook", type=Folder, metavar="FILE", help="What Canvas's Grades, Export gave.")
@click.option("--assignment", metavar="ID", help="The number that ends the assignment's header.")
@_SCALE
@_FILLS
def canvas(gradebook: Path | None, assignment: str | None, **shared: Any) -> None:
    """Fill a gradebook of Canvas; every other byte of it is kept."""
    from grader.commands import export as command  # noqa: PLC0415 -- --help need not wait for it

    sys.exit(command.to_canvas(command.Asked(**shared), gradebook, assignment))


@export.command(epilog="Example: grader export moodle --worksheet grades.csv --dry-run")
@click.option(
    "--worksheet", type=Folder, metavar="FILE", help="What Moodle's Download grading worksheet gave."
)
@click.option(
    "--column",
    "columns",
    type=(click.Choice(COLUMNS), str),
    multiple=True,
    metavar="KIND NAME",
    help=f"What the site's language calls a column: any of {', '.join(COLUMNS)}, and the name.",
)
@click.option(
    "--comments",
    type=click.Choice(["empty", "all", "none"]),
    default="empty",
    help="Which cells of feedback comments take the mark and what was found: those that are empty, all, or "
    "none. Default: empty.",
)
@_SCALE
@_FILLS
def moodle(
    worksheet: Path | None, columns: tuple[tuple[str, str], ...], comments: Any, **shared: Any
) -> None:
    """Fill a grading worksheet of Moodle; every other byte of it is kept."""
    from grader.commands import export as command  # noqa: PLC0415

    sys.exit(command.to_moodle(command.Asked(**shared), worksheet, columns, comments))


@export.command(epilog="Example: grader export gradescope --output autograder.zip")
@_LAST
def gradescope(**shared: Any) -> None:
    """Make an autograder that hands out the stored marks when Gradescope regrades its submissions."""
    from grader.commands import export as command  # noqa: PLC0415

    sys.exit(command.to_gradescope(command.Asked(**shared)))


@export.command(epilog="Example: grader export nbgrader --output grades.csv --feedback feedback.zip")
@_PACKS
def nbgrader(**shared: Any) -> None:
    """Write marks as nbgrader export does, and pages for its folder feedback."""
    from grader.commands import export as command  # noqa: PLC0415

    sys.exit(command.to_nbgrader(command.Asked(**shared)))


@export.command(epilog="Example: grader export csv --output marks.csv")
@click.option("--gradebook", type=Folder, metavar="FILE", help="Any CSV with a row for each student.")
@click.option("--key", metavar="NAME", help="Its column of ids, addresses or names.")
@click.option("--grade", metavar="NAME", help="Its column of marks.")
@_FILLS
def csv(gradebook: Path | None, key: str | None, grade: str | None, **shared: Any) -> None:
    """Write all marks as a table, or fill them into any CSV."""
    from grader.commands import export as command  # noqa: PLC0415

    sys.exit(command.to_table(command.Asked(**shared), gradebook, key, grade))


@export.command(epilog="Example: grader export parquet --output marks.parquet")
@click.option("-o", "--output", type=Folder, metavar="FILE", default=Path("marks.parquet"), help="The file.")
@click.argument("folder", type=Folder, default=Path("report"))
def parquet(folder: Path, output: Path) -> None:
    """Write a row for each criterion, for your own analysis with DuckDB, polars or pandas."""
    from grader.commands import exportparquet as command  # noqa: PLC0415

    sys.exit(command.run(folder, output))
