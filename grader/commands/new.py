"""`grader new DIR`: an assignment's repository, with a sample or from a file of solutions."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

from grader.commands.common import tell
from grader.starting import writing

KIT: Final = "students/homework.kit"


def run(folder: Path, solution: Path | None) -> int:
    """Write it, say what is where and what comes next, return the exit code."""
    title = folder.resolve().name.replace("_", " ").replace("-", " ").strip() or "Homework"
    plan = writing.sample(title) if solution is None else writing.of_solution(solution, title)
    writing.write(folder, plan.files)
    tell(
        f"Written: {folder}, with what students are to write: {', '.join(one.name for one in plan.asked)}.",
        beside=False,
    )
    for sentence in plan.left_out:
        tell(f"Left out: {sentence}", beside=False)
    right = next(name for name in plan.files if name.startswith("submissions/right"))
    tell(_next(folder, right.removesuffix("/solution.py"), guesses=solution is not None), beside=False)
    return 0


def _next(folder: Path, right: str, *, guesses: bool) -> str:
    looked = "Look at the guesses in reference/ first: a comment stands beside each.\n" if guesses else ""
    return f"""{looked}\
  reference/    the solution and the exercises; it stays with you
  submissions/  two samples, right and wrong
  students/     what students get: a notebook, README, workflows and, once it is frozen, the kit
Next:
  cd {shlex.quote(str(folder))}
  grader freeze -o {KIT}
  grader verify --kit {KIT}
  grader check {right} --kit {KIT}"""
