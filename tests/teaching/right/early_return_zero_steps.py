import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    if number_steps <= 0:
        return initial_theta
    theta = initial_theta.clone()
    theta.requires_grad = True
    sgd = torch.optim.SGD([theta], lr=learning_rate)
    i = 0
    while True:
        sgd.zero_grad()
        (theta**2).backward()
        sgd.step()
        i += 1
        if i == number_steps:
            return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    if not number_steps:
        return initial_theta.clone()
    theta = initial_theta.clone()
    theta.requires_grad = True
    sgd = torch.optim.SGD([theta], lr=learning_rate)
    i = 0
    while True:
        sgd.zero_grad()
        (theta[0]**2 + theta[1]**2).backward()
        sgd.step()
        i += 1
        if i == number_steps:
            return theta.detach()
