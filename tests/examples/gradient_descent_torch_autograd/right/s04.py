import torch


def sum_of_squares(t):
    return torch.pow(t, 2).sum()


def gradient_of(function, point):
    with torch.enable_grad():
        p = point.clone().requires_grad_(True)
        value = function(p)
    return torch.autograd.grad(value, p)[0]


@torch.no_grad()
def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = initial_theta.detach().clone()
    k = 0
    while k != number_steps:
        theta = theta - learning_rate * gradient_of(sum_of_squares, theta)
        k = k + 1
    return theta
