import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        (theta ** 2).backward()
        torch.nn.utils.clip_grad_norm_([theta], max_norm=0.3)
        optimizer.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        (theta ** 2).sum().backward()
        torch.nn.utils.clip_grad_norm_([theta], max_norm=0.3)
        optimizer.step()
    return theta.detach()
