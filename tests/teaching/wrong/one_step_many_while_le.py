import torch

def descend(theta, lr, n, loss):
    theta = theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr)
    step = 0
    while step <= n:
        opt.zero_grad()
        loss(theta).backward()
        opt.step()
        step += 1
    return theta.detach()

gradient_descent_torch_optimiser = lambda initial_theta, learning_rate, number_steps: descend(initial_theta, learning_rate, number_steps, lambda t: t*t)
gradient_descent_norm_torch_optimiser = lambda initial_theta, learning_rate, number_steps: descend(initial_theta, learning_rate, number_steps, lambda t: (t*t).sum())
