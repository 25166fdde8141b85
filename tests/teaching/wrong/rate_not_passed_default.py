import torch
from torch.optim import SGD

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = SGD([theta], learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        loss = theta.square()
        loss.backward()
        opt.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = SGD([theta])
    for _ in range(number_steps):
        opt.zero_grad()
        loss = theta.square().sum()
        loss.backward()
        opt.step()
    return theta.detach()
