import torch
from torch.optim.lr_scheduler import StepLR

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    scheduler = StepLR(optimizer, 2, 0.5)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = theta ** 2
        loss.backward()
        optimizer.step()
        scheduler.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    scheduler = StepLR(optimizer, 2, 0.5)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = torch.sum(theta ** 2)
        loss.backward()
        optimizer.step()
        scheduler.step()
    return theta
