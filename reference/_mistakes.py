"""The mistakes that both exercises share: each is the program that makes it, beside its hint.

Those of the loop and of the update have files of their own; here are the two ends of the function, where
theta comes in and where it goes out. Nearly all are a right `Descent` with one decision taken
otherwise. A few have another structure (they stop early, start again, keep an old gradient); those
are written out.

`costs` names the criteria that fail for the mistake: a test holds every one of them against
the frozen suite, in both directions. Worth noting while reading:

- A rate hard-coded to 0.1 passes every case whose rate is 0.1, so no suite may have only that one.
- One step hides everything that happens between steps: forgotten zero_grad, momentum, decay.
- A start at theta 0 hides nearly everything; so does theta 1 for programs that start there.
- A program that never moves theta would pass without steps and with rate 0; the rubric gives
  nothing for that unless some call moves.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from _loop_mistakes import loop_mistakes
from _program import EVERYTHING, FORM, SGD_ONLY, VALUES, Descent, Loss, Program
from _update_mistakes import update_mistakes
from torch.nn import Parameter
from torch.optim import SGD

from grader.exercises import Misconception


def shared(loss: Loss) -> tuple[Misconception, ...]:
    """The mistakes that can be made on any loss."""
    right = Descent(loss)
    return (
        *loop_mistakes(right),
        *update_mistakes(right),
        *_starts_and_results(right),
        *_devices(right),
    )


# --- where it starts and what it returns ----------------------------------------------------


def _starts_and_results(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "starts-at-one",
            "The descent starts at 1, not at the initial theta",
            "Call your function with two different initial thetas. Do the results differ?",
            replace(right, start=torch.ones_like),
            VALUES | SGD_ONLY,
        ),
        Misconception(
            "starts-at-zero",
            "The descent starts at 0, where it cannot move",
            "Print theta before the first step: is it the initial theta?",
            replace(right, start=torch.zeros_like),
            EVERYTHING,
        ),
        Misconception(
            "returns-nothing",
            "The function returns nothing",
            "What does a Python function give back when it ends without `return`?",
            replace(right, result=lambda _: None),
            EVERYTHING,
        ),
        Misconception(
            "returns-the-gradient",
            "The last gradient is returned",
            "Which of your variables does the docstring ask for?",
            replace(right, result=lambda theta: theta.grad),
            VALUES | SGD_ONLY,
        ),
        Misconception(
            "returns-rounded",
            "Theta is rounded before it is returned",
            "Return theta with all its digits; round only what you print.",
            replace(right, result=lambda theta: theta.detach().round(decimals=2)),
            VALUES | SGD_ONLY,
        ),
        Misconception(
            "returns-the-theta-before",
            "The theta before the last step is returned",
            "In which order do the last update and the line that keeps the result run?",
            _returns_the_theta_before(right.loss),
            VALUES | SGD_ONLY,
        ),
    )


def _returns_the_theta_before(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        for _ in range(number_steps):
            optimiser.zero_grad()
            loss(theta).backward()
            final_theta = theta.detach().clone()
            optimiser.step()
        return final_theta

    return program


# --- the device ---------------------------------------------------------------------------


def _devices(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "returns-on-the-cpu",
            "Theta comes back on the CPU, wherever it was",
            "Compare the .device of the result with the one of the initial theta.",
            replace(right, result=lambda theta: theta.detach().cpu()),
            FORM,
            needs="cuda",
        ),
        Misconception(
            "goes-through-numpy",
            "The result goes through NumPy, which a CUDA tensor refuses",
            "Is the conversion needed? Theta is a tensor from beginning to end.",
            replace(right, result=lambda theta: torch.from_numpy(theta.detach().numpy())),
            EVERYTHING,
            needs="cuda",
        ),
    )
