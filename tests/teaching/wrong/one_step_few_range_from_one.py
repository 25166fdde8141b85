import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for k in range(1, number_steps):
        opt.zero_grad()
        loss = theta ** 2
        loss.backward()
        opt.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for k in range(1, number_steps):
        opt.zero_grad()
        loss = torch.sum(theta ** 2)
        loss.backward()
        opt.step()
    return theta
