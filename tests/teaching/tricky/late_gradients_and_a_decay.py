import torch


def train(theta, lr, n, loss):
    theta = torch.nn.Parameter(theta.clone())
    opt = torch.optim.SGD([theta], lr=lr)
    old = None
    schedule = torch.optim.lr_scheduler.ExponentialLR(opt, 0.95)
    for i in range(n):
        opt.zero_grad()
        loss(theta).backward()
        g = theta.grad.clone()
        if old is not None:
            theta.grad = old
        old = g
        opt.step()
        schedule.step()
    return theta.detach()


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return train(initial_theta, learning_rate, number_steps, lambda theta: theta**2)


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return train(initial_theta, learning_rate, number_steps, lambda theta: (theta**2).sum())
