"""The rules: one row for each mistake of a descent, by slot."""

from __future__ import annotations

from typing import Final

from grader.descent.rule import Rule

RULES: Final[tuple[Rule, ...]] = ()
