"""Homework 4: all the exercises, only the last two are with the optimiser."""
import torch

# ex 1
def derivative_by_hand(theta):
    return 2 * theta

# ex 2
def gradient_descent_by_hand(initial_theta, learning_rate, number_steps):
    theta = initial_theta
    for _ in range(number_steps):
        theta = theta - learning_rate * derivative_by_hand(theta)
    return theta

# ex 3
def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone()
    for _ in range(number_steps):
        theta.requires_grad_(True)
        g = torch.autograd.grad(theta**2, theta)[0]
        theta = (theta - learning_rate * g).detach()
    return theta

# ex 4
def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_(True)
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        (theta**2).backward()
        optimiser.step()
    return theta.detach()

# ex 5
def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_(True)
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        theta.norm().pow(2).backward()
        optimiser.step()
    return theta.detach()

a = gradient_descent_by_hand(torch.tensor(2.), 0.1, 10)
b = gradient_descent_torch_autograd(torch.tensor(2.), 0.1, 10)
c = gradient_descent_torch_optimiser(torch.tensor(2.), 0.1, 10)
assert torch.allclose(a, b) and torch.allclose(b, c)
print("all the same :)")
