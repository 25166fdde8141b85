"""The option --layout: a name, for nbgrader which assignment of the course, for names their pattern."""

from __future__ import annotations

import difflib
import re
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

LAYOUTS: Final = (
    *("gradescope", "moodle", "blackboard", "canvas", "nbgrader", "repositories"),
    *("folders", "files", "names"),
)
"""As in `intake.layouts`, which --help need not load (tested)."""


class LayoutType(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.3
    """`canvas`, `nbgrader:ps1` or `names:(?P<student_id>...)_...`."""

    name = "NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name, colon, part = str(value).partition(":")
        if name == "names":
            self._check(part, param, ctx)
        elif name not in LAYOUTS or (colon and name != "nbgrader"):
            near = difflib.get_close_matches(name, LAYOUTS, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Choose from {', '.join(LAYOUTS)}."
            self.fail(f"there is no layout {value!r}. {hint}", param, ctx)
        return str(value)

    def _check(self, pattern: str, param: click.Parameter | None, ctx: click.Context | None) -> None:
        try:
            groups = re.compile(pattern).groupindex
        except (re.error, RecursionError, OverflowError) as error:
            self.fail(f"names:{pattern}: no regular expression: {error}.", param, ctx)
        if "student_id" not in groups:
            self.fail(
                f"names:{pattern}: the pattern has to say whose a file is: names:(?P<student_id>[^_]+)_.*",
                param,
                ctx,
            )

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del ctx, param
        return [CompletionItem(name) for name in LAYOUTS if name.startswith(incomplete)]
