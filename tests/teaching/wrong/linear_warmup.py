import torch
from torch.optim.lr_scheduler import LinearLR

def train(theta, lr, n, loss):
    theta = torch.nn.Parameter(theta.clone())
    opt = torch.optim.SGD([theta], lr=lr)
    warmup = LinearLR(opt)
    for _ in range(n):
        opt.zero_grad()
        loss(theta).backward()
        opt.step()
        warmup.step()
    return theta.detach()

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return train(initial_theta, learning_rate, number_steps, lambda t: t ** 2)

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return train(initial_theta, learning_rate, number_steps, lambda t: (t ** 2).sum())
