import torch
from torch import nn


class Bowl(nn.Module):
    def __init__(self, start):
        super().__init__()
        self.theta = nn.Parameter(start.detach().clone())

    def forward(self):
        return torch.sum(self.theta ** 2)


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    model = Bowl(initial_theta)
    for _ in range(number_steps):
        model.zero_grad()
        model().backward()
        model.theta.data -= learning_rate * model.theta.grad.data
    return model.theta.detach().clone()
