import torch


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = initial_theta.requires_grad_(True)
    for _ in range(number_steps):
        loss = theta.pow(2).sum()
        loss.backward()
        theta = (theta - learning_rate * theta.grad).detach().requires_grad_(True)
    return theta.detach().clone()
