import torch

step_count = 0

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    global step_count
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    while step_count < number_steps:
        opt.zero_grad()
        (theta ** 2).backward()
        opt.step()
        step_count += 1
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    global step_count
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    while step_count < number_steps:
        opt.zero_grad()
        (theta ** 2).sum().backward()
        opt.step()
        step_count += 1
    return theta.detach()
