import torch

# modifies the tensor of the caller, on purpose (saves memory)
def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    p = torch.nn.Parameter(initial_theta)   # shares the storage!
    optimiser = torch.optim.SGD([p], lr=learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        (p * p).backward()
        optimiser.step()
    return initial_theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    p = torch.nn.Parameter(initial_theta)
    optimiser = torch.optim.SGD([p], lr=learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        (p * p).sum().backward()
        optimiser.step()
    return initial_theta
