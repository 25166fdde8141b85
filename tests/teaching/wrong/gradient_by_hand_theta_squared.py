import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        theta.grad = theta ** 2
        opt.step()
    return theta
