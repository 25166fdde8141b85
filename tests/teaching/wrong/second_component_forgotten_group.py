import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    a = torch.nn.Parameter(initial_theta[0].clone())
    b = torch.nn.Parameter(initial_theta[1].clone())
    opt = torch.optim.SGD([a], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        (a**2 + b**2).backward()
        opt.step()
    return torch.stack((a, b)).detach()
