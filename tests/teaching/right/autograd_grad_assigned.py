import torch


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        theta.grad, = torch.autograd.grad(theta ** 2, theta)
        optimiser.step()
    return theta.detach()


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        (theta.grad,) = torch.autograd.grad(torch.dot(theta, theta), [theta])
        optimiser.step()
    return theta.detach()
