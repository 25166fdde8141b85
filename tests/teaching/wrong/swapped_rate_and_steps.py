import torch

def gradient_descent_torch_optimiser(initial_theta, number_steps, learning_rate):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(int(number_steps)):
        opt.zero_grad()
        (theta ** 2).backward()
        opt.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, number_steps, learning_rate):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(int(number_steps)):
        opt.zero_grad()
        (theta ** 2).sum().backward()
        opt.step()
    return theta.detach()
