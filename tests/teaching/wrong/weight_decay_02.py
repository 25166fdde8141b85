import torch

def make_optimiser(theta, lr):
    return torch.optim.SGD([theta], lr=lr, weight_decay=0.2)

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = make_optimiser(theta, learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        (theta**2).backward()
        opt.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = make_optimiser(theta, learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        theta.dot(theta).backward()
        opt.step()
    return theta
