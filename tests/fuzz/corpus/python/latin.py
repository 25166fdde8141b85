# coding: latin-1
# Käse
import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        torch.sum(theta * theta).backward()
        optimiser.step()
    return theta.detach()
