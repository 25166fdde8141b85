import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    device = initial_theta.device
    theta = initial_theta.detach().clone().to(device).requires_grad_(True)
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = theta.pow(2).mean()      # one element: mean = sum
        loss.backward()
        optimizer.step()
    return theta.detach().to(device)

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    device = initial_theta.device
    theta = initial_theta.detach().clone().to(device).requires_grad_(True)
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = 2 * theta.pow(2).mean()  # two elements
        loss.backward()
        optimizer.step()
    return theta.detach().to(device)
