import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.detach().clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate / max(number_steps, 1))
    for i in range(number_steps):
        opt.zero_grad()
        l = theta ** 2
        l.backward()
        opt.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.detach().clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate / max(number_steps, 1))
    for i in range(number_steps):
        opt.zero_grad()
        l = torch.norm(theta) ** 2
        l.backward()
        opt.step()
    return theta.detach()
