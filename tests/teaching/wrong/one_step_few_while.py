import torch
def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    t = torch.nn.Parameter(initial_theta)
    o = torch.optim.SGD([t], lr=learning_rate)
    i = 0
    while i < number_steps:
        o.zero_grad(); (t**2).backward(); o.step()
        i += 1
    return t
def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    t = torch.nn.Parameter(initial_theta)
    o = torch.optim.SGD([t], lr=learning_rate)
    i = 1
    while i < number_steps:
        o.zero_grad(); (t[0]**2 + t[1]**2).backward(); o.step()
        i += 1
    return t
