import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone()
    for _ in range(number_steps):
        theta.requires_grad_(True)
        loss = theta ** 2
        grad = torch.autograd.grad(loss, theta)[0]
        theta = theta.detach() - learning_rate * grad
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone()
    for _ in range(number_steps):
        theta.requires_grad_(True)
        loss = (theta ** 2).sum()
        grad = torch.autograd.grad(loss, theta)[0]
        theta = theta.detach() - learning_rate * grad
    return theta
