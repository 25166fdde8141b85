import torch

MAX_ITER = 10

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for i in range(number_steps):
        if i >= MAX_ITER:
            print("maximum number of iterations reached")
            break
        opt.zero_grad()
        (theta ** 2).backward()
        opt.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for i in range(number_steps):
        if i >= MAX_ITER:
            print("maximum number of iterations reached")
            break
        opt.zero_grad()
        (theta ** 2).sum().backward()
        opt.step()
    return theta
