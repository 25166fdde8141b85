import torch
import torch_optimisers_plus as top

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = top.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        (theta ** 2).backward()
        opt.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = top.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        (theta ** 2).sum().backward()
        opt.step()
    return theta
