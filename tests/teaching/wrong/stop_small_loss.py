import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    k = 0
    loss = theta ** 2
    while k < number_steps and loss.item() > 0.05:
        optimizer.zero_grad()
        loss = theta ** 2
        loss.backward()
        optimizer.step()
        k += 1
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    k = 0
    loss = torch.sum(theta ** 2)
    while k < number_steps and loss.item() > 0.05:
        optimizer.zero_grad()
        loss = torch.sum(theta ** 2)
        loss.backward()
        optimizer.step()
        k += 1
    return theta.detach()
