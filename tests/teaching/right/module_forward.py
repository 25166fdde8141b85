import torch
import torch.nn as nn
import torch.optim as optim


class Quadratic(nn.Module):
    def __init__(self, theta):
        super(Quadratic, self).__init__()
        self.theta = nn.Parameter(theta.detach().clone())

    def forward(self):
        return self.theta.pow(2).sum()


def _fit(theta0, lr, n):
    model = Quadratic(theta0)
    optimizer = optim.SGD(model.parameters(), lr=lr)
    model.train()
    for epoch in range(n):
        model.zero_grad()
        out = model()
        out.backward()
        optimizer.step()
    model.eval()
    return model.theta.data


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return _fit(initial_theta, learning_rate, number_steps)


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return _fit(initial_theta, learning_rate, number_steps)
