from torch import nn
import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    """Returns final theta as a normal number, easier to read"""
    t = nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([t], lr=learning_rate)
    for i in range(0, number_steps):
        loss = t ** 2
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    final_theta = t.item()
    return final_theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    t = nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([t], lr=learning_rate)
    for i in range(0, number_steps):
        loss = t @ t
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    final_theta = t.tolist()
    return final_theta

print(gradient_descent_torch_optimiser(torch.tensor([2.0]), 0.1, 5))
print(gradient_descent_norm_torch_optimiser(torch.tensor([1.0, -1.0]), 0.2, 20))
