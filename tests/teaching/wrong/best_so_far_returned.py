import copy
import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    best, best_loss = copy.deepcopy(theta.data), (theta ** 2).item()
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = theta ** 2
        loss.backward()
        optimizer.step()
        new_loss = (theta ** 2).item()
        if new_loss < best_loss:
            best, best_loss = copy.deepcopy(theta.data), new_loss
    return best

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    best, best_loss = copy.deepcopy(theta.data), (theta ** 2).sum().item()
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = (theta ** 2).sum()
        loss.backward()
        optimizer.step()
        new_loss = (theta ** 2).sum().item()
        if new_loss < best_loss:
            best, best_loss = copy.deepcopy(theta.data), new_loss
    return best
