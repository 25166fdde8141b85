from functools import partial

import torch


def descend(loss, initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        loss(theta).backward()
        opt.step()
    return theta.detach()


gradient_descent_torch_optimiser = partial(descend, torch.square)
gradient_descent_norm_torch_optimiser = partial(descend, lambda t: torch.linalg.norm(t, ord=2).square())
