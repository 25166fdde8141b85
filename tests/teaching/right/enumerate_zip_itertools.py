from itertools import count, repeat, takewhile
import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in takewhile(lambda i: i < number_steps, count()):
        optimizer.zero_grad()
        (theta * theta).backward()
        optimizer.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in repeat(None, number_steps):
        optimizer.zero_grad()
        (theta.T @ theta).backward() if theta.dim() > 1 else (theta @ theta).backward()
        optimizer.step()
    return theta.detach()
