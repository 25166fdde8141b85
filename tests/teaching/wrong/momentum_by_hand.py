import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    velocity = torch.zeros_like(theta)
    for _ in range(number_steps):
        opt.zero_grad()
        (theta**2).sum().backward()
        velocity = 0.7 * velocity + theta.grad
        theta.grad = velocity.clone()
        opt.step()
    return theta.detach()

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        (theta**2).backward()
        opt.step()
    return theta.detach()
