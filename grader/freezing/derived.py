"""What an exercise has without a list: programs that do nothing, and mistakes made in the reference's source.

An author's own misconceptions come first: a derived one that no input tells from one before it is left out,
and one that no input tells from the reference is no mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
import torch
from torch.utils import _pytree

from grader import kit
from grader.exercises import Exercise, Misconception
from grader.freezing.mutants import Mutant, derived
from grader.records import Tensor

IDLE_HINT: Final = "Which line of yours works on the argument, and what becomes of its result?"


def with_derived(exercise: Exercise, mutants: Iterable[Mutant], first: kit.Case, moves: str) -> Exercise:
    """The exercise with its idle programs and its mutants after its own misconceptions."""
    idle = () if moves else _idle(exercise, first)
    own = (*exercise.misconceptions, *idle, *_misconceptions(exercise, mutants))
    return replace(exercise, misconceptions=own)


def mutants_of(exercise: Exercise) -> dict[str, Mutant]:
    """By id; none where the exercise asks for none."""
    wanted = not exercise.diagnosers if exercise.mutants is None else exercise.mutants
    return {one.id: one for one in derived(exercise.reference)} if wanted else {}


def _misconceptions(exercise: Exercise, mutants: Iterable[Mutant]) -> Iterator[Misconception]:
    for one in mutants:
        title = one.plain if exercise.tells_source else one.title
        yield Misconception(one.id, title, one.hint, one.program, None, teacher=one.teacher, derived=True)


def _idle(exercise: Exercise, first: kit.Case) -> Iterator[Misconception]:
    """The author's, and where a tensor is returned each tensor as it is given, and zeros."""
    everything = frozenset(one.id for one in exercise.rubric)
    programs: dict[str, tuple[str, Callable[..., Any]]] = {}
    for number, program in enumerate(exercise.idle):
        programs[f"idle-{number}"] = f"It does no more than {program.__name__.replace('_', ' ')}", program
    if exercise.probe is None:
        programs |= dict(_trivial(exercise, first))
    for name, (title, program) in programs.items():
        yield Misconception(name, title, IDLE_HINT, program, everything, idle=True)


def _trivial(exercise: Exercise, first: kit.Case) -> Iterator[tuple[str, tuple[str, Callable[..., Any]]]]:
    one_tensor = not first.leaves or [one.type for one in first.leaves if one.path == ""] == ["Tensor"]
    for place, (name, value) in enumerate(first.arguments.items()):
        if one_tensor and isinstance(value, Tensor):
            program = lambda *given, place=place: given[place]  # noqa: E731
            yield f"idle-{name}", (f"{name} comes back as it was passed", program)
    if not first.leaves or any(one.dtype for one in first.leaves):  # a text has no zero
        yield "idle-zeros", ("Zeros come back", lambda *given: _zeroed(exercise.reference(*given)))


def _zeroed(result: object) -> object:
    return _pytree.tree_map(
        lambda one: one * 0 if isinstance(one, torch.Tensor | np.ndarray | float | int) else one, result
    )
