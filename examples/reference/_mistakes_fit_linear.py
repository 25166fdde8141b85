"""Other programs than the reference: what goes wrong in a linear regression by hand, and right ones."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from grader.exercises import Misconception

Pair = tuple[Tensor, Tensor]


def zeros(X: Tensor) -> Pair:
    return X.new_zeros(X.shape[1]), X.new_zeros(())


def gradients(X: Tensor, y: Tensor, w: Tensor, b: Tensor) -> Pair:
    residual = X @ w + b - y
    return 2 * X.T @ residual / len(y), 2 * residual.mean()


def descending(
    gradients: Callable[[Tensor, Tensor, Tensor, Tensor], Pair] = gradients,
    start: Callable[[Tensor], Pair] = zeros,
) -> Callable[..., Any]:
    """Gradient descent with these gradients, from this start."""

    def program(X: Tensor, y: Tensor, learning_rate: float, number_epochs: int) -> Any:
        w, b = start(X)
        for _ in range(number_epochs):
            dw, db = gradients(X, y, w, b)
            w, b = w - learning_rate * dw, b - learning_rate * db
        return w, b

    return program


def scaled(factor: Callable[[Tensor], float]) -> Callable[..., Any]:
    """With both gradients times a factor."""
    return descending(lambda X, y, w, b: tuple(factor(y) * one for one in gradients(X, y, w, b)))


def broadcast(X: Tensor, y: Tensor, w: Tensor, b: Tensor) -> Pair:
    return gradients(X, y.mean().expand(y.shape), w, b)


def one_after_the_other(X: Tensor, y: Tensor, learning_rate: float, number_epochs: int) -> Any:
    w, b = zeros(X)
    for _ in range(number_epochs):
        w = w - learning_rate * gradients(X, y, w, b)[0]
        b = b - learning_rate * gradients(X, y, w, b)[1]
    return w, b


def accumulating(keeps_w: float) -> Callable[..., Any]:
    """The bias' gradients pile up, and the weights' if they are kept as well."""

    def program(X: Tensor, y: Tensor, learning_rate: float, number_epochs: int) -> Any:
        (w, b), (sum_w, sum_b) = zeros(X), zeros(X)
        for _ in range(number_epochs):
            dw, db = gradients(X, y, w, b)
            sum_w, sum_b = keeps_w * sum_w + dw, sum_b + db
            w, b = w - learning_rate * sum_w, b - learning_rate * sum_b
        return w, b

    return program


def sample_by_sample(X: Tensor, y: Tensor, learning_rate: float, number_epochs: int) -> Any:
    w, b = zeros(X)
    for _ in range(number_epochs):
        for i in range(len(y)):
            dw, db = gradients(X[i : i + 1], y[i : i + 1], w, b)
            w, b = w - learning_rate * dw, b - learning_rate * db
    return w, b


MISTAKES = (
    Misconception(
        "no-two", "Both gradients are half of what they have to be",
        "Differentiate one square on paper: what happens to the exponent?",
        scaled(lambda y: 0.5), None, teacher="The factor 2 of the derivative is missing in both.", where="loop",
    ),
    Misconception(
        "sum", "The loss is the sum of the squared errors, not their mean",
        "Give every row of X and y twice. Should w and b change?",
        scaled(len), None, teacher="A sum over the samples stands where the mean is asked for.", where="loss",
    ),
    Misconception(
        "broadcast", "Every prediction is compared with every y: the difference is a matrix",
        "Print the shape of `prediction - y`. How many numbers should it have?",
        descending(broadcast), None, teacher="(n, 1) minus (n,) broadcasts to (n, n).", where="loss",
    ),
    Misconception(
        "updated-w", "The bias is updated with the new w, not with the one of this epoch",
        "Which w does the second gradient see? Compute both gradients on paper for one epoch.",
        one_after_the_other, None, teacher="w is updated before the gradient for b is computed.", where="loop",
    ),
    Misconception(
        "accumulates", "Gradients are never zeroed: each epoch uses the sum of all so far",
        "Print both gradients in every epoch. What does backward() do with one that is already there?",
        accumulating(keeps_w=1), None, teacher="Neither w.grad nor b.grad is zeroed.", where="backward",
    ),
    Misconception(
        "bias-accumulates", "The gradient for b is never zeroed",
        "Print both gradients in every epoch. Are both treated alike after the step?",
        accumulating(keeps_w=0), None, teacher="Only w.grad is zeroed.", where="backward",
    ),
    Misconception(
        "sample-by-sample", "There is a step after every single sample, not one an epoch",
        "How many steps are there in one epoch of five samples, and how many should there be?",
        sample_by_sample, None, teacher="Stochastic updates instead of full batch.", where="loop",
    ),
    Misconception(
        "bias-shape", "b comes back with shape (1,)", "Print b.shape. How many axes does one number have?",
        descending(start=lambda X: (X.new_zeros(X.shape[1]), X.new_zeros(1))), None,
        teacher="b starts as torch.zeros(1).",
    ),
)  # fmt: skip


def by_autograd(X: Tensor, y: Tensor, learning_rate: float, number_epochs: int) -> Any:
    w, b = (one.requires_grad_() for one in zeros(X))
    for _ in range(number_epochs):
        ((X @ w + b - y) ** 2).mean().backward()
        with torch.no_grad():
            for one in (w, b):
                one -= learning_rate * one.grad
                one.grad = None
    return w.detach(), b.detach()


def by_a_layer(X: Tensor, y: Tensor, learning_rate: float, number_epochs: int) -> Any:
    layer = torch.nn.Linear(X.shape[1], 1, dtype=X.dtype, device=X.device)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    optimiser = torch.optim.SGD(layer.parameters(), lr=learning_rate)
    for _ in range(number_epochs):
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(layer(X).squeeze(1), y).backward()
        optimiser.step()
    return layer.weight.detach().squeeze(0), layer.bias.detach().squeeze(0)


def with_ones(X: Tensor, y: Tensor, learning_rate: float, number_epochs: int) -> Any:
    wide = torch.cat([X, torch.ones_like(X[:, :1])], dim=1)
    both = wide.new_zeros(wide.shape[1])
    for _ in range(number_epochs):
        both = both - learning_rate * 2 / len(y) * torch.einsum("nd,n->d", wide, wide @ both - y)
    return both[:-1], both[-1]


def in_double(X: Tensor, y: Tensor, learning_rate: float, number_epochs: int) -> Any:
    w, b = descending()(X.double(), y.double(), learning_rate, number_epochs)
    return w.to(X.dtype), b.to(X.dtype)


HONEST = {"autograd": by_autograd, "nn.Linear and SGD": by_a_layer, "a column of ones": with_ones, "float64 inside": in_double}
