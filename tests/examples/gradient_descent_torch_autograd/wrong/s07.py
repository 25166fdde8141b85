import torch


def objective(theta):
    return (theta * theta).sum()


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().detach().requires_grad_(True)
    for _ in range(number_steps):
        objective(theta).backward()
        with torch.no_grad():
            theta += learning_rate * theta.grad
            theta.grad.zero_()
    return theta.detach()
