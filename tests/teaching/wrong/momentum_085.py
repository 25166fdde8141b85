import torch
from torch import nn, optim

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = nn.Parameter(initial_theta.clone())
    optimizer = optim.SGD([theta], lr=learning_rate, momentum=0.85)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = theta ** 2
        loss.backward()
        optimizer.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = nn.Parameter(initial_theta.clone())
    optimizer = optim.SGD([theta], lr=learning_rate, momentum=0.85)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = (theta ** 2).sum()
        loss.backward()
        optimizer.step()
    return theta
