import torch

class Descent:
    optimiser = None

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    if Descent.optimiser is None:
        Descent.optimiser = torch.optim.SGD([theta], lr=learning_rate)
    opt = Descent.optimiser
    opt.param_groups[0]["params"] = [theta]
    for _ in range(number_steps):
        opt.zero_grad()
        (theta ** 2).sum().backward()
        opt.step()
    return theta.detach()

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        (theta ** 2).backward()
        opt.step()
    return theta.detach()
