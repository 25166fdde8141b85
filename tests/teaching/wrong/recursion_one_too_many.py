import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    if number_steps < 0:
        return initial_theta
    theta = torch.nn.Parameter(initial_theta.detach().clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    (theta ** 2).backward()
    opt.step()
    return gradient_descent_torch_optimiser(theta.detach(), learning_rate, number_steps - 1)
