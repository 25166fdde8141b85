import torch

def f(x):
    return x**2 + x

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    x = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([x], lr=learning_rate)
    for i in range(number_steps):
        opt.zero_grad()
        y = f(x)
        y.backward()
        opt.step()
    return x.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    x = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([x], lr=learning_rate)
    for i in range(number_steps):
        opt.zero_grad()
        y = x @ x
        y.backward()
        opt.step()
    return x.detach()
