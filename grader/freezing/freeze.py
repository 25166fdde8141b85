"""An assignment -> its kit: draw cases, choose the suite, run reference and misconceptions.

Run as a process of its own (`python -m grader.freezing.freeze ASSIGNMENT OUTPUT`), for it imports torch
and Hypothesis and runs the instructor's files. What it writes holds no solution and no
seed. The same seed on the same versions gives the same bytes.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.metadata
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import msgspec
import torch

from grader import __version__, decoders, kit
from grader.errors import GraderError
from grader.exercises import Criterion, Exercise, Misconception
from grader.freezing import assignment, author, constancy, place, protocols
from grader.freezing.costs import moves_of
from grader.freezing.derived import mutants_of, with_derived
from grader.freezing.diagnosers import Freezing, freezing
from grader.freezing.following import followed, with_steps
from grader.freezing.haste import hasten
from grader.freezing.honest import used_room, warnings
from grader.freezing.ladder import ladder
from grader.freezing.late import long_runs, reach
from grader.freezing.mutants.mutant import Mutant
from grader.freezing.pairs import pairs
from grader.freezing.refusing import check
from grader.freezing.rewording import alike, readable, reworded
from grader.freezing.suite import (
    CANDIDATES,
    EFFORT,
    LONG_SHARE,
    POOL,
    TRYING,
    draw,
    shrink,
    suite,
    with_known_costs,
)
from grader.freezing.trials import Trials, key, quiet, recorded
from grader.records import Value
from grader.sandbox import compiler


def freeze(path: Path, seed: int = 0, like: kit.Kit | None = None, *, quick: bool = False) -> kit.Kit:
    """Freeze an assignment, its exercises side by side. Raises GraderError where it is not fit to be one.

    `like`: a kit of the same assignment with other words; it is given the new ones, and nothing is run.
    `quick`: a small suite against the mistakes that are written down alone, for trying.
    """
    loaded = assignment.load(path)
    if like is not None and alike(loaded, like):
        return _whole(loaded, tuple(reworded(loaded, like)))
    names = range(len(loaded.exercises))
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    with ProcessPoolExecutor(len(names), multiprocessing.get_context(method)) as processes:
        made = list(processes.map(partial(_frozen, path, seed, quick), names))
    for one in made:
        if isinstance(one, tuple):
            raise GraderError(*one)
    exercises = (decoders.msgpack(kit.Exercise).decode(one) for one in made if isinstance(one, bytes))
    return _whole(loaded, tuple(exercises), quick=quick)


def _whole(
    loaded: assignment.Assignment, exercises: tuple[kit.Exercise, ...], *, quick: bool = False
) -> kit.Kit:
    return kit.Kit(
        schema=kit.SCHEMA,
        title=f"{loaded.title} ({kit.QUICK})" if quick else loaded.title,
        devices=loaded.devices,
        limits=loaded.limits,
        exercises=exercises,
        made_with={
            "grader": __version__,
            "torch": str(torch.__version__),
            "hypothesis": importlib.metadata.version("hypothesis"),
        }
        | ({"suite": kit.QUICK} if quick else {}),
    )


def _frozen(path: Path, seed: int, quick: bool, index: int) -> bytes | tuple[str, str]:
    """One exercise in a process of its own, as bytes; or the text of what was refused.

    The files are loaded again there: an exercise holds functions, which do not travel.
    """
    torch.set_num_threads(1)
    compiler.put_to_sleep()
    hasten()
    loaded = assignment.load(path)
    tell = partial(_tell, len(loaded.exercises))
    try:
        with quiet():
            made = freeze_exercise(loaded.exercises[index], seed, tell=tell, quick=quick)
        return msgspec.msgpack.encode(made)
    except GraderError as error:
        folder = assignment.reference_folder(path)
        told = place.located(folder, loaded.files[index], loaded.exercises[index], error)
        return told.message, told.hint
    except Exception as error:
        found = assignment.broken(assignment.reference_folder(path), error)
        if found is None:
            raise  # ours
        return found.message, found.hint


def _hushed(_: float, __: str) -> None:
    """Nobody listens."""


def freeze_exercise(
    exercise: Exercise,
    seed: int,
    budget: float = EFFORT,
    tell: Callable[[float, str], None] = _hushed,
    *,
    quick: bool = False,
) -> kit.Exercise:
    """Freeze one exercise: its inputs, then what every program does on them.

    `tell` hears the share that each part took, and what comes next.
    """
    check(exercise)
    exercise = author.guarded(exercise)
    if quick:
        exercise = dataclasses.replace(exercise, diagnosers=(), mutants=False)
    tell(0, "drawing inputs")
    drawn = draw(exercise, seed, TRYING if quick else POOL)
    trials, mutants, diagnosers = _with_all_mistakes(exercise, drawn, seed)
    tell(0.1, "looking for long runs that tell something")
    far = not (trials.protocol.leaves or quick)
    long = long_runs(trials, drawn, seed, LONG_SHARE * budget) if far else []
    trials.exercise, unseen = with_known_costs(trials, drawn, long)
    tell(0.05, "shrinking what shows each mistake")
    shrunk = shrink(trials, drawn, long, seed)
    tell(0.15, "choosing the cases")
    cases = suite(trials, list(shrunk.values()), long, drawn, budget, diagnosers)
    cases = followed(trials, cases, {i for one in diagnosers.values() for i in one.traced(cases)})
    tell(0.35, "running every mistake on them")
    frozen = msgspec.structs.replace(
        _on_its_cases(trials, cases, shrunk),
        ladder=tuple(with_steps(trials, rung, traced=True) for rung in ladder(trials, drawn)),
        diagnosers={name: one.frozen(cases) for name, one in diagnosers.items()},
        late=reach(trials, cases) if far else None,
        unseen=unseen,
        pairs=tuple(_pair(trials, *one, cases) for one in pairs(trials, mutants, cases)),
    )
    room = used_room(trials.exercise, frozen)
    tell(0.35, "writing the kit")
    return msgspec.structs.replace(frozen, room=room, warnings=tuple(warnings(trials.exercise, frozen)))


def _with_all_mistakes(
    exercise: Exercise, drawn: list[dict[str, Value]], seed: int
) -> tuple[Trials, Mapping[str, Mutant], Mapping[str, Freezing]]:
    """The exercise with its author's mistakes, those of its source and those of its diagnosers' rules.

    Raises GraderError where its reference is another one from call to call.
    """
    protocol = protocols.protocol(exercise, drawn[0])
    edges = [recorded(one, exercise) for one in exercise.edge_cases]
    constancy.check_drawing(exercise, seed)
    constancy.check_reference(exercise, protocol, [*drawn[: constancy.CALLS], *edges])
    trials = Trials(exercise, protocol)
    diagnosers = freezing(exercise, [trials.case(one) for one in drawn[:CANDIDATES]])
    mutants = mutants_of(exercise)
    exercise = with_derived(exercise, mutants.values(), trials.case(drawn[0]), moves_of(exercise, drawn[0]))
    of_rules = (mistake for one in diagnosers.values() for mistake in one.misconceptions())
    every = (*exercise.misconceptions, *of_rules)
    return Trials(dataclasses.replace(exercise, misconceptions=every), protocol), mutants, diagnosers


def _on_its_cases(trials: Trials, cases: list[kit.Case], shrunk: dict[str, dict[str, Value]]) -> kit.Exercise:
    """What a kit says of an exercise and of what every mistake does on its cases."""
    exercise = trials.exercise
    return kit.Exercise(
        name=exercise.name,
        title=exercise.title,
        statement=exercise.statement,
        parameters=protocols.parameters(exercise),
        moves=moves_of(exercise, cases[0].arguments),
        rubric=tuple(frozen_criterion(trials, criterion, cases) for criterion in exercise.rubric),
        cases=tuple(cases),
        ladder=(),
        misconceptions=tuple(frozen_mistake(trials, one, cases, shrunk) for one in exercise.misconceptions),
        either_shape=exercise.either_shape,
        devices=exercise.devices,
        protocol=trials.protocol,
    )


def _tell(exercises: int, share: float, doing: str) -> None:
    """One line to the process that started this one; those of several exercises come as they come."""
    line = json.dumps({"frozen": share / exercises, "doing": doing}) + "\n"
    os.write(1, line.encode())


# --- what a kit says about rubric and mistakes --------------------------------------------


def frozen_criterion(trials: Trials, criterion: Criterion, cases: list[kit.Case]) -> kit.Criterion:
    """A criterion with its family resolved to cases."""
    own = [i for i, case in enumerate(cases) if criterion.id in trials.families(case.arguments)]
    if criterion.kind in ("optimiser", "calls"):
        own = [i for i in own if cases[i].repeats is not None and cases[i].effort > 0]
    if not own:
        raise GraderError(
            f"{trials.exercise.name}: the criterion {criterion.id!r} judges no case.",
            "Draw inputs that belong to its family, or add some to `edge_cases`.",
        )
    return trials.frozen(criterion, cases[own[0]], tuple(own))


def frozen_mistake(
    trials: Trials, mistake: Misconception, cases: list[kit.Case], shrunk: dict[str, dict[str, Value]]
) -> kit.Misconception:
    """A misconception as what it does."""
    traced = {i: trials.traced(mistake, case) for i, case in enumerate(cases) if case.repeats is not None}
    answers = tuple(
        traced[i][0] if i in traced else trials.answer(mistake, case) for i, case in enumerate(cases)
    )
    places = {key(case.arguments): i for i, case in reversed(list(enumerate(cases)))}
    smallest = places.get(key(shrunk[mistake.id])) if mistake.id in shrunk else None
    return kit.Misconception(
        id=mistake.id,
        title=mistake.title,
        hint=mistake.hint,
        costs=tuple(c.id for c in trials.exercise.rubric if c.id in (mistake.costs or ())),
        needs=mistake.needs,
        answers=answers,
        tolerances=tuple(trials.tolerance(mistake, case) for case in cases),
        traces={i: trace for i, (_, trace) in traced.items()},
        smallest=smallest,
        teacher=mistake.teacher,
        where=mistake.where,
        raises=mistake.raises,
        diagnoser=mistake.diagnoser,
        idle=mistake.idle,
        derived=mistake.derived,
    )


def _pair(trials: Trials, mistake: Misconception, other: str, cases: list[kit.Case]) -> kit.Misconception:
    """Two mistakes at once; their values alone are compared, so no steps are kept."""
    answers = tuple(trials.answer(mistake, case) for case in cases)
    return kit.Misconception(
        id=mistake.id,
        title=f"{mistake.title}, in two places" if other == mistake.title else mistake.title,
        hint=mistake.hint,
        costs=(),
        needs=None,
        answers=answers,
        tolerances=tuple(trials.tolerance(mistake, case) for case in cases),
        traces={},
        smallest=None,
        teacher=mistake.teacher,
        derived=True,
        others=() if other == mistake.title else (other,),
    )


# --- the process --------------------------------------------------------------------------


def write(data: bytes, output: Path) -> None:
    """Write the kit whole or not at all."""
    try:
        descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(output)
    except OSError as error:
        raise GraderError(
            f"{output}: cannot write the kit: {error.strerror}.",
            "Name a file in a folder that you may write to.",
        ) from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Freeze; a GraderError becomes one JSON line on stderr, for the process that started this one."""
    parser = argparse.ArgumentParser(
        prog="grader.freezing.freeze", description="Freeze an assignment into a kit."
    )
    parser.add_argument("assignment", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a small suite, for trying")
    parser.add_argument("--like", type=Path, help="a kit that differs in its words alone")
    options = parser.parse_args(arguments)
    sys.dont_write_bytecode = True  # of the instructor's files; PyTorch is compiled once, above
    try:
        like = readable(options.like) if options.like else None
        made = freeze(options.assignment, options.seed, like, quick=options.quick)
        write(kit.encode(made), options.output)
    except GraderError as error:
        sys.stderr.write(json.dumps({"message": error.message, "hint": error.hint}) + "\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
