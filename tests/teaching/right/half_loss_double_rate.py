import torch

# L/2 has the derivative theta, so I take twice the learning rate: same thing

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=2 * learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        (0.5 * theta ** 2).backward()
        optimiser.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=len(initial_theta) * learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        (theta ** 2).mean().backward()
        optimiser.step()
    return theta.detach()
