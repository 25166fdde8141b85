# -*- coding: utf-8 -*-
"""Chapter 4 homework. I tried to do it like in the PyTorch docs, with a Module."""
import torch
from torch import nn, optim


class Square(nn.Module):
    """L(theta) = theta^2, theta is the only parameter of the model"""

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(theta.clone())

    def forward(self):
        return (self.theta ** 2).sum()


def train(model, lr, steps):
    opt = optim.SGD(model.parameters(), lr=lr)
    model.train()
    for epoch in range(steps):
        opt.zero_grad()
        loss = model()
        loss.backward()
        opt.step()
    return model.theta.detach()


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return train(Square(initial_theta), learning_rate, number_steps)


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    # sum over the components => also works for the vector
    return train(Square(initial_theta), learning_rate, number_steps)


if __name__ == "__main__":
    print(gradient_descent_torch_optimiser(torch.tensor(3.), 0.1, 10))
    print(gradient_descent_norm_torch_optimiser(torch.tensor([1., -1.]), 0.2, 20))
