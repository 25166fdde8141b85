"""The option --layout: a name, and for nbgrader which assignment of the course."""

from __future__ import annotations

import difflib
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

LAYOUTS: Final = (
    *("gradescope", "moodle", "blackboard", "canvas", "nbgrader", "repositories"),
    *("folders", "files"),
)
"""As in `intake.layouts`, which --help need not load (tested)."""


class LayoutType(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.3
    """`canvas` or `nbgrader:ps1`."""

    name = "NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name, colon, _ = str(value).partition(":")
        if name not in LAYOUTS or (colon and name != "nbgrader"):
            near = difflib.get_close_matches(name, LAYOUTS, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Choose from {', '.join(LAYOUTS)}."
            self.fail(f"there is no layout {value!r}. {hint}", param, ctx)
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del ctx, param
        return [CompletionItem(name) for name in LAYOUTS if name.startswith(incomplete)]
