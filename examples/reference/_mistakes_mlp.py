"""Other programs than the reference: what goes wrong in a network of two layers, and right ones in other styles."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from grader.exercises import Misconception


def network(forward: Callable[[Any, Tensor], Any]) -> type[nn.Module]:
    """An MLP with the right layers and this forward."""

    class MLP(nn.Module):
        def __init__(self, in_features: int, hidden_features: int, out_features: int) -> None:
            super().__init__()
            self.hidden = nn.Linear(in_features, hidden_features)
            self.output = nn.Linear(hidden_features, out_features)

        def forward(self, x: Tensor) -> Any:
            return forward(self, x)

    return MLP


def right(self: Any, x: Tensor) -> Tensor:
    y: Tensor = self.output(torch.relu(self.hidden(x)))
    return y


def output_anew(self: Any, x: Tensor) -> Any:
    h = torch.relu(self.hidden(x))
    self.output = nn.Linear(h.shape[1], self.output.out_features).to(x.device, x.dtype)
    return self.output(h)


def with_dropout(self: Any, x: Tensor) -> Any:
    return self.output(nn.functional.dropout(torch.relu(self.hidden(x)), training=self.training))


MISTAKES = (
    Misconception(
        "relu-after-output", "The output goes through a ReLU, too",
        "Which numbers can a ReLU never give? Should the network be able to?",
        network(lambda self, x: torch.relu(right(self, x))), None, teacher="A second ReLU after the output layer.",
    ),
    Misconception(
        "relu-before-hidden", "The ReLU is taken of x, not of what the hidden layer gives",
        "Between which two layers does the statement put the ReLU?",
        network(lambda self, x: self.output(self.hidden(torch.relu(x)))), None, teacher="The ReLU is a layer too early.",
    ),
    Misconception(
        "other-activation", "The activation is a sigmoid, not a ReLU",
        "Plot your activation between -3 and 3, and a ReLU beside it.",
        network(lambda self, x: self.output(torch.sigmoid(self.hidden(x)))), None, teacher="A sigmoid for the ReLU.",
    ),
    Misconception(
        "softmax", "The output goes through a softmax",
        "What do the numbers of a row add up to? Does the statement ask for probabilities?",
        network(lambda self, x: torch.softmax(right(self, x), dim=-1)), None, teacher="A softmax after the output layer.",
    ),
    Misconception(
        "squeezed", "Axes of size 1 are lost",
        "Print the shape of the output for a batch of one, and for one output feature.",
        network(lambda self, x: right(self, x).squeeze()), None, teacher="squeeze() on the result.", where="return",
    ),
    Misconception(
        "detached", "No gradient reaches the hidden layer",
        "Print .grad of every parameter after backward(). Where does the graph end?",
        network(lambda self, x: self.output(torch.relu(self.hidden(x)).detach())), None,
        teacher="detach(), .data or no_grad between the layers.",
    ),
    Misconception(
        "output-anew", "The output layer is made anew in every call, so no training could change it",
        "How often is nn.Linear called while the network is used? When are parameters made?",
        network(output_anew), None, teacher="nn.Linear is called in forward.",
    ),
    Misconception(
        "dropout", "While training, some hidden numbers are dropped",
        "Call the network twice on the same x, in training mode. Does the statement ask for dropout?",
        network(with_dropout), None, teacher="A dropout between the layers; right in evaluation.",
    ),
)  # fmt: skip


class InOtherOrder(nn.Module):
    def __init__(self, in_features: int, hidden_features: int, out_features: int) -> None:
        super().__init__()
        self.activation = nn.ReLU()
        self.output = nn.Linear(hidden_features, out_features)
        self.hidden = nn.Linear(in_features, hidden_features)

    def forward(self, x: Tensor) -> Any:
        return self.output(self.activation(self.hidden(x)))


class Aliased(nn.Module):
    def __init__(self, in_features: int, hidden_features: int, out_features: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(in_features, hidden_features), nn.ReLU(), nn.Linear(hidden_features, out_features)
        )
        self.hidden, _, self.output = self.layers

    def forward(self, x: Tensor) -> Any:
        return self.layers(x)


def by_einsum(self: Any, x: Tensor) -> Any:
    h = (torch.einsum("bi,hi->bh", x, self.hidden.weight) + self.hidden.bias).clamp(min=0)
    return torch.einsum("bh,oh->bo", h, self.output.weight) + self.output.bias


def in_double(self: Any, x: Tensor) -> Any:
    h = torch.nn.functional.linear(x.double(), self.hidden.weight.double(), self.hidden.bias.double())
    h = torch.where(h > 0, h, 0.0)
    return torch.nn.functional.linear(h, self.output.weight.double(), self.output.bias.double()).to(x.dtype)


HONEST = {"output made first": InOtherOrder, "a Sequential": Aliased, "einsum": network(by_einsum), "float64 inside": network(in_double)}
