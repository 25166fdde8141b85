import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.zeros_like(initial_theta, requires_grad=True)
    theta.data = initial_theta.data.clone()
    opt = torch.optim.SGD([theta], lr=1)
    for g in opt.param_groups:
        g['lr'] = learning_rate
    for i in range(number_steps):
        if theta.grad is not None:
            theta.grad.zero_()
        (theta ** 2).backward()
        opt.step()
    return theta.data

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.empty_like(initial_theta).requires_grad_()
    with torch.no_grad():
        theta.copy_(initial_theta)
    opt = torch.optim.SGD([theta], lr=1)
    for g in opt.param_groups:
        g['lr'] = learning_rate
    for i in range(number_steps):
        theta.grad = None
        torch.sum(theta ** 2).backward()
        opt.step()
    return theta.data
