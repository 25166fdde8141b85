import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(300):
        opt.zero_grad()
        loss = theta ** 2
        loss.backward()
        if theta.grad.norm() < 1e-6:
            break
        opt.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(300):
        opt.zero_grad()
        loss = (theta ** 2).sum()
        loss.backward()
        if theta.grad.norm() < 1e-6:
            break
        opt.step()
    return theta
