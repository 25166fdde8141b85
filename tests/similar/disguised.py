"""Ten programs of `tests/teaching/right` as somebody hands them in who copied them and hid it.

Each has other names and comments; besides, definitions stand in another order, loops are counted otherwise,
types and print-outs come or go, imports are written otherwise, statements that need no order are exchanged.
"""

from __future__ import annotations

from typing import Final

COPIES: Final = {
    "german_comments.py": """
from torch.optim import SGD

def gradient_descent_norm_torch_optimiser(start, eta, n):
    # here the loss is the squared euclidean norm
    w = start.clone().detach().requires_grad_(True)
    solver = SGD([w], lr=eta)
    i = 0
    while i < n:
        solver.zero_grad()
        objective = w.norm(p=2) ** 2
        objective.backward()
        solver.step()
        i += 1
    return w.detach()

def gradient_descent_torch_optimiser(start, eta, n):
    # and here just the square
    w = start.clone().detach().requires_grad_(True)
    solver = SGD([w], lr=eta)
    for i in range(0, n):
        solver.zero_grad()
        objective = w ** 2
        objective.backward()
        solver.step()
        print(i, objective)
    return w.detach()
""",
    "chatbot_docstring.py": """
import torch as th

def gradient_descent_norm_torch_optimiser(initial_theta: th.Tensor, learning_rate: float,
                                          number_steps: int) -> th.Tensor:
    x = initial_theta.clone().detach().requires_grad_(True)
    algorithm = th.optim.SGD([x], lr=learning_rate)
    k = number_steps
    while k > 0:
        algorithm.zero_grad()
        value = th.linalg.norm(x, ord=2).pow(2)
        value.backward()
        algorithm.step()
        k -= 1
    return x.detach()

def gradient_descent_torch_optimiser(initial_theta: th.Tensor, learning_rate: float,
                                     number_steps: int) -> th.Tensor:
    x = initial_theta.clone().detach().requires_grad_(True)
    algorithm = th.optim.SGD([x], lr=learning_rate)
    for k in range(number_steps):
        algorithm.zero_grad()
        value = x.pow(2).sum()
        value.backward()
        algorithm.step()
    return x.detach()
""",
    "closure_step.py": '''
import torch
from torch.optim import SGD

# ---------- part two ----------
def gradient_descent_norm_torch_optimiser(theta0, lr, steps):
    p = theta0.detach().clone().requires_grad_(True)
    optimizer = SGD([p], lr=lr)
    def evaluate():
        """loss and gradient"""
        optimizer.zero_grad()
        value = torch.linalg.norm(p) ** 2
        value.backward()
        return value
    for step in range(1, steps + 1):
        optimizer.step(evaluate)
    return p.detach()

# ---------- part one ----------
def gradient_descent_torch_optimiser(theta0, lr, steps):
    p = theta0.detach().clone().requires_grad_(True)
    optimizer = SGD([p], lr=lr)
    def evaluate():
        optimizer.zero_grad()
        value = p ** 2
        value.backward()
        return value
    for step in range(1, steps + 1):
        optimizer.step(evaluate)
    return p.detach()
''',
    "lightning_like_framework.py": """
from torch import nn, optim

class Loop:
    def __init__(self, steps, hooks=()):
        self.steps, self.hooks, self.done, self.value = steps, hooks, 0, float("inf")

    def run(self, network):
        sgd = network.make_optimiser()
        while self.done < self.steps:
            sgd.zero_grad()
            current = network.loss()
            current.backward()
            sgd.step()
            self.done = self.done + 1
            self.value = float(current)
            for hook in self.hooks:
                hook(self)
        return network

class Base:
    def step_done(self, loop): ...

class Printer(Base):
    def __call__(self, loop):
        print(loop.done, loop.value)

class Network(nn.Module):
    def __init__(self, begin, rate, function):
        super().__init__()
        self.weight = nn.Parameter(begin.detach().clone())
        self.rate, self.function = rate, function

    def make_optimiser(self):
        return optim.SGD(self.parameters(), lr=self.rate)

    def loss(self):
        return self.function(self.weight)

def gradient_descent_norm_torch_optimiser(begin, rate, steps):
    network = Network(begin, rate, lambda x: (x ** 2).sum())
    return Loop(steps).run(network).weight.detach()

def gradient_descent_torch_optimiser(begin, rate, steps):
    network = Network(begin, rate, lambda x: x ** 2)
    return Loop(steps, [Printer()]).run(network).weight.detach()
""",
    "dataclass_config.py": """
import dataclasses
import torch

@dataclasses.dataclass
class Descent:
    settings: "Settings"
    function: object

    def _advance(self, x, sgd):
        # clear, compute, move
        sgd.zero_grad(**self.settings.clearing)
        self.function(x).backward()
        sgd.step()

    def run(self, x):
        x = x.detach().clone().requires_grad_(True)
        sgd = torch.optim.SGD(params=[x], lr=self.settings.rate)
        for index in range(self.settings.steps):
            self._advance(x, sgd)
        return x.detach()

@dataclasses.dataclass(frozen=True)
class Settings:
    rate: float
    steps: int
    clearing: dict = dataclasses.field(default_factory=lambda: {"set_to_none": True})

def gradient_descent_norm_torch_optimiser(x0, rate, steps):
    return Descent(Settings(rate, steps), lambda x: (x**2).sum()).run(x0)

def gradient_descent_torch_optimiser(x0, rate, steps):
    return Descent(Settings(rate, steps), lambda x: x**2).run(x0)
""",
    "try_except.py": """
import torch
from tqdm import trange as bar

def gradient_descent_norm_torch_optimiser(start, rate, count):
    try:
        x = torch.nn.Parameter(start.clone())
        sgd = torch.optim.SGD([x], lr=rate)
        for i in bar(count):
            sgd.zero_grad()
            y = torch.norm(x, p=2) ** 2
            y.backward()
            sgd.step()
        return x
    finally:
        pass

def gradient_descent_torch_optimiser(start, rate, count):
    try:
        x = torch.nn.Parameter(start.clone())
        sgd = torch.optim.SGD([x], lr=rate)
        i = 0
        while i < count:
            sgd.zero_grad()
            y = x ** 2
            y.backward()
            sgd.step()
            i += 1
    except RuntimeError as problem:
        print("no luck", problem)
        raise
    else:
        return x
""",
    "context_manager_optimiser.py": '''
import contextlib
from torch.optim import SGD as Descent

def gradient_descent_norm_torch_optimiser(begin, alpha, times):
    """Uses the context manager below."""
    x = begin.clone().requires_grad_()
    method = Descent([x], alpha)
    for turn in range(times):
        with one_step(method):
            x.norm(2).pow(2).backward()
    return x

def gradient_descent_torch_optimiser(begin, alpha, times):
    x = begin.clone().requires_grad_()
    method = Descent([x], alpha)
    for turn in range(times):
        with one_step(method):
            (x ** 2).backward()
    return x

@contextlib.contextmanager
def one_step(method):
    method.zero_grad()  # before
    yield
    method.step()  # after
''',
    "generator_of_thetas.py": """
from itertools import islice
import torch

def gradient_descent_torch_optimiser(w0, step_size, steps):
    return next(islice(path(w0, step_size, lambda w: w ** 2), steps, None))

def gradient_descent_norm_torch_optimiser(w0, step_size, steps):
    points = path(w0, step_size, lambda w: (w ** 2).sum())
    return next(islice(points, steps, None))

def path(w, step_size, objective):
    w = w.clone().requires_grad_()
    sgd = torch.optim.SGD([w], lr=step_size)
    while 1:
        yield w.detach().clone()  # where we are
        sgd.zero_grad()
        objective(w).backward()
        sgd.step()
""",
    "post_accumulate_hook.py": """
from torch import optim

def gradient_descent_norm_torch_optimiser(p0, lr, n):
    p = p0.clone().requires_grad_()
    algorithm = optim.SGD([p], lr=lr)

    def after(_):
        algorithm.step()
        algorithm.zero_grad()

    p.register_post_accumulate_grad_hook(after)
    while n > 0:
        (p ** 2).sum().backward()
        n -= 1
    return p.detach()

def gradient_descent_torch_optimiser(p0, lr, n):
    p = p0.clone().requires_grad_()
    algorithm = optim.SGD([p], lr=lr)

    def after(_):
        algorithm.step()
        algorithm.zero_grad()

    p.register_post_accumulate_grad_hook(after)
    for _ in range(n):
        (p ** 2).backward()
    return p.detach()
""",
    "notebook_constants_on_top.ipynb": """
import torch

# my own helper
def run(objective, x, rate, count):
    x = torch.nn.Parameter(x.clone())
    descent = torch.optim.SGD([x], lr=rate)
    values = []
    for i in range(1, count + 1):
        descent.zero_grad()
        y = objective(x)
        y.backward()
        descent.step()
        values.append(y.item())
        print(i)
    return x.detach(), values

def gradient_descent_norm_torch_optimiser(x0, rate, count):
    last, _ = run(lambda x: x.dot(x), x0, rate, count)
    return last

def gradient_descent_torch_optimiser(x0, rate, count):
    return run(lambda x: x ** 2, x0, rate, count)[0]
""",
}
