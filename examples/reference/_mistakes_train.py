"""Other programs than the reference: what goes wrong in a training loop, and right ones in other styles."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from grader.exercises import Misconception


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def shuffling(X: Tensor, y: Tensor, size: int, generator: torch.Generator | None) -> DataLoader[Any]:
    return DataLoader(TensorDataset(X, y), batch_size=size, shuffle=True, generator=generator)


def training(
    loader: Callable[..., DataLoader[Any]] = shuffling,
    *,
    zero: bool = True,
    anew: bool = False,
    after: bool = False,
    keep: Callable[[list[Tensor], int], Any] = lambda losses, epochs: [one.item() for one in losses],
) -> Callable[..., Any]:
    """The usual loop, but for what is named."""

    def program(
        model: nn.Module, X: Tensor, y: Tensor, loss_function: Any,
        learning_rate: float, number_epochs: int, batch_size: int, seed: int,
    ) -> Any:  # fmt: skip
        batches = loader(X, y, batch_size, seeded(seed))
        optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
        losses = []
        for _ in range(number_epochs):
            if anew:
                batches = loader(X, y, batch_size, seeded(seed))
            for inputs, targets in batches:
                loss = loss_function(model(inputs), targets)
                if zero:
                    optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                losses.append(loss_function(model(inputs), targets) if after else loss)
        return keep(losses, number_epochs)

    return program


def in_order(X: Tensor, y: Tensor, size: int, generator: torch.Generator) -> DataLoader[Any]:
    return DataLoader(TensorDataset(X, y), batch_size=size, generator=generator)


def of_the_global_seed(X: Tensor, y: Tensor, size: int, generator: torch.Generator) -> DataLoader[Any]:
    torch.manual_seed(generator.initial_seed())
    return shuffling(X, y, size, None)


def looked_at(X: Tensor, y: Tensor, size: int, generator: torch.Generator) -> DataLoader[Any]:
    loader = shuffling(X, y, size, generator)
    next(iter(loader))
    return loader


def means(losses: list[Tensor], epochs: int) -> Any:
    each = len(losses) // max(epochs, 1)
    return [sum(one.item() for one in losses[i * each : (i + 1) * each]) / each for i in range(epochs)]


def on_a_copy(model: nn.Module, *given: Any) -> Any:
    return training()(copy.deepcopy(model), *given)


MISTAKES = (
    Misconception(
        "accumulates", "Gradients are never zeroed: each step uses the sum of all gradients so far",
        "Print a gradient after each backward(). What does backward() do with one that is already there?",
        training(zero=False), None, teacher="zero_grad() is missing.", where="backward",
    ),
    Misconception(
        "same-order", "Every epoch meets the batches in the same order",
        "Print the first batch of every epoch. How often is the generator seeded?",
        training(anew=True), None, teacher="The generator is made anew in each epoch.", where="loop",
    ),
    Misconception(
        "loss-after", "Each loss is taken after the step on its batch",
        "When is the loss of the first batch computed: before the weights change, or after?",
        training(after=True), None, teacher="The loss is computed again after optimiser.step().", where="step",
    ),
    Misconception(
        "in-order", "The batches are not shuffled",
        "Print the batches of one epoch beside X. In which order do the rows come?",
        training(in_order), None, teacher="shuffle=True is missing.", where="definition",
    ),
    Misconception(
        "epoch-means", "One number an epoch comes back, not one a batch",
        "How many batches does the loader give in one epoch, and how long is your list?",
        training(keep=means), None, teacher="The mean of an epoch's losses is kept.", where="loop",
    ),
    Misconception(
        "global-seed", "The loader shuffles by PyTorch's own generator, not by one made of the seed",
        "Where does the loader take its random numbers from? Is your generator passed to it?",
        training(of_the_global_seed), None, teacher="torch.manual_seed(seed), and no generator for the loader.",
    ),
    Misconception(
        "on-a-copy", "A copy of the model is trained; the model given stays as it was",
        "Print a weight of the model before and after the call.",
        on_a_copy, None, teacher="The model is copied before it is trained.", where="definition",
    ),
    Misconception(
        "looks-first", "The loader is asked for batches before training begins, which moves its generator on",
        "Each `iter(loader)` draws a new order. How often does yours happen before the first step?",
        training(looked_at), None, teacher="next(iter(loader)), or a list of it, before the loop.",
    ),
)  # fmt: skip


def with_a_closure(
    model: nn.Module, X: Tensor, y: Tensor, loss_function: Any,
    learning_rate: float, number_epochs: int, batch_size: int, seed: int,
) -> Any:  # fmt: skip
    loader = shuffling(X, y, batch_size, seeded(seed))
    losses = []
    for _ in range(number_epochs):
        optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
        for inputs, targets in loader:

            def closure(inputs: Tensor = inputs, targets: Tensor = targets) -> Tensor:
                model.zero_grad()
                loss: Tensor = loss_function(model(inputs), targets)
                loss.backward()
                return loss

            losses.append(float(optimiser.step(closure)))
    return losses


def by_autograd(
    model: nn.Module, X: Tensor, y: Tensor, loss_function: Any,
    learning_rate: float, number_epochs: int, batch_size: int, seed: int,
) -> Any:  # fmt: skip
    loader = shuffling(X, y, batch_size, seeded(seed))
    own = list(model.parameters())
    optimiser = torch.optim.SGD(own, lr=learning_rate)
    losses = []
    for batch in (batch for _ in range(number_epochs) for batch in loader):
        loss = loss_function(model(batch[0]), batch[1])
        for parameter, gradient in zip(own, torch.autograd.grad(loss, own), strict=True):
            parameter.grad = gradient
        optimiser.step()
        losses.append(loss.detach())
    return torch.stack(losses).tolist()


HONEST = {"a closure, an optimiser each epoch": with_a_closure, "torch.autograd.grad": by_autograd}
