"""Steps that were never made are told from those of torch.optim.SGD, and no right program is taken for one.

One class of forgers and one of right programs that look odd to a tracer, graded by the command line.
About 20 seconds.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from grader import store
from grader.results import CriterionResult
from tests.cli.running import grader

LOSSES: Final = {
    "gradient_descent_torch_optimiser": "theta * theta",
    "gradient_descent_norm_torch_optimiser": "(theta * theta).sum()",
}
NO_GRADIENT: Final = "step 1 moved a parameter that had no gradient"
ELSEWHERE: Final = "step 1 took a parameter from X to X, where its rate and its gradient lead to X"
LEFT_OUT: Final = "it ends where the reference ends, but no step went to where its step 2 leads"
BESIDE: Final = "torch.optim.SGD took no step; steps were taken by another optimiser"

# By hand: the right thetas, set inside a step of SGD that had another gradient or rate, or none.
BY_HAND: Final = """
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr={rate}{options})

    def closure():
        old = theta.data
        theta.data = old - learning_rate * 2 * old{more}
        theta.grad = {gradient}
        return torch.tensor(0.0)

    for _ in range(number_steps):
        optimiser.step(closure)
    return theta.detach()
"""


def by_hand(gradient: str, rate: str = "learning_rate", options: str = "", more: str = "") -> str:
    return BY_HAND.format(gradient=gradient, rate=rate, options=options, more=more)


FORGED: Final = {
    "no gradient": (by_hand("None"), NO_GRADIENT),
    "a gradient of zeros": (by_hand("torch.zeros_like(theta)"), ELSEWHERE),
    "the right gradient and no rate": (by_hand("2 * old", "0.0"), ELSEWHERE),
    "another gradient, taken back before": (
        by_hand("old", more=" + learning_rate * old"), ELSEWHERE
    ),
    "a momentum that is only claimed": (
        by_hand("torch.zeros_like(theta)", options=", momentum=0.9"), ELSEWHERE
    ),
    "a second group with another rate": (
        """
    theta, other = torch.nn.Parameter(initial_theta.clone()), torch.nn.Parameter(torch.ones(1))
    groups = [{"params": [other], "lr": 0.3}, {"params": [theta], "lr": 0.0}]
    optimiser = torch.optim.SGD(groups, lr=0.2)

    def closure():
        theta.grad = 2 * theta.data
        theta.data = theta.data - learning_rate * theta.grad

    for _ in range(number_steps):
        optimiser.step(closure)
    return theta.detach()
