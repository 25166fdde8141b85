import torch

def gradient_descent_norm_torch_optimiser(lr, theta_start, n):
    theta = torch.nn.Parameter(theta_start.clone())
    opt = torch.optim.SGD([theta], lr=lr)
    for _ in range(n):
        opt.zero_grad()
        (theta ** 2).sum().backward()
        opt.step()
    return theta.detach()
