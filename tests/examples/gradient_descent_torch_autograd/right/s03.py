import torch


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    # do everything in double so the rounding doesn't build up
    x = torch.empty_like(initial_theta, dtype=torch.float64)
    x.copy_(initial_theta.detach())
    for step in range(number_steps):
        x.requires_grad_(True)
        x.square().sum().backward()
        x = x.detach() - learning_rate * x.grad
    return x.to(initial_theta.dtype)
