"""Counterexamples pasted below the student's own definitions, as a student would do it.

This file is also the script of the process that does it. That process imports torch once and forks for
each submission, so no call meets what another submission left behind. Nothing of the grader is used
there.
"""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.results import Counterexample, Results, SubmissionResult

PATIENCE = 600  # seconds for one submission: those that never end are not asked
REFERENCE = Path(__file__).parents[2] / "reference"
CHANCE = {"random_component"}  # draw from Python's own generator, which nobody seeds


def differences(results: Results, folders: Sequence[Path]) -> list[str]:
    """Where a pasted call gives something else than is printed, or the reference than is expected."""
    shown = {_file(one, folders): list(_shown(one)) for one in results.submissions}
    calls = {path: [one.call for one in found] for path, found in shown.items() if found}
    asked = {call.rpartition("; ")[2] for own in calls.values() for call in own}
    right = {str(path): [one for one in asked if one.startswith(f"{name}(")] for path, name in _references()}
    got = replayed(calls | right)
    truth = {call: came for path, own in right.items() for call, came in zip(own, got[path], strict=True)}
    rows = [(path, *row) for path in calls for row in zip(shown[path], got[path], strict=True)]
    return [
        f"{Path(path).stem}: {one.call} printed {_printed(one)}, came to {came}"
        for path, one, came in rows
        if (came != _printed(one) and Path(path).stem not in CHANCE)
        or not _near(one, truth[one.call.rpartition("; ")[2]])
    ]


def _references() -> Iterator[tuple[Path, str]]:
    """The reference's files, and the function that each defines."""
    for path in sorted(REFERENCE.glob("[!_]*.py")):
        defined = [one.name for one in ast.parse(path.read_text()).body if isinstance(one, ast.FunctionDef)]
        yield path, next(name for name in defined if name.endswith("_optimiser"))


def _shown(one: SubmissionResult) -> Iterator[Counterexample]:
    """The counterexamples of calls that ended."""
    for exercise in one.exercises:
        found = exercise.counterexample
        if found is not None and (found.got is not None or found.raised is not None):
            yield found


def _file(one: SubmissionResult, folders: Sequence[Path]) -> str:
    return str(next(path for folder in folders for path in folder.iterdir() if path.stem == one.student))


def _printed(found: Counterexample) -> list[str] | str | None:
    return [str(float(x)) for x in found.got.values] if found.got is not None else found.raised


def _near(found: Counterexample, came: list[str]) -> bool:
    """Whether the reference, in the dtype of the call, gives what is printed as expected."""
    pairs = zip(map(float, came), map(float, (found.expected.values if found.expected else ())), strict=True)
    return all(abs(x - y) <= 1e-4 * abs(y) + 1e-6 for x, y in pairs)


def replayed(plan: dict[str, list[str]]) -> dict[str, list[Any]]:
    """For each file its calls, in a fresh process: what each comes to, as `_told` says it."""
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "plan.json"
        given.write_text(json.dumps(plan))
        done = subprocess.run(
            [sys.executable, __file__, str(given)],
            cwd=folder,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=PATIENCE * 10,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return {path: json.loads(Path(f"{given}.{i}").read_text()) for i, path in enumerate(plan)}


# --- in the fresh process -------------------------------------------------------------------


def main(given: Path) -> None:
    import torch  # only here: whoever imports this file needs none

    torch.set_num_threads(1)
    torch.optim.SGD([torch.ones(1)], lr=0.1)  # imports half of torch, once for all
    for i, (path, calls) in enumerate(json.loads(given.read_text()).items()):
        child = os.fork()
        if child == 0:
            signal.alarm(PATIENCE)
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 -- ends with the child
            Path(f"{given}.{i}").write_text(json.dumps(_paste(Path(path), calls)))
            os._exit(0)
        os.waitpid(child, 0)


def _paste(path: Path, calls: list[str]) -> list[Any]:
    """Run the definitions, then the calls; a demo that fails below them stops nothing."""
    names: dict[str, Any] = {"__name__": path.stem}
    sys.path.append(str(path.parent))
    for cell in _cells(path):
        for statement in ast.parse(cell).body:
            try:
                exec(compile(ast.Module([statement], []), path.name, "exec"), names)  # noqa: S102 -- what a student would do
            except BaseException:  # noqa: BLE001, S112 -- SystemExit too
                continue
    return [_told(call, names) for call in calls]


def _cells(path: Path) -> list[str]:
    if path.suffix == ".py":
        return [path.read_text()]
    cells = [one for one in json.loads(path.read_text())["cells"] if one["cell_type"] == "code"]
    texts = ["".join(one["source"]) for one in cells]
    return [one for one in map(_without_magics, texts) if _parses(one)]


def _without_magics(cell: str) -> str:
    return "\n".join(line for line in cell.split("\n") if not line.lstrip().startswith(("%", "!", "?")))


def _parses(cell: str) -> bool:
    try:
        ast.parse(cell)
    except SyntaxError:
        return False
    return True


def _told(call: str, names: dict[str, Any]) -> Any:
    """What the pasted line came to: numbers, an exception as Python ends a traceback, or a type."""
    import torch

    *before, last = ast.parse(call).body
    assert isinstance(last, ast.Expr), call
    pasted = names | {"torch": torch}  # what a notebook has; the functions keep to their own
    try:
        exec(compile(ast.Module(before, []), "pasted", "exec"), pasted)  # noqa: S102 -- the pasted line
        got = eval(compile(ast.Expression(last.value), "pasted", "eval"), pasted)  # noqa: S307
    except BaseException as error:  # noqa: BLE001 -- SystemExit too
        return f"{type(error).__name__}: {error}".removesuffix(": ")
    return _numbers(got)


def _numbers(got: Any) -> Any:
    import torch

    try:
        flat = [x for part in got for x in _numbers(part)] if isinstance(got, list | tuple) else None
        return flat or list(map(str, torch.as_tensor(got).detach().double().flatten().tolist()))
    except (TypeError, ValueError, RuntimeError):
        return type(got).__name__


if __name__ == "__main__":
    main(Path(sys.argv[1]))
