"""Mistakes for free: from the source of a reference the programs that students could have written instead.

    derived(reference) -> the mutants, each with its program and its words
    combined(first, second) -> both mistakes in one program

The path: `original` finds the source, `routines` its functions and their nodes, `table` has a row for each
kind of mistake, whose changes stand in `formulas`, `calls`, `numbers` and `lines`; `place` says in words
where a change is, `derive` puts them together. A mutant is an edit of the text, so that two of them are one
text as well.
"""

from grader.freezing.mutants.derive import derived
from grader.freezing.mutants.mutant import Mutant, combined

__all__ = ["Mutant", "combined", "derived"]
