import torch


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().detach()
    for _ in range(number_steps):
        theta.requires_grad_()
        (gradient,) = torch.autograd.grad(torch.sum(theta * theta), theta)
        theta = (theta - learning_rate * gradient).detach()
    return theta
