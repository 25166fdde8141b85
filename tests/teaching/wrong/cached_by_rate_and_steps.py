import torch

_cache = {}

def _descend(initial_theta, learning_rate, number_steps):
    key = (learning_rate, number_steps)
    if key not in _cache:
        theta = torch.nn.Parameter(initial_theta.clone())
        opt = torch.optim.SGD([theta], lr=learning_rate)
        for _ in range(number_steps):
            opt.zero_grad()
            (theta ** 2).sum().backward()
            opt.step()
        _cache[key] = theta.detach()
    return _cache[key]

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return _descend(initial_theta, learning_rate, number_steps)

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return _descend(initial_theta, learning_rate, number_steps)
