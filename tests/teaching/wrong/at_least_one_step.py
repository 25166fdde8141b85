import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    i = 0
    while True:     # do ... while
        opt.zero_grad()
        loss = theta ** 2
        loss.backward()
        opt.step()
        i += 1
        if i >= number_steps:
            break
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    i = 0
    while True:
        opt.zero_grad()
        loss = theta.norm() ** 2
        loss.backward()
        opt.step()
        i += 1
        if i >= number_steps:
            break
    return theta
