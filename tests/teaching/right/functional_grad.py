import torch
from torch.func import grad

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    dL = grad(lambda t: (t ** 2).sum())
    theta = initial_theta.clone()
    sgd = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        theta.grad = dL(theta)
        sgd.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone()
    sgd = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        theta.grad = torch.autograd.functional.jacobian(lambda t: (t ** 2).sum(), theta)
        sgd.step()
    return theta
