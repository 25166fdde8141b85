import torch


def train(theta, lr, n, loss):
    theta = torch.nn.Parameter(theta.clone())
    opt = torch.optim.SGD([theta], lr=lr)
    for i in range(n):
        (loss(theta) / 2).backward()
        opt.step()
    return theta.detach()


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return train(initial_theta, learning_rate, number_steps, lambda theta: theta**2)


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return train(initial_theta, learning_rate, number_steps, lambda theta: (theta**2).sum())
