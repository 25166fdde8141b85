"""What grading cannot cost less than: the students' functions called on the suite's cases, and nothing else.

    python bench/floor.py KIT FOLDER

One process, warm, one thread, `print` off. Each file runs statement by statement, as a submission's must,
so that a demo that fails takes no function away. No answer is looked at, nothing is confined, nothing
is written. Also measures one step of SGD as the course writes it. Prints JSON.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import json
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import torch

from grader import kit as kits
from grader.sandbox.values import build

STEPS, ROUNDS = 500, 7
_MAGIC: Final = re.compile(r"^\s*[%!].*$|^.*\?\s*$", re.MULTILINE)


def main(kit_file: Path, folder: Path) -> None:
    torch.set_num_threads(1)
    step = min(_step_seconds() for _ in range(ROUNDS))
    exercises = kits.load(kit_file).kit.exercises
    builtins.print = lambda *_, **__: None
    warnings.simplefilter("ignore")
    cpu, wall = time.process_time(), time.perf_counter()
    calls = sum(calls_of(path, exercises) for path in sorted(folder.iterdir()))
    used = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    sys.stdout.write(json.dumps({**used, "calls": calls, "step": step, "start_cpu": cpu}))


def _step_seconds() -> float:
    """CPU seconds of one step on two components; the loop around it costs a thousandth of it."""
    theta = torch.nn.Parameter(torch.tensor([1.0, -1.0]))
    optimiser = torch.optim.SGD([theta], lr=1e-6)
    start = time.process_time()
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = torch.sum(theta * theta)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return (time.process_time() - start) / STEPS


def calls_of(path: Path, exercises: tuple[kits.Exercise, ...]) -> int:
    """Run the file, call its functions; return how many calls were made."""
    module = ModuleType("__main__")
    for text in _texts(path):
        _run(text, path.name, module)
    calls = 0
    for exercise in exercises:
        function = vars(module).get(exercise.name)
        if callable(function):
            for case in exercise.cases:
                _call(function, [build(value) for value in case.arguments.values()])
                calls += 1
    return calls


def _texts(path: Path) -> Iterator[str]:
    """The file, or its code cells without their magics."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield text
        return
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "code":
            yield _MAGIC.sub("", "".join(cell["source"]))


def _run(text: str, name: str, module: ModuleType) -> None:
    try:
        tree = ast.parse(text, name)
    except SyntaxError:
        return
    for statement in tree.body:
        code = compile(ast.Module([statement], []), name, "exec", dont_inherit=True)
        _call(exec, [code, vars(module)])


def _call(function: Callable[..., Any], arguments: list[Any]) -> None:
    with contextlib.suppress(BaseException):  # a student's mistake, SystemExit included, is none of ours
        function(*arguments)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
