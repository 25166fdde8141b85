from contextlib import contextmanager
import torch

@contextmanager
def fresh_gradients(opt):
    opt.zero_grad()
    yield
    opt.step()

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], learning_rate)
    for _ in range(number_steps):
        with fresh_gradients(opt):
            (theta ** 2).backward()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], learning_rate)
    for _ in range(number_steps):
        with fresh_gradients(opt):
            theta.norm(2).pow(2).backward()
    return theta
