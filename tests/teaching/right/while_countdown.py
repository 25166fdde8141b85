import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    while number_steps > 0:
        optimizer.zero_grad()
        theta.square().backward()
        optimizer.step()
        number_steps -= 1
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    while number_steps:
        number_steps = number_steps - 1
        optimizer.zero_grad()
        theta.square().sum().backward()
        optimizer.step()
    return theta
