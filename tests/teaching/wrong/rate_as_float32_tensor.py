import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    lr = torch.tensor(learning_rate)
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=lr.item())
    for _ in range(number_steps):
        opt.zero_grad()
        torch.pow(theta, 2).backward()
        opt.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    lr = torch.tensor(learning_rate)
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=lr.item())
    for _ in range(number_steps):
        opt.zero_grad()
        torch.pow(theta, 2).sum().backward()
        opt.step()
    return theta.detach()
