"""Other programs than the reference: other conventions of momentum, lists made wrongly, and right programs."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from grader.exercises import Misconception

Tensors = list[Tensor]
Rule = Callable[[Tensor, Tensor, Tensor, float, float], tuple[Tensor, Tensor]]


def each(rule: Rule) -> Callable[..., Any]:
    """A step that takes parameter, gradient and velocity to new parameter and velocity."""

    def program(ps: Tensors, gs: Tensors, vs: Tensors, rate: float, momentum: float) -> Any:
        steps = [rule(p, g, v, rate, momentum) for p, g, v in zip(ps, gs, vs, strict=True)]
        return [p for p, _ in steps], [v for _, v in steps]

    return program


def right(p: Tensor, g: Tensor, v: Tensor, rate: float, momentum: float) -> Any:
    v = momentum * v + g
    return p - rate * v, v


def dampened(p: Tensor, g: Tensor, v: Tensor, rate: float, momentum: float) -> Any:
    v = momentum * v + (1 - momentum) * g
    return p - rate * v, v


def rate_in_velocity(p: Tensor, g: Tensor, v: Tensor, rate: float, momentum: float) -> Any:
    v = momentum * v + rate * g
    return p - v, v


def old_velocity(p: Tensor, g: Tensor, v: Tensor, rate: float, momentum: float) -> Any:
    return p - rate * v, momentum * v + g


def nesterov(p: Tensor, g: Tensor, v: Tensor, rate: float, momentum: float) -> Any:
    v = momentum * v + g
    return p - rate * (g + momentum * v), v


def subtracting(p: Tensor, g: Tensor, v: Tensor, rate: float, momentum: float) -> Any:
    v = momentum * v - rate * g
    return p + v, v


MISTAKES = (
    Misconception(
        "dampened", "The gradient enters the velocity times (1 - momentum)",
        "That is a moving average. Compare with the formula of the statement for momentum = 0.9.",
        each(dampened), None, teacher="Another convention: dampening.",
    ),
    Misconception(
        "rate-in-velocity", "The learning rate stands in the velocity, not in the step of the parameters",
        "Both conventions exist. In PyTorch's, does the velocity know the learning rate?",
        each(rate_in_velocity), None, teacher="v = momentum * v + rate * g, p = p - v.",
    ),
    Misconception(
        "subtracting", "The velocity points downhill: the gradient is subtracted in it",
        "Both conventions exist. In PyTorch's, where does the minus sign stand?",
        each(subtracting), None, teacher="v = momentum * v - rate * g, p = p + v.",
    ),
    Misconception(
        "old-velocity", "The parameters take their step along the old velocity",
        "Take momentum = 0 and velocities of zero: where should the parameters go?",
        each(old_velocity), None, teacher="The step uses what was passed in, not the velocity just computed.",
    ),
    Misconception(
        "nesterov", "The step is Nesterov's: it looks ahead along the velocity",
        "Compare your step with the second formula of the statement: what multiplies the learning rate?",
        each(nesterov), None, teacher="p = p - rate * (g + momentum * v).",
    ),
    Misconception(
        "last-only", "Only the last tensor comes back",
        "Call it with two parameters. Where do your lists begin, and how often?",
        lambda *given: tuple(one[-1:] for one in each(right)(*given)), None,
        teacher="The lists are made anew inside the loop.", where="loop",
    ),
    Misconception(
        "first-only", "Only the first tensor comes back",
        "Call it with two parameters. How deep is the line with `return` indented?",
        lambda *given: tuple(one[:1] for one in each(right)(*given)), None,
        teacher="`return` stands inside the loop.", where="return",
    ),
    Misconception(
        "tuples", "Two tuples come back, not two lists", "Print type(...) of both parts of what you return.",
        lambda *given: tuple(map(tuple, each(right)(*given))), None, teacher="zip(*...) gives tuples.", where="return",
    ),
)  # fmt: skip


def in_place_on_copies(
    parameters: Tensors, gradients: Tensors, velocities: Tensors, learning_rate: float, momentum: float
) -> Any:
    parameters, velocities = ([one.clone() for one in some] for some in (parameters, velocities))
    for p, g, v in zip(parameters, gradients, velocities, strict=True):
        v.mul_(momentum).add_(g)
        p.add_(v, alpha=-learning_rate)
    return parameters, velocities


def by_the_optimiser(
    parameters: Tensors, gradients: Tensors, velocities: Tensors, learning_rate: float, momentum: float
) -> Any:
    own = [torch.nn.Parameter(one.clone()) for one in parameters]
    optimiser = torch.optim.SGD(own, lr=learning_rate, momentum=momentum)
    for p, g, v in zip(own, gradients, velocities, strict=True):
        p.grad = g.clone()
        optimiser.state[p]["momentum_buffer"] = v.clone()
    optimiser.step()
    if momentum == 0:  # it keeps no velocity then: it is the gradient
        return [p.detach() for p in own], [g.clone() for g in gradients]
    return [p.detach() for p in own], [optimiser.state[p]["momentum_buffer"] for p in own]


def in_double(*given: Any) -> Any:
    doubled = [[one.double() for one in some] for some in given[:3]]
    stepped = each(right)(*doubled, *given[3:])
    return tuple([one.to(like.dtype) for one, like in zip(some, given[0], strict=True)] for some in stepped)


HONEST = {"in place on copies": in_place_on_copies, "torch.optim.SGD": by_the_optimiser, "float64 inside": in_double}
