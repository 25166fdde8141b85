import time
from functools import wraps

import torch


def timed(f):
    @wraps(f)
    def g(*args, **kwargs):
        t = time.perf_counter()
        r = f(*args, **kwargs)
        print(f"{f.__name__} took {time.perf_counter() - t:.3f} s")
        return r
    return g


@timed
def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        theta.pow(2).backward()
        opt.step()
    return theta.detach()


@timed
def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        theta.pow(2).sum().backward()
        opt.step()
    return theta.detach()
