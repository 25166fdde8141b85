"""PyTorch's compiler: imported where somebody asks for it, and nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys

STEPS = """
import json, sys
from grader.sandbox import compiler
compiler.put_to_sleep()
import torch

def descend(start, rate, steps):
    theta = torch.nn.Parameter(start.clone())
    optimiser = torch.optim.SGD([theta], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        (theta * theta).sum().backward()
        optimiser.step()
    return theta.detach()

def imported():
    return "torch._dynamo.eval_frame" in sys.modules

said = [descend(torch.ones(2), 0.25, 2).tolist(), imported()]
"""
TELL = """
said += [imported(), descend(torch.ones(2), 0.25, 2).tolist()]
print(json.dumps(said))
"""
ANSWER = [0.25, 0.25]


def _told(asking: str) -> list[object]:
    """What a fresh process says that steps, asks for the compiler in some way, and steps again."""
    done = subprocess.run(
        [sys.executable, "-c", STEPS + asking + TELL], capture_output=True, text=True, check=True
    )
    found: list[object] = json.loads(done.stdout)
    return found


def test_steps_leave_it_asleep_until_a_function_is_compiled() -> None:
    asking = """
import inspect
inspect.getmodule(descend)  # it looks at every module that there is
said.append(imported())
said.append(torch.compile(descend, backend="eager")(torch.ones(2), 0.25, 2).tolist())
"""

    assert _told(asking) == [ANSWER, False, False, ANSWER, True, ANSWER]


def test_whoever_imports_a_module_of_it_or_asks_for_a_name_wakes_the_real_one() -> None:
    asking = """
from torch import _dynamo as asleep
import torch._dynamo.config
said.append(torch._dynamo.config is sys.modules["torch._dynamo.config"] is asleep.config)
said.append(hasattr(torch._dynamo, "__file__"))
"""

    assert _told(asking) == [ANSWER, False, True, True, True, ANSWER]
