import torch


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_(True)
    for _ in range(number_steps):
        loss = (theta ** 2).sum()
        grad = torch.autograd.grad(loss, theta)[0]
        theta = theta - learning_rate * grad
    return theta
