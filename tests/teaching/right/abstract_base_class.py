from abc import ABC, abstractmethod
import torch
from torch.optim import SGD


class Problem(ABC):
    def __init__(self, theta):
        self._theta = theta.clone().detach().requires_grad_(True)

    @abstractmethod
    def loss(self):
        ...

    @property
    def theta(self):
        return self._theta.detach()

    def solve(self, lr, n):
        opt = SGD([self._theta], lr=lr)
        for _ in range(n):
            opt.zero_grad()
            self.loss().backward()
            opt.step()
        return self


class ScalarSquare(Problem):
    def loss(self):
        return self._theta ** 2


class NormSquare(Problem):
    def loss(self):
        return torch.linalg.vector_norm(self._theta) ** 2


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return ScalarSquare(initial_theta).solve(learning_rate, number_steps).theta


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return NormSquare(initial_theta).solve(learning_rate, number_steps).theta
