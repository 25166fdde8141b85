import torch
import torch.nn.functional as F

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    target = torch.zeros_like(initial_theta)
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        F.mse_loss(theta, target).backward()
        opt.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    criterion = torch.nn.MSELoss(reduction='sum')
    target = torch.zeros_like(initial_theta)
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        criterion(theta, target).backward()
        opt.step()
    return theta.detach()
