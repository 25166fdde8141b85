import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    for k in range(number_steps):
        opt = torch.optim.SGD([theta], lr=learning_rate)
        opt.zero_grad()
        theta.square().backward()
        opt.step()
        learning_rate *= 0.9
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    for k in range(number_steps):
        opt = torch.optim.SGD([theta], lr=learning_rate)
        opt.zero_grad()
        theta.square().sum().backward()
        opt.step()
        learning_rate *= 0.9
    return theta.detach()
