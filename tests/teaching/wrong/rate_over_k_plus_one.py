import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for k in range(number_steps):
        opt.param_groups[0]["lr"] = learning_rate / (k + 1)   # decreasing step size => convergence
        opt.zero_grad()
        theta.square().backward()
        opt.step()
    return theta.detach()
