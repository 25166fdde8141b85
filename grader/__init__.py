"""An automated grading harness for PyTorch exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.notebook import check as check

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`grader.check`, for notebooks: whatever else imports the package pays nothing for it."""
    if name == "check":
        from grader.notebook import check  # noqa: PLC0415

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
