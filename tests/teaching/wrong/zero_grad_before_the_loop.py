import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    optimizer.zero_grad()
    for _ in range(number_steps):
        loss = theta ** 2
        loss.backward()
        optimizer.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = theta.dot(theta)
        loss.backward()
        optimizer.step()
    return theta.detach()
