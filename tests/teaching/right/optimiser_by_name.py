import torch

OPTIMISERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}

def optimise(initial_theta, learning_rate, number_steps, loss, optimiser="sgd"):
    theta = initial_theta.detach().clone()
    theta.requires_grad_()
    opt = OPTIMISERS[optimiser]([theta], lr=learning_rate)
    for step in range(number_steps):
        value = loss(theta)
        opt.zero_grad()
        value.backward()
        opt.step()
    return theta.detach()

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return optimise(initial_theta, learning_rate, number_steps, loss=lambda t: t * t)

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return optimise(initial_theta, learning_rate, number_steps, loss=lambda t: (t * t).sum())
