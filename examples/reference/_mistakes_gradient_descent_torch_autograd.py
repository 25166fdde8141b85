"""Other programs than the reference: what goes wrong between autograd and an update by hand, and right ones."""

from typing import Any

import torch

from grader.exercises import Misconception


def stepping(theta: torch.Tensor, rate: float, steps: int, *, zero: bool = True) -> torch.Tensor:
    """The usual loop, on a leaf of the caller's."""
    for _ in range(steps):
        (theta**2).sum().backward()
        with torch.no_grad():
            theta -= rate * theta.grad
        if zero:
            theta.grad.zero_()
    return theta.detach()


def leaf(initial_theta: torch.Tensor) -> torch.Tensor:
    return initial_theta.detach().clone().requires_grad_()


def accumulating(initial_theta: torch.Tensor, rate: float, steps: int) -> Any:
    return stepping(leaf(initial_theta), rate, steps, zero=False)


def sharing(initial_theta: torch.Tensor, rate: float, steps: int) -> Any:
    return stepping(initial_theta.detach().requires_grad_(), rate, steps)


def flagging(initial_theta: torch.Tensor, rate: float, steps: int) -> Any:
    theta = initial_theta.requires_grad_()
    for _ in range(steps):
        (gradient,) = torch.autograd.grad((theta**2).sum(), theta)
        theta = theta - rate * gradient
    return theta.detach()


def with_its_graph(initial_theta: torch.Tensor, rate: float, steps: int) -> Any:
    theta = leaf(initial_theta)
    for _ in range(steps):
        (gradient,) = torch.autograd.grad((theta**2).sum(), theta, create_graph=True)
        theta = theta - rate * gradient
    return theta


def gradient_once(initial_theta: torch.Tensor, rate: float, steps: int) -> Any:
    theta = leaf(initial_theta)
    (gradient,) = torch.autograd.grad((theta**2).sum(), theta)
    for _ in range(steps):
        theta = theta - rate * gradient
    return theta.detach()


def by_the_optimiser(initial_theta: torch.Tensor, rate: float, steps: int) -> Any:
    theta = leaf(initial_theta)
    optimiser = torch.optim.SGD([theta], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        (theta**2).sum().backward()
        optimiser.step()
    return theta.detach()


def right(initial_theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
    return stepping(leaf(initial_theta), rate, steps)


MISTAKES = (
    Misconception(
        "accumulates", "Gradients are never zeroed: each step uses the sum of all gradients so far",
        "Print theta.grad after each backward(). What does backward() do with a gradient that is already there?",
        accumulating, None, teacher="theta.grad is not set to zero between steps.", where="backward",
    ),
    Misconception(
        "shares-memory", "initial_theta is changed in place: theta is the same memory",
        "Which operations give a tensor memory of its own, and which share it? Try it with two names.",
        sharing, None, teacher="detach() without clone(), then an update in place.", where="definition",
    ),
    Misconception(
        "needs-a-gradient", "initial_theta itself is made to need a gradient",
        "Whose tensor does requires_grad_() change? Look at initial_theta.requires_grad after the call.",
        flagging, None, teacher="requires_grad_() is called on the caller's own tensor.", where="definition",
    ),
    Misconception(
        "graph", "What comes back still carries the graph of all steps",
        "Print the result's .grad_fn. What should nobody be able to differentiate any more?",
        with_its_graph, None, teacher="The updates are recorded, and the result is not detached.", where="return",
    ),
    Misconception(
        "gradient-once", "Every step uses the gradient at the start",
        "Print the gradient in every step. On what does it depend, and where is it computed?",
        gradient_once, None, teacher="The gradient is taken once, before the loop.", where="loop",
    ),
    Misconception(
        "optimiser", "torch.optim takes the steps",
        "Read the statement once more: who is to write the update?",
        by_the_optimiser, None, teacher="torch.optim.SGD is used; the values are right.", where="optimiser",
    ),
    Misconception(
        "numpy", "A NumPy array comes back", "Print type(...) of what your function returns.",
        lambda *given: right(*given).numpy(), None, teacher=".numpy() at the end.", where="return",
    ),
    Misconception(
        "single", "A float32 tensor comes back, whatever initial_theta is",
        "Call it with a float64 tensor and print the .dtype of the result.",
        lambda *given: right(*given).float(), None, teacher="The dtype of initial_theta is lost.",
    ),
)  # fmt: skip


def through_data(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
    theta = torch.nn.Parameter(initial_theta.clone())
    for _ in range(number_steps):
        theta.grad = None
        torch.sum(theta * theta).backward()
        theta.data = theta.data - learning_rate * theta.grad
    return theta.data


def in_double(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
    return right(initial_theta.double(), learning_rate, number_steps).to(initial_theta.dtype)


def by_einsum(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
    gradient = torch.func.grad(lambda theta: torch.einsum("i,i->", theta.flatten(), theta.flatten()))
    theta = initial_theta.clone()
    for _ in range(number_steps):
        theta = theta - gradient(theta) * learning_rate
    return theta


HONEST = {"backward": right, "through .data": through_data, "float64 inside": in_double, "torch.func": by_einsum}
