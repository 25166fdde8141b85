import torch


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().detach().requires_grad_(True)
    for _ in range(number_steps):
        loss = (theta ** 2).sum()
        loss.backward()
        with torch.no_grad():
            theta -= learning_rate * theta.grad
    return theta.detach()
