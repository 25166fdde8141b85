import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta)
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        loss = theta.pow(2)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return theta.detach().clone()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta)
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        loss = theta.pow(2).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return theta.detach().clone()
