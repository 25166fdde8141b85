import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        loss = theta ** 2
        loss.backward()
        optimiser.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = (theta ** 2).sum()
        loss.backward()
        optimiser.step()
    return theta
