import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    y, x = initial_theta.clone().unbind()
    x = torch.nn.Parameter(x.clone())
    y = torch.nn.Parameter(y.clone())
    opt = torch.optim.SGD([x, y], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        (x**2 + y**2).backward()
        opt.step()
    return torch.stack([x, y]).detach()
