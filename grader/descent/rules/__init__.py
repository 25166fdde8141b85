"""The rules: one row for each mistake of a descent, by slot."""

from __future__ import annotations

from typing import Final

from grader.descent.rule import Rule
from grader.descent.rules import counts, gradients, rates, results, thetas, updates

RULES: Final[tuple[Rule, ...]] = (
    *thetas.RULES, *gradients.LOSS, *gradients.ACCUMULATE, *gradients.CLIP, *rates.RATE, *rates.SCHEDULE,
    *updates.DIRECTION, *updates.UPDATE, *counts.RULES, *results.RULES,
)  # fmt: skip