""",
        ELSEWHERE,
    ),
    "a step of its own below SGD": (
        """
    class Descent(torch.optim.SGD):
        @torch.no_grad()
        def step(self):
            for one in self.param_groups[0]["params"]:
                one.mul_(1 - 2 * learning_rate)

    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = Descent([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimiser.step()
    return theta.detach()
""",
        NO_GRADIENT,
    ),
    "hooks called by hand": (
        """
    from torch.optim import optimizer
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)

    def forge():
        for hook in optimizer._global_optimizer_pre_hooks.values():
            hook(optimiser, (), {})
        theta.data = theta.data - learning_rate * 2 * theta.data
        for hook in optimizer._global_optimizer_post_hooks.values():
            hook(optimiser, (), {})

    for _ in range(number_steps):
        forge()
    return theta.detach()
""",
        NO_GRADIENT,
    ),
    "a class that only bears the name": (
        """
    class SGD(torch.optim.Optimizer):
        __module__ = "torch.optim.sgd"

        @torch.no_grad()
        def step(self):
            for one in self.param_groups[0]["params"]:
                one -= self.param_groups[0]["lr"] * one.grad

    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = SGD([theta], {"lr": learning_rate})
    for _ in range(number_steps):
        theta.grad = 2 * theta.detach()
        optimiser.step()
    return theta.detach()
""",
        BESIDE,
    ),
    "a leap from the start to each theta": (
        """
    known = [initial_theta]
    for _ in range(number_steps):
        known.append(known[-1] - learning_rate * 2 * known[-1])
    theta = initial_theta
    for one in known[1:]:
        theta = torch.nn.Parameter(initial_theta.double())
        theta.grad = initial_theta.double() - one
        torch.optim.SGD([theta], lr=1.0).step()
    return theta.detach().to(initial_theta.dtype)
""",
        LEFT_OUT,
    ),
}  # fmt: skip

LOOP: Final = """
    theta = torch.nn.Parameter(initial_theta.clone())
{before}
    for _ in range(number_steps):
{loop}
    return theta.detach()
"""


def loop(body: str, before: str = "") -> str:
    lines = ["\n".join("    " * deep + line for line in text.splitlines())
             for deep, text in ((1, before), (2, body))]  # fmt: skip
    return LOOP.format(before=lines[0], loop=lines[1])


STEP: Final = "optimiser.zero_grad()\n(LOSS).backward()\noptimiser.step()"
SGD: Final = "optimiser = torch.optim.SGD([theta], lr=learning_rate)"
RIGHT: Final = {
    "a subclass that clears after the inherited step": loop(
        "optimiser.step(lambda: (LOSS).backward())",
        "class Clearing(torch.optim.SGD):\n"
        "    def step(self, closure):\n"
        "        super().step(closure)\n"
        "        self.zero_grad(set_to_none=False)\n"
        "optimiser = Clearing([theta], lr=learning_rate)",
    ),
    "a hook that clears after a step with a closure": loop(
        "optimiser.step(lambda: (LOSS).backward())",
        f"{SGD}\noptimiser.register_step_post_hook(lambda one, *_: one.zero_grad())",
    ),
    "a subclass that sets its rate for the step alone": loop(
        STEP,
        "class Rated(torch.optim.SGD):\n"
        "    def step(self):\n"
        "        self.param_groups[0]['lr'] = learning_rate\n"
        "        super().step()\n"
        "        self.param_groups[0]['lr'] = 0.0\n"
        "optimiser = Rated([theta], lr=0.0)",
    ),
    "a new optimiser with momentum in each step": loop(
        "optimiser = torch.optim.SGD([theta], lr=learning_rate, momentum=0.9)\n" + STEP
    ),
    "a new optimiser with Nesterov's momentum, the rate divided": loop(
        "optimiser = torch.optim.SGD([theta], lr=learning_rate / 1.5, momentum=0.5, nesterov=True)\n" + STEP
    ),
    "half of the gradient is a decay": loop(
        STEP.replace("(LOSS)", "(LOSS / 2)"),
        "optimiser = torch.optim.SGD([theta], lr=learning_rate, weight_decay=1.0)",
    ),
    "a decay while the negative is maximised": loop(
        STEP.replace("(LOSS)", "(-LOSS / 2)"),
        "optimiser = torch.optim.SGD([theta], lr=learning_rate, weight_decay=1.0, maximize=True)",
    ),
    "two optimisers, half of the loss each": loop(
        "theta.grad = None\n(LOSS / 2).backward()\nfor one in pair: one.step()",
        "pair = [torch.optim.SGD([theta], lr=learning_rate) for _ in range(2)]",
    ),
    "a rate in a tensor": loop(
        STEP, SGD.replace("=learning_rate", "=torch.tensor(learning_rate, dtype=torch.float64)")
    ),
    "gradients that are scaled and brought back": loop(
        "optimiser.zero_grad()\nscaler.scale(LOSS).backward()\nscaler.step(optimiser)\nscaler.update()",
        f"{SGD[:-1]}, fused=True)\nscaler = torch.amp.GradScaler('cpu')",
    ),
    "the parts of the loss one after the other": loop(
        "optimiser.zero_grad()\n"
        "for part in theta.reshape(-1): (part ** 2 / 4 + 7).backward(retain_graph=True)\n"
        "for part in theta.reshape(-1): (part ** 2 * 3 / 4).backward(retain_graph=True)\n"
        "optimiser.step()",
        SGD,
    ),
    "a large parameter beside theta": loop(
        STEP, "optimiser = torch.optim.SGD([torch.nn.Parameter(torch.ones(2000)), theta], lr=learning_rate)"
    ),
    "groups with a rate and a loss of their own": """
    parts = [torch.nn.Parameter(one.clone()) for one in initial_theta.reshape(-1)]
    rates = [learning_rate / 3, learning_rate * 4]
    optimiser = torch.optim.SGD([{"params": [p], "lr": rate} for p, rate in zip(parts, rates)], lr=9.0)
    for _ in range(number_steps):
        optimiser.zero_grad()
        sum(factor * part ** 2 for factor, part in zip((3, 0.25), parts)).backward()
        optimiser.step()
    return torch.stack(parts).reshape(initial_theta.shape).detach()
""",
    "an embedding with a sparse gradient": """
    start = initial_theta.reshape(-1, 1).clone()
    table = torch.nn.Embedding.from_pretrained(start, freeze=False, sparse=True)
    optimiser = torch.optim.SGD(table.parameters(), lr=learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        (table(torch.arange(initial_theta.numel())) ** 2).sum().backward()
        optimiser.step()
    return table.weight.detach().reshape(initial_theta.shape)
""",
}  # fmt: skip

LEFT: Final = {
    "hooks called by hand around what SGD would have done": """
    from torch.optim import optimizer
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)

    def forge():
        for hook in optimizer._global_optimizer_pre_hooks.values():
            hook(optimiser, (), {})
        theta.grad = 2 * theta.data
        theta.data = theta.data - learning_rate * theta.grad
        for hook in optimizer._global_optimizer_post_hooks.values():
            hook(optimiser, (), {})

    for _ in range(number_steps):
        forge()
    return theta.detach()
""",
}

Rows = dict[str, list[CriterionResult]]


def source(body: str) -> str:
    parts = [
        f"def {name}(initial_theta, learning_rate, number_steps):\n{body.replace('LOSS', loss)}\n"
        for name, loss in LOSSES.items()
    ]
    return "import torch\n\n\n" + "\n\n".join(parts)


def ids(programs: dict[str, object]) -> dict[str, str]:
    return {f"s{number:02}": name for number, name in enumerate(programs, start=1)}


def graded(folder: Path, kit_file: Path, bodies: dict[str, str]) -> Rows:
    """What each program lost, in both exercises together."""
    (folder / "class").mkdir()
    names = ids(dict(bodies))
    for student, name in names.items():
        (folder / "class" / f"{student}.py").write_text(source(bodies[name]))
    run = grader("grade", "class", "--kit", kit_file, "-o", "out", "--jobs", "1", cwd=folder)
    assert run.code == 0, run.err
    results = store.read_results(folder / "out")
    return {
        names[one.student]: [
            row for exercise in one.exercises for row in exercise.criteria if row.outcome == "failed"
        ]
        for one in results.submissions
    }


@pytest.fixture(scope="module")
def forgers(kit_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    bodies = {name: body for name, (body, _) in FORGED.items()}
    return graded(tmp_path_factory.mktemp("forgers"), kit_file, bodies)


@pytest.fixture(scope="module")
def right(kit_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return graded(tmp_path_factory.mktemp("right"), kit_file, RIGHT | LEFT)


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_step_is_none_of_the_optimiser(forgers: Rows, name: str) -> None:
    assert [row.id for row in forgers[name]] == ["uses-sgd", "uses-sgd"]
    told = {re.sub(r"-?\d+\.\d+(e-\d+)?", "X", row.message.partition(": ")[2]) for row in forgers[name]}
    assert told == {FORGED[name][1]}


@pytest.mark.parametrize("name", RIGHT)
def test_no_right_program_is_taken_for_a_forger(right: Rows, name: str) -> None:
    assert [(row.id, row.message) for row in right[name]] == []


@pytest.mark.parametrize("name", LEFT)
def test_a_forgery_that_fits_throughout_keeps_its_points_as_the_readme_says(right: Rows, name: str) -> None:
    assert [(row.id, row.message) for row in right[name]] == []
