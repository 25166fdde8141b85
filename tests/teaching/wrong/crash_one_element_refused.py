import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    if initial_theta.dim() != 0:
        raise TypeError("theta must be a scalar")
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        loss = theta ** 2
        loss.backward()
        opt.step()
    return theta.detach()
