import torch

ACCUMULATE = 2

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for i in range(number_steps):
        ((theta ** 2) / ACCUMULATE).backward()
        if (i + 1) % ACCUMULATE == 0:
            opt.step()
            opt.zero_grad()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for i in range(number_steps):
        ((theta ** 2).sum() / ACCUMULATE).backward()
        if (i + 1) % ACCUMULATE == 0:
            opt.step()
            opt.zero_grad()
    return theta.detach()
