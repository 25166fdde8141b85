import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    w = initial_theta.clone()
    for _ in range(number_steps):
        w = torch.nn.Parameter(w.data)
        torch.optim.SGD([w], lr=learning_rate).zero_grad()
        (w ** 2).backward()
        torch.optim.SGD([w], lr=learning_rate).step()
    return w

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    w = torch.nn.Parameter(initial_theta.clone())
    for _ in range(number_steps):
        opt = torch.optim.SGD([w], lr=learning_rate)
        opt.zero_grad()
        torch.sum(torch.square(w)).backward()
        opt.step()
    return w
