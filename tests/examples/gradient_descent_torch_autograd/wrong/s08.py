import torch
import numpy as np


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = initial_theta.detach().clone().requires_grad_(True)
    for _ in range(number_steps):
        loss = torch.sum(torch.square(theta))
        loss.backward()
        with torch.no_grad():
            theta.sub_(learning_rate * theta.grad)
        theta.grad.zero_()
    return theta.detach().numpy()
