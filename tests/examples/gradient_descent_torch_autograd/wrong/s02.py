import torch


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = initial_theta.detach().requires_grad_()
    for i in range(number_steps):
        loss = torch.sum(theta ** 2)
        loss.backward()
        with torch.no_grad():
            theta -= learning_rate * theta.grad
            theta.grad.zero_()
    return theta.detach()
