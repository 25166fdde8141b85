"""The rules' samples as programs that PyTorch runs: misconceptions that no instructor has to write down.

The slots are the rules' own functions, on the numbers of one call; the gradient, the optimiser and its steps
are PyTorch's. So a sample that is not what its rule says would be a misconception that its rule does not fit.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from grader.descent.program import GRADIENT, RATES, Calls, Deviation, Minimised, Program, Slot, moment, run
from grader.descent.reading import told
from grader.descent.rules import RULES
from grader.exercises import Exercise, Misconception

NAME = "descent"


def of_rules(exercise: Exercise, objective: Minimised) -> tuple[Misconception, ...]:
    """One for each of the samples that a rule has run."""
    return tuple(
        Misconception(
            "-".join([rule.id, *map(told, constants)]), rule.titled(*constants), rule.hint,
            program(exercise, objective, Program((Deviation(rule, constants),))), None,
            teacher=rule.teacher, where=rule.where, diagnoser=NAME,
        )
        for rule in RULES
        for constants in rule.samples[: rule.known]
        if any(_fits(Program((Deviation(rule, constants),)), objective, w) for w in objective.gradients)
    )  # fmt: skip


def _fits(deviating: Program, objective: Minimised, width: int) -> bool:
    """Whether the constants are for a theta of so many components: a rule gives no number for another."""
    one = Calls(objective.of(width), np.ones((1, width)), np.array([[0.1]]), np.array([[1]]))
    return not np.isnan(run(deviating, one).value).all()


def program(exercise: Exercise, objective: Minimised, deviating: Program) -> Callable[..., Any]:
    """A function with the reference's parameters that runs the program."""
    parameters = tuple(inspect.signature(exercise.reference).parameters)

    def played(*values: Any, **named: Any) -> Any:
        given = {**dict(zip(parameters, values, strict=False)), **named}
        theta, rate, steps = (given[name] for name in (objective.moves, objective.rate, objective.steps))
        return _Play(deviating, objective, theta, rate, steps).result()

    return played


class _Play:
    """One call."""

    def __init__(
        self, deviating: Program, objective: Minimised, theta: torch.Tensor, rate: float, steps: int
    ) -> None:
        self.program, self.slots = deviating, deviating.slots
        self.given = theta
        row = theta.detach().numpy().reshape(1, -1)
        self.calls = Calls(objective.of(row.shape[1]), row, np.array([[rate]]), np.array([[steps]]))
        self.at = moment(self.calls)
        self.count = int(run(deviating.without("result"), self.calls).at.count[0])
        start = self.program.of(row.copy(), self.at, "start")
        self.theta = torch.nn.Parameter(self._tensor(start, theta.shape))
        self.optimiser = self._optimiser(rate)

    def _row(self) -> Any:
        return self.theta.detach().numpy().reshape(1, -1).copy()

    def _tensor(self, row: Any, shape: torch.Size | tuple[int, ...]) -> torch.Tensor:
        values = np.broadcast_to(np.asarray(row), (1, self.given.numel()))
        return torch.tensor(values.reshape(shape), dtype=self.given.dtype)

    def _optimiser(self, rate: float) -> torch.optim.Optimizer:
        options: dict[str, Any] = {}
        kind = "SGD"
        for slot in ("direction", "update"):
            one = self.slots.get(slot)
            if one is not None:
                options |= {**dict(zip(one.rule.options, one.constants, strict=False)), **one.rule.fixed}
                kind = one.rule.optimiser if slot == "update" else kind
        made: torch.optim.Optimizer = getattr(torch.optim, kind)([self.theta], lr=rate, **options)
        return made

    def _by_torch(self, slot: Slot) -> bool:
        """Whether an option of the optimiser, or its class, is the deviation."""
        one = self.slots.get(slot)
        return one is None or bool(one.rule.options or one.rule.fixed) or one.rule.optimiser != "SGD"

    def result(self) -> Any:
        path, self.at.held = [self._row()], np.zeros((self.count, *self.calls.theta.shape))
        for i in range(self.count):
            self.at.i, self.at.theta = i, path[-1]
            self._step()
            self.at.held[i] = self.at.total
            path.append(self._row())
        self.at.path, self.at.count, self.at.theta = np.stack(path), np.array([self.count]), path[-1]
        if not self.slots.keys() & {"result", "empty"}:
            return self.theta.detach()
        value = self.program.of(path[-1], self.at, "result", "empty")
        row = np.asarray(value).reshape(-1)
        shape = self.given.shape if row.size == self.given.numel() else row.shape
        return torch.tensor(row.reshape(shape), dtype=self.given.dtype)

    def _step(self) -> None:
        gradient = self.program.of(self.calls.objective.gradient(self.at.theta), self.at, *GRADIENT)
        self.at.total = np.broadcast_to(gradient, self.at.theta.shape)
        self.at.step_rate = self.program.of(self.calls.rate, self.at, *RATES)
        if not self._by_torch("direction"):
            gradient = self.program.of(gradient, self.at, "direction")
        rate = float(np.asarray(self.at.step_rate).reshape(-1)[0])
        if not self._by_torch("update"):
            wanted = self.program.of(np.asarray(gradient), self.at, "update")
            gradient = (self.at.theta - wanted) / (rate or 1.0)
        self.theta.grad = self._tensor(gradient, self.theta.shape)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        if "between" in self.slots:
            moved = self.program.of(self._row(), self.at, "between")
            self.theta.data.copy_(self._tensor(moved, self.theta.shape))
