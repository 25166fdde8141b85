import torch


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = initial_theta.detach().clone()
    for step in range(1, number_steps):
        theta = theta.requires_grad_(True)
        loss = (theta ** 2).sum()
        g, = torch.autograd.grad(loss, theta)
        theta = theta.detach() - learning_rate * g
    return theta.detach()
