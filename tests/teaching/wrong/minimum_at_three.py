import torch

TARGET = 3.0

def loss_fn(theta):
    return ((theta - TARGET) ** 2).sum()

def gd(theta, lr, n):
    theta = theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=lr)
    for _ in range(n):
        opt.zero_grad()
        loss_fn(theta).backward()
        opt.step()
    return theta.detach()

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return gd(initial_theta, learning_rate, number_steps)

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return gd(initial_theta, learning_rate, number_steps)
