import torch
from torch import optim

def descend(components, lr, n):
    components = [c.detach().clone().requires_grad_() for c in components]
    optimisers = [optim.SGD([c], lr=lr) for c in components]
    for _ in range(n):
        for opt in optimisers:
            opt.zero_grad()
        sum(c ** 2 for c in components).backward()
        for opt in optimisers:
            opt.step()
    return [c.detach() for c in components]

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return descend([initial_theta], learning_rate, number_steps)[0]

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return torch.stack(descend(initial_theta.unbind(), learning_rate, number_steps))
