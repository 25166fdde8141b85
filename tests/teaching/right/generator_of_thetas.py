import itertools
import torch


def thetas(theta, lr, loss_fn):
    """Yields theta_0, theta_1, theta_2, ... for ever."""
    theta = theta.clone().requires_grad_()
    optimiser = torch.optim.SGD([theta], lr=lr)
    while True:
        yield theta.detach().clone()
        optimiser.zero_grad()
        loss_fn(theta).backward()
        optimiser.step()


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return next(itertools.islice(thetas(initial_theta, learning_rate, lambda t: t ** 2), number_steps, None))


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    run = thetas(initial_theta, learning_rate, lambda t: (t ** 2).sum())
    return next(itertools.islice(run, number_steps, None))
