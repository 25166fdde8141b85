import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    raise NotImplementedError("TODO")

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    raise NotImplementedError("TODO")

# second try, this one works

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    th = initial_theta.clone()
    th.requires_grad_()
    o = torch.optim.SGD([th], lr=learning_rate)
    for _ in range(number_steps):
        o.zero_grad()
        (th ** 2).backward()
        o.step()
    th.requires_grad_(False)
    return th

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    th = initial_theta.clone()
    th.requires_grad_()
    o = torch.optim.SGD([th], lr=learning_rate)
    for _ in range(number_steps):
        o.zero_grad()
        sum(th ** 2).backward()
        o.step()
    th.requires_grad_(False)
    return th
