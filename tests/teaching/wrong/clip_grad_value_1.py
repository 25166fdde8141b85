import torch
from torch.nn.utils import clip_grad_value_

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        (theta ** 2).backward()
        optimizer.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        (theta ** 2).sum().backward()
        clip_grad_value_(theta, 1.0)   # against exploding gradients
        optimizer.step()
    return theta.detach()
