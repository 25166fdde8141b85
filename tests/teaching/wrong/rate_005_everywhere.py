import torch

LR = 0.05

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=LR)
    for _ in range(number_steps):
        optimizer.zero_grad()
        (theta ** 2).backward()
        optimizer.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=LR)
    for _ in range(number_steps):
        optimizer.zero_grad()
        (theta ** 2).sum().backward()
        optimizer.step()
    return theta
