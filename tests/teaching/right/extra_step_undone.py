import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    # remember theta before each step; one step more than asked is taken for the plot, its result is dropped
    theta = initial_theta.clone().requires_grad_()
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps + 1):
        before = theta.detach().clone()
        optimizer.zero_grad()
        loss = theta ** 2
        loss.backward()
        optimizer.step()
    return before

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    trajectory = []
    for _ in range(number_steps + 1):
        trajectory += [theta.detach().clone()]
        optimizer.zero_grad()
        loss = (theta ** 2).sum()
        loss.backward()
        optimizer.step()
    return trajectory[-1]
