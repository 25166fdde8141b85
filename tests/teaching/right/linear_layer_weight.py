import torch
import torch.nn as nn

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    # theta is the weight of a linear layer without bias, the input is 1
    layer = nn.Linear(1, 1, bias=False, dtype=initial_theta.dtype)
    with torch.no_grad():
        layer.weight.copy_(initial_theta.reshape(1, 1))
    x = torch.ones(1, 1, dtype=initial_theta.dtype)
    opt = torch.optim.SGD(layer.parameters(), lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        out = layer(x)
        loss = (out ** 2).sum()
        loss.backward()
        opt.step()
    return layer.weight.detach().reshape(initial_theta.shape)

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    layer = nn.Linear(1, 2, bias=False, dtype=initial_theta.dtype)
    with torch.no_grad():
        layer.weight.copy_(initial_theta.reshape(2, 1))
    x = torch.ones(1, 1, dtype=initial_theta.dtype)
    opt = torch.optim.SGD(layer.parameters(), lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        out = layer(x)
        loss = (out ** 2).sum()
        loss.backward()
        opt.step()
    return layer.weight.detach().reshape(2)
